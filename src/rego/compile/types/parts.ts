/** What stands in values of a type, and whether two types can have a value in common. */
import { compare, isNumber, type Value } from "../../value/index.js";
import { ANY, type AnyType, type ArrayType, isKind, type ObjectType, type Property, type Type } from "./model.js";
import { typeOfValue } from "./type-of.js";
import { compareTypes, mayHold, or, orAll } from "./union.js";

/** Type of the keys of a collection; undefined for what is none. The members of a set are its keys. */
export function keysOf(type: Type | undefined): Type | undefined {
  if (typeof type !== "object") return undefined;
  switch (type.kind) {
    case "array":
      return "number";
    case "set":
      return type.of;
    case "object":
      return or(orAll(type.fixed.map(({ key }) => typeOfValue(key))), type.rest?.key);
    case "any":
      return overMembers(type, keysOf);
    case "function":
      return undefined;
  }
}

/** Type of the values of a collection; undefined for what is none. */
export function valuesOf(type: Type | undefined): Type | undefined {
  if (typeof type !== "object") return undefined;
  switch (type.kind) {
    case "array":
      return or(orAll(type.fixed), type.rest);
    case "set":
      return type.of;
    case "object":
      return or(orAll(type.fixed.map((property) => property.type)), type.rest?.value);
    case "any":
      return overMembers(type, valuesOf);
    case "function":
      return undefined;
  }
}

function overMembers(type: AnyType, of: (member: Type) => Type | undefined): Type | undefined {
  return type.of.length === 0 ? ANY : orAll(type.of.map(of));
}

/** Type of what stands under a constant key; undefined when there can be nothing. */
export function select(type: Type | undefined, key: Value): Type | undefined {
  if (typeof type !== "object") return undefined;
  switch (type.kind) {
    case "array": {
      const index = isNumber(key) ? Number(/^-?\d+$/.test(String(key)) ? key : Number.NaN) : Number.NaN;
      return index >= 0 ? (type.fixed[index] ?? type.rest) : undefined;
    }
    case "object": {
      const found = propertyAt(type.fixed, key);
      if (found !== undefined) return found.type;
      return type.rest !== undefined && mayHold(type.rest.key, typeOfValue(key)) ? type.rest.value : undefined;
    }
    case "set": {
      const wanted = typeOfValue(key);
      if (type.of !== undefined && compareTypes(type.of, wanted) === 0) return type.of;
      return isKind(type.of, "any") && mayHold(type.of, wanted) ? wanted : undefined;
    }
    case "any":
      return overMembers(type, (member) => select(member, key));
    case "function":
      return undefined;
  }
}

function propertyAt(fixed: readonly Property[], key: Value): Property | undefined {
  let low = 0;
  let high = fixed.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const property = fixed[middle] as Property;
    const order = compare(property.key, key);
    if (order === 0) return property;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

/** Whether a value can be of both types. Nothing is said to match a type that is unknown. */
export function mayEqual(a: Type | undefined, b: Type | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (isKind(a, "any") || isKind(b, "any")) {
    return (isKind(a, "any") && mayEqualSome(a, b)) || (isKind(b, "any") && mayEqualSome(b, a));
  }
  if (typeof a === "string" || typeof b === "string") return a === b;
  if (a.kind === "array" && b.kind === "array") {
    if (!fixedMayEqual(a, b) || !fixedMayEqual(b, a)) return false;
    return a.rest === undefined || b.rest === undefined || mayEqual(a.rest, b.rest);
  }
  if (a.kind === "set" && b.kind === "set") {
    return a.of === undefined || b.of === undefined || mayEqual(a.of, b.of);
  }
  if (a.kind === "object" && b.kind === "object") {
    if (!propertiesMayEqual(a, b) || !propertiesMayEqual(b, a)) return false;
    const [left, right] = [a.rest?.value, b.rest?.value];
    return left === undefined || right === undefined || mayEqual(left, right);
  }
  if (a.kind === "function" && b.kind === "function") {
    return a.args.length === b.args.length && a.args.every((arg, at) => mayEqual(arg, b.args[at]));
  }
  return false;
}

function mayEqualSome(a: AnyType, b: Type): boolean {
  if (isKind(b, "function")) return false;
  return a.of.length === 0 || a.of.some((member) => mayEqual(member, b));
}

function fixedMayEqual(a: ArrayType, b: ArrayType): boolean {
  return a.fixed.every((item, at) => mayEqual(item, b.fixed[at] ?? b.rest));
}

function propertiesMayEqual(a: ObjectType, b: ObjectType): boolean {
  for (const { key, type } of a.fixed) {
    const other = select(b, key);
    if (other !== undefined) {
      if (!mayEqual(type, other)) return false;
    } else if (a.rest?.value === undefined && b.rest?.value === undefined) return false;
  }
  return true;
}
