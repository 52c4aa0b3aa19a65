/** What Gateways and routes of the Gateway API let in from outside, each case with what is found of it. */
import { describe, expect, it } from "vitest";
import { brief, namespace, object, outsideOf, pod, SHOP, service } from "./entrance-manifests.js";

const API = "gateway.networking.k8s.io/v1";
const EDGE =
  namespace("edge") +
  pod("edge", "gate", 8443, "gateway.networking.k8s.io/gateway-name: main", "docker.io/istio/proxyv2:1.27.1") +
  service(
    "edge",
    "gate",
    "gateway.networking.k8s.io/gateway-name: main",
    "{ name: https, port: 443, targetPort: 8443 }",
  );
const gateway = (more = "allowedRoutes: { namespaces: { from: All } }", hostname = "*.example.com") =>
  object(
    API,
    "Gateway",
    "edge",
    "main",
    `{ gatewayClassName: istio, listeners: [{ name: https, port: 443, protocol: HTTPS, hostname: "${hostname}", ${more} }] }`,
  );
const route = (rules: string, name = "web", hosts = "shop.example.com", more = "", at = "prod") =>
  object(
    API,
    "HTTPRoute",
    at,
    name,
    `{ parentRefs: [{ name: main, namespace: edge${more} }], hostnames: ["${hosts}"], rules: ${rules} }`,
  );
const to = (name: string, more = "") => `backendRefs: [{ name: ${name}, port: 80 }]${more}`;
const BELOW = "{ path: { type: PathPrefix, value: /shop }, method: GET }";
const SLASH = `{ path: { type: RegularExpression, value: "/shop/.*" }, method: GET }`;
const AS_DECLARED = route(`[{ matches: [${SLASH}], ${to("web")} }]`);
const found = (...parts: readonly string[]) => outsideOf(SHOP + EDGE + parts.join("")).map(brief);

describe("a Gateway and its routes", () => {
  it("find nothing where they let in what is declared", () => expect(found(gateway(), AS_DECLARED)).toEqual([]));

  it.each<[string, string, readonly string[]]>([
    [
      "the path itself before the slash",
      `[{ matches: [${BELOW}], ${to("web")} }]`,
      ["leak web GET shop.example.com /shop"],
    ],
    [
      "every method",
      `[{ matches: [{ path: { type: RegularExpression, value: "/shop/.*" } }], ${to("web")} }]`,
      ["leak web POST shop.example.com /shop/"],
    ],
    ["everything", `[{ ${to("web")} }]`, ["leak web GET shop.example.com /"]],
    [
      "the most specific match, not the first",
      `[{ matches: [{ path: { type: PathPrefix, value: / }, method: GET }], ${to("web")} }, { matches: [{ path: { type: Exact, value: /x } }], ${to("admin")} }]`,
      ["leak admin GET shop.example.com /x", "leak web GET shop.example.com /"],
    ],
    [
      "a mirror",
      `[{ matches: [${SLASH}], filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: admin, port: 80 } } }], ${to("web")} }]`,
      ["leak admin GET shop.example.com /shop/"],
    ],
    [
      "a filter that is not read",
      `[{ matches: [${SLASH}], filters: [{ type: ExtensionRef, extensionRef: { group: x, kind: Y, name: z } }], ${to("web")} }]`,
      // What arrives may be another path than the one that was asked for.
      ["unknown web GET shop.example.com /shop/", "unknown web GET shop.example.com /shop/"],
    ],
  ])("are followed to %s", (_, rules, wanted) => expect(found(gateway(), route(rules))).toEqual(wanted));

  it("answer a redirect themselves", () => {
    const rules = `[{ matches: [{ path: { type: PathPrefix, value: /x } }], filters: [{ type: RequestRedirect, requestRedirect: { hostname: a.example } }] }]`;
    expect(found(gateway(), AS_DECLARED, route(rules, "r"))).toEqual([]);
  });

  it("rewrite path and host before the workload sees them", () => {
    const rewriting = (path: string) =>
      route(
        `[{ matches: [{ path: { type: PathPrefix, value: /api }, method: GET }], filters: [{ type: URLRewrite, urlRewrite: { hostname: web.internal, path: ${path} } }], ${to("web")} }]`,
      );
    const allow = (hosts: string, path = "/shop/*") =>
      object(
        "security.istio.io/v1",
        "AuthorizationPolicy",
        "prod",
        "web",
        `{ selector: { matchLabels: { app: web } }, rules: [{ to: [{ operation: { hosts: ["${hosts}"], paths: ["${path}"] } }] }] }`,
      );
    const replaced = "{ type: ReplacePrefixMatch, replacePrefixMatch: /shop }";
    expect(found(gateway(), rewriting(replaced), allow("web.internal"))).toEqual([]);
    expect(found(gateway(), rewriting(replaced), allow("shop.example.com"))).toEqual([
      "blockage web GET shop.example.com /api/",
    ]);
    expect(
      found(gateway(), rewriting("{ type: ReplaceFullPath, replaceFullPath: /ops }"), allow("web.internal", "/ops"))[0],
    ).toBe("leak web GET shop.example.com /api");
  });

  it.each<[string, string, string]>([
    ["a listener that takes routes of its own namespace", gateway("allowedRoutes: { namespaces: { from: Same } }"), ""],
    ["a listener without a name in common", gateway(undefined, "*.example.org"), ""],
    ["a section that is none of its", gateway(), ", sectionName: other"],
    ["another port", gateway(), ", port: 80"],
    [
      "a listener that takes other kinds",
      gateway("allowedRoutes: { kinds: [{ kind: GRPCRoute }], namespaces: { from: All } }"),
      "",
    ],
  ])("hang on no listener: %s", (_, listener, more) => {
    const open = route(`[{ ${to("admin")} }]`, "x", "shop.example.com", more);
    expect(found(listener, open).filter((one) => one.includes("admin"))).toEqual([]);
  });

  it("may hang on a listener that selects namespaces nobody declares", () => {
    const selecting = gateway(
      "allowedRoutes: { namespaces: { from: Selector, selector: { matchLabels: { team: a } } } }",
    );
    const far = route(
      `[{ backendRefs: [{ name: admin, namespace: prod, port: 80 }] }]`,
      "x",
      "shop.example.com",
      "",
      "far",
    );
    const grant = object(
      "gateway.networking.k8s.io/v1beta1",
      "ReferenceGrant",
      "prod",
      "g",
      '{ from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: far }], to: [{ group: "", kind: Service }] }',
    );
    const admin = (...parts: readonly string[]) => found(...parts).filter((one) => one.includes("admin"));
    expect(admin(selecting, far, grant)).toEqual(["unknown admin GET shop.example.com /"]);
    expect(admin(selecting, far)).toEqual([]);
    expect(admin(selecting, namespace("far"), far, grant)).toEqual([]);
  });

  it("reach a Service of another namespace by a grant alone", () => {
    const far =
      namespace("far") +
      route(`[{ backendRefs: [{ name: admin, namespace: prod, port: 80 }] }]`, "x", "shop.example.com", "", "far");
    const grant = (names: string) =>
      object(
        "gateway.networking.k8s.io/v1beta1",
        "ReferenceGrant",
        "prod",
        "g",
        `{ from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: far }], to: [{ group: "", kind: Service${names} }] }`,
      );
    expect(found(gateway(), far, grant(", name: admin"))).toContain("leak admin GET shop.example.com /");
    expect(found(gateway(), far, grant(", name: web")).filter((one) => one.includes("admin"))).toEqual([]);
  });

  it("carry calls of gRPC by service and method", () => {
    const grpc = (match: string) =>
      object(
        API,
        "GRPCRoute",
        "prod",
        "g",
        `{ parentRefs: [{ name: main, namespace: edge }], rules: [{ matches: [${match}], ${to("admin")} }] }`,
      );
    expect(
      found(gateway(), AS_DECLARED, grpc("{ method: { service: a.B, method: C } }")).map((one) =>
        one.replace(/GET \S+/, ""),
      ),
    ).toEqual(["leak admin  /a.B/C"]);
    expect(found(gateway(), AS_DECLARED, grpc("{ method: { service: a.B } }"))[0]).toMatch(
      /^leak admin GET \S+ \/a\.B\/$/,
    );
  });

  it("carry bytes", () => {
    const tcp = gateway().replace('protocol: HTTPS, hostname: "*.example.com"', "protocol: TCP");
    const raw = object(
      "gateway.networking.k8s.io/v1alpha2",
      "TCPRoute",
      "prod",
      "t",
      `{ parentRefs: [{ name: main, namespace: edge }], rules: [{ ${to("admin")} }] }`,
    );
    expect(found(tcp, raw).some((one) => one.startsWith("unknown admin"))).toBe(true);
  });

  it("are unknown through a gateway of another kind, whose pods run elsewhere", () => {
    const other = gateway().replace("gatewayClassName: istio", "gatewayClassName: envoy");
    const open = route(`[{ matches: [{ path: { type: Exact, value: /ops } }], ${to("admin")} }]`);
    expect(outsideOf(SHOP + other + open).map(({ kind, to: where }) => `${kind} ${where}`)).toEqual([
      "unknown prod/admin[Pod]",
    ]);
  });
});

