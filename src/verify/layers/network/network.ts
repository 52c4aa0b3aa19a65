/**
 * Who reaches whom on which port, through all network policies of a cluster.
 *
 * The question is always asked for one end: `to(point)` gives all sources of one destination, `from(point)` all
 * destinations of one source, each as a few groups of points with equal ports. So nothing of the size of all pairs is
 * ever built, one edit of a policy touches only the ends that it names, and a pair is a look into one row.
 */
import { type Cluster, type NetworkPolicy, type Protocol, portsNamed } from "../../../cluster/index.js";
import { Bits } from "./bits.js";
import { type Block, blocksOf, rangesOfBlock } from "./blocks.js";
import { type Cell, type Group, meet, type Reading, step, unite } from "./cells.js";
import { type Match, Matcher, sure } from "./match.js";
import { type NetworkModel, OPEN_WORLD } from "./model.js";
import { enumeratePoints, type Points, type Stranger } from "./points.js";
import { type PortSet, PortSets } from "./port-sets.js";
import { RuleIndex } from "./rule-index.js";
import { type Direction, isolationsOf, type PortSpec, type Rule, type Tiers, tiersOf } from "./rules.js";
import { type Segments, segmentsOf } from "./segments.js";
import { findUnmodelled, type Unmodelled } from "./unmodelled.js";

/** Disjoint groups; points that stand in none have no port. */
export interface Row {
  readonly must: readonly Group[];
  readonly may: readonly Group[];
}

/** Ends whose connections may have changed: everything to these destinations, everything from these sources. */
export interface Change {
  readonly destinations: Bits;
  readonly sources: Bits;
}

export interface Shared {
  readonly ports: PortSets;
  /** the blocks of all networks that share */
  readonly blocks: readonly Block[];
  /** pods that no manifest declares, to be answered for as well */
  readonly strangers?: readonly Stranger[];
}

/** The end that varies while the other is held. */
type Side = "sources" | "destinations";

export class Network {
  readonly cluster: Cluster;
  readonly model: NetworkModel;
  readonly points: Points;
  readonly ports: PortSets;
  readonly matcher: Matcher;
  readonly tiers: Tiers;
  /** pods that something may bind which is not modelled or could not be read, and why */
  readonly unmodelled: Unmodelled;
  /** by pod: the pods of its network, where there are more networks than one */
  readonly segments: Segments;
  readonly #index: RuleIndex;
  readonly #rows: (Row | undefined)[] = [];
  readonly #portsAt = new Map<string, Map<number, PortSet>>();
  readonly #portParts = new Map<string, readonly { points: Bits; ports: PortSet }[]>();

  /** @param shared for networks that are compared: then equal ports and equal outside addresses are the same in both */
  constructor(cluster: Cluster, model: NetworkModel = OPEN_WORLD, shared?: Shared) {
    this.cluster = cluster;
    this.model = model;
    this.ports = shared?.ports ?? new PortSets();
    this.points = enumeratePoints(cluster, shared?.blocks ?? blocksOf(cluster), shared?.strangers);
    this.matcher = new Matcher(this.points, cluster.namespaces, model);
    this.tiers = tiersOf(cluster, this.matcher);
    this.unmodelled = findUnmodelled(cluster, this.points, model);
    this.segments = segmentsOf(cluster, this.points);
    this.#index = new RuleIndex(this.tiers.network, this.matcher.size);
  }

