/** Names that more than one target must agree on: labels, annotations, and the objects that other targets point at. */
import { createHash } from "node:crypto";
import type { Policy, Workload } from "../policy/index.js";

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

/**
 * What carries the workflow's traffic to the outside, in the mesh's egress namespace: a Gateway of Istio's own with
 * sidecars, a waypoint proxy in ambient mode.
 */
export function egressGatewayName(policy: Policy): string {
  return shortName(`egress-${policy.workflow}`);
}

/** The text itself where it fits into a DNS label, else its beginning with a digest of the whole. */
export function shortName(text: string, longest = 63): string {
  if (text.length <= longest) return text;
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 10);
  return `${text.slice(0, longest - 11).replace(/-+$/, "")}-${digest}`;
}

/** Pods of a workload, by the label that the patches (or the user) put on them. */
export function podsOf(workload: string): { readonly matchLabels: { readonly [key: string]: string } } {
  return { matchLabels: { [LABELS.workload]: workload } };
}

export function namespaceIs(name: string): { readonly matchLabels: { readonly [key: string]: string } } {
  return { matchLabels: { [LABELS.namespaceName]: name } };
}

/** Where the decision point runs: a namespace of its own, which no zone may have. */
export function decisionNamespace(policy: Policy): string {
  return `ringfence-${policy.workflow}`;
}

export const DECISION_PORT = 9191;

/** The decision point's name among the mesh's external authorizers. */
export function decisionProvider(policy: Policy): string {
  return `ringfence-${policy.workflow}`;
}

/** Whether the gateway asks OPA about what comes in: ingress-nginx has no other way to decide on tokens and roles. */
export function gatewayAsksDecisionPoint(policy: Policy): boolean {
  const { authorization, gateway } = policy.targets;
  return authorization.engine === "opa" && gateway.engine === "ingress-nginx";
}

export const EDGE_DECISION_PORT = 8181;

/** The workloads whose proxies ask: those with a port on which requests are seen. Nobody else may. */
export function askingWorkloads(policy: Policy): readonly Workload[] {
  return policy.workloads.filter(({ ports }) => ports.some(isAskedAbout));
}

export function isAskedAbout({ protocol }: Workload["ports"][number]): boolean {
  return protocol === "http" || protocol === "grpc" || protocol === "websocket";
}

/** Whether requests ask OPA: it is chosen, sidecars can ask it, and one of them has something to ask. */
export function asksDecisionPoint(policy: Policy): boolean {
  const { authorization, mesh } = policy.targets;
  const chosen = authorization.engine === "opa" && mesh.engine === "istio" && mesh.mode === "sidecar";
  return chosen && askingWorkloads(policy).length > 0;
}
