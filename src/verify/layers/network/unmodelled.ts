/**
 * Objects that decide about packets and are not modelled here, or that could not be read. What they bind is not known,
 * so for the pods in their reach nothing is sure.
 */
import { type Cluster, describeObject, type Skipped } from "../../../cluster/index.js";
import { formatSpan, type Span } from "../../../diagnostics/index.js";
import { Bits } from "./bits.js";
import type { NetworkModel } from "./model.js";
import type { Points } from "./points.js";

export interface Unmodelled {
  readonly pods: Bits;
  readonly causes: readonly Cause[];
}

export interface Cause {
  /** undefined: the whole cluster */
  readonly namespace: string | undefined;
  readonly text: string;
  readonly at: Span;
}

/** Kinds of network plugins, and newer policy kinds, by group and kind; an object without namespace reaches everywhere. */
const FOREIGN: ReadonlySet<string> = new Set([
  "cilium.io/CiliumNetworkPolicy",
  "cilium.io/CiliumClusterwideNetworkPolicy",
  "projectcalico.org/NetworkPolicy",
  "projectcalico.org/GlobalNetworkPolicy",
  "crd.projectcalico.org/NetworkPolicy",
  "crd.projectcalico.org/GlobalNetworkPolicy",
  "crd.antrea.io/NetworkPolicy",
  "crd.antrea.io/ClusterNetworkPolicy",
  "policy.networking.k8s.io/ClusterNetworkPolicy",
  "k8s.ovn.org/EgressFirewall",
]);

/** Kinds whose loss changes what the remaining policies mean, and whether that is within one namespace. */
const MATTERS: ReadonlyMap<string, "namespace" | "cluster"> = new Map([
  ["networking.k8s.io/NetworkPolicy", "namespace"],
  ["extensions/NetworkPolicy", "namespace"],
  ["policy.networking.k8s.io/AdminNetworkPolicy", "cluster"],
  ["policy.networking.k8s.io/BaselineAdminNetworkPolicy", "cluster"],
  ["/Namespace", "cluster"],
  ["k8s.ovn.org/UserDefinedNetwork", "cluster"],
  ["k8s.ovn.org/ClusterUserDefinedNetwork", "cluster"],
]);

export function findUnmodelled(cluster: Cluster, points: Points, model: NetworkModel): Unmodelled {
  const causes: Cause[] = [];
  for (const object of cluster.objects) {
    if (!FOREIGN.has(`${object.group}/${object.kind}`)) continue;
    const at = object.origin.spanOf(["metadata", "name"]);
    const namespace = object.namespace === "" ? undefined : object.namespace;
    causes.push({ namespace, at, text: `${describeObject(object)} (${formatSpan(at)}) is not modelled` });
  }
  for (const skipped of cluster.skipped) {
    const reach = reachOf(skipped);
    if (reach === undefined) continue;
    const what = skipped.kind === undefined ? "a document" : `${skipped.kind} ${skipped.name ?? ""}`.trim();
    const namespace = reach === "namespace" ? skipped.namespace : undefined;
    causes.push({ namespace, at: skipped.at, text: `${what} (${formatSpan(skipped.at)}) could not be read` });
  }
  for (const [first, second] of samePriority(cluster)) {
    const at = second.object.origin.spanOf(["spec", "priority"]);
    const text = `${describeObject(first.object)} and ${describeObject(second.object)} (${formatSpan(at)}) have the same priority, and which decides first is not defined`;
    causes.push({ namespace: undefined, at, text });
  }
  if (model.undeclaredNamespaces === "unknown") causes.push(...perhapsNetworked(cluster));
  const pods = Bits.none(points.all.length);
  for (const { index, workload } of points.pods) {
    if (causes.some(({ namespace }) => namespace === undefined || namespace === workload.namespace)) pods.add(index);
  }
  return { pods, causes };
}

/** Namespaces that a primary network may be for, if they have the label that it asks for. */
function perhapsNetworked(cluster: Cluster): readonly Cause[] {
  const undeclared = [...cluster.namespaces.values()].filter(({ object }) => object === undefined);
  return cluster.userNetworks.flatMap(({ object, role, namespaces }): Cause[] =>
    role === "Secondary"
      ? []
      : undeclared
          .filter(({ name }) => typeof namespaces !== "string" || namespaces === name)
          .map(({ name }) => {
            const at = object.origin.spanOf(["metadata", "name"]);
            const text = `${describeObject(object)} (${formatSpan(at)}) may be the network of ${name}, which no manifest declares`;
            return { namespace: name, text, at };
          }),
  );
}

function reachOf({ group, kind }: Skipped): "namespace" | "cluster" | undefined {
  if (group === undefined || kind === undefined) return "cluster";
  return FOREIGN.has(`${group}/${kind}`) ? "cluster" : MATTERS.get(`${group}/${kind}`);
}

function samePriority(cluster: Cluster) {
  const sorted = cluster.adminNetworkPolicies;
  return sorted.flatMap((policy, index) => {
    const next = sorted[index + 1];
    return next !== undefined && next.priority === policy.priority ? [[policy, next] as const] : [];
  });
}