  /** All sources that reach `destination`, other pods of the same workload included. */
  to(destination: number): Row {
    const held = this.#rows[destination];
    if (held !== undefined) return held;
    const row = { must: this.#decide(destination, "sources", "must"), may: [] as readonly Group[] };
    row.may = this.#isCertain() ? row.must : this.#decide(destination, "sources", "may");
    this.#rows[destination] = row;
    return row;
  }

  /** All destinations that `source` reaches. */
  from(source: number): Row {
    const must = this.#decide(source, "destinations", "must");
    return { must, may: this.#isCertain() ? must : this.#decide(source, "destinations", "may") };
  }

  /** What the policies that bind this pod allow, whatever binds the other end. */
  ownSide(point: number, direction: Direction): Row {
    const side = direction === "ingress" ? "sources" : "destinations";
    const must = this.#direction(point, side, direction, "must");
    return { must, may: this.#isCertain() ? must : this.#direction(point, side, direction, "may") };
  }

  between(source: number, destination: number): { readonly must: PortSet; readonly may: PortSet } {
    const { must, may } = this.to(destination);
    return { must: this.#portsOf(must, source), may: this.#portsOf(may, source) };
  }

  #portsOf(groups: readonly Group[], point: number): PortSet {
    return groups.find(({ points }) => points.has(point))?.ports ?? this.ports.none;
  }

  /**
   * Puts one version of a NetworkPolicy in the place of another; undefined stands for none. What was asked before is
   * forgotten where it may have changed.
   * @returns the ends whose connections may be others now, or undefined when the new version names an address block
   *   that no policy named before: then the points themselves change, and a new Network is needed.
   */
  replace(before: NetworkPolicy | undefined, after: NetworkPolicy | undefined): Change | undefined {
    if (after !== undefined && !this.#knowsBlocks(after)) return undefined;
    const gone = this.tiers.network.filter(({ object }) => object === before?.object);
    const come = after === undefined ? [] : isolationsOf(after, this.matcher);
    for (const isolation of gone) {
      this.#index.remove(isolation);
      this.tiers.network.splice(this.tiers.network.indexOf(isolation), 1);
    }
    for (const isolation of come) this.#index.add(isolation);
    this.tiers.network.push(...come);
    this.#certain = undefined;
    const ends = (direction: Direction) => {
      const bits = Bits.none(this.matcher.size);
      for (const one of [...gone, ...come]) if (one.direction === direction) bits.addAll(one.subjects.may);
      return bits;
    };
    const change = { destinations: ends("ingress"), sources: ends("egress") };
    // One source stands in the rows of all its destinations.
    if (change.sources.isEmpty) for (const destination of change.destinations) this.#rows[destination] = undefined;
    else this.#rows.length = 0;
    return change;
  }

  #knowsBlocks({ ingress, egress }: NetworkPolicy): boolean {
    return [...ingress, ...egress].every((rule) =>
      (rule.peers ?? []).every(({ ipBlock }) => ipBlock === undefined || this.matcher.knows(rangesOfBlock(ipBlock))),
    );
  }

  #certain: boolean | undefined;
  /** Without any uncertain match both readings agree everywhere. */
  #isCertain(): boolean {
    this.#certain ??=
      this.unmodelled.pods.isEmpty &&
      !this.bindsStranger("ingress") &&
      !this.bindsStranger("egress") &&
      (this.segments.count === 1 || this.model.userNetworks === "apart") &&
      this.matcher.hosted.isEmpty &&
      [...this.tiers.admin, ...this.tiers.baseline, ...this.tiers.network.flatMap(({ rules }) => rules)].every(
        ({ subjects, peers }) => [subjects, ...peers].every(({ must, may }) => must === may),
      ) &&
      this.tiers.network.every(({ subjects }) => subjects.must === subjects.may);
    return this.#certain;
  }

  #decide(fixed: number, side: Side, reading: Reading): readonly Group[] {
    const ingress = this.#direction(fixed, side, "ingress", reading);
    const egress = this.#direction(fixed, side, "egress", reading);
    const groups = meet(ingress, egress, this.ports);
    const own = this.segments.beside(fixed);
    if (own === undefined || (reading === "may" && this.model.userNetworks === "unknown")) return groups;
    return groups.flatMap(({ points, ports }) => {
      const near = points.and(own);
      return near.isEmpty ? [] : [{ points: near, ports }];
    });
  }

  /** What the policies of one direction allow. They bind the destination for ingress and the source for egress. */
  #direction(fixed: number, side: Side, direction: Direction, reading: Reading): readonly Group[] {
    const { matcher, ports } = this;
    const murky = this.unmodelled.pods;
    const everyone = this.#others(fixed);
    const fixedIsSubject = (side === "sources") === (direction === "ingress");
    const kind = this.points.all[fixed]?.kind;
    if (fixedIsSubject && kind === "outside") return [{ points: everyone, ports: ports.all }];
    // Admin policies bind strangers too, in ways that their labels would tell.
    const strangerIsFree = reading === "may" || !this.bindsStranger(direction);
    if (fixedIsSubject && kind === "stranger") return strangerIsFree ? [{ points: everyone, ports: ports.all }] : [];
    if (fixedIsSubject && murky.has(fixed)) return reading === "must" ? [] : [{ points: everyone, ports: ports.all }];
    if (fixedIsSubject && matcher.hosted.has(fixed) && reading === "may")
      return [{ points: everyone, ports: ports.all }];

    // Ends for which the answer does not hang on the policies.
    let free = fixedIsSubject ? Bits.none(matcher.size) : everyone.and(matcher.outside.may);
    let shut = Bits.none(matcher.size);
    if (!fixedIsSubject) {
      if (reading === "may") free = free.or(everyone.and(murky.or(matcher.hosted)));
      else shut = everyone.and(murky);
      const strangers = everyone.and(matcher.strangers);
      if (strangerIsFree) free = free.or(strangers);
      else shut = shut.or(strangers);
    }
    // A node reaches every pod that it runs, whatever policies say.
    if (reading === "may" && direction === "ingress") {
      if (side === "sources") free = free.or(everyone.and(matcher.hosted));
      else if (matcher.hosted.has(fixed)) free = everyone;
    }
    const groups = this.#tiers(fixed, everyone.minus(free).minus(shut), fixedIsSubject, direction, reading);
    return free.isEmpty ? groups : [...groups, { points: free, ports: ports.all }];
  }

