/**
 * Static types: what is known of a value without an input. Where nothing is known yet, a type is `undefined` ("unknown"),
 * also inside composites; that differs from `ANY`, which is the knowledge that it may be everything. As in OPA an array
 * with an unknown rest and one without a rest are the same type, so is the empty set and a set of unknown members.
 */
import { canonicalKey, compare, type Value } from "../../value/index.js";

export type Type = "null" | "boolean" | "number" | "string" | ArrayType | ObjectType | SetType | AnyType | FunctionType;

export interface ArrayType {
  readonly kind: "array";
  readonly fixed: readonly (Type | undefined)[];
  /** Of all further elements. */
  readonly rest: Type | undefined;
}
export interface ObjectType {
  readonly kind: "object";
  /** In the order of the keys, which are JSON values. */
  readonly fixed: readonly Property[];
  /** Of all further keys and values. */
  readonly rest: { readonly key: Type | undefined; readonly value: Type | undefined } | undefined;
}
export interface Property {
  readonly key: Value;
  readonly type: Type | undefined;
}
export interface SetType {
  readonly kind: "set";
  readonly of: Type | undefined;
}
/** One of the members; without members, everything. */
export interface AnyType {
  readonly kind: "any";
  /** Sorted by `compareTypes`, without duplicates. */
  readonly of: readonly Type[];
}
export interface FunctionType {
  readonly kind: "function";
  readonly args: readonly (Type | undefined)[];
  readonly result: Type | undefined;
  /** Of any number of further arguments. */
  readonly variadic: Type | undefined;
}

export const ANY: AnyType = { kind: "any", of: [] };

export const arrayType = (fixed: readonly (Type | undefined)[], rest?: Type): ArrayType => ({
  kind: "array",
  fixed,
  rest,
});
export const setType = (of: Type | undefined): SetType => ({ kind: "set", of });

/** `fixed` may come in any order; of equal keys the last one counts. */
export function objectType(fixed: readonly Property[], rest?: ObjectType["rest"]): ObjectType {
  if (fixed.length < 2) return { kind: "object", fixed, rest };
  const byKey = new Map(fixed.map((property) => [canonicalKey(property.key), property]));
  return { kind: "object", fixed: [...byKey.values()].sort((a, b) => compare(a.key, b.key)), rest };
}

export function isKind<K extends Exclude<Type, string>["kind"]>(
  type: Type | undefined,
  kind: K,
): type is Extract<Type, { kind: K }> {
  return typeof type === "object" && type.kind === kind;
}

/** Whether something in a type is unknown, so that no comparison with it says anything. */
export function isUnknown(type: Type | undefined): boolean {
  if (type === undefined) return true;
  if (typeof type === "string") return false;
  switch (type.kind) {
    case "array":
      return type.fixed.some(isUnknown) || (type.rest !== undefined && isUnknown(type.rest));
    case "object":
      if (type.fixed.some((property) => isUnknown(property.type))) return true;
      return type.rest !== undefined && (isUnknown(type.rest.key) || isUnknown(type.rest.value));
    case "set":
      return isUnknown(type.of);
    case "function":
      return type.args.some(isUnknown) || isUnknown(type.result);
    case "any":
      return false;
  }
}

/** Whether values of a type hold nothing at all. */
export function isEmpty(type: Type | undefined): boolean {
  if (typeof type !== "object") return false;
  if (type.kind === "set") return type.of === undefined;
  return (type.kind === "array" || type.kind === "object") && type.fixed.length === 0 && type.rest === undefined;
}

/** A type in the words of a message. */
export function shownType(type: Type | undefined): string {
  if (type === undefined) return "unknown";
  if (typeof type === "string") return type;
  switch (type.kind) {
    case "any":
      return type.of.map(shownType).join(" or ") || "anything";
    case "array":
      if (type.fixed.length === 0) return type.rest === undefined ? "empty array" : `array of ${shownType(type.rest)}`;
      return type.fixed.length > 4 ? "array" : `[${type.fixed.map(shownType).join(", ")}]`;
    case "set":
      return type.of === undefined ? "empty set" : `set of ${shownType(type.of)}`;
    default:
      return type.kind;
  }
}
