/**
 * Types known without an input, in the form of the built-ins' declarations. They are rough on purpose: what isn't known
 * is `any`, and two types clash only when no value can be of both, so a sound policy is never refused.
 */
import type { TypeDecl, UnionDecl } from "../builtins/index.js";
import { canonicalKey, isArray, isNumber, isObject, isSet, objectEntries, type Value } from "../value/index.js";

/** No value: the type of the members of an empty set. */
const NEVER: UnionDecl = { kind: "union", of: [] };

/** Constants with more parts than this are known by their kind only. */
const MAX_PARTS = 200;

export function typeOfValue(value: Value): TypeDecl {
  if (value === null) return "null";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "string") return "string";
  if (isNumber(value)) return "number";
  if (isArray(value)) {
    if (value.length > MAX_PARTS) return { kind: "array", fixed: [], rest: "any" };
    return { kind: "array", fixed: value.map(typeOfValue) };
  }
  if (isSet(value)) return { kind: "set", of: value.size > MAX_PARTS ? "any" : union(value.sorted().map(typeOfValue)) };
  if (!isObject(value)) return "any";
  const entries = objectEntries(value);
  if (entries.length > MAX_PARTS || entries.some(([key]) => typeof key !== "string")) return ANY_OBJECT;
  return record(entries.map(([key, member]) => [String(key), typeOfValue(member)]));
}

export const ANY_OBJECT: TypeDecl = { kind: "object", fixed: {}, rest: { key: "any", value: "any" } };

export function record(entries: readonly (readonly [string, TypeDecl])[]): TypeDecl {
  const fixed: Record<string, TypeDecl> = Object.create(null);
  for (const [key, type] of entries) fixed[key] = type;
  return { kind: "object", fixed };
}

/** The union of types; `any` swallows all others. */
export function union(types: readonly TypeDecl[]): TypeDecl {
  const members: TypeDecl[] = [];
  const seen = new Set<string>();
  for (const type of types.flatMap((each) => (typeof each === "object" && each.kind === "union" ? each.of : [each]))) {
    if (type === "any") return "any";
    const key = typeof type === "string" ? type : JSON.stringify(type);
    if (seen.has(key)) continue;
    seen.add(key);
    members.push(type);
  }
  if (members.length > 20) return "any";
  return members.length === 1 ? (members[0] as TypeDecl) : { kind: "union", of: members };
}

/**
 * Whether a value can be of both types. As an argument (`members`) of declared type `b`, what sets hold counts too, and
 * an object may lack the named parts of an open declaration.
 */
export function overlap(a: TypeDecl, b: TypeDecl, members = false): boolean {
  if (a === "any" || b === "any" || isNever(a) || isNever(b)) return true;
  if (typeof a === "object" && a.kind === "union") return a.of.some((each) => overlap(each, b, members));
  if (typeof b === "object" && b.kind === "union") return b.of.some((each) => overlap(a, each, members));
  if (typeof a === "string" || typeof b === "string") return a === b;
  if (a.kind === "array" && b.kind === "array") {
    const length = Math.max(a.fixed.length, b.fixed.length);
    if ((a.rest === undefined && a.fixed.length < length) || (b.rest === undefined && b.fixed.length < length))
      return false;
    for (let i = 0; i < length; i++) {
      if (!overlap(a.fixed[i] ?? a.rest ?? NEVER, b.fixed[i] ?? b.rest ?? NEVER, members)) return false;
    }
    return true;
  }
  if (a.kind === "set" && b.kind === "set") {
    return !members || overlap(a.of, b.of, members);
  }
  if (a.kind === "object" && b.kind === "object") {
    for (const key of new Set([...Object.keys(a.fixed), ...Object.keys(b.fixed)])) {
      const left = a.fixed[key] ?? a.rest?.value;
      const right = b.fixed[key] ?? b.rest?.value;
      if (members && left === undefined && b.rest !== undefined) continue;
      if (left === undefined || right === undefined || !overlap(left, right, members)) return false;
    }
    return true;
  }
  return false;
}

function isNever(type: TypeDecl): boolean {
  return typeof type === "object" && type.kind === "union" && type.of.length === 0;
}

/** Type of an element under a key that is a constant or of a known type; undefined when there can be none. */
export function elementType(type: TypeDecl, key: { value: Value } | { type: TypeDecl }): TypeDecl | undefined {
  if (type === "any") return "any";
  if (typeof type === "string") return undefined;
  switch (type.kind) {
    case "union": {
      if (isNever(type)) return "any";
      const types = type.of.map((each) => elementType(each, key)).filter((each) => each !== undefined);
      return types.length === 0 ? undefined : union(types);
    }
    case "array": {
      if ("value" in key) {
        const index = canonicalKey(key.value);
        if (typeof index !== "number" || !Number.isInteger(index) || index < 0) return undefined;
        return type.fixed[index] ?? type.rest;
      }
      if (!overlap(key.type, "number")) return undefined;
      return union([...type.fixed, ...(type.rest === undefined ? [] : [type.rest])]);
    }
    case "set": {
      const wanted = "value" in key ? typeOfValue(key.value) : key.type;
      return isNever(type.of) || overlap(type.of, wanted) ? type.of : undefined;
    }
    case "object": {
      if ("value" in key && typeof key.value === "string" && Object.hasOwn(type.fixed, key.value)) {
        return type.fixed[key.value];
      }
      const wanted = "value" in key ? typeOfValue(key.value) : key.type;
      const types: TypeDecl[] = [];
      if (!("value" in key) && overlap(wanted, "string")) types.push(...Object.values(type.fixed));
      if (type.rest !== undefined && overlap(type.rest.key, wanted)) types.push(type.rest.value);
      return types.length === 0 && !("type" in key && Object.keys(type.fixed).length === 0 && type.rest === undefined)
        ? undefined
        : union(types);
    }
  }
}
