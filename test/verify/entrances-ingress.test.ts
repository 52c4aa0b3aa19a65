/** What Ingresses let in from outside: routes, the annotations of ingress-nginx, and who is asked before. */
import { describe, expect, it } from "vitest";
import { brief, namespace, notesOf, object, outsideOf, PLAIN_SHOP, pod, SHOP, service } from "./entrance-manifests.js";

const NGINX = "registry.k8s.io/ingress-nginx/controller:v1.13.0";
const controller = (image: string, kind: string) =>
  namespace("edge") +
  pod("edge", "nginx", 8443, "app: nginx", image) +
  service("edge", "nginx", "app: nginx", "{ name: https, port: 443, targetPort: 8443 }", "LoadBalancer") +
  `apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: edge }
spec: { controller: ${kind} }
---
`;
const EDGE = controller(NGINX, "k8s.io/ingress-nginx");
const path = (text: string, name: string, type = "Prefix") =>
  `{ path: "${text}", pathType: ${type}, backend: { service: { name: ${name}, port: { number: 80 } } } }`;
const ingress = (
  paths: string,
  annotations: Readonly<Record<string, string>> = {},
  name = "web",
  host = "shop.example.com",
) =>
  object(
    "networking.k8s.io/v1",
    "Ingress",
    "prod",
    name,
    `{ ingressClassName: edge, tls: [{ hosts: [shop.example.com] }], rules: [{ ${host === "" ? "" : `host: "${host}", `}http: { paths: [${paths}] } }] }`,
    `, annotations: ${JSON.stringify(Object.fromEntries(Object.entries(annotations).map(([key, text]) => [`nginx.ingress.kubernetes.io/${key}`, text])))}`,
  );
const found = (...parts: readonly string[]) => outsideOf(PLAIN_SHOP + EDGE + parts.join("")).map(brief);
/** Ingresses know no methods, so that of `web` every other method is a leak. */
const admin = (...parts: readonly string[]) => found(...parts).filter((one) => one.includes("admin"));

describe("an Ingress of ingress-nginx", () => {
  it("leads by host and path, with any method", () => {
    expect(found(ingress(path("/shop/", "web")))).toEqual(["leak web POST shop.example.com /shop/"]);
  });

  it.each<[string, string, readonly string[]]>([
    ["a prefix by segments", ingress(path("/ops", "admin")), ["leak admin GET shop.example.com /ops"]],
    ["an exact path", ingress(path("/ops", "admin", "Exact")), ["leak admin GET shop.example.com /ops"]],
    ["any host", ingress(path("/ops", "admin"), {}, "x", ""), ["leak admin GET entrance.invalid /ops"]],
    [
      "an alias of the server",
      ingress(path("/ops", "admin"), { "server-alias": "ops.example.com" }, "x", "b.example.com"),
      ["leak admin GET b.example.com /ops"],
    ],
    [
      "a canary",
      ingress(path("/ops", "web")) + ingress(path("/ops", "admin"), { canary: "true", "canary-weight": "5" }, "c"),
      ["unknown admin GET shop.example.com /ops"],
    ],
  ])("leads by %s", (_, text, wanted) => expect(admin(text)).toEqual(wanted));

  it.each<[string, string]>([
    ["a redirect", ingress(path("/ops", "admin"), { "permanent-redirect": "https://example.org" })],
    [
      "an exact path before it",
      ingress(`${path("/ops", "admin")},${path("/ops", "web", "Exact")},${path("/ops/", "web")}`),
    ],
  ])("does not lead past %s", (_, text) => expect(admin(text).filter((one) => one.endsWith(" /ops"))).toEqual([]));

  it("may lead by another controller, which its class names", () => {
    expect(
      admin(ingress(path("/ops", "admin")).replace("ingressClassName: edge", "ingressClassName: traefik")),
    ).toEqual(["unknown admin GET shop.example.com /ops"]);
  });

  it("makes every path of a host an expression once one is", () => {
    const twin = ingress(path("/a/[0-9]+", "web", "ImplementationSpecific"), { "use-regex": "true" }, "r");
    const exact = ingress(path("/ops", "admin", "Exact"));
    const request = outsideOf(PLAIN_SHOP + EDGE + exact + twin).filter(({ to }) => to.includes("admin"));
    expect(request.map(({ kind }) => kind)).toEqual(["leak"]);
    // Behind an exact path nothing else is reached; behind the expression /OPSx is.
    const policy = (allowed: string) =>
      object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "prod",
        "np",
        `{ podSelector: { matchLabels: { app: admin } }, ingress: [${allowed}] }`,
      );
    expect(admin(exact, twin, policy(""))).toEqual([]);
  });

  it("rewrites a path before the workload sees it", () => {
    const rewriting = ingress(path("/api(/|$)(.*)", "web", "ImplementationSpecific"), { "rewrite-target": "/$2" });
    const leaks = found(rewriting).filter((one) => one.startsWith("leak"));
    expect(leaks).toEqual(["leak web GET shop.example.com /api"]);
  });

  it("reads other spellings of a path as the path, and says so only where the route is wide", () => {
    const shop = found(ingress(path("/shop/", "web")));
    expect(shop.filter((one) => one.includes("%"))).toEqual([]);
  });
});