  /** Whether there are admin policies that may bind a pod of which nothing is known. */
  bindsStranger(direction: Direction): boolean {
    return [...this.tiers.admin, ...this.tiers.baseline].some((rule) => rule.direction === direction);
  }

  /** A pod's other ends are all points, an outside address's only pods. */
  #others(fixed: number): Bits {
    return this.points.all[fixed]?.kind === "pod" ? this.matcher.everything.may : this.matcher.pods.may;
  }

  #tiers(fixed: number, points: Bits, fixedIsSubject: boolean, direction: Direction, reading: Reading): Group[] {
    const { ports } = this;
    if (points.isEmpty) return [];
    let cells: readonly Cell[] = [{ points, allowed: ports.none, open: ports.all, passed: ports.none }];
    cells = this.#ordered(cells, this.tiers.admin, fixed, fixedIsSubject, direction, reading);
    cells = this.#networkPolicies(cells, fixed, fixedIsSubject, direction, reading);
    cells = this.#ordered(cells, this.tiers.baseline, fixed, fixedIsSubject, direction, reading);
    // What no policy has an opinion on is allowed.
    return cells.map((cell) => ({ points: cell.points, ports: ports.union(cell.allowed, cell.open) }));
  }

  #ordered(
    cells: readonly Cell[],
    rules: readonly Rule[],
    fixed: number,
    fixedIsSubject: boolean,
    direction: Direction,
    reading: Reading,
  ): readonly Cell[] {
    let at = cells;
    for (const rule of rules) {
      if (rule.direction !== direction) continue;
      const { must, may } = this.#applies(rule, fixed, fixedIsSubject);
      if (may.isEmpty) continue;
      for (const part of this.#partsFor(rule.ports, fixed, fixedIsSubject, direction)) {
        const inPart = part.points === undefined ? { must, may } : both(must, may, part.points);
        at = step(at, { action: rule.action, ...inPart, ports: part.ports }, reading, this.ports);
      }
    }
    return at;
  }

  /** The points that vary for which a rule of an ordered tier matches. */
  #applies(rule: Rule, fixed: number, fixedIsSubject: boolean): Match {
    const nothing = this.matcher.nothing;
    if (fixedIsSubject) {
      if (!rule.subjects.may.has(fixed)) return nothing;
      const peers = rule.peers.reduce(eitherOf);
      return rule.subjects.must.has(fixed) ? peers : { must: nothing.must, may: peers.may };
    }
    if (!rule.peers.some(({ may }) => may.has(fixed))) return nothing;
    const certain = rule.peers.some(({ must }) => must.has(fixed));
    return certain ? rule.subjects : { must: nothing.must, may: rule.subjects.may };
  }

  #networkPolicies(
    cells: readonly Cell[],
    fixed: number,
    fixedIsSubject: boolean,
    direction: Direction,
    reading: Reading,
  ): readonly Cell[] {
    const { ports } = this;
    const [surely, perhaps] = (["surely", "perhaps"] as const).map((how) => {
      const isolated = this.#index.isolated(direction, how);
      if (!fixedIsSubject) return isolated;
      return isolated.has(fixed) ? this.matcher.everything.may : this.matcher.nothing.may;
    });
    if (surely === undefined || perhaps === undefined || perhaps.isEmpty)
      return cells.map((cell) => handOn(cell, ports));
    const allowed = unite(this.#terms(fixed, fixedIsSubject, direction, reading), ports);
    // Where isolation itself is not certain, the rules may open and the baseline may open: what may pass is either.
    const closes = reading === "must" || surely === perhaps ? perhaps : surely;
    const out: Cell[] = [];
    for (const cell of cells) {
      const ask = ports.union(cell.open, cell.passed);
      const outside = cell.points.minus(perhaps);
      if (!outside.isEmpty) out.push(handOn({ ...cell, points: outside }, ports));
      const close = (points: Bits, gained: PortSet) => {
        const sum = ports.union(cell.allowed, gained);
        const shut = points.and(closes);
        if (!shut.isEmpty) out.push({ points: shut, allowed: sum, open: ports.none, passed: ports.none });
        const left = points.minus(closes);
        if (!left.isEmpty) out.push({ points: left, allowed: sum, open: ports.minus(ask, gained), passed: ports.none });
      };
      let rest = cell.points.and(perhaps);
      for (const group of allowed) {
        if (!group.points.meets(rest)) continue;
        close(rest.and(group.points), ports.intersect(ask, group.ports));
        rest = rest.minus(group.points);
      }
      if (!rest.isEmpty) close(rest, ports.none);
    }
    return out;
  }

  /** What single rules of NetworkPolicies allow, as points that vary with their ports. */
  *#terms(fixed: number, fixedIsSubject: boolean, direction: Direction, reading: Reading): Generator<Group> {
    if (fixedIsSubject) {
      for (const isolation of this.#index.of(fixed, direction)) {
        if (!isolation.subjects[reading].has(fixed)) continue;
        for (const rule of isolation.rules) {
          for (const part of this.#partsFor(rule.ports, fixed, fixedIsSubject, direction)) {
            for (const peer of rule.peers) {
              const points = peer[reading];
              yield { points: part.points === undefined ? points : points.and(part.points), ports: part.ports };
            }
          }
        }
      }
      return;
    }
    for (const bundle of this.#index.bundles(fixed, direction)) {
      if (!bundle.peers[reading].has(fixed)) continue;
      const points = bundle.subjects[reading];
      for (const part of this.#partsFor(bundle.ports, fixed, fixedIsSubject, direction)) {
        yield { points: part.points === undefined ? points : points.and(part.points), ports: part.ports };
      }
    }
  }

  /** The ports of a rule. Names belong to the destination: one set where that is held, one for each where it varies. */
  #partsFor(
    spec: PortSpec,
    fixed: number,
    fixedIsSubject: boolean,
    direction: Direction,
  ): readonly { readonly points: Bits | undefined; readonly ports: PortSet }[] {
    const destinationIsFixed = fixedIsSubject === (direction === "ingress");
    if (destinationIsFixed || spec.named.length === 0) return [{ points: undefined, ports: this.portsAt(spec, fixed) }];
    let parts = this.#portParts.get(spec.key);
    if (parts === undefined) {
      const byPorts = new Map<PortSet, Bits>();
      for (const { index } of this.points.all) {
        const ports = this.portsAt(spec, index);
        let points = byPorts.get(ports);
        if (points === undefined) {
          points = Bits.none(this.matcher.size);
          byPorts.set(ports, points);
        }
        points.add(index);
      }
      parts = [...byPorts].map(([ports, points]) => ({ points, ports }));
      this.#portParts.set(spec.key, parts);
    }
    return parts;
  }

  /** The ports that a rule means at this destination. A name that the pod does not have means none. */
  portsAt(spec: PortSpec, destination: number): PortSet {
    let known = this.#portsAt.get(spec.key);
    if (known === undefined) {
      known = new Map();
      this.#portsAt.set(spec.key, known);
    }
    const at = spec.named.length === 0 ? -1 : destination;
    let ports = known.get(at);
    if (ports === undefined) {
      const point = this.points.all[destination];
      const named = spec.named.flatMap(({ name, protocol }) =>
        point?.kind === "pod"
          ? portsNamed(point.pod, name, protocol).map((port) => ({ protocol, low: port, high: port }))
          : [],
      );
      ports = this.ports.of([...spec.ranges, ...named]);
      known.set(at, ports);
    }
    return ports;
  }

  /** Whether a packet gets through: `unknown` where the two readings differ. */
  permits(source: number, destination: number, protocol: Protocol, port: number): "allowed" | "denied" | "unknown" {
    const { must, may } = this.between(source, destination);
    if (this.ports.has(must, protocol, port)) return "allowed";
    return this.ports.has(may, protocol, port) ? "unknown" : "denied";
  }
}

function handOn(cell: Cell, ports: PortSets): Cell {
  return cell.passed === ports.none ? cell : { ...cell, open: ports.union(cell.open, cell.passed), passed: ports.none };
}

function both(must: Bits, may: Bits, points: Bits): Match {
  return must === may ? sure(may.and(points)) : { must: must.and(points), may: may.and(points) };
}

function eitherOf(a: Match, b: Match): Match {
  if (a.must === a.may && b.must === b.may) return sure(a.may.or(b.may));
  return { must: a.must.or(b.must), may: a.may.or(b.may) };
}
