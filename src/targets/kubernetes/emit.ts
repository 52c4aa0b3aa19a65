/**
 * Namespaces, identities and what existing workloads need to take part. The workloads and their Services stay the
 * user's: they are patched, never written anew.
 */
import { type Problem, RingfenceError } from "../../diagnostics/index.js";
import type { Policy, Workload } from "../../policy/index.js";
import { decisionNamespace, LABELS } from "../names.js";
import { type KubeObject, kubeObject } from "../object.js";
import type { Artifact, PatchArtifact } from "../target.js";
import { addressOf, namespaceOf, vaultOf } from "../vault/grants.js";
import { POD_SECURITY, zoneLabels } from "../zone-labels.js";

/** @throws TARGET_INEXPRESSIBLE for names that Kubernetes gives a meaning of its own */
export function emit(policy: Policy): readonly Artifact[] {
  refuseNames(policy);
  return [
    {
      kind: "manifests",
      path: "kubernetes/namespaces.yaml",
      objects: policy.zones.map((zone) => namespace(policy, zone.name)),
      comment: [
        "One namespace a zone. Pod Security `restricted` refuses a pod that asks for privileges; the mesh takes part in",
        "every pod, so that none is reached in plaintext.",
      ],
    },
    {
      kind: "manifests",
      path: "kubernetes/service-accounts.yaml",
      objects: policy.workloads.map((workload) => serviceAccount(policy, workload)),
      comment: ["One identity a workload. None of them may speak to the cluster's API."],
    },
    ...policy.workloads.map((workload) => patch(policy, workload)),
  ];
}

function namespace(policy: Policy, zone: string): KubeObject {
  return kubeObject(policy, {
    apiVersion: "v1",
    kind: "Namespace",
    name: zone,
    labels: {
      ...zoneLabels(policy, zone),
      ...POD_SECURITY,
    },
    holds: ["pod-security"],
  });
}

function serviceAccount(policy: Policy, workload: Workload): KubeObject {
  return kubeObject(policy, {
    apiVersion: "v1",
    kind: "ServiceAccount",
    name: workload.name,
    namespace: workload.zone,
    labels: { [LABELS.workload]: workload.name },
    holds: ["accounts"],
    body: { automountServiceAccountToken: false },
  });
}

function patch(policy: Policy, workload: Workload): PatchArtifact {
  const { mesh } = policy.targets;
  return {
    kind: "patch",
    path: `workloads/kubernetes/${workload.name}.yaml`,
    workload: workload.name,
    pod: {
      metadata: {
        labels: {
          [LABELS.workflow]: policy.workflow,
          [LABELS.workload]: workload.name,
          [LABELS.zone]: workload.zone,
          // A pod's own label wins over its namespace's: one that opts out is brought back.
          "sidecar.istio.io/inject": mesh.engine === "istio" && mesh.mode === "sidecar" ? "true" : undefined,
          "istio.io/dataplane-mode": mesh.engine === "istio" && mesh.mode === "ambient" ? "ambient" : undefined,
        },
      },
      spec: {
        serviceAccountName: workload.name,
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      },
    },
    containers: {
      "securityContext.allowPrivilegeEscalation": false,
      "securityContext.capabilities.drop": ["ALL"],
    },
  };
}

function refuseNames(policy: Policy): void {
  const { mesh, gateway } = policy.targets;
  const taken = new Map<string, string>();
  if (mesh.engine === "istio") {
    taken.set(mesh.rootNamespace, "is the mesh's root namespace: a policy there holds for every namespace");
    taken.set(mesh.egressNamespace, "holds the egress gateway");
  }
  if (gateway.engine !== "none") taken.set(gateway.namespace, "holds the gateway");
  taken.set(decisionNamespace(policy), "holds the decision point");
  const vault = vaultOf(policy);
  const keeper = vault === undefined ? undefined : namespaceOf(addressOf(vault));
  if (keeper !== undefined) taken.set(keeper, "holds the secrets' engine");
  const problems: Problem[] = policy.zones.flatMap(({ name, span }): Problem[] => {
    const reason = taken.get(name);
    if (reason === undefined) return [];
    const hint = "give the workflow's zones namespaces of their own";
    return [{ code: "TARGET_INEXPRESSIBLE", message: `zone \`${name}\`: this namespace ${reason}`, span, hint }];
  });
  for (const { name, span } of policy.workloads) {
    const reserved: Record<string, string> = {
      default: "the service account `default` is what every pod without one runs as",
      ...(mesh.engine === "istio" && mesh.mode === "ambient" ? { waypoint: "it is the waypoint proxy's name" } : {}),
    };
    if (!Object.hasOwn(reserved, name)) continue;
    const message = `workload \`${name}\`: ${reserved[name]}`;
    problems.push({ code: "TARGET_INEXPRESSIBLE", message, span, hint: "give the workload another name" });
  }
  if (problems.length > 0) throw new RingfenceError(problems);
}
