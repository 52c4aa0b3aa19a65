/**
 * Whom a workload is open to besides what the manifests declare: any pod of the cluster, or any that meets a selector
 * of some rule. That is what tomorrow's deployment, or an attacker who may create a pod, can use.
 */
import {
  type Cluster,
  EVERYTHING,
  type KubeObject,
  type LabelSelector,
  NAME_LABEL,
  type Workload,
} from "../../../cluster/index.js";
import { blocksOf } from "./blocks.js";
import { type NetworkModel, OPEN_WORLD } from "./model.js";
import { Network } from "./network.js";
import type { Stranger } from "./points.js";
import { type PortSet, PortSets } from "./port-sets.js";
import type { Direction } from "./rules.js";

export interface Exposure {
  readonly workload: Workload;
  readonly direction: Direction;
  /** no policy binds the workload in this direction */
  readonly unprotected: boolean;
  /** ports that are open to, or towards, every pod of the cluster */
  readonly everyPod: PortSet;
  /** pods that meet selectors, where their ports are others than those of every pod */
  readonly some: readonly SomePods[];
}

export interface SomePods {
  readonly pods: Stranger;
  readonly ports: PortSet;
  /** a pod that the manifests declare meets the selectors already */
  readonly met: boolean;
}

export interface Exposures {
  readonly ports: PortSets;
  /** sorted by workload, egress first */
  readonly list: readonly Exposure[];
}

/** Only what surely holds is reported; what may hold depends on labels that nobody has written down. */
export function exposures(cluster: Cluster, model: NetworkModel = OPEN_WORLD): Exposures {
  const named = strangersOf(cluster);
  const ports = new PortSets();
  const network = new Network(cluster, model, { ports, blocks: blocksOf(cluster), strangers: named.all });
  const list = cluster.workloads.flatMap((workload) =>
    (["egress", "ingress"] as const).map((direction) => exposureOf(network, workload, direction, named)),
  );
  return { ports, list };
}

function exposureOf(network: Network, workload: Workload, direction: Direction, named: Strangers): Exposure {
  const { ports, points, tiers } = network;
  const own = (points.byWorkload.get(workload.id) ?? []).map(({ index }) => index);
  const binding = [...tiers.admin, ...tiers.network, ...tiers.baseline].filter(
    (one) => one.direction === direction && own.some((index) => one.subjects.may.has(index)),
  );
  const rows = own.map((index) => network.ownSide(index, direction).must);
  const open = (stranger: number): PortSet =>
    rows
      .map((row) => row.find((group) => group.points.has(stranger))?.ports ?? ports.none)
      .reduce((a, b) => ports.union(a, b), ports.none);
  const everyPod = open(points.stranger.index);
  const spoken = new Set(binding.flatMap(({ object }) => [...(named.by.get(object)?.[direction] ?? [])]));
  const some = points.strangers.slice(1).flatMap(({ index, namespaces, pods }, position) => {
    const set = open(index);
    if (!spoken.has(position) || set === everyPod) return [];
    return [{ pods: { namespaces, pods }, ports: set, met: isMet(network, namespaces, pods) }];
  });
  return { workload, direction, unprotected: binding.length === 0, everyPod, some };
}

function isMet({ matcher }: Network, namespaces: LabelSelector | string, pods: LabelSelector): boolean {
  return !matcher.subjects(namespaces, pods).must.isEmpty;
}

interface Strangers {
  readonly all: readonly Stranger[];
  /** positions in `all` of those that a policy names as peers */
  readonly by: ReadonlyMap<KubeObject, Readonly<Record<Direction, ReadonlySet<number>>>>;
}

/** One for each pair of selectors that some rule has as its peer. */
function strangersOf(cluster: Cluster): Strangers {
  const all: Stranger[] = [];
  const positions = new Map<string, number>();
  const by = new Map<KubeObject, Record<Direction, Set<number>>>();
  const add = (object: KubeObject, direction: Direction, namespaces: LabelSelector | string, pods: LabelSelector) => {
    const scope = typeof namespaces === "string" ? namespaces : (onlyName(namespaces) ?? namespaces);
    // Every pod is answered for anyway.
    if (typeof scope !== "string" && scope.requirements.length + pods.requirements.length === 0) return;
    const key = JSON.stringify([typeof scope === "string" ? ["name", scope] : scope.id, pods.id]);
    const position = positions.get(key) ?? all.push({ namespaces: scope, pods }) - 1;
    positions.set(key, position);
    const own = by.get(object) ?? { ingress: new Set(), egress: new Set() };
    own[direction].add(position);
    by.set(object, own);
  };
  for (const direction of ["ingress", "egress"] as const) {
    for (const policy of cluster.networkPolicies) {
      for (const { ipBlock, namespaceSelector, podSelector } of policy[direction].flatMap(({ peers }) => peers ?? [])) {
        if (ipBlock !== undefined) continue;
        add(policy.object, direction, namespaceSelector ?? policy.namespace, podSelector ?? EVERYTHING);
      }
    }
    for (const policy of [...cluster.adminNetworkPolicies, ...cluster.baselineAdminNetworkPolicies]) {
      for (const { pods } of policy[direction].flatMap(({ peers }) => peers)) {
        if (pods !== undefined) add(policy.object, direction, pods.namespaces, pods.pods);
      }
    }
  }
  return { all, by };
}

/** The name that a selector demands of the namespace, where it demands nothing else. */
function onlyName({ requirements }: LabelSelector): string | undefined {
  const [only] = requirements;
  const named =
    requirements.length === 1 && only?.key === NAME_LABEL && only.operator === "In" && only.values.length === 1;
  return named ? only.values[0] : undefined;
}
