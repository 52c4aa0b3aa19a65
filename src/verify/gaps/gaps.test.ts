/** For every check manifests that have its gap, and the same mended. */
import { describe, expect, it } from "vitest";
import { readCluster } from "../../cluster/index.js";
import { formatSpan } from "../../diagnostics/index.js";
import { CHECKS, findGaps, type Gap } from "./index.js";

function gapsOf(text: string): readonly Gap[] {
  const { cluster, problems } = readCluster([{ path: "m.yaml", text }]);
  expect(problems).toEqual([]);
  return findGaps(cluster);
}

const namespace = (name: string, labels = "{}") => `
apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: ${labels} }
---`;
const workload = (name: string, container = "", podMeta = "", podSpec = "", at = "shop") => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${at} }
spec:
  template:
    metadata: { labels: { app: ${name} }${podMeta} }
    spec:
      serviceAccountName: ${name}${podSpec}
      containers:
      - name: main
        image: r/${name}:1${container}
---`;
const policy = (spec: string, name = "p") => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: shop }
spec: ${spec}
---`;
const configMap = (key: string, text: string, name = "c") => `
apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}, namespace: shop }
data:
  ${key}: |
${text.replace(/^/gm, "    ")}
---`;
const istio = (kind: string, spec: string, name = "x", at = "shop") => `
apiVersion: security.istio.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: ${at} }
spec: ${spec}
---`;
const INJECTED = namespace("shop", "{ istio-injection: enabled }");
const STRICT = istio("PeerAuthentication", "{ mtls: { mode: STRICT } }", "default", "istio-system");
const mesh = (settings: string) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data: { mesh: "${settings}" }
---`;
const ingress = (annotations: string) => `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: i, namespace: shop, annotations: ${annotations} }
spec: {}
---`;
const template = (rego: string) => `
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: { name: t }
spec:
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
${rego.replace(/^/gm, "      ")}
---`;
const admin = (rules: string) => `
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: { name: a }
spec: { priority: 1, subject: { namespaces: {} }, ingress: ${rules} }
---`;
const DENY_ALL = policy("{ podSelector: {}, policyTypes: [Ingress, Egress] }", "deny");
const service = (type: string, selector = "{ app: web }") => `
apiVersion: v1
kind: Service
metadata: { name: s, namespace: shop }
spec: { type: ${type}, selector: ${selector}, ports: [{ port: 80 }] }
---`;
const encryption = (providers: string) => `
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers: ${providers}
---`;

/** A rule that pods come from one repository. */
const demanding = (repository: string) => `
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: { name: fromrepository }
spec:
  crd: { spec: { names: { kind: FromRepository } } }
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package fromrepository
      violation[{"msg": msg}] {
        image := input.review.object.spec.containers[_].image
        not startswith(image, input.parameters.repository)
        msg := sprintf("%v comes from elsewhere", [image])
      }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: FromRepository
metadata: { name: images }
spec:
  match: { kinds: [{ apiGroups: [""], kinds: [Pod] }] }
  parameters: { repository: ${repository} }
