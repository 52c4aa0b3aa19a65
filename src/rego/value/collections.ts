/**
 * Sets, and objects that evaluation builds or whose keys are not strings. Both find few members by comparing and many by
 * a canonical key, in which equal values are one, and sort themselves when somebody iterates.
 */
import { type CanonicalKey, canonicalKey, encodeEntries, encodeMembers } from "./canonical-key.js";
import { equal } from "./equality.js";
import { compare, isAscending, sortedValues } from "./order.js";
import type { Value } from "./value.js";

/** More members than this are found by their canonical keys; up to it comparing is faster than writing keys. */
const FEW_SCALARS = 8;
const FEW_COMPOSITES = 16;

function isFew(count: number, added: Value): boolean {
  return count <= (typeof added === "object" && added !== null ? FEW_COMPOSITES : FEW_SCALARS);
}

/** The position of the value that equals `value`, or -1. */
function position(values: readonly Value[], value: Value): number {
  if (typeof value === "string") {
    for (let i = 0; i < values.length; i++) if (values[i] === value) return i;
    return -1;
  }
  for (let i = 0; i < values.length; i++) if (equal(values[i] as Value, value)) return i;
  return -1;
}

/** A set of values. Iterates in value order. `add` is for whoever builds it; a set in use is never changed. */
export class RegoSet {
  static readonly EMPTY: RegoSet = new RegoSet();
  /** In the order in which they were added. */
  readonly #members: Value[] = [];
  /** Once there are many. */
  #byKey: Map<CanonicalKey, Value> | undefined;
  #sorted: readonly Value[] | undefined;
  #key: string | undefined;

  static of(values: Iterable<Value>): RegoSet {
    const set = new RegoSet();
    for (const value of values) set.add(value);
    return set;
  }

  get size(): number {
    return this.#members.length;
  }

  /** Builders only. Of equal values (`1`, `1.0`) the first one stays. */
  add(value: Value): this {
    const members = this.#members;
    let byKey = this.#byKey;
    if (byKey === undefined) {
      if (position(members, value) >= 0) return this;
      if (!isFew(members.length + 1, value)) {
        byKey = new Map();
        for (const member of members) byKey.set(canonicalKey(member), member);
        byKey.set(canonicalKey(value), value);
        this.#byKey = byKey;
      }
    } else {
      const key = canonicalKey(value);
      if (byKey.has(key)) return this;
      byKey.set(key, value);
    }
    members.push(value);
    this.#sorted = undefined;
    this.#key = undefined;
    return this;
  }

  has(value: Value): boolean {
    return this.#byKey === undefined ? position(this.#members, value) >= 0 : this.#byKey.has(canonicalKey(value));
  }

  /** The member equal to `value`. */
  get(value: Value): Value | undefined {
    if (this.#byKey !== undefined) return this.#byKey.get(canonicalKey(value));
    const at = position(this.#members, value);
    return at < 0 ? undefined : this.#members[at];
  }

  /** The members in no particular order; cheaper than iterating. */
  unordered(): readonly Value[] {
    return this.#members;
  }

  sorted(): readonly Value[] {
    this.#sorted ??= sortedValues(this.#members);
    return this.#sorted;
  }

  [Symbol.iterator](): Iterator<Value> {
    return this.sorted()[Symbol.iterator]();
  }

  /** The text that `canonicalKey` gives this set. */
  canonical(): string {
    this.#key ??= encodeMembers(this.sorted());
    return this.#key;
  }
}

/** An object with keys of any kind. Iterates in key order. `set` is for whoever builds it. */
export class RegoObject {
  static readonly EMPTY: RegoObject = new RegoObject();
  #keys: Value[] = [];
  #values: Value[] = [];
  /** Positions, once there are many. */
  #byKey: Map<CanonicalKey, number> | undefined;
  /** The keys are in their order. */
  #ordered = true;
  #entries: readonly (readonly [Value, Value])[] | undefined;
  #key: string | undefined;

  static of(entries: Iterable<readonly [Value, Value]>): RegoObject {
    const object = new RegoObject();
    for (const [key, value] of entries) object.set(key, value);
    return object;
  }

  get size(): number {
    return this.#keys.length;
  }

  #position(key: Value): number {
    return this.#byKey === undefined ? position(this.#keys, key) : (this.#byKey.get(canonicalKey(key)) ?? -1);
  }

  /** Builders only. The last value of a key stays, the first of equal keys (`1`, `1.0`) too. */
  set(key: Value, value: Value): this {
    const at = this.#position(key);
    this.#entries = undefined;
    this.#key = undefined;
    if (at >= 0) {
      this.#values[at] = value;
      return this;
    }
    this.#keys.push(key);
    this.#values.push(value);
    this.#ordered = false;
    if (this.#byKey !== undefined) this.#byKey.set(canonicalKey(key), this.#keys.length - 1);
    else if (!isFew(this.#keys.length, key)) this.#byKey = positions(this.#keys);
    return this;
  }

  get(key: Value): Value | undefined {
    const at = this.#position(key);
    return at < 0 ? undefined : this.#values[at];
  }

  has(key: Value): boolean {
    return this.#position(key) >= 0;
  }

  #order(): void {
    if (this.#ordered) return;
    this.#ordered = true;
    if (isAscending(this.#keys)) return;
    const pairs = this.#keys.map((key, at) => [key, this.#values[at] as Value] as const);
    pairs.sort((a, b) => compare(a[0], b[0]));
    // New arrays, since somebody may be going through the old ones.
    this.#keys = pairs.map(([key]) => key);
    this.#values = pairs.map(([, value]) => value);
    if (this.#byKey !== undefined) this.#byKey = positions(this.#keys);
  }

  /** The keys in order. */
  keys(): readonly Value[] {
    this.#order();
    return this.#keys;
  }

  /** The values in the order of their keys. */
  values(): readonly Value[] {
    this.#order();
    return this.#values;
  }

  /** The pairs in key order. */
  entries(): readonly (readonly [Value, Value])[] {
    if (this.#entries === undefined) {
      this.#order();
      this.#entries = this.#keys.map((key, at) => [key, this.#values[at] as Value] as const);
    }
    return this.#entries;
  }

  [Symbol.iterator](): Iterator<readonly [Value, Value]> {
    return this.entries()[Symbol.iterator]();
  }

  /** The text that `canonicalKey` gives this object. */
  canonical(): string {
    this.#key ??= encodeEntries(this.keys(), this.values());
    return this.#key;
  }
}

function positions(keys: readonly Value[]): Map<CanonicalKey, number> {
  const byKey = new Map<CanonicalKey, number>();
  for (let i = 0; i < keys.length; i++) byKey.set(canonicalKey(keys[i] as Value), i);
  return byKey;
}
