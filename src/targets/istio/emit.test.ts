import { describe, expect, it } from "vitest";
import { objectsFrom, policyFrom } from "../../../test/targets/policies.js";
import { RingfenceError } from "../../diagnostics/index.js";
import { compile } from "../index.js";

const ZONES = "zones: { a: { trust: internal } }";
const IDENTITY = `identity:
  corp: { issuer: https://id.example, audience: shop, roles: realm_access.roles }
  twin: { issuer: https://id.example, audience: [other, more], roles: [https://x.example/roles] }
  alone: { issuer: https://alone.example, audience: shop, jwksUri: https://alone.example/keys, roles: groups }`;
const WORKLOADS =
  "workloads: { one: { zone: a, port: 80 }, two: { zone: a, port: 80 }, three: { zone: a, port: 80 }, raw: { zone: a, port: 9000, protocol: tcp } }";
const body = (flows: string) =>
  `${ZONES}\n${IDENTITY}\n${WORKLOADS}\noutside: { staff: { kind: users, identity: alone }, anyone: { kind: users, anonymous: true } }\nflows:\n${flows}`;
const plain = (value: unknown) => JSON.parse(JSON.stringify(value ?? null));
const specOf = (flows: string, title: string, targets = "mesh: istio") =>
  plain(objectsFrom(policyFrom(body(flows), targets), "istio").get(title)?.spec);
const jwtOf = (flows: string, workload: string, targets?: string) =>
  specOf(flows, `RequestAuthentication a/workload.${workload}`, targets)?.jwtRules;

