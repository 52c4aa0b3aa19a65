import { describe, expect, it } from "vitest";
import { readCluster } from "../../../cluster/index.js";
import { CLOSED_WORLD, OPEN_WORLD } from "./model.js";
import { Network } from "./network.js";
import { waysIn } from "./ways-in.js";

const BASE = `
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { team: a } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: c, ports: [{ name: http, containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ name: main, port: 80, targetPort: http }, { name: admin, port: 81, targetPort: 9090 }] }
---`;

function ways(manifests: string, model = CLOSED_WORLD): string[] {
  const { cluster, problems } = readCluster([{ path: "m.yaml", text: BASE + manifests }]);
  expect(problems).toEqual([]);
  const network = new Network(cluster, model);
  return waysIn(network).map(({ destination, through, must, may }) => {
    const objects = through.map(({ kind, name }) => `${kind} ${name}`).join();
    return `${objects} -> ${destination.id}: ${network.ports.describe(must)} / ${network.ports.describe(may)}`;
  });
}

const ingress = (port: string) => `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: i, namespace: shop }
spec: { rules: [{ http: { paths: [{ path: /, backend: { service: { name: web, port: ${port} } } }] } }] }
---`;
const gateway = (from: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: g, namespace: edge }
spec: { gatewayClassName: c, listeners: [{ name: l, port: 80, protocol: HTTP, allowedRoutes: { namespaces: ${from} } }] }
---`;
const route = (namespace: string, backend: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: r, namespace: ${namespace} }
spec: { parentRefs: [{ name: g, namespace: edge }], rules: [{ backendRefs: [${backend}] }] }
---`;

describe("ways in", () => {
  it("follow an Ingress to the pod's port, by number and by name", () => {
    expect(ways(ingress("{ number: 80 }"))).toEqual(["Ingress i -> shop/web[Deployment]: TCP 8080 / TCP 8080"]);
    expect(ways(ingress("{ name: admin }"))).toEqual(["Ingress i -> shop/web[Deployment]: TCP 9090 / TCP 9090"]);
    expect(ways(ingress("{ number: 8080 }"))).toEqual([]);
  });

  it("end where policies do not let the controller through", () => {
    const policy = (rule: string) => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: p, namespace: shop }
spec: { podSelector: {}, ingress: [${rule}] }
---`;
    const manifests = (rule: string) => ingress("{ number: 80 }") + policy(rule);
    expect(ways(manifests("{ from: [{ podSelector: {} }] }"), OPEN_WORLD)).toEqual([]);
    expect(ways(manifests("{ from: [{ namespaceSelector: {} }], ports: [{ port: http }] }"))).toHaveLength(1);
    expect(ways(manifests("{ from: [{ namespaceSelector: { matchLabels: { edge: x } } }] }"), OPEN_WORLD)).toEqual([
      "Ingress i -> shop/web[Deployment]: nothing / TCP 8080",
    ]);
  });

  it("follow a Route by the pod's port or the Service's name", () => {
    const routed = (port: string) => `
apiVersion: route.openshift.io/v1
kind: Route
metadata: { name: r, namespace: shop }
spec: { to: { kind: Service, name: web }, port: { targetPort: ${port} } }
---`;
    expect(ways(routed("9090"))).toEqual(["Route r -> shop/web[Deployment]: TCP 9090 / TCP 9090"]);
    expect(ways(routed("main"))).toEqual(["Route r -> shop/web[Deployment]: TCP 8080 / TCP 8080"]);
  });

  it("follow a Gateway's routes as far as the listener and grants allow", () => {
    const own = route("shop", "{ name: web, port: 80 }");
    const line = "HTTPRoute r -> shop/web[Deployment]: TCP 8080 / TCP 8080";
    expect(ways(gateway("{ from: All }") + own)).toEqual([line]);
    expect(ways(gateway("{ from: Same }") + own)).toEqual([]);
    expect(ways(gateway("{ from: Selector, selector: { matchLabels: { team: a } } }") + own)).toEqual([line]);
    expect(ways(own)).toEqual(["HTTPRoute r -> shop/web[Deployment]: nothing / TCP 8080"]);
    const other = route("edge", "{ name: web, namespace: shop, port: 80 }");
    expect(ways(gateway("{ from: All }") + other)).toEqual([]);
    const grant = `
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { name: x, namespace: shop }
spec: { from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: edge }], to: [{ kind: Service, name: web }] }
---`;
    expect(ways(gateway("{ from: All }") + other + grant)).toEqual([line]);
  });

  it("follow a VirtualService that hangs on a gateway, not one of the mesh", () => {
    const virtual = (gateways: string) => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: v, namespace: shop }
spec: { hosts: ["*"], gateways: ${gateways}, http: [{ route: [{ destination: { host: web.shop.svc.cluster.local, port: { number: 81 } } }] }] }
---`;
    expect(ways(virtual("[edge/g]"))).toEqual(["VirtualService v -> shop/web[Deployment]: TCP 9090 / TCP 9090"]);
    expect(ways(virtual("[mesh]"))).toEqual([]);
  });
});
