/** Pieces of manifests that the cases of the gap audit are put together from. */

export const namespace = (name: string, labels = "{}") => `
apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: ${labels} }
---`;
export const workload = (name: string, container = "", podMeta = "", podSpec = "", at = "shop") => `
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
export const policy = (spec: string, name = "p") => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: shop }
spec: ${spec}
---`;
export const configMap = (key: string, text: string, name = "c") => `
apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}, namespace: shop }
data:
  ${key}: |
${text.replace(/^/gm, "    ")}
---`;
export const istio = (kind: string, spec: string, name = "x", at = "shop") => `
apiVersion: security.istio.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: ${at} }
spec: ${spec}
---`;
export const INJECTED = namespace("shop", "{ istio-injection: enabled }");
export const STRICT = istio("PeerAuthentication", "{ mtls: { mode: STRICT } }", "default", "istio-system");
export const mesh = (settings: string) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data: { mesh: "${settings}" }
---`;
export const ingress = (annotations: string) => `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: i, namespace: shop, annotations: ${annotations} }
spec: {}
---`;
export const template = (rego: string) => `
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: { name: t }
spec:
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
${rego.replace(/^/gm, "      ")}
---`;
export const admin = (rules: string) => `
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: { name: a }
spec: { priority: 1, subject: { namespaces: {} }, ingress: ${rules} }
---`;
export const DENY_ALL = policy("{ podSelector: {}, policyTypes: [Ingress, Egress] }", "deny");
export const service = (type: string, selector = "{ app: web }") => `
apiVersion: v1
kind: Service
metadata: { name: s, namespace: shop }
spec: { type: ${type}, selector: ${selector}, ports: [{ port: 80 }] }
---`;
export const encryption = (providers: string) => `
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers: ${providers}
---`;

/** A rule that pods come from one repository. */
export const demanding = (repository: string) => `
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
