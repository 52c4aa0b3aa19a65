/** For every check manifests that have its gap, and the same mended; in the order of the checks. */
import {
  admin,
  configMap,
  DENY_ALL,
  demanding,
  encryption,
  INJECTED,
  ingress,
  istio,
  mesh,
  namespace,
  policy,
  STRICT,
  service,
  template,
  workload,
} from "./gap-manifests.js";

export const CASES: readonly { id: string; bad: string; good: string }[] = [
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
