/** What stands for a value in a Map. */
import { RegoObject, RegoSet } from "./collections.js";
import { Num } from "./num.js";
import { sortedKeys } from "./objects.js";
import type { JsonObject, Value } from "./value.js";

/** Equal values have the same key under SameValueZero. */
export type CanonicalKey = null | boolean | string | number;

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

export function encodeEntries(keys: readonly Value[], values: readonly Value[]): string {
  let text = "{";
  for (let i = 0; i < keys.length; i++) text += `${encode(keys[i] as Value)}:${encode(values[i] as Value)},`;
  return `${text}}`;
}

export function encodeMembers(members: readonly Value[]): string {
  return `<${members.map(encode).join(",")}>`;
}
