/** What a Gateway of Istio's and its VirtualServices let in from outside, each case with what is found of it. */
import { describe, expect, it } from "vitest";
import { brief, namespace, notesOf, object, outsideOf, pod, SHOP, service } from "./entrance-manifests.js";

const NETWORKING = "networking.istio.io/v1";
const SECURITY = "security.istio.io/v1";

const EDGE =
  namespace("edge") +
  pod("edge", "gate", 8443, "istio: ingressgateway", "docker.io/istio/proxyv2:1.27.1") +
  service("edge", "gate", "istio: ingressgateway", "{ name: https, port: 443, targetPort: 8443 }", "LoadBalancer");
const GATEWAY = object(
  NETWORKING,
  "Gateway",
  "edge",
  "main",
  `{ selector: { istio: ingressgateway }, servers: [{ port: { number: 443, name: https, protocol: HTTPS }, tls: { mode: SIMPLE }, hosts: ["*.example.com"] }] }`,
);
const virtual = (http: string, name = "web", hosts = "shop.example.com", more = "") =>
  object(
    NETWORKING,
    "VirtualService",
    "prod",
    name,
    `{ hosts: ["${hosts}"], gateways: [edge/main], http: ${http}${more} }`,
  );
const to = (name: string, more = "") => `route: [{ destination: { host: ${name}, port: { number: 80 } } }]${more}`;
const BELOW = "{ uri: { prefix: /shop/ }, method: { exact: GET } }";
const AS_DECLARED = virtual(`[{ match: [${BELOW}], ${to("web")} }]`);
const found = (...parts: readonly string[]) => outsideOf(SHOP + EDGE + GATEWAY + parts.join("")).map(brief);

