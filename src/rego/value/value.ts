/**
 * Rego values. Parsed JSON is used as it is: strings, booleans, null, arrays and plain objects are JavaScript's own and
 * are never converted, because converting an input costs more than most decisions. Only what JSON lacks has a class:
 * long numbers (`Num`), and the sets and objects of `collections.ts`.
 *
 * INVARIANT: values hold values, so this module and those for collections, objects, order, equality and keys call each
 * other in circles; none of them calls another while it loads.
 */
import { RegoObject, RegoSet } from "./collections.js";
import { Num } from "./num.js";

/** A plain object of parsed JSON; read it through the functions of this module, which look at own properties only. */
export interface JsonObject {
  readonly [key: string]: Value;
}

export type Value = null | boolean | string | number | Num | readonly Value[] | JsonObject | RegoObject | RegoSet;

export type TypeName = "null" | "boolean" | "number" | "string" | "array" | "object" | "set";

const TYPE_NAMES: readonly TypeName[] = ["null", "boolean", "number", "string", "array", "object", "set"];

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

export function isJsonObject(value: Value | undefined): value is JsonObject {
  return isObject(value) && !(value instanceof RegoObject);
}
