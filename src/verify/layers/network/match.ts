/**
 * Selectors to sets of points. Each answer is a pair: points that surely match and points that may, which differ only
 * where the manifests do not tell a label or an address. Answers are computed from postings (who carries which label)
 * and kept, since policies repeat their selectors.
 */
import {
  type AddressRange,
  holds,
  impliedNamespace,
  isV4,
  type LabelSelector,
  NAME_LABEL,
  type Namespace,
  type Requirement,
} from "../../../cluster/index.js";
import { Bits } from "./bits.js";
import { blockKey, covers, touches } from "./blocks.js";
import type { NetworkModel } from "./model.js";
import type { PodPoint, Points, Stranger } from "./points.js";

/** INVARIANT: `must` is a part of `may`; they are one object where nothing is uncertain. */
export interface Match {
  readonly must: Bits;
  readonly may: Bits;
}

export function sure(bits: Bits): Match {
  return { must: bits, may: bits };
}

function pair(must: Bits, may: Bits): Match {
  return must === may || must.equals(may) ? sure(may) : { must, may };
}

function both(a: Match, b: Match): Match {
  if (a.must === a.may && b.must === b.may) return sure(a.may.and(b.may));
  return pair(a.must.and(b.must), a.may.and(b.may));
}

export function either(a: Match, b: Match): Match {
  if (a.must === a.may && b.must === b.may) return sure(a.may.or(b.may));
  return pair(a.must.or(b.must), a.may.or(b.may));
}

type Certainty = "yes" | "no" | "unknown";

export class Matcher {
  readonly size: number;
  readonly everything: Match;
  readonly nothing: Match;
  readonly pods: Match;
  readonly outside: Match;
  /** pods on the host's network that policies may or may not treat as pods */
  readonly hosted: Bits;
  readonly strangers: Bits;
  readonly #addressed: readonly PodPoint[];
  /** pods of whose address nothing is known, the strangers among them */
  readonly #unaddressed: Bits;
  readonly #points: Points;
  readonly #namespaces: ReadonlyMap<string, Namespace>;
  readonly #model: NetworkModel;
  readonly #byLabel = new Map<string, Map<string, number[]>>();
  readonly #byKey = new Map<string, number[]>();
  readonly #injected = new Map<string, number[]>();
  readonly #memory = new Map<string, Match>();

  constructor(points: Points, namespaces: ReadonlyMap<string, Namespace>, model: NetworkModel) {
    this.#points = points;
    this.#namespaces = namespaces;
    this.#model = model;
    this.size = points.all.length;
    this.everything = sure(Bits.all(this.size));
    this.nothing = sure(Bits.none(this.size));
    this.pods = sure(Bits.range(this.size, 0, points.pods.length));
    this.outside = sure(Bits.range(this.size, points.pods.length, points.stranger.index));
    const hosted = model.hostNetwork === "unknown" ? points.pods.filter(({ pod }) => pod.hostNetwork) : [];
    this.hosted = Bits.of(
      this.size,
      hosted.map(({ index }) => index),
    );
    const plain = points.pods.filter(({ index }) => !this.hosted.has(index));
    this.#addressed = plain.filter(({ addresses }) => addresses.length > 0);
    const unaddressed = plain.filter(({ addresses }) => addresses.length === 0).map(({ index }) => index);
    this.strangers = Bits.range(this.size, points.stranger.index, this.size);
    this.#unaddressed = Bits.of(this.size, unaddressed).or(this.strangers);
    for (const point of points.pods) this.#post(point);
  }

