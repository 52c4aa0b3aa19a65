/**
 * Which NetworkPolicies concern a point. By subject that is a list for each pod. By peer, rules with the same peer and
 * ports are bundled first: six thousand policies that each allow DNS are one bundle with many subjects, since
 * NetworkPolicies only ever add up. Policies can be added and removed one by one, so that an edit costs what it touches.
 */
import { Bits } from "./bits.js";
import { type Match, sure } from "./match.js";
import type { Direction, Isolation, PortSpec } from "./rules.js";

type Certainty = "surely" | "perhaps";

export interface Bundle {
  readonly peers: Match;
  readonly ports: PortSpec;
  readonly subjects: Match;
}

/** A peer that names more points than this is looked up by its bits instead of from a list of each point. */
const WIDE = 64;

export class RuleIndex {
  readonly #directions: Readonly<Record<Direction, OneDirection>>;

  constructor(isolations: readonly Isolation[], size: number) {
    this.#directions = { ingress: new OneDirection(size), egress: new OneDirection(size) };
    for (const isolation of isolations) this.add(isolation);
  }

  add(isolation: Isolation): void {
    this.#directions[isolation.direction].add(isolation);
  }

  remove(isolation: Isolation): void {
    this.#directions[isolation.direction].remove(isolation);
  }

  /** Policies that may select this pod. */
  of(subject: number, direction: Direction): Iterable<Isolation> {
    return this.#directions[direction].bySubject[subject] ?? [];
  }

  /** Pods that policies surely isolate; or all that any policy may select, the former among them. */
  isolated(direction: Direction, how: Certainty): Bits {
    return this.#directions[direction].isolated[how];
  }

  /** Bundles whose peer may hold this point. */
  *bundles(peer: number, direction: Direction): Generator<Bundle> {
    const { wide, byPeer } = this.#directions[direction];
    yield* byPeer[peer] ?? [];
    for (const bundle of wide) if (bundle.peers.may.has(peer)) yield bundle;
  }
}

class OpenBundle implements Bundle {
  readonly peers: Match;
  readonly ports: PortSpec;
  readonly #size: number;
  /** how many rules of a policy have this peer and these ports */
  readonly #members = new Map<Isolation, number>();
  #subjects: Match | undefined;

  constructor(peers: Match, ports: PortSpec, size: number) {
    this.peers = peers;
    this.ports = ports;
    this.#size = size;
  }

  add(member: Isolation): void {
    this.#members.set(member, (this.#members.get(member) ?? 0) + 1);
    this.#subjects = undefined;
  }

  /** Returns true when nobody is left. */
  remove(member: Isolation): boolean {
    const count = this.#members.get(member) ?? 0;
    if (count <= 1) this.#members.delete(member);
    else this.#members.set(member, count - 1);
    this.#subjects = undefined;
    return this.#members.size === 0;
  }

  get subjects(): Match {
    this.#subjects ??= this.#unite();
    return this.#subjects;
  }

  #unite(): Match {
    const members = [...this.#members.keys()];
    const [first] = members;
    if (first !== undefined && members.length === 1) return first.subjects;
    const may = Bits.none(this.#size);
    for (const { subjects } of members) may.addAll(subjects.may);
    if (members.every(({ subjects }) => subjects.must === subjects.may)) return sure(may);
    const must = Bits.none(this.#size);
    for (const { subjects } of members) must.addAll(subjects.must);
    return { must, may };
  }
}

class OneDirection {
  readonly bySubject: (Set<Isolation> | undefined)[] = [];
  readonly isolated: Readonly<Record<Certainty, Bits>>;
  readonly wide = new Set<OpenBundle>();
  readonly byPeer: (Set<OpenBundle> | undefined)[] = [];
  readonly #bundles = new Map<Match, Map<string, OpenBundle>>();
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
    this.isolated = { surely: Bits.none(size), perhaps: Bits.none(size) };
  }

  add(isolation: Isolation): void {
    for (const subject of isolation.subjects.may) {
      const own = this.bySubject[subject];
      if (own === undefined) this.bySubject[subject] = new Set([isolation]);
      else own.add(isolation);
    }
    this.isolated.perhaps.addAll(isolation.subjects.may);
    this.isolated.surely.addAll(isolation.subjects.must);
    for (const { peers, ports } of isolation.rules) for (const peer of peers) this.#bundle(peer, ports).add(isolation);
  }

  remove(isolation: Isolation): void {
    for (const subject of isolation.subjects.may) {
      const own = this.bySubject[subject];
      own?.delete(isolation);
      const rest = [...(own ?? [])];
      if (rest.length === 0) this.isolated.perhaps.remove(subject);
      if (!rest.some(({ subjects }) => subjects.must.has(subject))) this.isolated.surely.remove(subject);
    }
    for (const { peers, ports } of isolation.rules) {
      for (const peer of peers) {
        const bundle = this.#bundle(peer, ports);
        if (bundle.remove(isolation)) this.#drop(bundle);
      }
    }
  }

  #bundle(peers: Match, ports: PortSpec): OpenBundle {
    let byPorts = this.#bundles.get(peers);
    if (byPorts === undefined) {
      byPorts = new Map();
      this.#bundles.set(peers, byPorts);
    }
    let bundle = byPorts.get(ports.key);
    if (bundle === undefined) {
      bundle = new OpenBundle(peers, ports, this.#size);
      byPorts.set(ports.key, bundle);
      if (peers.may.count() > WIDE) this.wide.add(bundle);
      else {
        for (const peer of peers.may) {
          const own = this.byPeer[peer];
          if (own === undefined) this.byPeer[peer] = new Set([bundle]);
          else own.add(bundle);
        }
      }
    }
    return bundle;
  }

  #drop(bundle: OpenBundle): void {
    this.#bundles.get(bundle.peers)?.delete(bundle.ports.key);
    if (this.wide.delete(bundle)) return;
    for (const peer of bundle.peers.may) this.byPeer[peer]?.delete(bundle);
  }
}
