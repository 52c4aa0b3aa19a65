/**
 * What differs between two sets of manifests, in meaning: which requests get through in the one and not in the other,
 * between workloads, from outside to them and from them to hosts outside. Workloads are the same when their ids are. Each
 * difference has a request that was replayed in both.
 */
import { type Cluster, formatAddress, type Pod, type Protocol, type Workload } from "../cluster/index.js";
import { type World, witnessOf } from "./compare/finding.js";
import { replay } from "./compare/index.js";
import { outsideDifferences } from "./compare/outside-difference.js";
import { type CalledPort, portsOf } from "./compare/ports.js";
import { type Probe, probesOf } from "./compare/probes.js";
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
  const worlds = [a, b].map(worldOf) as [World, World];
  for (const id of common) {
    const ends = [endOf(a, id), endOf(b, id)] as const;
    const inward = outsideDifferences(
      { world: worlds[0], network: a.network, end: ends[0] },
      { world: worlds[1], network: b.network, end: ends[1] },
    );
    compared += inward.compared;
    for (const { protocol, port, kind, command } of inward.differences) {
      differences.push({ kind, from: "outside", to: id, protocol, port, unnamed: false, command });
    }
    for (const { host, protocol, port } of probesOn(a, b, id)) {
      compared++;
      const found = differenceOf(a, b, id, { host }, { protocol, port, unnamed: false });
      if (found !== undefined) differences.push(found);
    }
  }
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

/** An outside end, one address of each kind that policies tell apart. */
function worldOf({ cluster, layers, network }: Side): World {
  const outside = network.points.outside.flatMap(({ ranges }) =>
    ranges.slice(0, 1).map(({ low }) => formatAddress(low)),
  );
  return { cluster, layers, outside };
}

/** What either side's workload is tried against outside. */
function probesOn(a: Side, b: Side, id: string): readonly Probe[] {
  const found = [a, b].flatMap((side) => probesOf(side.network, endOf(side, id), new Set()));
  return [...new Map(found.map((one) => [`${one.host} ${one.protocol} ${one.port}`, one])).values()];
}

type Where = string | { readonly host: string };

function differenceOf(a: Side, b: Side, from: string, to: Where, called: CalledPort): Difference | undefined {
  const { protocol, port, unnamed } = called;
  const place = { from, to: typeof to === "string" ? to : to.host, protocol, port, unnamed };
  const [before, after] = [a, b].map((side): Judged => {
    const end = typeof to === "string" ? endOf(side, to) : ({ kind: "outside", name: to.host } as const);
    const connection: Connection = { from: endOf(side, from), to: end, port, protocol };
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
  const witness = witnessOf(worldOf(here.side), here.connection, set);
  if (witness?.replay.outcome !== "allow") return undefined;
  const { cluster, outside } = worldOf(there.side);
  const other = replay(cluster, there.connection, witness.request, outside);
  return other.outcome === "deny" ? witness.command : undefined;
}