const opa = (args: string) =>
  namespace("opa") +
  `apiVersion: v1
kind: Pod
metadata: { name: opa, namespace: opa, labels: { app: opa } }
spec: { containers: [{ name: opa, image: "openpolicyagent/opa:1.9.0", args: [run, --server, "--addr=0.0.0.0:8181"${args}, /policy], ports: [{ containerPort: 8181 }], volumeMounts: [{ name: p, mountPath: /policy }] }], volumes: [{ name: p, configMap: { name: p } }] }
---
` +
  service("opa", "opa", "app: opa", "{ port: 8181 }");
const ASKING = { "auth-url": "http://opa.opa.svc.cluster.local:8181/v1/data/shop/allow" };

describe("annotations that do not do what they seem to", () => {
  const PUBLIC = object(
    "security.istio.io/v1",
    "AuthorizationPolicy",
    "prod",
    "public",
    '{ selector: { matchLabels: { app: admin } }, rules: [{ to: [{ operation: { paths: ["/public"] } }] }] }',
  );
  const meshed = (...parts: readonly string[]) =>
    outsideOf(SHOP + EDGE + PUBLIC + parts.join(""))
      .map(brief)
      .filter((one) => one.includes("admin"));

  it("rewrites nothing where the target is the path itself", () =>
    expect(meshed(ingress(path("/", "admin"), { "rewrite-target": "/" }))).toEqual([
      "leak admin GET shop.example.com /public",
    ]));

  it("are not those of a canary, which shares the location of the Ingress beside it", () => {
    const main = ingress(path("/public", "web"));
    const own = { canary: "true", "canary-weight": "5", "rewrite-target": "/x" };
    expect(meshed(main, ingress(path("/public", "admin"), own, "c"))).toEqual([
      "unknown admin GET shop.example.com /public",
    ]);
  });

  const SHUT = object(
    "networking.k8s.io/v1",
    "NetworkPolicy",
    "opa",
    "np",
    "{ podSelector: {}, policyTypes: [Ingress] }",
  );
  const shut = (annotations: Readonly<Record<string, string>>, name: string) =>
    admin(opa(""), SHUT, ingress(path("/ops", name), { ...ASKING, ...annotations }));

  it.each<[string, Readonly<Record<string, string>>, string, readonly string[]]>([
    ["a gate alone", {}, "admin", []],
    ["TLS that is passed on", { "ssl-passthrough": "true" }, "admin", ["unknown admin GET shop.example.com /"]],
    [
      "an answer to errors",
      { "custom-http-errors": "500", "default-backend": "admin" },
      "web",
      ["unknown admin GET shop.example.com /ops"],
    ],
    ["a gate of a canary's own", { canary: "true" }, "admin", ["unknown admin GET shop.example.com /ops"]],
  ])("get past what is asked: %s", (_, annotations, name, wanted) => expect(shut(annotations, name)).toEqual(wanted));

  it.each(["use-forwarded-headers", "use-proxy-protocol", "enable-real-ip"])(
    "let in whoever names an address that is listed, with %s",
    (key) => {
      const settings = `apiVersion: v1
kind: ConfigMap
metadata: { name: ingress-nginx-controller, namespace: edge }
data: { ${key}: "true" }
---
`;
      const listed = ingress(path("/ops", "admin"), { "whitelist-source-range": "203.0.113.0/24" });
      expect(admin(listed)).toEqual(["leak admin GET shop.example.com /ops"]);
      expect(admin(settings, listed)).toEqual(["unknown admin GET shop.example.com /ops"]);
    },
  );

  it("give a server its alias, whichever Ingress of the host says it", () => {
    const asHost = object(
      "security.istio.io/v1",
      "AuthorizationPolicy",
      "prod",
      "public",
      '{ selector: { matchLabels: { app: admin } }, rules: [{ to: [{ operation: { hosts: ["ops.example.com"] } }] }] }',
    );
    const aliased = ingress(path("/", "web"), { "server-alias": "ops.example.com" });
    const found = outsideOf(SHOP + EDGE + asHost + aliased + ingress(path("/ops", "admin"), {}, "x")).map(brief);
    expect(found.filter((one) => one.includes("admin"))).toEqual(["leak admin GET ops.example.com /ops"]);
  });

  it("let the answer to an auth request write headers that the workload decides by", () => {
    const root = object(
      "security.istio.io/v1",
      "AuthorizationPolicy",
      "prod",
      "public",
      '{ selector: { matchLabels: { app: admin } }, rules: [{ when: [{ key: "request.headers[x-user]", values: ["root"] }] }] }',
    );
    const answer = { ...ASKING, "auth-response-headers": "X-User" };
    const found = outsideOf(SHOP + EDGE + opa("") + root + ingress(path("/ops", "admin"), answer)).map(brief);
    expect(found.filter((one) => one.includes("admin"))).toEqual(["unknown admin GET shop.example.com /ops"]);
  });
});