describe("istio", () => {
  it("requires the token that it validates, and reads roles at any depth", () => {
    const flow = "  - { from: one, to: two, allow: [{ method: GET, path: /x/*, identity: corp, roles: [a, b] }] }";
    const [rule] = specOf(flow, "AuthorizationPolicy a/workload.two").rules;
    expect(rule).toEqual({
      from: [{ source: { principals: ["shop.example/ns/a/sa/one"], requestPrincipals: ["https://id.example/*"] } }],
      to: [{ operation: { ports: ["80"], methods: ["GET"], paths: ["/x/{*}"] } }],
      when: [
        { key: "request.auth.claims[iss]", values: ["https://id.example"] },
        { key: "request.auth.claims[aud]", values: ["shop"] },
        { key: "request.auth.claims[realm_access][roles]", values: ["a", "b"] },
      ],
    });
  });

  it("tells two providers of one issuer apart by their audience", () => {
    const flow = "  - { from: one, to: two, allow: [{ identity: twin, roles: a }] }";
    const conditions = specOf(flow, "AuthorizationPolicy a/workload.two").rules[0].when;
    expect(conditions.slice(1)).toEqual([
      { key: "request.auth.claims[aud]", values: ["other", "more"] },
      { key: "request.auth.claims[https://x.example/roles]", values: ["a"] },
    ]);
  });

  it("requires a token of users with an identity, whatever they do, and none of anonymous ones", () => {
    const flows = "  - { from: staff, to: one }\n  - { from: anyone, to: two, allow: [{ path: /a }] }";
    expect(specOf(flows, "AuthorizationPolicy a/workload.one").rules[0].from[0].source.requestPrincipals).toEqual([
      "https://alone.example/*",
    ]);
    expect(specOf(flows, "AuthorizationPolicy a/workload.two").rules[0].from[0].source).toEqual({
      principals: ["shop.example/ns/istio-ingress/sa/shop-istio"],
    });
    expect(jwtOf(flows, "one")).toEqual([
      { issuer: "https://alone.example", audiences: ["shop"], jwksUri: "https://alone.example/keys" },
    ]);
    expect(jwtOf(flows, "two")).toBeUndefined();
  });

  it("passes the token on only to a workload behind which a rule asks for it, or beside which OPA reads it", () => {
    const asks = "allow: [{ roles: r, identity: alone }]";
    const chain = `  - { from: staff, to: one }\n  - { from: one, to: two }\n  - { from: two, to: one }\n  - { from: two, to: three, ${asks} }`;
    expect(jwtOf(chain, "one")[0].forwardOriginalToken).toBe(true);
    expect(jwtOf(chain, "three")[0].forwardOriginalToken).toBeUndefined();
    const cycle = "  - { from: staff, to: one }\n  - { from: one, to: two }\n  - { from: two, to: one }";
    expect(jwtOf(cycle, "one")[0].forwardOriginalToken).toBeUndefined();
    const withOpa = { ...policyFrom(body(cycle), "mesh: istio") };
    const targets = { ...withOpa.targets, authorization: { engine: "opa" as const } };
    const asked = objectsFrom({ ...withOpa, targets }, "istio").get("RequestAuthentication a/workload.one");
    expect(plain(asked?.spec).jwtRules[0].forwardOriginalToken).toBe(true);
  });

  it("decides on a connection by caller and port alone", () => {
    expect(specOf("  - { from: one, to: raw }", "AuthorizationPolicy a/workload.raw").rules).toEqual([
      { from: [{ source: { principals: ["shop.example/ns/a/sa/one"] } }], to: [{ operation: { ports: ["9000"] } }] },
    ]);
  });

  it("lets a sidecar know the destinations of its own flows, and a pod without flows nothing", () => {
    const flow = "  - { from: one, to: two }";
    expect(specOf(flow, "Sidecar a/workload.one").egress).toEqual([{ hosts: ["a/two.a.svc.cluster.local"] }]);
    expect(specOf(flow, "Sidecar a/workload.two")).toBeNull();
    expect(specOf(flow, "Sidecar a/default")).toEqual({
      outboundTrafficPolicy: { mode: "REGISTRY_ONLY" },
      egress: [{ hosts: ["~/*"] }],
    });
  });

  it("asks the mesh to normalize paths where a rule names one", () => {
    const installed = (flow: string) => specOf(flow, "IstioOperator istio-system/shop").meshConfig;
    expect(installed("  - { from: one, to: two, allow: [{ path: /a }] }").pathNormalization).toEqual({
      normalization: "DECODE_AND_MERGE_SLASHES",
    });
    expect(installed("  - { from: one, to: two }")).toEqual({
      trustDomain: "shop.example",
      outboundTrafficPolicy: { mode: "REGISTRY_ONLY" },
    });
  });

  it("has the mesh give addresses to outside hosts where nothing else tells them apart, by no deprecated setting", () => {
    const installed = (api: string, mesh: string) => {
      const text = `${ZONES}\n${WORKLOADS}\noutside: { far: { kind: api, host: x.example.com, ${api} } }\nflows: [{ from: one, to: far }]`;
      const { meshConfig, values } = plain(
        objectsFrom(policyFrom(text, mesh), "istio").get("IstioOperator istio-system/shop")?.spec,
      );
      return [meshConfig.defaultConfig, values];
    };
    const capture = { proxyMetadata: { ISTIO_META_DNS_CAPTURE: "true" } };
    const pilot = { env: { PILOT_ENABLE_IP_AUTOALLOCATE: "true" } };
    expect(installed("port: 5432, protocol: tcp", "mesh: istio")).toEqual([capture, { pilot }]);
    expect(installed("port: 443", "mesh: istio")).toEqual([undefined, undefined]);
    expect(installed("port: 443", "mesh: istio-ambient")).toEqual([
      undefined,
      { pilot, cni: { ambient: { dnsCapture: true } } },
    ]);
  });

  it("refuses two outside APIs of one host at a way out that knows hosts alone", () => {
    const twins = (second: string, flow = "\n  - { from: two, to: second }") =>
      `${ZONES}\n${WORKLOADS}\noutside:\n  first: { kind: api, host: x.example.com }\n  second: { kind: api, host: ${second} }\nflows:\n  - { from: one, to: first }${flow}`;
    const refusal = (text: string, targets: string) => {
      const policy = policyFrom(text, targets);
      try {
        compile(policy);
      } catch (error) {
        const problem = error instanceof RingfenceError ? error.problems[0] : undefined;
        const second = policy.outside.find(({ name }) => name === "second");
        expect([problem?.code, problem?.span]).toEqual(["TARGET_INEXPRESSIBLE", second?.span]);
        return `${problem?.message}; ${problem?.hint}`;
      }
      return undefined;
    };
    const message =
      "outside APIs `first` and `second` have one host, `x.example.com`, by which alone Istio's way out would tell them apart";
    for (const mesh of ["mesh: istio", "mesh: istio-ambient"]) {
      expect(refusal(twins("x.example.com, port: 5432, protocol: tcp"), mesh)).toBe(
        `${message}; name one of the two by a host name that it alone has`,
      );
      expect(refusal(twins("x.example.com"), mesh)).toBe(
        `${message}; keep \`first\`, and let the flows to \`second\` end there`,
      );
      expect(refusal(twins("y.example.com, port: 5432, protocol: tcp"), mesh)).toBeUndefined();
      // Nobody calls the second, so the mesh is told nothing of it.
      expect(refusal(twins("x.example.com, port: 5432, protocol: tcp", ""), mesh)).toBeUndefined();
    }
    // Without a mesh, Cilium holds each workload to a name and a port.
    expect(refusal(twins("x.example.com, port: 5432, protocol: tcp"), "mesh: none, network: cilium")).toBeUndefined();
  });

  it("writes no PERMISSIVE, and STRICT for each zone, in both modes", () => {
    for (const mesh of ["istio", "istio-ambient"]) {
      const objects = objectsFrom(policyFrom(body("  - { from: one, to: two }"), `mesh: ${mesh}`), "istio");
      expect(plain(objects.get("PeerAuthentication a/default")?.spec)).toEqual({ mtls: { mode: "STRICT" } });
      expect(JSON.stringify([...objects.values()])).not.toContain("PERMISSIVE");
      expect(plain(objects.get("AuthorizationPolicy a/zone.deny-all")?.spec)).toEqual({});
    }
  });
});
