/** Who calls in from outside, and who calls whom by the word of a policy. */
import { describe, expect, it } from "vitest";
import { importObjects, type Json, server, service, workload } from "./manifests.js";

describe("entrances", () => {
  it("Services of type LoadBalancer and NodePort, each TCP port", () => {
    const ports = [
      { name: "http", port: 80, targetPort: 8080 },
      { name: "dns", port: 53, protocol: "UDP" },
    ];
    for (const type of ["LoadBalancer", "NodePort"]) {
      const { flows, text } = importObjects(workload("web"), service("web", { type, selector: { app: "web" }, ports }));
      expect(flows).toEqual(["clients > web:8080"]);
      expect(text).toContain(`# Service web of type ${type} (manifests-1.yaml:`);
      expect(text).toContain("clients: { kind: users, anonymous: true }");
    }
  });

  const ingress = (paths: Json[], more: Json = {}, annotations: Json = {}): Json => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "web", annotations },
    spec: { rules: [{ host: "app.acme.dev", http: { paths } }], ...more },
  });
  const path = (text: string, pathType: string, name = "web"): Json => ({
    path: text,
    pathType,
    backend: { service: { name, port: { number: 80 } } },
  });
  const web = server("web", { servicePort: 80 });

  it("Ingress, with its paths and TLS", () => {
    const { workflow } = importObjects(
      ingress([path("/a", "Prefix"), path("/b", "Exact")], { tls: [{ hosts: ["app.acme.dev"], secretName: "cert" }] }),
      web,
    );
    const [flow] = workflow.flows;
    expect(flow).toMatchObject({ from: "clients", to: "web", port: 8080, protocol: "https" });
    expect(flow?.allow?.map(({ paths }) => (paths === "any" ? paths : paths.map(({ text }) => text)))).toEqual([
      ["/a", "/a/**"],
      ["/b"],
    ]);
    expect(workflow.targets.gateway).toMatchObject({ engine: "ingress-nginx", hosts: ["app.acme.dev"] });
  });

  it("Ingress to a port that its Service does not have leads nowhere, and is told of", () => {
    for (const port of [{ number: 81 }, { name: "nope" }]) {
      const { flows, report } = importObjects(
        ingress([{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port } } }]),
        web,
      );
      expect(flows).toEqual([]);
      expect(JSON.stringify(report)).toContain(
        `port ${Object.values(port)[0]} of the Service web is named, and it has 80`,
      );
    }
  });

  it("Ingress that rewrites paths lets every path in, since the workload sees others", () => {
    const { workflow } = importObjects(
      ingress(
        [path("/a(/|$)(.*)", "ImplementationSpecific"), path("/b", "Prefix")],
        {},
        { "nginx.ingress.kubernetes.io/rewrite-target": "/$2" },
      ),
      web,
    );
    expect(workflow.flows.map(({ allow }) => allow)).toEqual([undefined]);
  });

  it("HTTPRoute and GRPCRoute on a Gateway, not on a waypoint", () => {
    const gateway = (className: string): Json => ({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name: "edge" },
      spec: {
        gatewayClassName: className,
        listeners: [{ name: "https", port: 443, protocol: "HTTPS", tls: { mode: "Terminate" } }],
      },
    });
    const route: Json = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "web" },
      spec: {
        parentRefs: [{ name: "edge" }],
        rules: [
          {
            matches: [{ path: { type: "Exact", value: "/x" }, method: "GET" }],
            backendRefs: [{ name: "web", port: 80 }],
          },
        ],
      },
    };
    const { workflow, flows } = importObjects(gateway("istio"), route, web);
    expect(flows).toEqual(["clients > web:8080"]);
    expect(workflow.flows[0]).toMatchObject({ protocol: "https", allow: [{ methods: ["GET"] }] });
    expect(importObjects(gateway("istio-waypoint"), route, web).flows).toEqual([]);
    const grpc = {
      ...route,
      kind: "GRPCRoute",
      spec: {
        parentRefs: [{ name: "edge" }],
        rules: [{ matches: [{ method: { service: "a.B", method: "C" } }], backendRefs: [{ name: "api", port: 9000 }] }],
      },
    };
    const api = server("api", { port: 9000, portName: "grpc" });
    expect(importObjects(gateway("istio"), grpc, api).text).toContain("- { service: a.B, method: C }");
  });

  it("VirtualService on an ingress gateway, not in the mesh and not on an egress gateway", () => {
    const gateway = (name: string): Json => ({
      apiVersion: "networking.istio.io/v1",
      kind: "Gateway",
      metadata: { name },
      spec: {
        selector: { istio: `${name}gateway` },
        servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
      },
    });
    const virtual = (gateways: string[]): Json => ({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "web" },
      spec: {
        hosts: ["*"],
        gateways,
        http: [
          { match: [{ uri: { prefix: "/api" } }], route: [{ destination: { host: "web", port: { number: 80 } } }] },
        ],
      },
    });
    const { flows, text } = importObjects(gateway("ingress"), virtual(["ingress"]), web);
    expect(flows).toEqual(["clients > web:8080"]);
    expect(text).toContain('- { path: [/api, "/api/**"] }');
    expect(importObjects(gateway("egress"), virtual(["egress"]), web).flows).toEqual([]);
    expect(importObjects(virtual(["mesh"]), web).flows).toEqual([]);
  });
});

