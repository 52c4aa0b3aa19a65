/** Equality of values, without putting anything in order. */
import { RegoObject, RegoSet } from "./collections.js";
import { compareNumbers, Num } from "./num.js";
import { objectGet, objectSize } from "./objects.js";
import type { JsonObject, Value } from "./value.js";

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