---`;

const CASES: readonly { id: string; bad: string; good: string }[] = [
  {
    id: "no-default-deny",
    bad: workload("web") + policy("{ podSelector: { matchLabels: { app: web } } }"),
    good: workload("web") + DENY_ALL,
  },
  {
    id: "allow-all-beside-deny",
    bad: workload("web") + DENY_ALL + policy("{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] }"),
    good: workload("web") + DENY_ALL + policy("{ podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] }"),
  },
  {
    id: "selector-matches-nothing",
    bad:
      namespace("lab") +
      workload("web") +
      policy("{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { name: lab } } }] }] }"),
    good:
      namespace("lab", "{ name: lab }") +
      workload("web") +
      policy("{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { name: lab } } }] }] }"),
  },
  {
    id: "policies-not-enforced",
    bad: workload("cni").replace("r/cni:1", "docker.io/flannel/flannel:v0.25"),
    good: workload("cni").replace("r/cni:1", "docker.io/flannel/flannel:v0.25") + workload("calico"),
  },
  {
    id: "metadata-service-reachable",
    bad: workload("web") + policy("{ podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: 0.0.0.0/0 } }] }] }"),
    good:
      workload("web") +
      policy("{ podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: 0.0.0.0/0, except: [169.254.0.0/16] } }] }] }"),
  },
  {
    id: "published-without-policy",
    bad: workload("web") + service("LoadBalancer"),
    good: workload("web") + service("LoadBalancer") + DENY_ALL,
  },
  { id: "host-network", bad: workload("web", "", "", "\n      hostNetwork: true"), good: workload("web") },
  {
    id: "shadowed-rule",
    bad:
      workload("web") +
      admin(
        "[{ action: Allow, from: [{ namespaces: {} }] }, { action: Deny, from: [{ namespaces: {} }], ports: [{ portNumber: { protocol: TCP, port: 80 } }] }]",
      ),
    good:
      workload("web") +
      admin(
        "[{ action: Deny, from: [{ namespaces: {} }], ports: [{ portNumber: { protocol: TCP, port: 80 } }] }, { action: Allow, from: [{ namespaces: {} }] }]",
      ),
  },
  {
    id: "mtls-not-strict",
    bad: INJECTED + workload("web") + istio("PeerAuthentication", "{ mtls: { mode: PERMISSIVE } }"),
    good: INJECTED + workload("web") + STRICT,
  },
  {
    id: "mtls-port-exception",
    bad:
      INJECTED +
      workload("web") +
      istio(
        "PeerAuthentication",
        "{ selector: { matchLabels: { app: web } }, portLevelMtls: { '80': { mode: DISABLE } } }",
      ),
    good:
      INJECTED +
      workload("web") +
      istio(
        "PeerAuthentication",
        "{ selector: { matchLabels: { app: web } }, portLevelMtls: { '80': { mode: STRICT } } }",
      ),
  },
  {
    id: "proxy-bypassed",
    bad: INJECTED + workload("web", "", ", annotations: { traffic.sidecar.istio.io/excludeInboundPorts: '8080' }"),
    good: INJECTED + workload("web"),
  },
  {
    id: "no-authorization",
    bad: INJECTED + workload("web") + STRICT,
    good: INJECTED + workload("web") + istio("AuthorizationPolicy", "{}"),
  },
  {
    id: "authorization-allows-everyone",
    bad: istio("AuthorizationPolicy", "{ rules: [{}] }"),
    good: istio("AuthorizationPolicy", "{ rules: [{ to: [{ operation: { methods: [GET] } }] }] }"),
  },
  {
    id: "denial-by-unproven-identity",
    bad:
      INJECTED +
      workload("web") +
      istio("AuthorizationPolicy", "{ action: DENY, rules: [{ from: [{ source: { namespaces: [evil] } }] }] }"),
    good:
      STRICT +
      INJECTED +
      workload("web") +
      istio("AuthorizationPolicy", "{ action: DENY, rules: [{ from: [{ source: { namespaces: [evil] } }] }] }"),
  },
  {
    id: "token-not-required",
    bad:
      istio("RequestAuthentication", "{ jwtRules: [{ issuer: i }] }") +
      istio("AuthorizationPolicy", "{ rules: [{ to: [{ operation: { methods: [GET] } }] }] }"),
    good:
      istio("RequestAuthentication", "{ jwtRules: [{ issuer: i }] }") +
      istio("AuthorizationPolicy", "{ rules: [{ from: [{ source: { requestPrincipals: ['*'] } }] }] }"),
  },
  {
    id: "layers-contradict",
    bad:
      INJECTED +
      workload("web") +
      workload("db") +
      DENY_ALL +
      istio(
        "AuthorizationPolicy",
        "{ selector: { matchLabels: { app: db } }, rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }] }] }",
      ),
    good:
      INJECTED +
      workload("web") +
      workload("db") +
      istio(
        "AuthorizationPolicy",
        "{ selector: { matchLabels: { app: db } }, rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }] }] }",
      ),
  },
  { id: "mesh-egress-open", bad: mesh("trustDomain: x"), good: mesh("outboundTrafficPolicy: { mode: REGISTRY_ONLY }") },
  {
    id: "authorizer-fails-open",
    bad: mesh("extensionProviders: [{ name: o, envoyExtAuthzGrpc: { service: o, port: 1, failOpen: true } }]"),
    good: mesh("extensionProviders: [{ name: o, envoyExtAuthzGrpc: { service: o, port: 1 } }]"),
  },
  {
    id: "auth-subrequest-always-ok",
    bad: ingress("{ nginx.ingress.kubernetes.io/auth-url: 'http://opa.opa:8181/v1/data/http/allow' }"),
    good: ingress("{ nginx.ingress.kubernetes.io/auth-url: 'http://auth.opa:8181/check' }"),
  },
  {
    id: "ingress-snippet",
    bad: ingress("{ nginx.ingress.kubernetes.io/configuration-snippet: 'auth_request off;' }"),
    good: ingress("{}"),
  },
  {
    id: "role-from-caller",
    bad: configMap(
      "policy.rego",
      'package x\nallow if input.attributes.request.http.headers["x-user-role"] == "admin"',
    ),
    good: configMap(
      "policy.rego",
      'package x\n# input.role is not to be believed\nallow if input.claims.role == "admin"',
    ),
  },
  {
    id: "image-by-exact-name",
    bad: template(
      'package x\nviolation[{"msg": "no"}] { input.review.object.spec.containers[_].image == "model-server" }',
    ),
    good: template(
      'package x\nviolation[{"msg": "no"}] { not startswith(input.review.object.spec.containers[_].image, "r/") }',
    ),
  },
  {
    id: "admission-fails-open",
    bad: "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: { name: g }\nwebhooks: [{ name: validation.gatekeeper.sh, failurePolicy: Ignore }]\n",
    good: "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: { name: g }\nwebhooks: [{ name: validation.gatekeeper.sh, failurePolicy: Fail }]\n",
  },
  {
    id: "admission-only-warns",
    bad: "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sImages\nmetadata: { name: g }\nspec: { enforcementAction: dryrun }\n",
    good: "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sImages\nmetadata: { name: g }\nspec: { enforcementAction: deny }\n",
  },
  {
    id: "refused-by-admission",
    bad: workload("web") + demanding("r/cart"),
    good: workload("web") + demanding("r/web"),
  },
  {
    id: "controls-loosened-by-owner",
    bad: "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: owner }\nrules: [{ apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [delete] }]\n",
    good: "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: owner }\nrules: [{ apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [get] }]\n",
  },
  {
    id: "secret-in-arguments",
    bad: workload("web", "\n        args: [--api-key, hunter2hunter2]"),
    good: workload("web", "\n        args: [--api-key-file, /run/secrets/key]"),
  },
  {
    id: "secret-in-environment",
    bad: workload("web", "\n        env: [{ name: DB_PASSWORD, value: hunter2hunter2 }]"),
    good: workload(
      "web",
      "\n        env: [{ name: DB_PASSWORD, valueFrom: { secretKeyRef: { name: db, key: password } } }]",
    ),
  },
  {
    id: "secret-in-configmap",
    bad: configMap("API_KEY", "hunter2hunter2"),
    good: configMap("API_KEY_FILE", "/run/secrets/key"),
  },
  {
    id: "secret-in-manifest",
    bad: "apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { key: hunter2hunter2 }\n",
    good: "apiVersion: v1\nkind: Secret\nmetadata: { name: s }\n",
  },
  {
    id: "encryption-at-rest",
    bad: encryption("[{ identity: {} }, { aescbc: {} }]"),
    good: encryption("[{ kms: {} }, { identity: {} }]"),
  },
  {
    id: "logs-not-redacted",
    bad: configMap("fluent.conf", "<match **>\n  @type forward\n</match>"),
    good: configMap(
      "fluent.conf",
      "<filter **>\n  @type record_transformer\n  <record>\n    log ${record['log'].gsub(/x/, 'y')}\n  </record>\n</filter>\n<match **>\n  @type forward\n</match>",
    ),
  },
  {
    id: "redaction-top-level-only",
    bad: configMap(
      "fluent.conf",
      "<filter **>\n  @type record_transformer\n  remove_keys password,token\n</filter>\n<match **>\n  @type forward\n</match>",
    ),
    good: configMap(
      "fluent.conf",
      "<filter **>\n  @type record_transformer\n  remove_keys $.request.headers\n</filter>\n<match **>\n  @type forward\n</match>",
    ),
  },
];

const elsewhere = (label: string) =>
  policy(
    `{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { ${label} } }, podSelector: { matchLabels: { app: agent } } }] }] }`,
  );
const GATEWAY = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front, namespace: shop }
spec: { gatewayClassName: istio, listeners: [{ name: http, port: 80, protocol: HTTP }] }
---`;
const tokens = (source: string) =>
  istio("RequestAuthentication", "{ jwtRules: [{ issuer: i }] }") +
  istio(
    "AuthorizationPolicy",
    `{ rules: [{ from: [{ source: { requestPrincipals: ['*'] } }] }, { from: [{ source: ${source} }] }] }`,
  );