describe("a Gateway and its VirtualServices", () => {
  it("find nothing where they let in what is declared", () => expect(found(AS_DECLARED)).toEqual([]));

  it.each<[string, string, readonly string[]]>([
    [
      "another method",
      `[{ match: [{ uri: { prefix: /shop/ } }], ${to("web")} }]`,
      ["leak web POST shop.example.com /shop/"],
    ],
    [
      "a Service by the name that it has in another cluster domain",
      `[{ match: [{ uri: { prefix: /shop/ }, method: { exact: GET } }], ${to("admin.prod.svc.corp.example")} }]`,
      ["unknown admin GET shop.example.com /shop/", "blockage web GET entrance.invalid /shop/"],
    ],
    [
      "a prefix that ends within a segment",
      `[{ match: [{ uri: { prefix: /shop }, method: { exact: GET } }], ${to("web")} }]`,
      ["leak web GET shop.example.com /shop"],
    ],
    ["every path", `[{ match: [{ method: { exact: GET } }], ${to("web")} }]`, ["leak web GET shop.example.com /"]],
    [
      "an expression that is wider",
      `[{ match: [{ uri: { regex: "/s.op/.*" }, method: { exact: GET } }], ${to("web")} }]`,
      ["leak web GET shop.example.com /saop/"],
    ],
    [
      "another workload first",
      `[{ match: [{ uri: { exact: /ops } }], ${to("admin")} }, { match: [${BELOW}], ${to("web")} }]`,
      ["leak admin GET shop.example.com /ops"],
    ],
    [
      "another workload by a header",
      `[{ match: [{ headers: { x-team: { exact: ops } } }], ${to("admin")} }, { match: [${BELOW}], ${to("web")} }]`,
      ["leak admin GET shop.example.com /"],
    ],
    [
      "a mirror",
      `[{ match: [${BELOW}], ${to("web")}, mirror: { host: admin, port: { number: 80 } } }]`,
      ["leak admin GET shop.example.com /shop/"],
    ],
    [
      "a share of the traffic",
      `[{ match: [${BELOW}], route: [{ destination: { host: web, port: { number: 80 } }, weight: 99 }, { destination: { host: admin, port: { number: 80 } }, weight: 1 }] }]`,
      ["leak admin GET shop.example.com /shop/"],
    ],
    [
      "a match that is not read",
      `[{ match: [{ uri: { prefix: /shop/ }, method: { exact: GET }, weather: { exact: fine } }], ${to("web")} }]`,
      ["unknown web GET shop.example.com /shop/"],
    ],
  ])("are followed to %s", (_, http, wanted) => expect(found(virtual(http))).toEqual(wanted));

  it.each<[string, string]>([
    [
      "what an earlier route takes",
      `[{ match: [{ uri: { prefix: /ops } }], redirect: { uri: /login } }, { match: [${BELOW}], ${to("web")} }, { match: [{ uri: { prefix: /ops/admin } }], ${to("admin")} }]`,
    ],
    [
      "what is answered at once",
      `[{ match: [{ uri: { prefix: /x } }], directResponse: { status: 200 } }, { match: [${BELOW}], ${to("web")} }]`,
    ],
    [
      "what is always aborted",
      `[{ match: [{ uri: { prefix: /x } }], fault: { abort: { httpStatus: 500, percentage: { value: 100 } } }, ${to("admin")} }, { match: [${BELOW}], ${to("web")} }]`,
    ],
    [
      "what has no weight",
      `[{ match: [${BELOW}], route: [{ destination: { host: web, port: { number: 80 } }, weight: 100 }, { destination: { host: admin }, weight: 0 }] }]`,
    ],
    ["sidecars alone", `[{ match: [{ gateways: [mesh] }], ${to("admin")} }, { match: [${BELOW}], ${to("web")} }]`],
    ["another port", `[{ match: [{ port: 80 }], ${to("admin")} }, { match: [${BELOW}], ${to("web")} }]`],
  ])("let nobody reach by %s", (_, http) => expect(found(virtual(http))).toEqual([]));

  it("are shown with what a client types outside", () => {
    const [leak] = outsideOf(
      SHOP + EDGE + GATEWAY + virtual(`[{ ${to("admin")} }]`, "x", "ops.example.com") + AS_DECLARED,
    );
    expect(leak?.witness?.command).toBe(
      "curl -sS --path-as-is -o /dev/null -w '%{http_code}\\n' -X GET 'https://ops.example.com/'",
    );
    expect(leak?.witness?.replay).toEqual({
      outcome: "allow",
      reason: "VirtualService prod/x sends it on; no policy stands against it",
    });
    expect(leak?.evidence[0]?.reasons[0]?.text).toContain("VirtualService prod/x (m.yaml:");
  });

  it("do not fall through to the table of a wildcard", () => {
    const wide = virtual(`[{ ${to("admin")} }]`, "all", "*.example.com");
    const leaks = outsideOf(SHOP + EDGE + GATEWAY + AS_DECLARED + wide);
    expect(leaks.map(({ kind, to: where }) => `${kind} ${where}`)).toEqual(["leak prod/admin[Pod]"]);
    expect(leaks[0]?.witness?.request.http?.host).not.toBe("shop.example.com");
  });

  it("go on in a delegate, with both conditions", () => {
    const root = virtual("[{ match: [{ uri: { prefix: /shop/ } }], delegate: { name: sub } }]");
    const sub = (http: string) => object(NETWORKING, "VirtualService", "prod", "sub", `{ http: ${http} }`);
    expect(found(root, sub(`[{ match: [{ method: { exact: GET } }], ${to("web")} }]`))).toEqual([]);
    expect(found(root, sub(`[{ ${to("web")} }]`))).toEqual(["leak web POST shop.example.com /shop/"]);
    expect(notesOf(SHOP + EDGE + GATEWAY + root).some((note) => note.includes("prod/sub, which is not"))).toBe(true);
  });

  it("rewrite a path before the workload's policies look at it", () => {
    const rewriting = (by: string) =>
      virtual(
        `[{ match: [{ uri: { prefix: /api/ }, method: { exact: GET } }], rewrite: { uri: ${by} }, ${to("web")} }]`,
      );
    const allow = (path: string) =>
      object(
        SECURITY,
        "AuthorizationPolicy",
        "prod",
        "web",
        `{ selector: { matchLabels: { app: web } }, rules: [{ to: [{ operation: { paths: ["${path}"] } }] }] }`,
      );
    expect(found(rewriting("/shop/"), allow("/shop/*"))).toEqual([]);
    expect(found(rewriting("/shop/"), allow("/api/*"))).toEqual(["blockage web GET shop.example.com /api/"]);
    expect(found(rewriting("/"), allow("/shop/*"))).toEqual([]);
    expect(found(rewriting("/"))).toEqual(["leak web GET shop.example.com /api/"]);
    expect(found(rewriting("/admin/"), allow("/admin/*")).filter((one) => one.startsWith("leak"))).toEqual([
      "leak web GET shop.example.com /api/",
    ]);
  });

  it("follow a subset to its pods", () => {
    const subset = virtual(`[{ match: [${BELOW}], route: [{ destination: { host: web, subset: v2 } }] }]`);
    const rule = (labels: string) =>
      object(
        NETWORKING,
        "DestinationRule",
        "prod",
        "web",
        `{ host: web, subsets: [{ name: v2, labels: { ${labels} } }] }`,
      );
    expect(found(subset, rule("app: web"))).toEqual([]);
    expect(found(subset, rule("version: v2"))).toEqual(["blockage web GET entrance.invalid /shop/"]);
    expect(found(subset)).toEqual(["unknown web GET shop.example.com /shop/"]);
  });

  it("are held by the gateway's own policies", () => {
    const own = (hosts: string) =>
      object(
        SECURITY,
        "AuthorizationPolicy",
        "edge",
        "gate",
        `{ selector: { matchLabels: { istio: ingressgateway } }, rules: [{ to: [{ operation: { hosts: ["${hosts}"] } }] }] }`,
      );
    const more = virtual(`[{ ${to("admin")} }]`, "x", "ops.example.com");
    expect(found(AS_DECLARED, more, own("shop.example.com"))).toEqual([]);
    expect(found(AS_DECLARED, more, own("ops.example.com"))).toEqual([
      "leak admin GET ops.example.com /",
      "blockage web GET shop.example.com /shop/",
    ]);
  });

  it("are no use where the gateway is shut", () => {
    const shut = object(
      "networking.k8s.io/v1",
      "NetworkPolicy",
      "edge",
      "shut",
      "{ podSelector: {}, policyTypes: [Ingress] }",
    );
    const [blockage, ...more] = outsideOf(SHOP + EDGE + GATEWAY + AS_DECLARED + shut);
    expect(more).toEqual([]);
    expect(blockage?.kind).toBe("blockage");
    expect(blockage?.witness?.replay.reason).toBe("at the gateway: a network policy drops the packet");
  });

  it("are a blockage where none leads to what is declared", () => {
    const [blockage] = outsideOf(SHOP + EDGE + GATEWAY + virtual(`[{ ${to("admin")} }]`)).filter(
      ({ kind }) => kind === "blockage",
    );
    expect(blockage?.evidence[0]?.reasons[0]?.text).toMatch(
      /^VirtualService|^Gateway edge\/main .* has no route that leads there$/,
    );
    expect(blockage?.witness?.replay.outcome).toBe("deny");
  });

  it("are unknown with the gateway's pods away, as far as the routes lead", () => {
    const away = (http: string) => outsideOf(SHOP + GATEWAY + virtual(http)).map(brief);
    expect(away(`[{ match: [${BELOW}], ${to("web")} }]`)).toEqual([]);
    expect(away(`[{ ${to("web")} }]`)).toEqual(["unknown web GET shop.example.com /"]);
    expect(away(`[{ ${to("admin")} }]`)).toEqual(["unknown admin GET shop.example.com /"]);
  });

  it("hand on bytes by server name", () => {
    const passing = GATEWAY.replace("protocol: HTTPS", "protocol: TLS").replace("mode: SIMPLE", "mode: PASSTHROUGH");
    const tls = object(
      NETWORKING,
      "VirtualService",
      "prod",
      "t",
      `{ hosts: [t.example.com], gateways: [edge/main], tls: [{ match: [{ sniHosts: [t.example.com] }], ${to("admin")} }] }`,
    );
    expect(
      outsideOf(
        SHOP.replace("name: http, port: 80, targetPort: 9000", "name: tls, port: 80, targetPort: 9000") +
          EDGE +
          passing +
          tls,
      ).map(({ kind, to: where, from }) => `${kind} ${from} ${where}`),
    ).toContain("unknown outside prod/admin[Pod]");
  });

  it("ask for a certificate that nobody here has", () => {
    const mutual = GATEWAY.replace("mode: SIMPLE", "mode: MUTUAL");
    expect(outsideOf(SHOP + EDGE + mutual + virtual(`[{ ${to("admin")} }]`)).map(brief)).toContain(
      "unknown admin GET shop.example.com /",
    );
  });
});

