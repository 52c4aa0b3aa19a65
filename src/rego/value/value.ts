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

/** A set of values. Iterates in value order. `add` is for whoever builds it; a set in use is never changed. */
export class RegoSet {
  static readonly EMPTY: RegoSet = new RegoSet();
  readonly #members = new Map<CanonicalKey, Value>();
  #sorted: readonly Value[] | undefined;
  #key: string | undefined;

  static of(values: Iterable<Value>): RegoSet {
    const set = new RegoSet();
    for (const value of values) set.add(value);
    return set;
  }

  get size(): number {
    return this.#members.size;
  }

  /** Builders only. Of equal values (`1`, `1.0`) the first one stays. */
  add(value: Value): this {
    const key = canonicalKey(value);
    if (!this.#members.has(key)) {
      this.#members.set(key, value);
      this.#sorted = undefined;
      this.#key = undefined;
    }
    return this;
  }

  has(value: Value): boolean {
    return this.#members.has(canonicalKey(value));
  }

  /** The member equal to `value`. */
  get(value: Value): Value | undefined {
    return this.#members.get(canonicalKey(value));
  }

  /** The members in no particular order; cheaper than iterating. */
  unordered(): IterableIterator<Value> {
    return this.#members.values();
  }

  sorted(): readonly Value[] {
    this.#sorted ??= [...this.#members.values()].sort(compare);
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
  readonly #values = new Map<CanonicalKey, Value>();
  /** Keys whose canonical form is not the key itself. */
  readonly #keys = new Map<CanonicalKey, Value>();
  #entries: readonly (readonly [Value, Value])[] | undefined;
  #key: string | undefined;

  static of(entries: Iterable<readonly [Value, Value]>): RegoObject {
    const object = new RegoObject();
    for (const [key, value] of entries) object.set(key, value);
    return object;
  }

  get size(): number {
    return this.#values.size;
  }

  /** Builders only. The last value of a key stays, the first of equal keys (`1`, `1.0`) too. */
  set(key: Value, value: Value): this {
    const canonical = canonicalKey(key);
    if (canonical !== key && !this.#values.has(canonical)) this.#keys.set(canonical, key);
    this.#values.set(canonical, value);
    this.#entries = undefined;
    this.#key = undefined;
    return this;
  }

  get(key: Value): Value | undefined {
    return this.#values.get(canonicalKey(key));
  }

  has(key: Value): boolean {
    return this.#values.has(canonicalKey(key));
  }

  /** The pairs in key order. */
  entries(): readonly (readonly [Value, Value])[] {
    if (this.#entries === undefined) {
      const pairs: (readonly [Value, Value])[] = [];
      for (const [canonical, value] of this.#values) pairs.push([this.#keys.get(canonical) ?? canonical, value]);
      this.#entries = pairs.sort((a, b) => compare(a[0], b[0]));
    }
    return this.#entries;
  }

  [Symbol.iterator](): Iterator<readonly [Value, Value]> {
    return this.entries()[Symbol.iterator]();
  }

  /** The text that `canonicalKey` gives this object. */
  canonical(): string {
    this.#key ??= encodeEntries(this.entries());
    return this.#key;
  }
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
  return object instanceof RegoObject ? object.entries().map(([key]) => key) : sortedKeys(object);
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
  if (typeof collection !== "object" || collection === null) return undefined;
  if (Array.isArray(collection)) {
    const index = key instanceof Num ? key.short : key;
    return typeof index === "number" && Number.isInteger(index) && index >= 0 ? collection[index] : undefined;
  }
  if (collection instanceof RegoObject || collection instanceof RegoSet) return collection.get(key);
  if (collection instanceof Num) return undefined;
  return objectGet(collection as JsonObject, key);
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
  const left = objectEntries(a);
  const right = objectEntries(b);
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const [leftKey, leftValue] = left[i] as readonly [Value, Value];
    const [rightKey, rightValue] = right[i] as readonly [Value, Value];
    const order = compare(leftKey, rightKey) || compare(leftValue, rightValue);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
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
    for (const [key, value] of a.entries()) {
      const other = objectGet(b, key);
      if (other === undefined || !equal(value, other)) return false;
    }
    return true;
  }
  if (b instanceof RegoObject) return equalObjects(b, a);
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  for (const key of keys) {
    if (!Object.hasOwn(b, key) || !equal(a[key] as Value, b[key] as Value)) return false;
  }
  return true;
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

function encodeEntries(entries: readonly (readonly [Value, Value])[]): string {
  let text = "{";
  for (const [key, value] of entries) text += `${encode(key)}:${encode(value)},`;
  return `${text}}`;
}
