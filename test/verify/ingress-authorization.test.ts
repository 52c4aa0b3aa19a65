/** An auth request of ingress-nginx that OPA's own authorization answers: which requests pass it, as its rules say. */
import { describe, expect, it } from "vitest";
import { editCluster } from "../../src/cluster/index.js";
import { asksByStatus } from "../../src/verify/replay/status-authorizer.js";
import { BEARER, type HttpRequest, type Token } from "../../src/verify/request.js";
import { statusAnswer } from "../../src/verify/routes/nginx-authorization.js";
import type { Atom } from "../../src/verify/space/index.js";
import { clusterOf, namespace, object, outsideOf, PLAIN_SHOP, pod, service } from "./entrance-manifests.js";

const URL_ASKED = "http://opa.opa.svc.cluster.local:8181/v1/data/shop/allow";
const controller = `${namespace("edge")}${pod("edge", "nginx", 8443, "app: nginx", "registry.k8s.io/ingress-nginx/controller:v1.13.0")}${service(
  "edge",
  "nginx",
  "app: nginx",
  "{ name: https, port: 443, targetPort: 8443 }",
  "LoadBalancer",
)}apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: edge }
spec: { controller: k8s.io/ingress-nginx }
---
`;

const opa = (rules: string, more = "") =>
  namespace("opa") +
  `apiVersion: v1
kind: Pod
metadata: { name: opa, namespace: opa, labels: { app: opa } }
spec: { containers: [{ name: opa, image: "openpolicyagent/opa:1.9.0", args: [run, --server, "--addr=0.0.0.0:8181", --authorization=basic${more}, /policy], ports: [{ containerPort: 8181 }], volumeMounts: [{ name: p, mountPath: /policy }] }], volumes: [{ name: p, configMap: { name: p } }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: p, namespace: opa }
data: { authz.rego: ${JSON.stringify(`package system.authz\n\ndefault allow := false\n\n${rules}\n`)} }
---
` +
  service("opa", "opa", "app: opa", "{ port: 8181 }");

const ingress = (path: string, annotations: Readonly<Record<string, string>>) =>
  object(
    "networking.k8s.io/v1",
    "Ingress",
    "prod",
    "web",
    `{ ingressClassName: edge, tls: [{ hosts: [shop.example.com] }], rules: [{ host: shop.example.com, http: { paths: [{ path: "${path}", pathType: Prefix, backend: { service: { name: admin, port: { number: 80 } } } }] } }] }`,
    `, annotations: ${JSON.stringify(Object.fromEntries(Object.entries(annotations).map(([key, text]) => [`nginx.ingress.kubernetes.io/${key}`, text])))}`,
  );

/** Findings at `admin`, which is for nobody. */
function admitted(rules: string, { more = "", path = "/ops", ...annotations }: Readonly<Record<string, string>> = {}) {
  const text = PLAIN_SHOP + controller + opa(rules, more) + ingress(path, { "auth-url": URL_ASKED, ...annotations });
  return outsideOf(text).filter(({ to }) => to.includes("admin"));
}

function shown(rules: string, more: Readonly<Record<string, string>> = {}): readonly string[] {
  return admitted(rules, more).map(({ kind, witness }) => {
    const { http } = witness?.request ?? {};
    const headers = [...(http?.headers ?? [])].map(([name, value]) => ` ${name}: ${value}`);
    return `${kind} ${http?.method} ${http?.target}${headers.join("")} ${witness?.replay.outcome}`;
  });
}

const header = (name: string) => `input.headers[${JSON.stringify(name)}][0]`;

