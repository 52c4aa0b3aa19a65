/**
 * The ends of every possible connection, numbered: first the pods, namespace by namespace, then classes of outside
 * addresses. Pods of one workload that no policy can tell apart are one point; so are outside addresses, since all that
 * matters of an address is which of the policies' blocks hold it.
 */
import {
  type AddressRange,
  ALL_V4,
  ALL_V6,
  type Cluster,
  describeSelector,
  EVERYTHING,
  formatRange,
  type LabelSelector,
  type Namespace,
  type Pod,
  parseAddress,
  type Workload,
} from "../../../cluster/index.js";
import type { Block } from "./blocks.js";

export interface PodPoint {
  readonly kind: "pod";
  readonly index: number;
  readonly workload: Workload;
  readonly pod: Pod;
  readonly namespace: Namespace;
  readonly addresses: readonly bigint[];
}

export interface OutsidePoint {
  readonly kind: "outside";
  readonly index: number;
  /** sorted and disjoint; the addresses of pods among them are not outside */
  readonly ranges: readonly AddressRange[];
}

/** What is known of a pod that no manifest declares: it meets these selectors, as they are written. */
export interface Stranger {
  /** of its namespace: a selector, or the name */
  readonly namespaces: LabelSelector | string;
  readonly pods: LabelSelector;
}

export interface StrangerPoint extends Stranger {
  readonly kind: "stranger";
  readonly index: number;
}

export type Point = PodPoint | OutsidePoint | StrangerPoint;

export interface Points {
  readonly all: readonly Point[];
  readonly pods: readonly PodPoint[];
  readonly outside: readonly OutsidePoint[];
  /** a pod of which nothing is known, in a namespace that no manifest declares, such as an ingress controller's */
  readonly stranger: StrangerPoint;
  /** that one first, then those that were asked for */
  readonly strangers: readonly StrangerPoint[];
  /** the point of every pod, also of those that are no points of their own */
  readonly byPod: ReadonlyMap<Pod, PodPoint>;
  /** the points of each workload's pods, by workload id */
  readonly byWorkload: ReadonlyMap<string, readonly PodPoint[]>;
  /** `[from, to)` among the pods, by namespace */
  readonly spans: ReadonlyMap<string, readonly [number, number]>;
}

/** @param blocks at least the blocks that the cluster's policies name */
export function enumeratePoints(cluster: Cluster, blocks: readonly Block[], asked: readonly Stranger[] = []): Points {
  const pods: PodPoint[] = [];
  const byPod = new Map<Pod, PodPoint>();
  const byWorkload = new Map<string, PodPoint[]>();
  const spans = new Map<string, [number, number]>();
  for (const workload of workloadsByNamespace(cluster)) {
    const namespace = cluster.namespaces.get(workload.namespace);
    if (namespace === undefined) throw new TypeError(`namespace ${workload.namespace} is not in the cluster`);
    const own: PodPoint[] = [];
    for (const [pod, ...same] of alike(workload.pods, blocks.length > 0)) {
      const addresses = pod.addresses.map(parseAddress).filter((address) => address !== undefined);
      const point: PodPoint = { kind: "pod", index: pods.length, workload, pod, namespace, addresses };
      pods.push(point);
      own.push(point);
      for (const one of [pod, ...same]) byPod.set(one, point);
    }
    byWorkload.set(workload.id, own);
    const span = spans.get(workload.namespace);
    if (span === undefined) spans.set(workload.namespace, [pods.length - own.length, pods.length]);
    else span[1] = pods.length;
  }
  const outside = classesOf(blocks).map(
    (ranges, index): OutsidePoint => ({ kind: "outside", index: pods.length + index, ranges }),
  );
  const first = pods.length + outside.length;
  const stranger: StrangerPoint = { kind: "stranger", index: first, namespaces: EVERYTHING, pods: EVERYTHING };
  const others = asked.map((one, index): StrangerPoint => ({ kind: "stranger", index: first + 1 + index, ...one }));
  const strangers = [stranger, ...others];
  return { all: [...pods, ...outside, ...strangers], pods, outside, stranger, strangers, byPod, byWorkload, spans };
}

function workloadsByNamespace(cluster: Cluster): readonly Workload[] {
  return [...cluster.workloadsByNamespace].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, workloads]) => workloads);
}

/** Groups of pods in which no policy can tell one from another. */
function alike(pods: readonly Pod[], byAddress: boolean): Iterable<readonly [Pod, ...Pod[]]> {
  const groups = new Map<string, [Pod, ...Pod[]]>();
  for (const pod of pods) {
    const key = JSON.stringify([
      [...pod.labels].sort(([a], [b]) => (a < b ? -1 : 1)),
      pod.injectedKeys,
      pod.hostNetwork,
      pod.containers.map(({ role, ports }) => [role, ports.map((port) => [port.name, port.port, port.protocol])]),
      byAddress ? pod.addresses : [],
    ]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [pod]);
    else group.push(pod);
  }
  return groups.values();
}

/** Cuts the address space at every border of a block and joins the pieces that lie in the same blocks. */
function classesOf(blocks: readonly Block[]): readonly (readonly AddressRange[])[] {
  // IPv4 is a part of the number line; where no block cuts, it would fall into one class with IPv6 around it.
  const families = [
    [{ low: ALL_V6.low, high: ALL_V4.low - 1n }],
    [ALL_V4],
    [{ low: ALL_V4.high + 1n, high: ALL_V6.high }],
  ];
  const borders = new Map<bigint, { enter: number[]; leave: number[] }>();
  const at = (address: bigint) => {
    let border = borders.get(address);
    if (border === undefined) {
      border = { enter: [], leave: [] };
      borders.set(address, border);
    }
    return border;
  };
  for (const [block, ranges] of [...families, ...blocks].entries()) {
    for (const { low, high } of ranges) {
      at(low).enter.push(block);
      at(high + 1n).leave.push(block);
    }
  }
  const inside = new Set<number>();
  const classes = new Map<string, AddressRange[]>();
  let start: bigint | undefined;
  for (const address of [...borders.keys()].sort((a, b) => (a < b ? -1 : 1))) {
    if (start !== undefined && inside.size > 0) {
      // both halves of IPv6 are one family
      const key = [...inside].map((block) => (block === 2 ? 0 : block)).sort((a, b) => a - b);
      const range = { low: start, high: address - 1n };
      const found = classes.get(key.join());
      if (found === undefined) classes.set(key.join(), [range]);
      else found.push(range);
    }
    for (const block of borders.get(address)?.leave ?? []) inside.delete(block);
    for (const block of borders.get(address)?.enter ?? []) inside.add(block);
    start = address;
  }
  return [...classes.values()];
}

/** `ns/name[Kind]`, or the ranges. */
export function describePoint(point: Point): string {
  if (point.kind === "stranger") return describeStranger(point);
  return point.kind === "pod" ? point.workload.id : point.ranges.map(formatRange).join(", ");
}

function describeStranger({ namespaces, pods }: Stranger): string {
  const labels = pods.requirements.length === 0 ? "a pod" : `a pod with ${describeSelector(pods)}`;
  if (typeof namespaces === "string") return `${labels} of ${namespaces}`;
  if (namespaces.requirements.length === 0) return `${labels} of another namespace`;
  return `${labels} of a namespace with ${describeSelector(namespaces)}`;
}
