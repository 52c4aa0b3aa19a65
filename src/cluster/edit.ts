/**
 * A cluster after an edit, without reading the rest of it again: what a watch, or a check of one proposed change, needs.
 * Lists are copied where the edit touches them and shared where it does not, so an edit costs what it changes.
 */
import type { Cluster } from "./cluster.js";
import { impliedNamespace, type Namespace } from "./namespaces.js";
import type { KubeObject } from "./object.js";
import type { Workload } from "./workloads.js";

export interface ClusterEdit {
  /** objects to add, or to put in the place of those of the same kind and name: a cluster read from the edited text */
  readonly put?: Cluster;
  /** objects to remove */
  readonly remove?: readonly KubeObject[];
}

/**
 * The edited cluster: the same as reading all manifests again.
 * @returns undefined where that cannot be said without reading again: a pod or ReplicaSet belongs to a controller that
 *   stands elsewhere, mesh settings change, or something of the edit could not be read
 */
export function editCluster(cluster: Cluster, { put, remove = [] }: ClusterEdit): Cluster | undefined {
  const added = put?.objects ?? [];
  const touched = [...added, ...remove];
  if (put !== undefined && put.skipped.length > 0) return undefined;
  if (
    touched.some(isEntangled) ||
    [cluster, put].some((one) => one?.workloads.some(isFolded) && changesPods(touched))
  ) {
    return undefined;
  }
  const next: Record<string, unknown> = { ...cluster };
  for (const [name, list] of Object.entries(cluster)) {
    if (!Array.isArray(list) || UNSORTED.has(name)) continue;
    const fresh = (put as unknown as Record<string, readonly unknown[]> | undefined)?.[name] ?? [];
    next[name] = edit(list, fresh, touched, name);
  }
  const edited = next as unknown as Cluster;
  return {
    ...edited,
    ignored: [...cluster.ignored, ...(put?.ignored ?? [])],
    namespaces: namespacesOf(cluster, put, remove, edited.objects),
    workloadsByNamespace: regroup(cluster, edited.workloads, touched),
  };
}

/** Lists that have an order of their own. */
const UNSORTED = new Set(["skipped", "ignored"]);

function isEntangled(object: KubeObject): boolean {
  const meshSettings = object.kind === "ConfigMap" && object.group === "" && /^istio(-.+)?$/.test(object.name);
  return meshSettings || object.kind === "IstioOperator" || object.owners.some(({ controller }) => controller);
}

/** Pods that were found by their controller, or for one that is not there. */
function isFolded({ object, kind, name, pods }: Workload): boolean {
  return pods.length > 1 || object.kind !== kind || object.name !== name;
}

const RUNS_PODS = new Set(["apps", "batch", "extensions", "apps.openshift.io", "kubevirt.io"]);

function changesPods(objects: readonly KubeObject[]): boolean {
  return objects.some(
    ({ group, kind }) => RUNS_PODS.has(group) || (group === "" && (kind === "Pod" || kind === "ReplicationController")),
  );
}

function objectOf(entry: unknown): KubeObject {
  const holder = entry as { readonly object?: KubeObject };
  return holder.object ?? (entry as KubeObject);
}

function keyOf({ group, kind, namespace, name }: KubeObject): string {
  return `${group}\0${kind}\0${namespace}\0${name}`;
}

/** The list without what is touched and with what is fresh, in the order that reading gives; itself where it stays. */
function edit(
  list: readonly unknown[],
  fresh: readonly unknown[],
  touched: readonly KubeObject[],
  name: string,
): readonly unknown[] {
  const isWorkloads = name === "workloads";
  const order = (entry: unknown) => (isWorkloads ? (entry as Workload).id : keyOf(objectOf(entry)));
  const orderOf = (object: KubeObject) =>
    isWorkloads ? `${object.namespace}/${object.name}[${object.kind}]` : keyOf(object);
  // By priority first: few, and the old priority of an edited one is not known.
  if (name === "adminNetworkPolicies") {
    const gone = new Set(touched.map(keyOf));
    const rest = list.filter((entry) => !gone.has(order(entry)));
    if (rest.length === list.length && fresh.length === 0) return list;
    const priority = (entry: unknown) => (entry as { readonly priority: number }).priority;
    return [...rest, ...fresh].sort((a, b) => priority(a) - priority(b) || (order(a) < order(b) ? -1 : 1));
  }
  let out: unknown[] | undefined;
  for (const object of touched) {
    const wanted = orderOf(object);
    const at = place(out ?? list, wanted, order);
    const found = (out ?? list)[at];
    if (found === undefined || order(found) !== wanted) continue;
    out ??= [...list];
    out.splice(at, 1);
  }
  for (const entry of fresh) {
    out ??= [...list];
    out.splice(place(out, order(entry), order), 0, entry);
  }
  return out ?? list;
}

/** The first position whose entry does not come before `wanted`. */
function place(list: readonly unknown[], wanted: string, order: (entry: unknown) => string): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order(list[middle]) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function namespacesOf(
  cluster: Cluster,
  put: Cluster | undefined,
  remove: readonly KubeObject[],
  objects: readonly KubeObject[],
): ReadonlyMap<string, Namespace> {
  const declared = [...(put?.namespaces.values() ?? [])].filter(({ object }) => object !== undefined);
  const dropped = remove.filter(({ group, kind }) => group === "" && kind === "Namespace");
  const isSame =
    declared.length === 0 &&
    remove.length === 0 &&
    [...(put?.namespaces.keys() ?? [])].every((name) => cluster.namespaces.has(name));
  if (isSame) return cluster.namespaces;
  const found = new Map([...cluster.namespaces].filter(([, { object }]) => object !== undefined));
  for (const { name } of dropped) found.delete(name);
  for (const namespace of declared) found.set(namespace.name, namespace);
  for (const { namespace } of objects) {
    if (namespace !== "" && !found.has(namespace)) found.set(namespace, impliedNamespace(namespace));
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function regroup(
  cluster: Cluster,
  workloads: readonly Workload[],
  touched: readonly KubeObject[],
): ReadonlyMap<string, readonly Workload[]> {
  if (workloads === cluster.workloads) return cluster.workloadsByNamespace;
  const places = new Set(touched.map(({ namespace }) => namespace));
  const groups = new Map([...cluster.workloadsByNamespace].filter(([name]) => !places.has(name)));
  for (const name of places) {
    const own = workloads.filter(({ namespace }) => namespace === name);
    if (own.length > 0) groups.set(name, own);
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}