  #post({ index, pod }: PodPoint): void {
    for (const [key, value] of pod.labels) {
      let values = this.#byLabel.get(key);
      if (values === undefined) {
        values = new Map();
        this.#byLabel.set(key, values);
      }
      push(values, value, index);
      push(this.#byKey, key, index);
    }
    if (this.#model.injectedLabels === "absent") return;
    for (const key of pod.injectedKeys) push(this.#injected, key, index);
  }

  /** Whom a policy is for. Pods on the host's network are among them; whether it binds them is asked elsewhere. */
  subjects(namespaces: LabelSelector | string, pods: LabelSelector): Match {
    return this.#remember(`subjects ${scopeKey(namespaces)} ${pods.id}`, () =>
      both(this.#scope(namespaces), this.#labels(pods)),
    );
  }

  /** Whom a peer names: pods by two selectors. A pod on the host's network may come with the node's address. */
  peers(namespaces: LabelSelector | string, pods: LabelSelector): Match {
    return this.#remember(`peers ${scopeKey(namespaces)} ${pods.id}`, () => {
      const selected = this.subjects(namespaces, pods);
      const must = selected.must.minus(this.hosted);
      const may = selected.may.copy();
      for (const stranger of this.#points.strangers) {
        const answer = this.#strangerMatches(stranger, namespaces, pods);
        if (answer === "yes") must.add(stranger.index);
        if (answer !== "no") may.add(stranger.index);
      }
      return pair(must, may);
    });
  }

