/** What both admission engines hold: whose images may run where, and who may change what Ringfence wrote. */
import type { Policy } from "../../policy/index.js";
import { asksDecisionPoint, decisionNamespace } from "../names.js";
import { grantsOf, vaultOf } from "../vault/grants.js";
import { repositoryOf } from "./repository.js";

export interface ZoneFacts {
  readonly zone: string;
  /** repositories of each workload's images, by workload; none: the file names no image, and its pods are refused */
  readonly workloads: { readonly [workload: string]: readonly string[] };
}

/**
 * Containers that a chosen engine puts into a pod beside a workload's own, by name, with the repositories that they may
 * come from. The names are theirs alone, and no template has them: they come when the pod does.
 */
export interface InjectedFacts {
  readonly [container: string]: readonly string[];
}

export function zoneFacts(policy: Policy): ZoneFacts[] {
  return policy.zones.map(({ name }) => ({
    zone: name,
    workloads: Object.fromEntries(
      policy.workloads
        .filter(({ zone }) => zone === name)
        .map((workload) => [workload.name, workload.image === undefined ? [] : [repositoryOf(workload.image)]]),
    ),
  }));
}

/** Repositories of the mesh's proxy, as a sidecar and as a gateway. */
export const ISTIO_PROXY = [
  "docker.io/istio/proxyv2",
  "gcr.io/istio-release/proxyv2",
  "registry.istio.io/release/proxyv2",
];
const VAULT_AGENT = ["docker.io/hashicorp/vault", "docker.io/openbao/openbao", "quay.io/openbao/openbao"];

export function injectedFacts(policy: Policy): InjectedFacts {
  const { mesh } = policy.targets;
  const sidecar = mesh.engine === "istio" && mesh.mode === "sidecar";
  return {
    // The CNI plugin leaves a pod alone that has an `istio-init`: nobody's container may be called so.
    ...(sidecar ? { "istio-proxy": ISTIO_PROXY, "istio-validation": ISTIO_PROXY, "istio-init": [] } : {}),
    ...(runsAgent(policy) ? { "vault-agent": VAULT_AGENT, "vault-agent-init": VAULT_AGENT } : {}),
  };
}

/** Audiences of the tokens that pods mount for somebody other than the cluster's API: the mesh's CA, the secrets' engine. */
export function tokenAudiences(policy: Policy): string[] {
  const { mesh } = policy.targets;
  const sidecar = mesh.engine === "istio" && mesh.mode === "sidecar";
  return [...(sidecar ? ["istio-ca"] : []), ...(runsAgent(policy) ? ["vault"] : [])];
}

function runsAgent(policy: Policy): boolean {
  return vaultOf(policy) !== undefined && grantsOf(policy).length > 0;
}

/** Groups that may change what Ringfence wrote; everybody else applies through them. */
export const MANAGERS = ["ringfence:managers", "system:masters"] as const;

/**
 * Groups of the cluster's own controllers, which do the bookkeeping of objects and derive others from them (the
 * EndpointSlices of a Service inherit its labels); nothing of theirs widens a policy.
 */
export const CLUSTER = ["system:serviceaccounts:kube-system", "system:nodes"] as const;

/** The cluster's own users that remove what stands in a removed namespace, or belonged to a removed object. */
export const CLEANERS = [
  "system:serviceaccount:kube-system:namespace-controller",
  "system:serviceaccount:kube-system:generic-garbage-collector",
] as const;

/** What the mesh's control plane derives from a Gateway, labels included. */
export const DERIVED_FROM_GATEWAYS = [
  { kind: "Deployment", resource: "deployments" },
  { kind: "HorizontalPodAutoscaler", resource: "horizontalpodautoscalers" },
  { kind: "PodDisruptionBudget", resource: "poddisruptionbudgets" },
  { kind: "Service", resource: "services" },
  { kind: "ServiceAccount", resource: "serviceaccounts" },
] as const;

/** The user that the mesh's control plane is; one of a revision has `-` and the revision behind it. */
export function controlPlaneUser(policy: Policy): string | undefined {
  const { mesh } = policy.targets;
  return mesh.engine === "istio" ? `system:serviceaccount:${mesh.rootNamespace}:istiod` : undefined;
}

/** Namespaces whose policies are Ringfence's own. */
export function ownedNamespaces(policy: Policy): string[] {
  const zones = policy.zones.map(({ name }) => name);
  return asksDecisionPoint(policy) ? [...zones, decisionNamespace(policy)] : zones;
}

/**
 * Namespaces that are no zones, in which one of the mesh's policies reaches the workflow all the same: the root
 * namespace's hold for every workload, the others' for the proxies on the way in and on the way out.
 */
export function meshNamespaces(policy: Policy): string[] {
  const { mesh, gateway } = policy.targets;
  if (mesh.engine !== "istio") return [];
  const entrance = gateway.engine === "none" ? [] : [gateway.namespace];
  return [...new Set([mesh.rootNamespace, mesh.egressNamespace, ...entrance])].sort();
}

/** Objects that hold a pod or a template of one, and where. */
export const POD_SHAPES = [
  { name: "pods", path: "", group: "", version: "v1", resources: ["pods", "pods/ephemeralcontainers"], kinds: ["Pod"] },
  {
    name: "templates",
    path: "spec.template",
    group: "apps",
    version: "v1",
    resources: ["deployments", "statefulsets", "daemonsets", "replicasets"],
    kinds: ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"],
  },
  { name: "jobs", path: "spec.template", group: "batch", version: "v1", resources: ["jobs"], kinds: ["Job"] },
  {
    name: "cronjobs",
    path: "spec.jobTemplate.spec.template",
    group: "batch",
    version: "v1",
    resources: ["cronjobs"],
    kinds: ["CronJob"],
  },
  {
    name: "controllers",
    path: "spec.template",
    group: "",
    version: "v1",
    resources: ["replicationcontrollers"],
    kinds: ["ReplicationController"],
  },
] as const;
