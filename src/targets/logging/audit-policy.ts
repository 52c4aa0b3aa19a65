/**
 * What the API server's own audit log records: every change, and who made it; of secrets and tokens never the content.
 */
import { toYaml, type Value } from "../yaml.js";

export function auditPolicy(): string {
  const resources = (group: string, ...names: readonly string[]): Value => ({ group, resources: [...names] });
  const rules: Value[] = [
    // What holds secrets: that it was touched, never what it held.
    {
      level: "Metadata",
      resources: [
        resources("", "secrets", "configmaps", "serviceaccounts/token"),
        resources("authentication.k8s.io", "tokenreviews"),
        resources("certificates.k8s.io", "certificatesigningrequests"),
      ],
    },
    // Ways into a running pod.
    {
      level: "Metadata",
      resources: [
        resources(
          "",
          "pods/exec",
          "pods/attach",
          "pods/portforward",
          "pods/ephemeralcontainers",
          "pods/proxy",
          "services/proxy",
          "nodes/proxy",
        ),
      ],
    },
    // Changes of what protects the workflow, in full: who opened what.
    {
      level: "Request",
      verbs: ["create", "update", "patch", "delete", "deletecollection"],
      resources: [
        resources("networking.k8s.io"),
        resources("cilium.io"),
        resources("security.istio.io"),
        resources("networking.istio.io"),
        resources("gateway.networking.k8s.io"),
        resources("admissionregistration.k8s.io"),
        resources("templates.gatekeeper.sh"),
        resources("constraints.gatekeeper.sh"),
        resources("rbac.authorization.k8s.io"),
        resources("policy"),
        resources("", "namespaces", "serviceaccounts"),
      ],
    },
    // Noise that hides the rest: what the cluster reads of itself.
    {
      level: "None",
      verbs: ["get", "list", "watch"],
      userGroups: ["system:nodes", "system:serviceaccounts:kube-system"],
    },
    { level: "None", nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/version", "/metrics"] },
    {
      level: "None",
      resources: [
        resources("", "events"),
        resources("events.k8s.io", "events"),
        resources("coordination.k8s.io", "leases"),
      ],
    },
    { level: "Metadata" },
  ];
  const head = "# For the API server: --audit-policy-file. The first rule that fits decides.\n";
  const body = {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    omitStages: ["RequestReceived"],
    omitManagedFields: true,
    rules,
  };
  return `${head}${toYaml(body)}`;
}