  /** A pod of which only selectors are known surely matches what demands no more than they do. */
  #strangerMatches(stranger: Stranger, namespaces: LabelSelector | string, pods: LabelSelector): Certainty {
    const open = this.#model.undeclaredNamespaces === "unknown" ? "unknown" : "no";
    const known = stranger.namespaces;
    let inNamespace: Certainty;
    if (typeof known === "string") {
      const namespace = this.#namespaces.get(known) ?? impliedNamespace(known);
      if (typeof namespaces === "string") inNamespace = namespaces === known ? "yes" : "no";
      else inNamespace = this.namespaceMatches(namespace, namespaces);
    } else if (typeof namespaces === "string") inNamespace = "no";
    else inNamespace = demandsNoMore(namespaces, known) ? "yes" : open;
    const isPod: Certainty = demandsNoMore(pods, stranger.pods) ? "yes" : open;
    if (inNamespace === "no" || isPod === "no") return "no";
    return inNamespace === "yes" && isPod === "yes" ? "yes" : "unknown";
  }

  /** Whom an address block names: outside addresses, and pods as the model says. */
  block(ranges: readonly AddressRange[]): Match {
    return this.#remember(`block ${blockKey(ranges)}`, () => {
      const must = Bits.none(this.size);
      const may = Bits.none(this.size);
      for (const point of this.#points.outside) {
        // A class lies in a block with all of its addresses or with none.
        const first = point.ranges[0];
        if (first !== undefined && covers(ranges, first)) {
          must.add(point.index);
          may.add(point.index);
        }
      }
      // The stranger's address is as little known as that of a pod which does not run yet.
      const answers = new Map<Bits, Certainty>([
        [this.#unaddressed, this.#podInBlock([], ranges)],
        [this.hosted, this.#model.blocksMatchPods === "outside" ? "unknown" : this.#unknownAddressIn(ranges, true)],
      ]);
      for (const [points, answer] of answers) {
        if (answer === "yes") must.addAll(points);
        if (answer !== "no") may.addAll(points);
      }
      for (const { index, addresses } of this.#addressed) {
        const answer = this.#podInBlock(addresses, ranges);
        if (answer === "yes") must.add(index);
        if (answer !== "no") may.add(index);
      }
      return pair(must, may);
    });
  }

  /** Whether some policy named this block when the points were made. */
  knows(ranges: readonly AddressRange[]): boolean {
    return this.#memory.has(`block ${blockKey(ranges)}`);
  }

  #podInBlock(addresses: readonly bigint[], ranges: readonly AddressRange[]): Certainty {
    const mode = this.#model.blocksMatchPods;
    if (mode === "outside") return "no";
    const inside = (address: bigint) => covers(ranges, { low: address, high: address });
    const known = addresses.length > 0;
    const answer = known ? (addresses.some(inside) ? "yes" : "no") : this.#unknownAddressIn(ranges, false);
    return answer === "yes" && mode === "unknown" ? "unknown" : answer;
  }

  #unknownAddressIn(ranges: readonly AddressRange[], hosted: boolean): Certainty {
    const where = this.#model.podRanges;
    if (hosted || where.length === 0) return "unknown";
    const families = where.filter(({ low }) => isV4(low) === ranges.some((range) => isV4(range.low)));
    if (families.length === where.length && where.every((range) => covers(ranges, range))) return "yes";
    return where.some((range) => touches(ranges, range)) ? "unknown" : "no";
  }

  /** Outside addresses may be nodes', and pods on the host's network have nodes' addresses. */
  nodes(): Match {
    if (this.#model.nodes === "none") return this.nothing;
    return this.#remember("nodes", () => pair(this.nothing.must, this.outside.may.or(this.hosted)));
  }

  /** Which addresses a host name has is not known. */
  domainNames(): Match {
    return this.#remember("names", () => pair(this.nothing.must, this.outside.may));
  }

  #scope(namespaces: LabelSelector | string): Match {
    if (typeof namespaces === "string") {
      return this.#remember(`namespace ${namespaces}`, () => {
        const [from, to] = this.#points.spans.get(namespaces) ?? [0, 0];
        return sure(Bits.range(this.size, from, to));
      });
    }
    return this.#remember(`namespaces ${namespaces.id}`, () => {
      const must = Bits.none(this.size);
      const may = Bits.none(this.size);
      for (const [name, [from, to]] of this.#points.spans) {
        const namespace = this.#namespaces.get(name);
        const answer = namespace === undefined ? "no" : this.namespaceMatches(namespace, namespaces);
        for (let point = from; answer !== "no" && point < to; point++) {
          may.add(point);
          if (answer === "yes") must.add(point);
        }
      }
      return pair(must, may);
    });
  }

  /** Of a namespace that nobody declares only the name is known. */
  namespaceMatches(namespace: Namespace, selector: LabelSelector): Certainty {
    const open = namespace.object === undefined && this.#model.undeclaredNamespaces === "unknown";
    let answer: Certainty = "yes";
    for (const requirement of selector.requirements) {
      if (open && requirement.key !== NAME_LABEL) answer = "unknown";
      else if (!holds(requirement, namespace.labels)) return "no";
    }
    return answer;
  }

  #labels(selector: LabelSelector): Match {
    if (selector.requirements.length === 0) return this.pods;
    return this.#remember(`labels ${selector.id}`, () =>
      selector.requirements.map((requirement) => this.#requirement(requirement)).reduce(both),
    );
  }

  #requirement({ key, operator, values }: Requirement): Match {
    const carriers = () => Bits.of(this.size, this.#byKey.get(key) ?? []);
    const injected = Bits.of(this.size, this.#injected.get(key) ?? []);
    const withValue = () =>
      Bits.of(
        this.size,
        values.flatMap((value) => this.#byLabel.get(key)?.get(value) ?? []),
      );
    // A controller sets an injected key for sure; only its value is open.
    switch (operator) {
      case "In": {
        const must = withValue();
        return pair(must, must.or(injected));
      }
      case "NotIn": {
        const may = this.pods.may.minus(withValue());
        return pair(may.minus(injected), may);
      }
      case "Exists":
        return sure(carriers().or(injected));
      case "DoesNotExist":
        return sure(this.pods.may.minus(carriers()).minus(injected));
    }
  }

  #remember(key: string, make: () => Match): Match {
    let found = this.#memory.get(key);
    if (found === undefined) {
      found = make();
      this.#memory.set(key, found);
    }
    return found;
  }
}

function demandsNoMore(selector: LabelSelector, known: LabelSelector): boolean {
  return selector.requirements.every((wanted) => known.requirements.some((given) => sameRequirement(wanted, given)));
}

function sameRequirement(a: Requirement, b: Requirement): boolean {
  return a.key === b.key && a.operator === b.operator && a.values.join() === b.values.join();
}

function scopeKey(namespaces: LabelSelector | string): string {
  return typeof namespaces === "string" ? `=${namespaces}` : `~${namespaces.id}`;
}

function push<K>(map: Map<K, number[]>, key: K, index: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [index]);
  else list.push(index);
}