describe("what is not read of the Gateway API", () => {
  const admin = (...parts: readonly string[]) =>
    outsideOf(parts.join(""))
      .map(brief)
      .filter((one) => one.includes("admin"));
  it.each([
    "{ kind: ListenerSet, name: more }",
    "{ group: gateway.networking.x-k8s.io, kind: XListenerSet, name: more }",
  ])("is a way that may be there: the parent %s", (parent) => {
    const attached = route(`[{ ${to("admin")} }]`).replace(/parentRefs: \[[^\]]*\]/, `parentRefs: [${parent}]`);
    expect(admin(SHOP, EDGE, gateway(), attached)).toEqual(["unknown admin GET shop.example.com /"]);
  });

  const PUBLIC = object(
    "security.istio.io/v1",
    "AuthorizationPolicy",
    "prod",
    "public",
    '{ selector: { matchLabels: { app: admin } }, rules: [{ to: [{ operation: { paths: ["/public/*"] } }] }] }',
  );

  it("may be rewritten by a filter of a kind that is not known", () => {
    const filter = "filters: [{ type: ExtensionRef, extensionRef: { group: g, kind: K, name: n } }]";
    const rule = `{ matches: [{ path: { type: PathPrefix, value: /x } }], ${filter}, ${to("admin")} }`;
    expect(admin(SHOP, EDGE, gateway(), PUBLIC, route(`[${rule}]`))).toEqual(["unknown admin GET shop.example.com /x"]);
  });

  it("takes nothing surely from other routes where it may not be attached", () => {
    const some = gateway(
      "allowedRoutes: { namespaces: { from: Selector, selector: { matchLabels: { team: shop } } } }",
    );
    const elsewhere = `[{ matches: [{ path: { type: PathPrefix, value: /public } }], ${to("none")} }]`;
    const parts = [PUBLIC, route(`[{ ${to("admin")} }]`), route(elsewhere, "other", "shop.example.com", "", "untold")];
    const text = SHOP.replace("istio-injection: enabled", "istio-injection: enabled, team: shop") + EDGE;
    expect(admin(text, some, ...parts)).toEqual(["unknown admin GET shop.example.com /public/"]);
  });
});