describe("policies as evidence", () => {
  const networkPolicy = (spec: Json): Json => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "p" },
    spec,
  });

  it("NetworkPolicy: peers that are selected by label, in both directions", () => {
    const into = networkPolicy({
      podSelector: { matchLabels: { app: "db" } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: "client" } } }], ports: [{ port: 5432 }] }],
    });
    expect(importObjects(into, workload("client"), server("db", { port: 5432 })).flows).toEqual(["client > db:5432"]);
    const out = networkPolicy({
      podSelector: { matchLabels: { app: "client" } },
      policyTypes: ["Egress"],
      egress: [{ to: [{ podSelector: { matchLabels: { app: "db" } } }], ports: [{ port: "sql" }] }],
    });
    expect(importObjects(out, workload("client"), server("db", { port: 5432, portName: "sql" })).flows).toEqual([
      "client > db:5432",
    ]);
  });

  it("NetworkPolicy: everyone, whole namespaces and addresses are no evidence", () => {
    for (const from of [
      undefined,
      [{ podSelector: {} }],
      [{ namespaceSelector: {} }],
      [{ ipBlock: { cidr: "10.0.0.0/8" } }],
    ]) {
      const policy = networkPolicy({
        podSelector: { matchLabels: { app: "db" } },
        ingress: [from === undefined ? {} : { from }],
      });
      expect(
        importObjects(policy, workload("client"), server("db", { port: 5432 })).flows,
        JSON.stringify(from),
      ).toEqual([]);
    }
  });

  const authorization = (spec: Json): Json => ({
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: "p", namespace: "n" },
    spec,
  });
  const caller = workload("client", {}, { namespace: "n", pod: { serviceAccountName: "client" } });
  const api = server("api", { namespace: "n", portName: "http" });

  it("AuthorizationPolicy: principals are callers, operations what they may do", () => {
    const policy = authorization({
      selector: { matchLabels: { app: "api" } },
      rules: [
        {
          from: [{ source: { principals: ["cluster.local/ns/n/sa/client"] } }],
          to: [{ operation: { methods: ["POST"], paths: ["/v1/*", "/status"], ports: ["8080"] } }],
        },
      ],
    });
    const { workflow, text } = importObjects(policy, caller, api);
    expect(workflow.flows[0]).toMatchObject({ from: "client", to: "api", port: 8080, allow: [{ methods: ["POST"] }] });
    expect(text).toContain('- { method: POST, path: [/status, "/v1/**"] }');
    expect(text).toContain("# AuthorizationPolicy p (rule 1) (manifests-1.yaml:");
    expect(workflow.targets.mesh).toMatchObject({ engine: "istio" });
  });

  it("AuthorizationPolicy: what a flow cannot say is drafted as every request, and said", () => {
    const policy = authorization({
      selector: { matchLabels: { app: "api" } },
      rules: [
        {
          from: [{ source: { principals: ["cluster.local/ns/n/sa/client"] } }],
          to: [{ operation: { notPaths: ["/admin"] } }],
        },
      ],
    });
    const { workflow, remarks } = importObjects(policy, caller, api);
    expect(workflow.flows[0]?.allow).toBeUndefined();
    expect(remarks("assumed").join()).toContain("exceptions or patterns");
  });

  it("AuthorizationPolicy: shared accounts, wildcards and namespaces are no evidence; DENY neither", () => {
    const sources = [{ principals: ["*"] }, { principals: ["cluster.local/ns/n/sa/default"] }, { namespaces: ["n"] }];
    for (const source of sources) {
      const policy = authorization({ selector: { matchLabels: { app: "api" } }, rules: [{ from: [{ source }] }] });
      const others = ["a", "b"].map((name) => workload(name, {}, { namespace: "n" }));
      expect(importObjects(policy, others, api).flows, JSON.stringify(source)).toEqual([]);
    }
    const deny = authorization({
      action: "DENY",
      selector: { matchLabels: { app: "api" } },
      rules: [{ from: [{ source: { principals: ["cluster.local/ns/n/sa/client"] } }] }],
    });
    expect(importObjects(deny, caller, api).flows).toEqual([]);
  });

  it("RequestAuthentication and a policy that asks for its token make users with an identity and roles", () => {
    const authentication: Json = {
      apiVersion: "security.istio.io/v1",
      kind: "RequestAuthentication",
      metadata: { name: "jwt", namespace: "n" },
      spec: {
        selector: { matchLabels: { app: "api" } },
        jwtRules: [{ issuer: "https://login.acme.dev", audiences: ["api"], jwksUri: "https://login.acme.dev/keys" }],
      },
    };
    const policy = authorization({
      selector: { matchLabels: { app: "api" } },
      rules: [
        {
          to: [{ operation: { methods: ["GET"] } }],
          when: [{ key: "request.auth.claims[realm_access][roles]", values: ["reader"] }],
        },
      ],
    });
    const entrance = service("open", { type: "LoadBalancer", selector: { app: "api" }, ports: [{ port: 8080 }] }, "n");
    const { workflow } = importObjects(authentication, policy, entrance, api);
    expect(workflow.identities).toMatchObject([
      {
        name: "login-acme-dev",
        issuer: "https://login.acme.dev",
        audiences: ["api"],
        roles: ["realm_access", "roles"],
      },
    ]);
    expect(workflow.flows).toMatchObject([
      { from: "login-acme-dev-users", to: "api", allow: [{ methods: ["GET"], roles: ["reader"] }] },
    ]);
    const { workflow: without } = importObjects(authentication, entrance, api);
    expect(without.flows, "validating is not asking").toMatchObject([{ from: "clients" }]);
  });
});
