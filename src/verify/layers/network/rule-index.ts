/**
 * Which NetworkPolicies concern a point. By subject that is a list for each pod. By peer, rules with the same peer and
 * ports are bundled first: six thousand policies that each allow DNS are one bundle with many subjects, since
 * NetworkPolicies only ever add up.
 */
import { Bits } from "./bits.js";
import type { Reading } from "./cells.js";
import { type Match, sure } from "./match.js";
import type { Direction, Isolation, PortSpec } from "./rules.js";

export interface Bundle {
  readonly peers: Match;
  readonly ports: PortSpec;
  readonly subjects: Match;
}

/** A peer that names more points than this is looked up by its bits instead of from a list of each point. */
const WIDE = 64;

interface Direct {
  readonly bySubject: Isolation[][];
  readonly isolated: Record<Reading, Bits>;
  readonly wide: Bundle[];
  readonly byPeer: Bundle[][];
}

export class RuleIndex {
  readonly #directions: Record<Direction, Direct>;

  constructor(isolations: readonly Isolation[], size: number) {
    const make = (direction: Direction): Direct =>
      index(
        isolations.filter((isolation) => isolation.direction === direction),
        size,
      );
    this.#directions = { ingress: make("ingress"), egress: make("egress") };
  }

  /** Policies that may select this pod. */
  of(subject: number, direction: Direction): readonly Isolation[] {
    return this.#directions[direction].bySubject[subject] ?? [];
  }

  /** Whether policies isolate the pod: for what surely gets through any that may select it counts. */
  isolates(subject: number, direction: Direction, reading: Reading): boolean {
    return this.isolated(direction, reading).has(subject);
  }

  isolated(direction: Direction, reading: Reading): Bits {
    return this.#directions[direction].isolated[reading];
  }

  /** Bundles whose peer may hold this point. */
  *bundles(peer: number, direction: Direction): Generator<Bundle> {
    const { wide, byPeer } = this.#directions[direction];
    yield* byPeer[peer] ?? [];
    for (const bundle of wide) if (bundle.peers.may.has(peer)) yield bundle;
  }
}

function index(isolations: readonly Isolation[], size: number): Direct {
  const bySubject: Isolation[][] = [];
  const must = Bits.none(size);
  const may = Bits.none(size);
  for (const isolation of isolations) {
    for (const subject of isolation.subjects.may) {
      const own = bySubject[subject];
      if (own === undefined) bySubject[subject] = [isolation];
      else own.push(isolation);
    }
    must.addAll(isolation.subjects.may);
    may.addAll(isolation.subjects.must);
  }
  const bundles = bundle(isolations, size);
  const byPeer: Bundle[][] = [];
  const wide: Bundle[] = [];
  for (const one of bundles) {
    if (one.peers.may.count() > WIDE) {
      wide.push(one);
      continue;
    }
    for (const peer of one.peers.may) {
      const own = byPeer[peer];
      if (own === undefined) byPeer[peer] = [one];
      else own.push(one);
    }
  }
  return { bySubject, isolated: { must, may }, wide, byPeer };
}

function bundle(isolations: readonly Isolation[], size: number): readonly Bundle[] {
  const byPeer = new Map<Match, Map<string, { ports: PortSpec; must: Bits; may: Bits; certain: boolean }>>();
  for (const { rules } of isolations) {
    for (const { peers, ports, subjects } of rules) {
      for (const peer of peers) {
        let byPorts = byPeer.get(peer);
        if (byPorts === undefined) {
          byPorts = new Map();
          byPeer.set(peer, byPorts);
        }
        let held = byPorts.get(ports.key);
        if (held === undefined) {
          held = { ports, must: Bits.none(size), may: Bits.none(size), certain: true };
          byPorts.set(ports.key, held);
        }
        held.must.addAll(subjects.must);
        held.may.addAll(subjects.may);
        held.certain &&= subjects.must === subjects.may;
      }
    }
  }
  return [...byPeer].flatMap(([peers, byPorts]) =>
    [...byPorts.values()].map(({ ports, must, may, certain }) => ({
      peers,
      ports,
      subjects: certain ? sure(may) : { must, may },
    })),
  );
}
