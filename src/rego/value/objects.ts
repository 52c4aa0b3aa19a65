/** Reading objects of both kinds, and stepping into collections; of plain objects own properties only. */
import { RegoObject, RegoSet } from "./collections.js";
import { Num } from "./num.js";
import { compareStrings } from "./order.js";
import type { JsonObject, Value } from "./value.js";

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

export function sortedKeys(object: JsonObject): string[] {
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
