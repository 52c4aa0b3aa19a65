/** A change is told by what it opens and closes to the outside and from it, too. */
import { describe, expect, it } from "vitest";
import { diffClusters } from "../../src/verify/index.js";
import { clusterOf, namespace, object, PLAIN_SHOP, pod, service } from "./entrance-manifests.js";

const NETWORKING = "networking.istio.io/v1";
const EDGE =
  namespace("edge") +
  pod("edge", "gate", 8443, "istio: ingressgateway", "docker.io/istio/proxyv2:1.27.1") +
  service("edge", "gate", "istio: ingressgateway", "{ name: https, port: 443, targetPort: 8443 }", "LoadBalancer") +
  object(
    NETWORKING,
    "Gateway",
    "edge",
    "main",
    `{ selector: { istio: ingressgateway }, servers: [{ port: { number: 443, name: https, protocol: HTTPS }, tls: { mode: SIMPLE }, hosts: ["*"] }] }`,
  );
const virtual = (http: string) =>
  object(
    NETWORKING,
    "VirtualService",
    "prod",
    "v",
    `{ hosts: [shop.example.com], gateways: [edge/main], http: ${http} }`,
  );
const to = (name: string) => `route: [{ destination: { host: ${name}, port: { number: 80 } } }]`;
const WEB = `{ match: [{ uri: { prefix: /shop/ } }], ${to("web")} }`;
const ADMIN = `{ match: [{ uri: { prefix: /ops/ } }], ${to("admin")} }`;

const told = (before: string, after: string) =>
  diffClusters(clusterOf(before), clusterOf(after))
    .differences.filter(({ from, to: where }) => from === "outside" || where.includes("."))
    .map(
      ({ kind, from, to: where, protocol, port, command }) =>
        `${kind} ${from} > ${where} ${protocol} ${port}${command === undefined ? "" : `: ${command.split(" ").at(-1)}`}`,
    );

describe("a difference to the outside", () => {
  const base = PLAIN_SHOP + EDGE;

  it("is none where nothing changes", () =>
    expect(told(base + virtual(`[${WEB}]`), base + virtual(`[${WEB}]`))).toEqual([]));

  it("is a route more, and a route less", () => {
    const [few, more] = [base + virtual(`[${WEB}]`), base + virtual(`[${ADMIN}, ${WEB}]`)];
    expect(told(few, more)).toEqual(["opened outside > prod/admin[Pod] TCP 9000: 'https://shop.example.com/ops/'"]);
    expect(told(more, few)).toEqual(["closed outside > prod/admin[Pod] TCP 9000: 'https://shop.example.com/ops/'"]);
  });

  it("is a pod that is published", () => {
    const published = service("prod", "out", "app: admin", "{ port: 9000 }", "NodePort");
    expect(told(base, base + published)).toEqual([
      "opened outside > prod/admin[Pod] TCP 9000: \"http://$NODE_IP:$NODE_PORT\"'/'",
    ]);
  });

  it("is a route that cannot be followed", () => {
    const far = object(
      "traefik.io/v1alpha1",
      "IngressRoute",
      "prod",
      "far",
      "{ routes: [{ services: [{ name: admin }] }] }",
    );
    expect(told(base, base + far)).toEqual(["unknown outside > prod/admin[Pod] TCP 9000"]);
  });

  it("is a way out", () => {
    const shut = object(
      "networking.k8s.io/v1",
      "NetworkPolicy",
      "prod",
      "np",
      "{ podSelector: { matchLabels: { app: web } }, policyTypes: [Egress] }",
    );
    expect(told(base + shut, base)).toContain(
      "opened prod/web[Pod] > anywhere.invalid TCP 443: 'http://anywhere.invalid:443/'",
    );
    expect(told(base, base + shut)).toContain(
      "closed prod/web[Pod] > anywhere.invalid TCP 443: 'http://anywhere.invalid:443/'",
    );
  });
});
