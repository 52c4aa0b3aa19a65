/** What VirtualServices make of calls between workloads: declared ones that go elsewhere, and where else calls get. */
import { describe, expect, it } from "vitest";
import { readCluster } from "../../src/cluster/index.js";
import { compare } from "../../src/verify/compare/index.js";
import { Network } from "../../src/verify/index.js";
import { shopPolicy } from "./shop.js";

const policy = shopPolicy(`workloads:
  web: { zone: prod, port: 8080, kubernetes: { kind: Pod } }
  api: { zone: prod, port: 8080, kubernetes: { kind: Pod } }
  audit: { zone: prod, port: 8080, kubernetes: { kind: Pod } }
flows: [{ from: web, to: api, allow: [{ method: GET, path: "/v1/**" }] }]
`);

const object = (apiVersion: string, kind: string, name: string, spec: string) => `apiVersion: ${apiVersion}
kind: ${kind}
metadata: { name: ${name}, namespace: prod }
spec: ${spec}
---
`;
const workload = (name: string) => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: prod, labels: { app: ${name} } }
spec: { serviceAccountName: ${name}, containers: [{ name: c, image: "a:1", ports: [{ containerPort: 8080 }] }] }
---
${object("v1", "Service", name, `{ selector: { app: ${name} }, ports: [{ name: http, port: 80, targetPort: 8080 }] }`)}`;
const NETWORKING = "networking.istio.io/v1";
const SECURITY = "security.istio.io/v1";
const allow = (name: string, rules: string) =>
  object(SECURITY, "AuthorizationPolicy", name, `{ selector: { matchLabels: { app: ${name} } }, rules: [${rules}] }`);
const FROM_WEB = `{ from: [{ source: { principals: ["cluster.local/ns/prod/sa/web"] } }], to: [{ operation: { methods: [GET], paths: ["/v1/*"] } }] }`;
const BASE = `apiVersion: v1
kind: Namespace
metadata: { name: prod, labels: { istio-injection: enabled } }
---
${workload("web")}${workload("api")}${workload("audit")}${object(SECURITY, "PeerAuthentication", "default", "{ mtls: { mode: STRICT } }")}${object(SECURITY, "AuthorizationPolicy", "none", "{}")}${allow("api", FROM_WEB)}${object(
  "networking.k8s.io/v1",
  "NetworkPolicy",
  "tcp",
  "{ podSelector: {}, policyTypes: [Ingress], ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 8080 }] }] }",
)}`;
const virtual = (http: string, host = "api", more = "") =>
  object(NETWORKING, "VirtualService", "v", `{ hosts: [${host}]${more}, http: ${http} }`);
const to = (host: string, more = "") => `{ route: [{ destination: { host: ${host} } }]${more} }`;

function findings(more: string) {
  const { cluster, problems } = readCluster([{ path: "m.yaml", text: BASE + more }]);
  expect(problems.filter(({ code }) => code !== "CLUSTER_DUPLICATE")).toEqual([]);
  return compare(policy, new Network(cluster)).findings.filter(({ to: where }) => where !== "anywhere.invalid");
}
const found = (more: string) =>
  findings(more).map(({ kind, from, to: where, witness }) => {
    const name = (id: string) => id.replace(/^prod\/(.*)\[.*$/, "$1");
    return `${kind} ${name(from)} > ${name(where)} ${witness?.request.http?.target ?? ""}`.trim();
  });

describe("a VirtualService of the mesh", () => {
  it("changes nothing where it leads where the call was going", () => {
    expect(found("")).toEqual([]);
    expect(found(virtual(`[${to("api")}]`))).toEqual([]);
    expect(found(virtual(`[${to("audit")}]`, "other"))).toEqual([]);
    expect(found(virtual(`[${to("audit")}]`, "api", ", gateways: [prod/edge]"))).toEqual([]);
    expect(found(virtual(`[${to("audit")}]`, "api", ', exportTo: ["elsewhere"]'))).toEqual([]);
  });

  it.each<[string, string]>([
    ["to another workload", `[${to("audit")}]`],
    ["nowhere, by an abort", `[${to("api", ", fault: { abort: { httpStatus: 500, percentage: { value: 100 } } }")}]`],
    ["nowhere, by an answer of its own", "[{ directResponse: { status: 200 } }]"],
    [
      "nowhere, by a match that is none",
      `[{ match: [{ uri: { prefix: /v2/ } }], route: [{ destination: { host: api } }] }]`,
    ],
    ["to pods that are none", `[{ route: [{ destination: { host: api, subset: v2 } }] }]`],
  ])("is a blockage where it sends a declared call %s", (_, http) => {
    const rule = object(
      NETWORKING,
      "DestinationRule",
      "d",
      "{ host: api, subsets: [{ name: v2, labels: { version: v2 } }] }",
    );
    const [blockage] = findings(virtual(http) + rule).filter(({ kind }) => kind === "blockage");
    expect(blockage?.to).toBe("prod/api[Pod]");
    expect(blockage?.witness?.replay.outcome).toBe("deny");
    const denial = blockage?.evidence.find(({ layer }) => layer === "route");
    expect(denial?.reasons.map(({ text }) => text).join()).toContain("VirtualService prod/v (m.yaml:");
  });

  it("is a blockage too where the pod's address would let it through", () => {
    const open =
      object(SECURITY, "PeerAuthentication", "default", "{ mtls: { mode: PERMISSIVE } }") + allow("api", "{}");
    expect(findings(virtual(`[${to("audit")}]`) + open).map(({ kind, to: where }) => `${kind} ${where}`)).toContain(
      "blockage prod/api[Pod]",
    );
  });

  it.each<[string, string]>([
    [
      "a match that is not read",
      `[{ match: [{ weather: { exact: fine } }], route: [{ destination: { host: api } }] }]`,
    ],
    ["a rewrite", `[${to("api", ", rewrite: { uri: /v1/x }")}]`],
    ["an abort of nobody knows how many", `[${to("api", ", fault: { abort: { httpStatus: 500 } }")}]`],
    ["a subset that nobody defines", `[{ route: [{ destination: { host: api, subset: v9 } }] }]`],
    ["a delegate elsewhere", "[{ delegate: { name: gone, namespace: far } }]"],
  ])("is unknown with %s, and named", (_, http) => {
    const [unknown, ...more] = findings(virtual(http));
    expect([unknown?.kind, more.length]).toEqual(["unknown", 0]);
    const reasons = unknown?.evidence.find(({ layer }) => layer === "route")?.reasons ?? [];
    expect(reasons.map(({ text, span }) => `${text} ${span?.source.path}`).join()).toMatch(
      /VirtualService prod\/v|m\.yaml/,
    );
  });

  it("shows a leak that its mirror opens, with its name", () => {
    const mirror = virtual(`[${to("api", ", mirror: { host: audit }")}]`);
    expect(found(mirror)).toEqual([]);
    const [leak] = findings(mirror + allow("audit", FROM_WEB));
    expect([leak?.kind, leak?.from, leak?.to]).toEqual(["leak", "prod/web[Pod]", "prod/audit[Pod]"]);
    expect(
      leak?.evidence
        .find(({ layer }) => layer === "route")
        ?.reasons.map(({ text }) => text)
        .join(),
    ).toContain("VirtualService prod/v");
  });

  it("narrows what a caller with an identity gets through with", () => {
    // The policy lets through more than is declared, and the route does not.
    const wide = allow("api", FROM_WEB.replace("/v1/*", "*"));
    expect(found(wide)).toEqual(["leak web > api /"]);
    expect(
      found(wide + virtual(`[{ match: [{ uri: { prefix: /v1/ } }], route: [{ destination: { host: api } }] }]`)),
    ).toEqual([]);
  });

  it("leads past a registry that does not have the host", () => {
    const closed = object(
      NETWORKING,
      "Sidecar",
      "default",
      `{ egress: [{ hosts: ["./api.prod.svc.cluster.local"] }], outboundTrafficPolicy: { mode: REGISTRY_ONLY } }`,
    );
    const open = allow("audit", FROM_WEB);
    expect(found(closed + open)).toEqual([]);
    expect(found(closed + open + virtual(`[${to("api", ", mirror: { host: audit }")}]`))).toEqual([
      "unknown web > audit /v1/",
    ]);
  });

  it("may not count where its host is written short, or a Sidecar does not import it", () => {
    expect(findings(virtual(`[${to("audit")}]`, "api.prod")).map(({ kind }) => kind)).toEqual(["unknown"]);
    const sidecar = object(
      NETWORKING,
      "Sidecar",
      "default",
      `{ egress: [{ hosts: ["other/*", "prod/audit.prod.svc.cluster.local"] }] }`,
    );
    const kinds = findings(virtual(`[${to("audit")}]`) + sidecar).map(({ kind }) => kind);
    expect(kinds).not.toContain("leak");
    expect(kinds.length).toBeGreaterThan(0);
  });

  it("gives way to a route of the Gateway API for the Service, which is not followed", () => {
    const route = object(
      "gateway.networking.k8s.io/v1",
      "HTTPRoute",
      "h",
      `{ parentRefs: [{ kind: Service, group: "", name: api }], rules: [{ backendRefs: [{ name: audit, port: 80 }] }] }`,
    );
    const [unknown] = findings(route);
    expect(unknown?.kind).toBe("unknown");
    expect(unknown?.evidence.flatMap(({ reasons }) => reasons.map(({ text }) => text)).join()).toContain(
      "HTTPRoute prod/h",
    );
  });
});

describe("other names of a pod", () => {
  const CLOSED = object(
    NETWORKING,
    "Sidecar",
    "default",
    `{ egress: [{ hosts: ["./api.prod.svc.cluster.local"] }], outboundTrafficPolicy: { mode: REGISTRY_ONLY } }`,
  );
  const OPEN = allow("audit", FROM_WEB);

  it.each<[string, string]>([
    [
      "a ServiceEntry with a selector",
      object(
        NETWORKING,
        "ServiceEntry",
        "s",
        "{ hosts: [audit.example], location: MESH_INTERNAL, resolution: STATIC, ports: [{ number: 80, targetPort: 8080, protocol: HTTP, name: http }], workloadSelector: { labels: { app: audit } } }",
      ),
    ],
    [
      "a Service of type ExternalName",
      object("v1", "Service", "alias", "{ type: ExternalName, externalName: audit.prod.svc.cluster.local }"),
    ],
  ])("are ways that may be there: %s", (_, text) => {
    expect(found(CLOSED + OPEN)).toEqual([]);
    expect(found(CLOSED + OPEN + text)).toEqual(["unknown web > audit /v1/"]);
  });

  it("puts an outside host into the registry, perhaps", () => {
    const alias = object("v1", "Service", "alias", "{ type: ExternalName, externalName: evil.example }");
    const { cluster } = readCluster([{ path: "m.yaml", text: BASE + CLOSED + alias }]);
    const outside = compare(policy, new Network(cluster)).findings.filter(({ to: where }) => where === "evil.example");
    expect(outside.map(({ kind, from }) => `${kind} ${from}`)).toContain("unknown prod/web[Pod]");
  });
});

describe("what a workload declares and has", () => {
  const mesh = (normalization: string) => `apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data: { mesh: "pathNormalization: { normalization: ${normalization} }" }
---
`;

  it("does not include what climbs out of it where nobody takes dots away", () => {
    expect(found(mesh("BASE"))).toEqual([]);
    expect(found(mesh("NONE"))).toEqual(["leak web > api /v1/.."]);
  });

  it.each(["docker.io/istio/proxyv2:1.27.1", "auto", "gcr.io/x/istio-proxyv2-rhel9@sha256:ab"])(
    "is a proxy by the image %s",
    (image) => {
      expect(found(proxied(image))).toEqual([]);
    },
  );

  it.each(["busybox", "istio-proxy:1", "proxyv2/busybox:1"])("is no proxy for certain by the image %s", (image) => {
    const all = found(proxied(image));
    expect(all.length).toBeGreaterThan(0);
    expect(all.every((one) => one.startsWith("unknown"))).toBe(true);
  });

  const proxied = (image: string) =>
    BASE.includes("istio-injection")
      ? workload("api").replace("containers: [", `containers: [{ name: istio-proxy, image: "${image}" }, `)
      : "";
});