describe("the Gateway that a VirtualService names", () => {
  const admin = (...parts: readonly string[]) =>
    outsideOf(parts.join(""))
      .map(brief)
      .filter((one) => one.includes("admin"));
  const EDGES = SHOP + EDGE + GATEWAY;
  const leading = (gateways: string, match = "") =>
    object(
      NETWORKING,
      "VirtualService",
      "prod",
      "v",
      `{ hosts: [shop.example.com], gateways: [${gateways}], http: [${match}{ ${to("admin")} }] }`,
    );

  it.each(["edge/main", "main.edge", "main.edge.svc.cluster.local"])("is found as %s", (name) =>
    expect(admin(EDGES, leading(name))).toEqual(["leak admin GET shop.example.com /"]),
  );

  it("is found as ./main in its own namespace", () => {
    const moved = GATEWAY.replace("namespace: edge", "namespace: prod");
    const text = SHOP + EDGE + moved + leading("./main");
    expect(admin(text)).toEqual(["leak admin GET shop.example.com /"]);
  });

  it("may let in anything where no manifest has it", () =>
    expect(admin(EDGES, leading("edge/other"))).toEqual(["unknown admin GET shop.example.com /"]));

  it("is in a condition the one of the VirtualService's namespace", () => {
    const own = `{ match: [{ gateways: [main] }], ${to("web")} }, `;
    expect(admin(EDGES, leading("edge/main, prod/main", own))).toContain("leak admin GET shop.example.com /");
  });
});
