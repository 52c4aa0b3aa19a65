/** Names that more than one target must agree on: labels, annotations, and the objects that other targets point at. */
import type { Policy } from "../policy/index.js";

export const LABELS = {
  managedBy: "app.kubernetes.io/managed-by",
  workflow: "ringfence.dev/workflow",
  /** the whole set that an object was compiled with; an object without it is never purged */
  generation: "ringfence.dev/generation",
  /** on pods: whose they are. Every selector of every target goes by this one. */
  workload: "ringfence.dev/workload",
  /** on pods: where they belong */
  zone: "ringfence.dev/zone",
  /** on namespaces */
  trust: "ringfence.dev/trust",
  /** annotation, `,` between rule ids: they hold characters that a label may not */
  rules: "ringfence.dev/rules",
  /** annotation, `,` between features */
  holds: "ringfence.dev/holds",
  /** annotation of the API server's own on each namespace: the only label that a namespace is known by */
  namespaceName: "kubernetes.io/metadata.name",
  gatewayName: "gateway.networking.k8s.io/gateway-name",
} as const;

/** The Gateway through which users reach the workflow. */
export function gatewayName(policy: Policy): string {
  return policy.workflow;
}

/** Pods of a workload, by the label that the patches (or the user) put on them. */
export function podsOf(workload: string): { readonly matchLabels: { readonly [key: string]: string } } {
  return { matchLabels: { [LABELS.workload]: workload } };
}

export function namespaceIs(name: string): { readonly matchLabels: { readonly [key: string]: string } } {
  return { matchLabels: { [LABELS.namespaceName]: name } };
}