const meshPod = (name: string, value: string) =>
  INJECTED +
  workload(
    "web",
    "\n        ports: [{ name: web, containerPort: 8443 }]",
    `, annotations: { traffic.sidecar.istio.io/${name}: '${value}' }`,
  );
const egress = (to: string) => policy(`{ podSelector: {}, policyTypes: [Egress], egress: [{ to: [${to}] }] }`, "out");
const OPA_API = ingress("{ nginx.ingress.kubernetes.io/auth-url: 'http://s.shop:80/v1/data/edge' }");
const asked = (flag: string) =>
  OPA_API + workload("web", `\n        args: [run, --server${flag}]`) + service("ClusterIP");

/** More of a check's meaning than one pair shows. */
const VARIANTS: readonly { note: string; id: string; text: string; found: number }[] = [
  {
    note: "takes a namespace that its own name selects to be installed by somebody else",
    id: "selector-matches-nothing",
    text: namespace("shop") + workload("web") + elsewhere("kubernetes.io/metadata.name: vault"),
    found: 0,
  },
  {
    note: "knows a slip in a namespace's name",
    id: "selector-matches-nothing",
    text: namespace("checkout") + workload("web") + elsewhere("kubernetes.io/metadata.name: chekout"),
    found: 1,
  },
  {
    note: "takes no short name for a slip",
    id: "selector-matches-nothing",
    text: namespace("shop") + workload("web") + elsewhere("kubernetes.io/metadata.name: shed"),
    found: 0,
  },
  {
    note: "knows the pods that a Gateway will have",
    id: "selector-matches-nothing",
    text:
      workload("web") +
      GATEWAY +
      policy("{ podSelector: { matchLabels: { gateway.networking.k8s.io/gateway-name: front } } }"),
    found: 0,
  },
  {
    note: "knows which Gateway",
    id: "selector-matches-nothing",
    text:
      workload("web") +
      GATEWAY +
      policy("{ podSelector: { matchLabels: { gateway.networking.k8s.io/gateway-name: back } } }"),
    found: 1,
  },
  {
    note: "asks no token of a workload that is named beside users with one",
    id: "token-not-required",
    text: tokens("{ principals: [td/ns/shop/sa/web] }"),
    found: 0,
  },
  {
    note: "asks a token of callers that are not named one by one",
    id: "token-not-required",
    text: tokens("{ principals: ['*/sa/web'] }"),
    found: 1,
  },
  {
    note: "looks for the pods of a namespace that the manifests hold",
    id: "selector-matches-nothing",
    text: workload("web") + elsewhere("kubernetes.io/metadata.name: shop"),
    found: 1,
  },
  {
    note: "finds a port that is sent past the sidecar to anywhere",
    id: "proxy-bypassed",
    text: meshPod("excludeOutboundPorts", "8200"),
    found: 1,
  },
  {
    note: "finds a port that is sent past the sidecar to nearly anywhere",
    id: "proxy-bypassed",
    text: meshPod("excludeOutboundPorts", "8200") + egress("{ ipBlock: { cidr: 0.0.0.0/0, except: [10.0.0.0/8] } }"),
    found: 1,
  },
  {
    note: "finds a port that is sent past the sidecar to any pod",
    id: "proxy-bypassed",
    text: meshPod("excludeOutboundPorts", "8200") + egress("{ namespaceSelector: {} }"),
    found: 1,
  },
  {
    note: "lets a port past the sidecar that the network holds to named peers",
    id: "proxy-bypassed",
    text:
      meshPod("excludeOutboundPorts", "8200") +
      egress("{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: vault } } }"),
    found: 0,
  },
  {
    note: "finds a port that the sidecar is not told to take in",
    id: "proxy-bypassed",
    text: meshPod("includeInboundPorts", ""),
    found: 1,
  },
  {
    note: "lets a published port come in past the sidecar",
    id: "proxy-bypassed",
    text:
      meshPod("includeInboundPorts", "") + service("LoadBalancer").replace("port: 80", "port: 443, targetPort: web"),
    found: 0,
  },
  {
    note: "does not ask for authorization where the sidecar takes in nothing",
    id: "no-authorization",
    text: meshPod("includeInboundPorts", ""),
    found: 0,
  },
  {
    note: "believes an OPA that answers by status",
    id: "auth-subrequest-always-ok",
    text: asked(", --authorization=basic") + configMap("edge.rego", "package system.authz\ndefault allow := false"),
    found: 0,
  },
  {
    note: "does not believe it where nothing switches that on",
    id: "auth-subrequest-always-ok",
    text: asked("") + configMap("edge.rego", "package system.authz\ndefault allow := false"),
    found: 1,
  },
  {
    note: "does not believe it without the rule",
    id: "auth-subrequest-always-ok",
    text: asked(", --authorization=basic"),
    found: 1,
  },
  {
    note: "finds a header that is believed beside a token, by whatever name the request goes",
    id: "role-from-caller",
    text: configMap(
      "policy.rego",
      'package x\nimport input.attributes.request.http as request\nallow if request.headers["x-user-role"] == "admin"\ntoken := io.jwt.decode_verify(request.headers["x-auth-token"], data.keys)',
    ),
    found: 1,
  },
  {
    note: "lets a token stand in a header of its own",
    id: "role-from-caller",
    text: configMap(
      "policy.rego",
      'package x\ntoken := io.jwt.decode_verify(input.headers["x-auth-token"], data.keys)',
    ),
    found: 0,
  },
];

