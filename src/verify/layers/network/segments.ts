/** Pods on different primary networks do not reach each other; everyone else is on the cluster's own. */
import { type Cluster, matches, type Namespace, PRIMARY_NETWORK_LABEL } from "../../../cluster/index.js";
import { Bits } from "./bits.js";
import type { Points } from "./points.js";

export interface Segments {
  /** 1 where there is only the cluster's own network */
  readonly count: number;
  /** what lies on the network of this pod, with everything outside; undefined where networks do not matter */
  readonly beside: (point: number) => Bits | undefined;
  /** the user-defined network of a namespace's pods, by the name that tells it from others */
  readonly nameOf: (namespace: string) => string | undefined;
}

export function segmentsOf(cluster: Cluster, points: Points): Segments {
  const names = new Map<string, string>();
  for (const namespace of cluster.namespaces.values()) {
    const name = networkOf(cluster, namespace);
    if (name !== undefined) names.set(namespace.name, name);
  }
  const nameOf = (namespace: string) => names.get(namespace);
  if (names.size === 0) return { count: 1, beside: () => undefined, nameOf };
  const size = points.all.length;
  const bySegment = new Map<string | undefined, Bits>();
  for (const { index, workload } of points.pods) {
    const name = nameOf(workload.namespace);
    let bits = bySegment.get(name);
    if (bits === undefined) {
      bits = Bits.range(size, points.pods.length, size);
      bySegment.set(name, bits);
    }
    bits.add(index);
  }
  const beside = (point: number) => {
    const pod = points.pods[point];
    return pod === undefined ? undefined : bySegment.get(nameOf(pod.workload.namespace));
  };
  return { count: bySegment.size, beside, nameOf };
}

function networkOf(cluster: Cluster, { name, labels }: Namespace): string | undefined {
  if (!labels.has(PRIMARY_NETWORK_LABEL)) return undefined;
  const network = cluster.userNetworks.find(
    ({ role, namespaces }) =>
      role === "Primary" && (typeof namespaces === "string" ? namespaces === name : matches(namespaces, labels)),
  );
  if (network === undefined) return undefined;
  return typeof network.namespaces === "string" ? `${name}/${network.name}` : network.name;
}
