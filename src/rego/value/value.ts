/**
 * Rego values. Parsed JSON is used as it is: strings, booleans, null, arrays and plain objects are JavaScript's own and
 * are never converted, because converting an input costs more than most decisions. Only what JSON lacks has a class:
 * long numbers (`Num`), sets, and objects that evaluation builds or whose keys are not strings. Both collections are
 * maps from a canonical key, in which equal values are one key, and sort themselves when somebody iterates.
 */
import { compareNumbers, Num } from "./num.js";

/** A plain object of parsed JSON; read it through the functions of this module, which look at own properties only. */
export interface JsonObject {
  readonly [key: string]: Value;
}

export type Value = null | boolean | string | number | Num | readonly Value[] | JsonObject | RegoObject | RegoSet;

/** What stands for a value in a Map: equal values have the same key under SameValueZero. */
export type CanonicalKey = null | boolean | string | number;

export type TypeName = "null" | "boolean" | "number" | "string" | "array" | "object" | "set";

const TYPE_NAMES: readonly TypeName[] = ["null", "boolean", "number", "string", "array", "object", "set"];

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
    this.#key ??= `<${this.sorted().map(encode).join(",")}>`;
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

function isAscending(values: readonly Value[]): boolean {
  for (let i = 1; i < values.length; i++) if (compare(values[i - 1] as Value, values[i] as Value) > 0) return false;
  return true;
}

/** A copy in value order. */
function sortedValues(values: readonly Value[]): readonly Value[] {
  const order = orderFor(values);
  if (values.length > FEW_COMPOSITES) return values.toSorted(order);
  const sorted: Value[] = [];
  for (const value of values) {
    // Most come in order already.
    let from = sorted.length;
    if (from > 0 && order(sorted[from - 1] as Value, value) > 0) {
      let low = 0;
      for (let high = from - 1; low < high; ) {
        const middle = (low + high) >> 1;
        if (order(sorted[middle] as Value, value) > 0) high = middle;
        else low = middle + 1;
      }
      from = low;
    }
    sorted.push(value);
    for (let i = sorted.length - 1; i > from; i--) sorted[i] = sorted[i - 1] as Value;
    sorted[from] = value;
  }
  return sorted;
}

/** The order of values; the keys of plain objects that have the same ones are put in order once for all of them. */
function orderFor(values: readonly Value[]): (a: Value, b: Value) => number {
  const [first] = values;
  if (values.length < 3 || !isJsonObject(first)) return compare;
  const keys = Object.keys(first);
  for (let i = 1; i < values.length; i++) {
    const value = values[i];
    if (!isJsonObject(value) || !sameNames(keys, Object.keys(value))) return compare;
  }
  const sorted = sortedKeys(first);
  return (a, b) => {
    for (const key of sorted) {
      const order = compare((a as JsonObject)[key] as Value, (b as JsonObject)[key] as Value);
      if (order !== 0) return order;
    }
    return 0;
  };
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** 0 null, 1 boolean, 2 number, 3 string, 4 array, 5 object, 6 set: the order across types. */
export function rank(value: Value): number {
  switch (typeof value) {
    case "string":
      return 3;
    case "number":
      return 2;
    case "boolean":
      return 1;
    default:
      if (value === null) return 0;
      if (Array.isArray(value)) return 4;
      if (value instanceof Num) return 2;
      return value instanceof RegoSet ? 6 : 5;
  }
}

export function typeName(value: Value): TypeName {
  return TYPE_NAMES[rank(value)] ?? "null";
}

export function isArray(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

export function isNumber(value: Value | undefined): value is number | Num {
  return typeof value === "number" || value instanceof Num;
}

export function isSet(value: Value | undefined): value is RegoSet {
  return value instanceof RegoSet;
}

export function isObject(value: Value | undefined): value is JsonObject | RegoObject {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof RegoSet) &&
    !(value instanceof Num)
  );
}

function isJsonObject(value: Value | undefined): value is JsonObject {
  return isObject(value) && !(value instanceof RegoObject);
}