describe("the rules of OPA's own authorization", () => {
  it.each<[string, string, readonly string[]]>([
    ["the auth request's method", 'allow if input.method == "GET"', ["leak GET /ops allow"]],
    ["another method than the auth request has", 'allow if input.method == "POST"', []],
    ["the auth request's path", 'allow if input.path == ["v1", "data", "shop", "allow"]', ["leak GET /ops allow"]],
    ["one segment of another path", 'allow if input.path[2] == "other"', []],
    ["its parameters, of which there are none", "allow if count(input.params) > 0", []],
    ["a body, which it has none", "allow if input.body", []],
    ["the method that is asked about", `allow if ${header("X-Original-Method")} == "POST"`, ["leak POST /ops allow"]],
    [
      "a path that no route leads to",
      `allow if ${header("X-Original-Url")} in {"http://shop.example.com/shop", "https://shop.example.com/shop"}`,
      [],
    ],
    ["the end of a URL", `allow if endswith(${header("X-Original-Url")}, "/ops/x")`, ["leak GET /ops/x allow"]],
    [
      "the host of a URL",
      `allow if regex.find_all_string_submatch_n(\`^https?://([^/]+)\`, ${header("X-Original-Url")}, 1)[0][1] == "other.example"`,
      [],
    ],
    ["a name in another case, which Go never writes", 'allow if input.headers["x-original-method"]', []],
    ["the host as a header, which Go takes away", 'allow if input.headers["Host"]', []],
    [
      "a header that any client writes",
      `allow if ${header("X-Role")} == "admin"`,
      ["leak GET /ops x-role: admin allow"],
    ],
    ["a token without token authentication", 'allow if input.identity == "s3cret"', []],
    ["an answer of an object", 'allow := {"allowed": true}', ["leak GET /ops allow"]],
    ["an answer that is neither", 'allow := "yes"', []],
    ["nothing", "", []],
  ])("look at %s", (_, rules, wanted) => {
    const found = shown(rules);
    expect(found).toEqual(wanted);
  });

  it("may be deceived by a spelling of the path that nginx reads as the path", () => {
    const naive = `allow if not contains(${header("X-Original-Url")}, "/ops")`;
    expect(admitted(naive).map(({ kind }) => kind)).toEqual(["unknown"]);
  });

  it("look at who asks, by OPA's token authentication", () => {
    const bearer = { more: ", --authentication=token" };
    expect(shown('allow if input.identity == "s3cret"', bearer)).toEqual([
      "leak GET /ops authorization: Bearer s3cret allow",
    ]);
    expect(shown('allow if input.identity == "two words"', bearer)).toEqual([]);
  });

  it.each<[string, string, Readonly<Record<string, string>>, RegExp]>([
    ["what nginx alone knows", `allow if ${header("X-Real-Ip")} == "10.0.0.1"`, {}, /X-Real-Ip.* is not reasoned over/],
    ["what somebody else says", 'allow if http.send({"method": "get", "url": "http://a"}).body.ok', {}, /not reasoned/],
    [
      "headers that are set beside",
      "allow if input.method",
      { "auth-proxy-set-headers": "a/b" },
      /auth-proxy-set-headers/,
    ],
    ["another answer, kept", "allow if input.method", { "auth-cache-key": "$remote_user" }, /auth-cache-key/],
    [
      "certificates",
      "allow if input.identity",
      { more: ", --authentication=tls" },
      /input.identity.* is not reasoned over/,
    ],
    ["a URL with variables", "allow if input.method", { "auth-url": `${URL_ASKED}/$host` }, /is not known/],
    ["HTTPS that nobody speaks", "allow if input.method", { more: ", --tls-cert-file=/c" }, /answers HTTPS alone/],
  ])("leave unknown what depends on %s, and say so", (_, rules, more, wanted) => {
    const found = admitted(rules, more);
    expect(found.map(({ kind }) => kind)).toEqual(["unknown"]);
    const said = found.flatMap(({ evidence }) => evidence.flatMap(({ reasons }) => reasons));
    expect(
      said
        .filter(({ effect }) => effect === "unknown")
        .map(({ text }) => text)
        .join("\n"),
    ).toMatch(wanted);
  });

  it("is one of several conditions of which one is enough", () => {
    const never = "allow if false";
    expect(shown(never, { "auth-type": "basic" })).toEqual([]);
    expect(shown(never, { "auth-type": "basic", satisfy: "any" })).toEqual(["unknown GET /ops unknown"]);
  });
});