describe("what ingress-nginx asks before", () => {
  const OPS = path("/ops", "admin");

  it("is no gate where OPA's data API answers", () => {
    const [leak] = outsideOf(PLAIN_SHOP + EDGE + opa("") + ingress(OPS, ASKING)).filter(({ to }) =>
      to.includes("admin"),
    );
    expect(leak?.kind).toBe("leak");
    expect(leak?.witness?.replay.outcome).toBe("allow");
    const said = leak?.evidence.flatMap(({ reasons }) =>
      reasons.map(({ text, span }) => `${text}${span === undefined ? "" : ` ${span.source.path}`}`),
    );
    expect(said?.join("\n")).toMatch(/auth-url` asks .*answers 200 whatever the decision is/);
  });

  it("is shut where OPA cannot be reached", () => {
    const shut = object(
      "networking.k8s.io/v1",
      "NetworkPolicy",
      "opa",
      "np",
      "{ podSelector: {}, policyTypes: [Ingress] }",
    );
    expect(admin(opa(""), ingress(OPS, ASKING), shut)).toEqual([]);
  });

  it.each<[string, string, Record<string, string>]>([
    ["OPA that decides by status", opa(", --authorization=basic"), ASKING],
    ["OPA that is not in the manifests", "", ASKING],
    ["anybody else", "", { "auth-url": "https://auth.example.com/check" }],
    ["OPA in a way of one's own", opa(""), { ...ASKING, "auth-snippet": "proxy_set_header A b;" }],
    ["OPA by another method", opa(""), { ...ASKING, "auth-method": "PUT" }],
    ["for a password", "", { "auth-type": "basic", "auth-secret": "users" }],
    ["for a certificate", "", { "auth-tls-secret": "prod/ca" }],
    ["a firewall", "", { "enable-modsecurity": "true" }],
  ])("is unknown of %s, which is named", (_, more, annotations) => {
    const all = outsideOf(PLAIN_SHOP + EDGE + more + ingress(OPS, annotations)).filter(({ to }) =>
      to.includes("admin"),
    );
    expect(all.map(({ kind }) => kind)).toEqual(["unknown"]);
    const [name = ""] = Object.keys(annotations);
    const said = all.flatMap(({ evidence }) => evidence.flatMap(({ reasons }) => reasons));
    const reason = said.find(
      ({ effect, text }) => effect === "unknown" && text.includes(`nginx.ingress.kubernetes.io/${name}`),
    );
    expect(reason?.span?.source.path).toBe("m.yaml");
  });

  it("is no question where a certificate is optional", () => {
    expect(admin(ingress(OPS, { "auth-tls-secret": "prod/ca", "auth-tls-verify-client": "optional" }))).toEqual([
      "leak admin GET shop.example.com /ops",
    ]);
  });

  it("is anything where an Ingress of the host writes configuration of its own", () => {
    const raw = ingress(path("/other", "web"), { "server-snippet": "location /ops { }" }, "raw");
    expect(admin(ingress(OPS), raw)).toEqual(["unknown admin GET shop.example.com /"]);
  });

  it("lets in who is listed", () => {
    const listed = (block: string) => ingress(OPS, { "whitelist-source-range": block });
    const shut = object(
      "networking.k8s.io/v1",
      "NetworkPolicy",
      "edge",
      "np",
      `{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 203.0.113.0/24 } }] }] }`,
    );
    expect(admin(listed("198.51.100.0/24"))).toEqual(["leak admin GET shop.example.com /ops"]);
    expect(admin(listed("203.0.113.0/25"), shut)).toEqual(["leak admin GET shop.example.com /ops"]);
    expect(admin(listed("198.51.100.0/24"), shut)).toEqual([]);
    expect(admin(listed("home"))).toEqual(["unknown admin GET shop.example.com /ops"]);
  });

  it("is come to by every port of the controller", () => {
    const ports = service("edge", "plain", "app: nginx", "{ name: http, port: 80, targetPort: 8000 }", "NodePort");
    const only = (port: number) =>
      object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "edge",
        "np",
        `{ podSelector: {}, ingress: [{ ports: [{ port: ${port} }] }] }`,
      );
    expect(admin(ports, ingress(OPS), only(8443))).toEqual(["leak admin GET shop.example.com /ops"]);
    // A redirect to HTTPS is what answers there, unless it is switched off.
    expect(admin(ports, ingress(OPS), only(8000))).toEqual(["unknown admin GET shop.example.com /ops"]);
    expect(admin(ports, ingress(OPS, { "ssl-redirect": "false" }), only(8000))).toEqual([
      "leak admin GET shop.example.com /ops",
    ]);
    expect(admin(ports, ingress(OPS), only(9))).toEqual([]);
  });

  it("is anything where the controller's settings are elsewhere", () => {
    const told = EDGE.replace(
      `image: "${NGINX}"`,
      `image: "${NGINX}", args: ["--configmap=$(POD_NAMESPACE)/settings"]`,
    );
    const settings = `apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: edge }