/** The value under `key`, own properties only; undefined when the object lacks it. */
export function objectGet(object: JsonObject | RegoObject, key: Value): Value | undefined {
  if (object instanceof RegoObject) return object.get(key);
  return typeof key === "string" && Object.hasOwn(object, key) ? object[key] : undefined;
}

export function objectSize(object: JsonObject | RegoObject): number {
  return object instanceof RegoObject ? object.size : Object.keys(object).length;
}

/** The keys in value order. */
export function objectKeys(object: JsonObject | RegoObject): readonly Value[] {
  return object instanceof RegoObject ? object.keys() : sortedKeys(object);
}

/** The values in the order of their keys. */
export function objectValues(object: JsonObject | RegoObject): readonly Value[] {
  return object instanceof RegoObject ? object.values() : sortedKeys(object).map((key) => object[key] as Value);
}

/** The pairs in key order. */
export function objectEntries(object: JsonObject | RegoObject): readonly (readonly [Value, Value])[] {
  if (object instanceof RegoObject) return object.entries();
  return sortedKeys(object).map((key) => [key, object[key] as Value] as const);
}

function sortedKeys(object: JsonObject): string[] {
  const keys = Object.keys(object);
  for (let i = 1; i < keys.length; i++) {
    if (compareStrings(keys[i - 1] as string, keys[i] as string) > 0) return keys.sort(compareStrings);
  }
  return keys;
}

/** An object of these pairs; the last of equal keys wins. */
export function objectFrom(entries: Iterable<readonly [Value, Value]>): RegoObject {
  return RegoObject.of(entries);
}

/** What a step into a collection gives: array index, object key, set member; undefined for all else. */
export function lookup(collection: Value, key: Value): Value | undefined {
  if (typeof key === "string") return lookupName(collection, key);
  if (typeof collection !== "object" || collection === null) return undefined;
  if (Array.isArray(collection)) {
    const index = key instanceof Num ? key.short : key;
    return typeof index === "number" && Number.isInteger(index) && index >= 0 ? collection[index] : undefined;
  }
  return collection instanceof RegoObject || collection instanceof RegoSet ? collection.get(key) : undefined;
}

/** `lookup` with a name. Nearly all collections are plain objects of parsed JSON that have it, so that comes first. */
export function lookupName(collection: Value, name: string): Value | undefined {
  if (typeof collection !== "object" || collection === null) return undefined;
  if (Object.hasOwn(collection, name)) {
    return Array.isArray(collection) || collection instanceof Num ? undefined : (collection as JsonObject)[name];
  }
  return collection instanceof RegoObject || collection instanceof RegoSet ? collection.get(name) : undefined;
}

/** Order by code point; JavaScript's own `<` orders by UTF-16 unit. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      // Surrogates stand for code points above all other units.
      return (x >= 0xd800 && x <= 0xdfff ? x + 0x10000 : x) - (y >= 0xd800 && y <= 0xdfff ? y + 0x10000 : y);
    }
  }
  return a.length - b.length;
}

/** The total order of Rego: null < boolean < number < string < array < object < set. */
export function compare(a: Value, b: Value): number {
  if (a === b) return 0;
  if (typeof a === "string" && typeof b === "string") return compareStrings(a, b);
  if (typeof a === "number" && typeof b === "number") return a < b ? -1 : a > b ? 1 : 0;
  const kind = rank(a);
  const other = rank(b);
  if (kind !== other) return kind - other;
  switch (kind) {
    case 1:
      return a === true ? 1 : -1;
    case 2:
      return compareNumbers(a as number | Num, b as number | Num);
    case 4:
      return compareLists(a as readonly Value[], b as readonly Value[]);
    case 5:
      return compareObjects(a as JsonObject | RegoObject, b as JsonObject | RegoObject);
    case 6:
      return compareLists((a as RegoSet).sorted(), (b as RegoSet).sorted());
    default:
      return 0;
  }
}