describe("what is worked out for all requests", () => {
  const RULES = [
    `allow if ${header("X-Original-Method")} in {"GET", "PUT"}`,
    `allow if count(input.headers["X-Role"]) == 1`,
    `allow if ${header("X-Role")} == "admin"`,
    `allow if not input.headers["X-Role"]`,
    `allow if startswith(${header("X-Original-Url")}, "https://")`,
    `allow if contains(${header("X-Original-Url")}, "?a=")`,
    'allow if regex.find_n(`^https?://[^/?#]*`, URL, 1)[0] == "https://shop.example.com"',
    'allow if regex.find_n(`^https?://[a-z.]+`, URL, -1)[0] == "https://shop.example.com"',
    'allow if regex.find_all_string_submatch_n(`^https?://([^/?#]*)`, URL, 1)[0][1] == "a"',
    'allow if regex.find_all_string_submatch_n(`^https?://([^/?#]*)`, URL, 1)[0][0] == "https://a"',
    'allow if endswith(regex.find_n(`^https?://[^/?#]*`, URL, 1)[0], "://shop.example.com")',
    'allow if contains(regex.find_n(`^https?://[a-z.]+`, URL, -1)[0], "shop")',
    "allow if regex.find_n(`^ftp://[a-z]+`, URL, 1) == []",
    'allow if {\n\tprefix := regex.find_n(`^https?://[^/?#]*`, URL, 1)[0]\n\tsubstring(URL, count(prefix), -1) == "/ops?a=1"\n}',
    'allow if {\n\tprefix := regex.find_n(`^https?://[a-z]*`, URL, 1)[0]\n\tsubstring(URL, count(prefix), -1) == ".example.com/ops"\n}',
    'allow if input.identity == "s3cret"',
    "allow if count(input.identity) > 7",
    `allow if ${header("Authorization")} == "Bearer s3cret"`,
    'allow if { claims := io.jwt.decode(input.identity)[1]; claims.iss == "me" }',
  ].map((rule) => rule.replaceAll("URL", header("X-Original-Url")));
  const token: Token = { at: BEARER, claims: { iss: "me" }, genuine: true };

  interface Asked {
    readonly method?: string;
    readonly host?: string;
    readonly path?: string;
    readonly query?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly token?: Token;
  }

  const REQUESTS: readonly Asked[] = [
    {},
    { method: "PUT", query: "?a=1" },
    { method: "DELETE", path: "/" },
    { host: "a", query: "?a=1" },
    { host: "a?b" },
    { host: "a#b", path: "/x" },
    { host: "A.example.com" },
    { host: "shop.example.com:443" },
    { path: "/ops/é", query: "?" },
    { headers: { "x-role": "admin" } },
    { headers: { "x-role": "admin,user" } },
    { headers: { "x-role": "" } },
    { headers: { authorization: "Bearer s3cret" } },
    { headers: { authorization: "Bearer   s3cret" } },
    { headers: { authorization: "Bearer two words" } },
    { headers: { authorization: "bearer s3cret" } },
    { token },
  ];

  function pointFor({ method, host, path, query, headers, token: carried }: Asked): ReadonlyMap<string, Atom> {
    const point = new Map<string, Atom>([
      ["protocol", "http"],
      ["method", method ?? "GET"],
      ["host", host ?? "shop.example.com"],
      ["path", path ?? "/ops"],
      ["query", query ?? ""],
    ]);
    for (const [name, value] of Object.entries(headers ?? {})) point.set(`header:${name}`, value);
    if (carried !== undefined) {
      point.set("token", "valid");
      point.set("claim:iss", "me");
    }
    return point;
  }

  it.each(RULES)("agrees with the engine on one: %s", (rule) => {
    const cluster = clusterOf(PLAIN_SHOP + opa(rule, ", --authentication=token"));
    const answer = statusAnswer(cluster, URL_ASKED, "GET");
    if (typeof answer === "string") throw new Error(answer);
    const exact = { allow: 0, deny: 0 };
    for (const asked of REQUESTS) {
      const http: HttpRequest = {
        method: asked.method ?? "GET",
        host: asked.host ?? "shop.example.com",
        target: `${asked.path ?? "/ops"}${asked.query ?? ""}`,
        headers: new Map(Object.entries(asked.headers ?? {})),
      };
      const point = pointFor(asked);
      const { may, must } = answer.passes;
      for (const scheme of ["http", "https"]) {
        const said = asksByStatus(cluster, { url: URL_ASKED, method: "GET" }, http, asked.token, scheme);
        const place = `${JSON.stringify(asked)} ${scheme}`;
        if (!may.has(point)) expect(said, place).toBe("deny");
        if (must.has(point)) expect(said, place).toBe("allow");
        if (!may.has(point) || must.has(point)) exact[said as "allow" | "deny"]++;
      }
    }
    // A rule of which nothing was known would agree with everything.
    const isTold = !/= ?"https:|"https:\/\/"/.test(rule);
    expect(exact.allow + exact.deny).toBeGreaterThan(isTold ? REQUESTS.length : -1);
  });
});

it("is asked by the rules of an edited ConfigMap, whose pod is as it was", () => {
  const config = (rule: string) => `apiVersion: v1
kind: ConfigMap
metadata: { name: p, namespace: opa }
data: { authz.rego: ${JSON.stringify(`package system.authz\n\ndefault allow := ${rule}\n`)} }
---
`;
  const before = clusterOf(opa("").replace(/apiVersion: v1\nkind: ConfigMap[\s\S]*?---\n/, config("false")));
  const passes = (cluster: typeof before): boolean | string => {
    const answer = statusAnswer(cluster, URL_ASKED, "GET");
    return typeof answer === "string" ? answer : !answer.passes.may.isEmpty;
  };
  expect(passes(before)).toBe(false);
  const after = editCluster(before, { put: clusterOf(config("true")) });
  if (after === undefined) throw new Error("the edit needs another reading");
  expect(passes(after)).toBe(true);
});
