/**
 * Sets of (protocol, port). A cluster has few different ones, and they are combined millions of times, so each stands
 * as a small number in a table, and the table remembers what it has combined before.
 */
import { PROTOCOLS, type Protocol } from "../../../cluster/index.js";

/** A set in its table. INVARIANT: equal sets have equal numbers. */
export type PortSet = number;

export interface PortRange {
  readonly protocol: Protocol;
  /** inclusive, 1..65535 */
  readonly low: number;
  readonly high: number;
}

const STRIDE = 65_536;
/** Two table numbers make one key; a table of a million sets would still be exact. */
const KEY = 1 << 20;

export class PortSets {
  readonly #flat: Int32Array[] = [];
  readonly #ids = new Map<string, PortSet>();
  readonly #unions = new Map<number, PortSet>();
  readonly #intersections = new Map<number, PortSet>();
  readonly #differences = new Map<number, PortSet>();

  readonly none: PortSet = this.#intern([]);
  /** every port of every protocol */
  readonly all: PortSet = this.of(PROTOCOLS.map((protocol) => ({ protocol, low: 1, high: 65_535 })));

  of(ranges: readonly PortRange[]): PortSet {
    const pairs = ranges.map(({ protocol, low, high }): [number, number] => {
      const base = PROTOCOLS.indexOf(protocol) * STRIDE;
      return [base + low, base + high];
    });
    pairs.sort((a, b) => a[0] - b[0]);
    const flat: number[] = [];
    for (const [low, high] of pairs) {
      const last = flat.length - 1;
      if (last > 0 && low <= (flat[last] ?? 0) + 1) flat[last] = Math.max(flat[last] ?? 0, high);
      else flat.push(low, high);
    }
    return this.#intern(flat);
  }

  #intern(flat: readonly number[]): PortSet {
    const key = flat.join(",");
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#flat.length;
      if (id >= KEY) throw new RangeError("too many different sets of ports");
      this.#flat.push(Int32Array.from(flat));
      this.#ids.set(key, id);
    }
    return id;
  }

  #at(set: PortSet): Int32Array {
    const flat = this.#flat[set];
    if (flat === undefined) throw new RangeError("a set of ports from another table");
    return flat;
  }

  union(a: PortSet, b: PortSet): PortSet {
    if (a === b || b === this.none) return a;
    if (a === this.none) return b;
    return this.#remember(this.#unions, a < b ? a : b, a < b ? b : a, (inA, inB) => inA || inB);
  }

  intersect(a: PortSet, b: PortSet): PortSet {
    if (a === b) return a;
    if (a === this.none || b === this.none) return this.none;
    if (a === this.all) return b;
    if (b === this.all) return a;
    return this.#remember(this.#intersections, a < b ? a : b, a < b ? b : a, (inA, inB) => inA && inB);
  }

  minus(a: PortSet, b: PortSet): PortSet {
    if (a === b || a === this.none || b === this.all) return this.none;
    if (b === this.none) return a;
    return this.#remember(this.#differences, a, b, (inA, inB) => inA && !inB);
  }

  #remember(
    memory: Map<number, PortSet>,
    a: PortSet,
    b: PortSet,
    keep: (inA: boolean, inB: boolean) => boolean,
  ): PortSet {
    const key = a * KEY + b;
    let found = memory.get(key);
    if (found === undefined) {
      found = this.#sweep(this.#at(a), this.#at(b), keep);
      memory.set(key, found);
    }
    return found;
  }

  /** Walks the borders of both sets once, in order. */
  #sweep(a: Int32Array, b: Int32Array, keep: (inA: boolean, inB: boolean) => boolean): PortSet {
    const out: number[] = [];
    let [i, j] = [0, 0];
    let open = false;
    while (i < a.length || j < b.length) {
      const nextA = border(a, i);
      const nextB = border(b, j);
      const at = Math.min(nextA, nextB);
      if (nextA === at) i++;
      if (nextB === at) j++;
      const inside = keep((i & 1) === 1, (j & 1) === 1);
      if (inside && !open) out.push(at);
      if (!inside && open) out.push(at - 1);
      open = inside;
    }
    return this.#intern(out);
  }

  has(set: PortSet, protocol: Protocol, port: number): boolean {
    const at = PROTOCOLS.indexOf(protocol) * STRIDE + port;
    const flat = this.#at(set);
    for (let i = 0; i < flat.length; i += 2) if ((flat[i] ?? 0) <= at && at <= (flat[i + 1] ?? -1)) return true;
    return false;
  }

  /** In the order TCP, UDP, SCTP, then by port. */
  ranges(set: PortSet): readonly PortRange[] {
    const flat = this.#at(set);
    const out: PortRange[] = [];
    for (let i = 0; i < flat.length; i += 2) {
      const [low, high] = [flat[i] ?? 0, flat[i + 1] ?? 0];
      const protocol = PROTOCOLS[Math.floor(low / STRIDE)];
      if (protocol !== undefined) out.push({ protocol, low: low % STRIDE, high: high % STRIDE });
    }
    return out;
  }

  /** `TCP 80,8080-8090, UDP 53`; `every port`; `nothing`. */
  describe(set: PortSet): string {
    if (set === this.all) return "every port";
    if (set === this.none) return "nothing";
    return PROTOCOLS.flatMap((protocol) => {
      const own = this.ranges(set).filter((range) => range.protocol === protocol);
      if (own.length === 0) return [];
      return [`${protocol} ${own.map(({ low, high }) => (low === high ? `${low}` : `${low}-${high}`)).join(",")}`];
    }).join(", ");
  }
}

/** Even places open a range at their value, odd ones close it behind theirs. */
function border(flat: Int32Array, index: number): number {
  const value = flat[index];
  return value === undefined ? Number.POSITIVE_INFINITY : (index & 1) === 0 ? value : value + 1;
}