data: { server-tokens: "false" }
---
`;
    const ops = (...parts: readonly string[]) =>
      outsideOf(PLAIN_SHOP + told + parts.join(""))
        .map(brief)
        .filter((one) => one.includes("admin"));
    const shut = object(
      "networking.k8s.io/v1",
      "NetworkPolicy",
      "edge",
      "np",
      `{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 203.0.113.0/24 } }] }] }`,
    );
    const listed = ingress(OPS, { "whitelist-source-range": "198.51.100.0/24" });
    expect(ops(listed, shut)).toEqual(["unknown admin GET shop.example.com /"]);
    expect(ops(listed, shut, settings)).toEqual([]);
  });

  it("is the controller's own question where it has one for all", () => {
    const settings = `apiVersion: v1
kind: ConfigMap
metadata: { name: ingress-nginx-controller, namespace: edge }
data: { global-auth-url: "https://auth.example.com" }
---
`;
    expect(admin(settings, ingress(OPS))).toEqual(["unknown admin GET shop.example.com /ops"]);
    expect(admin(settings, ingress(OPS, { "enable-global-auth": "false" }))).toEqual([
      "leak admin GET shop.example.com /ops",
    ]);
  });
});

describe("an Ingress of another controller", () => {
  const TRAEFIK = controller("docker.io/traefik:v3", "traefik.io/ingress-controller");

  it("is followed as Kubernetes describes it", () => {
    const all = outsideOf(PLAIN_SHOP + TRAEFIK + ingress(path("/ops", "admin", "Exact"))).map(brief);
    expect(all.filter((one) => one.includes("admin"))).toEqual(["leak admin GET shop.example.com /ops"]);
  });

  it("is unknown with annotations of its own", () => {
    const told = ingress(path("/ops", "admin")).replace(
      "annotations: {}",
      'annotations: { traefik.ingress.kubernetes.io/router.middlewares: "prod-auth@kubernetescrd" }',
    );
    const all = outsideOf(PLAIN_SHOP + TRAEFIK + told).filter(({ to }) => to.includes("admin"));
    expect(all.map(({ kind }) => kind)).toEqual(["unknown"]);
  });
});

describe("routes of kinds that are not read", () => {
  it.each<[string, string]>([
    ["traefik.io/v1alpha1", "IngressRoute"],
    ["projectcontour.io/v1", "HTTPProxy"],
    ["example.dev/v1", "SuperRoute"],
  ])("%s %s leads to the Services that it names, nobody knows how", (version, kind) => {
    const text =
      PLAIN_SHOP + object(version, kind, "prod", "far", "{ routes: [{ services: [{ name: admin, port: 80 }] }] }");
    const all = outsideOf(text);
    expect(all.map(({ kind: verdict, to }) => `${verdict} ${to}`)).toEqual(["unknown prod/admin[Pod]"]);
    const said = all.flatMap(({ evidence }) => evidence.flatMap(({ reasons }) => reasons.map((one) => one.text)));
    expect(said.join()).toMatch(new RegExp(`${kind} prod/far \\(m\\.yaml:\\d+:\\d+\\)`));
    expect(notesOf(text).some((note) => note.startsWith(`${kind} prod/far (m.yaml:`))).toBe(true);
  });

  it.each<[string, string, string]>([
    ["getambassador.io/v3alpha1", "Mapping", '{ prefix: /, service: "admin:80" }'],
    ["getambassador.io/v3alpha1", "Mapping", '{ prefix: /, service: "http://admin:80" }'],
    ["traefik.io/v1alpha1", "TraefikService", "{ weighted: { services: [{ name: admin, port: 80 }] } }"],
    ["zalando.org/v1", "RouteGroup", "{ backends: [{ type: service, serviceName: admin }] }"],
    ["gateway.solo.io/v1", "RouteTable", "{ routes: [{ ref: { name: admin, namespace: prod } }] }"],
    ["elbv2.k8s.aws/v1beta1", "TargetGroupBinding", "{ serviceRef: { name: admin, port: 80 } }"],
    ["cilium.io/v2", "CiliumClusterwideEnvoyConfig", "{ backendServices: [{ name: admin, namespace: prod }] }"],
  ])("%s %s leads there as it writes it: %s", (version, kind, spec) =>
    expect(found(object(version, kind, "prod", "far", spec))).toEqual(["unknown admin GET entrance.invalid /"]),
  );

  it("lead nowhere by a host that begins with the name of a Service", () =>
    expect(found(object("projectcontour.io/v1", "HTTPProxy", "prod", "far", "{ host: admin.example.com }"))).toEqual(
      [],
    ));

  it("are no routes by their names alone", () => {
    const text =
      PLAIN_SHOP +
      object("traefik.io/v1alpha1", "Middleware", "prod", "m", "{ forwardAuth: { address: http://admin } }");
    expect(outsideOf(text)).toEqual([]);
  });

  it("leave a declared flow unsaid, which is noted", () => {
    const text =
      PLAIN_SHOP +
      object(
        "traefik.io/v1alpha1",
        "IngressRoute",
        "prod",
        "far",
        "{ routes: [{ services: [{ name: web, port: 80 }] }] }",
      );
    expect(outsideOf(text).map(({ kind, to }) => `${kind} ${to}`)).toEqual(["unknown prod/web[Pod]"]);
    expect(notesOf(text).join()).toContain("it comes through IngressRoute prod/far");
  });
});

describe("a Route of OpenShift", () => {
  const policy = (rule: string) =>
    object(
      "security.istio.io/v1",
      "AuthorizationPolicy",
      "prod",
      "some",
      `{ selector: { matchLabels: { app: admin } }, rules: [{ to: [{ operation: { ${rule} } }] }] }`,
    );
  const leading = (more: string, annotations = "") =>
    object(
      "route.openshift.io/v1",
      "Route",
      "prod",
      "r",
      `{ host: a.example.com, to: { kind: Service, name: admin }${more} }`,
      `, annotations: { ${annotations} }`,
    );
  const kinds = (...parts: readonly string[]) => outsideOf(SHOP + parts.join("")).map(brief);

  it("may stand for every host beside its own", () => {
    const elsewhere = policy('hosts: ["b.example.com"]');
    expect(kinds(elsewhere, leading(""))).toEqual([]);
    expect(kinds(elsewhere, leading(", wildcardPolicy: Subdomain"))).toEqual(["unknown admin GET b.example.com /"]);
  });

  it("may rewrite a path into one that the workload allows", () => {
    const rewriting = leading(", path: /x", "haproxy.router.openshift.io/rewrite-target: /");
    expect(kinds(policy('paths: ["/public"]'), rewriting)).toEqual(["unknown admin GET a.example.com /x"]);
  });
});
