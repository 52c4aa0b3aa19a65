/** The kustomization over the whole set: `kubectl apply -k` of the output folder applies everything in one order. */
import type { Policy } from "../policy/index.js";
import type { Artifact } from "./target.js";
import { toYaml } from "./yaml.js";

export function kustomizationOf(policy: Policy, artifacts: readonly Artifact[], generation: string): string {
  const resources = artifacts.flatMap((artifact) =>
    artifact.kind === "manifests" && artifact.apply !== false && artifact.objects.length > 0 ? [artifact.path] : [],
  );
  const head = [
    `# Everything that Ringfence compiled for the workflow \`${policy.workflow}\`, in the order in which it is applied.`,
    "#",
    "#   kubectl apply -k .",
    "#",
    "# Your own workloads get their identity and their labels when this folder's component is added to their kustomization:",
    "#",
    "#   resources: [my-workloads, ringfence]       # `ringfence` is this folder",
    "#   components: [ringfence/workloads]",
    "#",
    "# Objects of an older set that this one no longer has:",
    `#   kubectl get TYPE -A -l app.kubernetes.io/managed-by=ringfence,ringfence.dev/workflow=${policy.workflow},ringfence.dev/generation!=${generation}`,
  ];
  const body = toYaml({
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    sortOptions: { order: "fifo" },
    resources,
  });
  return `${head.join("\n")}\n${body}`;
}
