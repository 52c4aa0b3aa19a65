/**
 * Who takes part: every pod that differs from its workload's other pods, what the policy calls it, and which part it
 * plays. A gateway at the edge speaks for users, one at the exit for whoever calls out; both are told by what selects
 * them, never by what they are named.
 */
import type { Cluster, Pod, Workload } from "../../cluster/index.js";
import type { Policy } from "../../policy/index.js";
import { proxyOf } from "../istio/presence.js";
import { controllerKind } from "../routes/index.js";

export type Part = "declared" | "undeclared" | "entrance" | "exit";

export interface Seat {
  /** the workload's id; further pods of it carry a number behind it */
  readonly id: string;
  /** the policy's name; undefined for a workload that no policy declares */
  readonly name: string | undefined;
  readonly part: Part;
  readonly workload: Workload;
  readonly pod: Pod;
}

/** In the order of the cluster. */
export function seatsOf(policy: Policy, cluster: Cluster): readonly Seat[] {
  // What stands in a zone the policy governs: no name or label of its own makes it a gateway there.
  const zones = new Set(policy.zones.map(({ name }) => name));
  return cluster.workloads.flatMap((workload) => {
    const declared = policy.workloads.find((one) => isRunBy(one, workload, cluster));
    const [template] = workload.pods;
    const pods = workload.pods.filter((pod) => pod === template || !alike(pod, template));
    return pods.map((pod, i) => ({
      id: i === 0 ? workload.id : `${workload.id}#${i}`,
      name: declared?.name,
      part:
        declared !== undefined
          ? "declared"
          : zones.has(workload.namespace)
            ? "undeclared"
            : partOf(cluster, workload, pod),
      workload,
      pod,
    }));
  });
}

/** By name and kind; by name alone where nothing of the kind is there and nothing else has the name. */
function isRunBy({ zone, kubernetes }: Policy["workloads"][number], workload: Workload, cluster: Cluster): boolean {
  if (zone !== workload.namespace || kubernetes.name !== workload.name) return false;
  if (kubernetes.kind === workload.kind) return true;
  return cluster.workloads.filter(({ namespace, name }) => namespace === zone && name === kubernetes.name).length === 1;
}

function alike(a: Pod, b: Pod | undefined): boolean {
  const key = ({ labels, annotations, serviceAccount, hostNetwork, addresses }: Pod): string =>
    JSON.stringify([[...labels], [...annotations], serviceAccount, hostNetwork, addresses]);
  return b !== undefined && key(a) === key(b);
}

function partOf(cluster: Cluster, workload: Workload, pod: Pod): Part {
  if (controllerKind(pod) !== undefined) return "entrance";
  if (proxyOf(cluster, workload, pod).kind !== "gateway") return "undeclared";
  // Of one that serves both ways the policy would have to say more; it counts as an entrance, which may reach less.
  return leadsOut(cluster, pod) ? "exit" : "entrance";
}

/** A gateway is an exit when all that VirtualServices bind to it are hosts outside. */
function leadsOut(cluster: Cluster, pod: Pod): boolean {
  const own = cluster.istioGateways.filter(
    ({ selector }) => selector.size > 0 && [...selector].every(([key, value]) => pod.labels.get(key) === value),
  );
  if (own.length === 0) return pod.labels.get("istio") === "egressgateway";
  const outside = new Set(cluster.serviceEntries.flatMap(({ hosts }) => hosts));
  return own.every(({ namespace, name }) =>
    cluster.virtualServices
      .filter(({ gateways, namespace: own }) =>
        gateways.some((one) => one === `${namespace}/${name}` || (own === namespace && one === name)),
      )
      .every(({ hosts }) => hosts.every((host) => outside.has(host))),
  );
}
