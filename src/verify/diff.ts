/**
 * What differs between two sets of manifests, in meaning: which requests get through in the one and not in the other.
 * Workloads are the same when their ids are. Each difference has a request that was replayed in both.
 */
import type { Cluster, Pod, Protocol, Workload } from "../cluster/index.js";
import { witnessOf } from "./compare/finding.js";
import { replay } from "./compare/index.js";
import { type CalledPort, portsOf } from "./compare/ports.js";
import { type Connection, combine, type Judgement, type Layer } from "./layer.js";
import { blocksOf } from "./layers/network/blocks.js";
import { Network, type NetworkModel, OPEN_WORLD, PortSets } from "./layers/network/index.js";
import { layersOf, Reachability } from "./reach.js";
import { sourcesTo } from "./sources.js";
import { type RequestSet, withinLimits } from "./space/index.js";

export interface Difference {
  readonly kind: "opened" | "closed" | "unknown";
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly unnamed: boolean;
  /** a request that gets through on one side alone, as a command; undefined where none could be replayed */
  readonly command: string | undefined;
}

export interface Differences {
  /** sorted by source, destination and port */
  readonly differences: readonly Difference[];
  /** ids of workloads that only one side has */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly compared: number;
}

interface Side {
  readonly cluster: Cluster;
  readonly network: Network;
  readonly reach: Reachability;
  readonly layers: readonly Layer[];
  readonly workloads: ReadonlyMap<string, Workload>;
}

export function diffClusters(before: Cluster, after: Cluster, model: NetworkModel = OPEN_WORLD): Differences {
  const shared = { ports: new PortSets(), blocks: [...blocksOf(before), ...blocksOf(after)] };
  const [a, b] = [before, after].map((cluster): Side => {
    const network = new Network(cluster, model, shared);
    const workloads = new Map(cluster.workloads.map((workload) => [workload.id, workload]));
    return { cluster, network, reach: new Reachability(network), layers: layersOf(network), workloads };
  }) as [Side, Side];
  const common = [...a.workloads.keys()].filter((id) => b.workloads.has(id)).sort();
  const differences: Difference[] = [];
  let compared = 0;
  for (const to of common) {
    const spoken = new Set<string>();
    for (const called of calledOn(a, b, to)) {
      const sources = [...sourcesOf(a, to, called), ...sourcesOf(b, to, called)];
      for (const from of new Set(sources)) {
        compared++;
        if (from === to || !b.workloads.has(from) || !a.workloads.has(from)) continue;
        // What every port has in common was said of a named one already.
        const pair = `${from} ${called.protocol === "TCP" ? "proxied" : "bare"}`;
        if (called.unnamed && spoken.has(pair)) continue;
        const found = differenceOf(a, b, from, to, called);
        if (found === undefined) continue;
        spoken.add(pair);
        differences.push(found);
      }
    }
  }
  return {
    differences: differences.sort(byPlace),
    added: [...b.workloads.keys()].filter((id) => !a.workloads.has(id)).sort(),
    removed: [...a.workloads.keys()].filter((id) => !b.workloads.has(id)).sort(),
    compared,
  };
}

function byPlace(a: Difference, b: Difference): number {
  const key = ({ from, to, protocol, port }: Difference): string =>
    JSON.stringify([from, to, protocol, String(port).padStart(5, "0")]);
  return key(a) < key(b) ? -1 : 1;
}

/** Ports of either side; each side's first pod stands for its workload. */
function calledOn(a: Side, b: Side, id: string): readonly CalledPort[] {
  const found = new Map<string, CalledPort>();
  for (const side of [a, b]) {
    const end = endOf(side, id);
    for (const called of portsOf(side.network, end, [])) {
      const key = `${called.protocol} ${called.port}`;
      const known = found.get(key);
      if (known === undefined || known.unnamed) found.set(key, called);
    }
  }
  return [...found.values()].sort((x, y) => Number(x.unnamed) - Number(y.unnamed));
}

function endOf(
  { workloads }: Side,
  id: string,
): { readonly kind: "pod"; readonly workload: Workload; readonly pod: Pod } {
  const workload = workloads.get(id);
  const pod = workload?.pods[0];
  if (workload === undefined || pod === undefined) throw new TypeError(`${id} is not on this side`);
  return { kind: "pod", workload, pod };
}

function sourcesOf(side: Side, id: string, called: CalledPort): readonly string[] {
  const { network, reach } = side;
  const point = network.points.byPod.get(endOf(side, id).pod);
  if (point === undefined) return [];
  return sourcesTo(network, reach, point, called).flatMap(({ points }) =>
    [...points].flatMap((index) => {
      const source = network.points.all[index];
      return source?.kind === "pod" ? [source.workload.id] : [];
    }),
  );
}

function differenceOf(a: Side, b: Side, from: string, to: string, called: CalledPort): Difference | undefined {
  const { protocol, port, unnamed } = called;
  const place = { from, to, protocol, port, unnamed };
  const [before, after] = [a, b].map((side): Judged => {
    const connection: Connection = { from: endOf(side, from), to: endOf(side, to), port, protocol };
    return { side, connection, judgement: judge(side, connection) };
  }) as [Judged, Judged];
  const [was, is] = [before.judgement, after.judgement];
  if (was === undefined || is === undefined) return { kind: "unknown", ...place, command: undefined };
  if (was.may.equals(is.may) && was.must.equals(is.must)) return undefined;
  const opened = onlyIn(after, before, is.must.minus(was.may));
  if (opened !== undefined) return { kind: "opened", ...place, command: opened };
  const closed = onlyIn(before, after, was.must.minus(is.may));
  if (closed !== undefined) return { kind: "closed", ...place, command: closed };
  return { kind: "unknown", ...place, command: undefined };
}

interface Judged {
  readonly side: Side;
  readonly connection: Connection;
  readonly judgement: Judgement | undefined;
}

function judge({ layers }: Side, connection: Connection): Judgement | undefined {
  return withinLimits(() => combine(layers.map((layer) => layer.judge(connection))));
}

/** The command of a request that the concrete evaluators let through here and not there. */
function onlyIn(here: Judged, there: Judged, set: RequestSet): string | undefined {
  if (set.isEmpty) return undefined;
  const { cluster, layers } = here.side;
  const witness = witnessOf({ cluster, layers, outside: [] }, here.connection, set);
  if (witness?.replay.outcome !== "allow") return undefined;
  const other = replay(there.side.cluster, there.connection, witness.request);
  return other.outcome === "deny" ? witness.command : undefined;
}