function compareLists(a: readonly Value[], b: readonly Value[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compare(a[i] as Value, b[i] as Value);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareObjects(a: JsonObject | RegoObject, b: JsonObject | RegoObject): number {
  if (!(a instanceof RegoObject) && !(b instanceof RegoObject)) {
    const order = compareAlike(a, b);
    if (order !== undefined) return order;
  }
  const left = objectKeys(a);
  const right = objectKeys(b);
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const key = left[i] as Value;
    const other = right[i] as Value;
    const order = compare(key, other) || compare(objectGet(a, key) as Value, objectGet(b, other) as Value);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** The order of objects written alike, with the same keys in the same order, which then need no sorting. */
function compareAlike(a: JsonObject, b: JsonObject): number | undefined {
  const keys = Object.keys(a);
  if (!sameNames(keys, Object.keys(b))) return undefined;
  let least: string | undefined;
  let order = 0;
  for (const key of keys) {
    if (least !== undefined && compareStrings(key, least) > 0) continue;
    const found = compare(a[key] as Value, b[key] as Value);
    if (found === 0) continue;
    least = key;
    order = found;
  }
  return order;
}

export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a === "string") return false;
  if (typeof a !== "object" || a === null) {
    return typeof a === "number" && b instanceof Num && b.short === a;
  }
  if (typeof b !== "object" || b === null) return typeof b === "number" && a instanceof Num && a.short === b;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!equal(a[i] as Value, b[i] as Value)) return false;
    return true;
  }
  if (a instanceof Num) return b instanceof Num && compareNumbers(a, b) === 0;
  if (a instanceof RegoSet) return b instanceof RegoSet && equalSets(a, b);
  if (Array.isArray(b) || b instanceof Num || b instanceof RegoSet) return false;
  return equalObjects(a as JsonObject | RegoObject, b as JsonObject | RegoObject);
}

function equalSets(a: RegoSet, b: RegoSet): boolean {
  if (a.size !== b.size) return false;
  for (const value of a.unordered()) if (!b.has(value)) return false;
  return true;
}

function equalObjects(a: JsonObject | RegoObject, b: JsonObject | RegoObject): boolean {
  if (a instanceof RegoObject) {
    if (a.size !== objectSize(b)) return false;
    const keys = a.keys();
    const values = a.values();
    for (let i = 0; i < keys.length; i++) {
      const other = objectGet(b, keys[i] as Value);
      if (other === undefined || !equal(values[i] as Value, other)) return false;
    }
    return true;
  }
  if (b instanceof RegoObject) return equalObjects(b, a);
  const keys = Object.keys(a);
  for (const key of keys) {
    if (!Object.hasOwn(b, key) || !equal(a[key] as Value, b[key] as Value)) return false;
  }
  return keys.length === Object.keys(b).length;
}

/**
 * The Map key of a value: scalars stand for themselves, so that looking up a string costs nothing; composites and long
 * numbers become a text that starts with a NUL, and so does a string that starts with one.
 */
export function canonicalKey(value: Value): CanonicalKey {
  if (typeof value === "string") return value.charCodeAt(0) === 0 ? `\u0000s${value}` : value;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Num && value.short !== undefined) return value.short;
  return `\u0000${encode(value)}`;
}

/** Strings have their length in front, which no other text here has, so that nothing needs escaping. */
function encode(value: Value): string {
  if (typeof value === "string") return `${value.length}"${value}`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) {
    let text = "[";
    for (let i = 0; i < value.length; i++) text += `${encode(value[i] as Value)},`;
    return `${text}]`;
  }
  if (value instanceof Num) {
    if (value.short !== undefined) return String(value.short);
    return `${value.negative ? "-" : ""}${value.digits}E${value.point}`;
  }
  if (value instanceof RegoSet || value instanceof RegoObject) return value.canonical();
  return encodeJsonObject(value as JsonObject);
}

function encodeJsonObject(object: JsonObject): string {
  let text = "{";
  for (const key of sortedKeys(object)) text += `${key.length}"${key}:${encode(object[key] as Value)},`;
  return `${text}}`;
}

function encodeEntries(keys: readonly Value[], values: readonly Value[]): string {
  let text = "{";
  for (let i = 0; i < keys.length; i++) text += `${encode(keys[i] as Value)}:${encode(values[i] as Value)},`;
  return `${text}}`;
}
