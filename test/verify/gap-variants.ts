/** Other ways to have a gap, and what only looks like one. */
import { configMap, INJECTED, ingress, istio, namespace, policy, service, workload } from "./gap-manifests.js";

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
export const VARIANTS: readonly { note: string; id: string; text: string; found: number }[] = [
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