describe("gaps", () => {
  it("has a case for every check", () => {
    expect(CASES.map(({ id }) => id)).toEqual(CHECKS.map(({ id }) => id));
  });

  it.each(CASES)("finds $id, with evidence, and is silent once it is mended", ({ id, bad, good }) => {
    const found = gapsOf(bad).filter((gap) => gap.id === id);
    expect(found).not.toEqual([]);
    for (const { text, remedy, subject, evidence } of found) {
      expect([text, remedy, subject].every((words) => words.length > 0)).toBe(true);
      expect(evidence).not.toEqual([]);
      for (const { span } of evidence) expect(span && formatSpan(span)).toMatch(/^m\.yaml:\d+:\d+$/);
      expect(text).not.toContain("hunter2");
      for (const { text: words, span, withhold } of evidence) {
        expect(words).not.toContain("hunter2");
        const line = span?.source.text.slice(0, span.end).split("\n").at(-1) ?? "";
        if (id.startsWith("secret-in-") && line.includes("hunter2")) expect(withhold).toBe(true);
      }
    }
    expect(gapsOf(good).filter((gap) => gap.id === id)).toEqual([]);
  });

  it.each(VARIANTS)("$note", ({ id, text, found }) => {
    expect(gapsOf(text).filter((gap) => gap.id === id).length).toBe(found);
  });

  it("sorts by severity", () => {
    const severities = gapsOf(
      CASES.map(({ bad }) => bad.replace(/---\s*$/, ""))
        .slice(0, 1)
        .join(""),
    ).map(({ severity }) => severity);
    expect(severities).toEqual(
      [...severities].sort((a, b) => "high medium low".indexOf(a) - "high medium low".indexOf(b)),
    );
  });

  it("uses every id once", () => {
    expect(new Set(CHECKS.map(({ id }) => id)).size).toBe(CHECKS.length);
  });
});
