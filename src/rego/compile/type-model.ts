/**
 * Static types: what is known of a value without an input. Where nothing is known yet, a type is `undefined` ("unknown"),
 * also inside composites; that differs from `ANY`, which is the knowledge that it may be everything. As in OPA an array
 * with an unknown rest and one without a rest are the same type, so is the empty set and a set of unknown members.
 */
import type { TypeDecl } from "../builtins/index.js";
import {
  canonicalKey,
  compare,
  isArray,
  isNumber,
  isObject,
  isSet,
  jsonKey,
  objectEntries,
  objectFrom,
  type Value,
} from "../value/index.js";

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

const declared = new WeakMap<object, Type>();

/** The type that a built-in's declaration means. */
export function typeOfDeclaration(declaration: TypeDecl): Type {
  if (declaration === "any") return ANY;
  if (typeof declaration === "string") return declaration;
  const known = declared.get(declaration);
  if (known !== undefined) return known;
  const type = convert(declaration);
  declared.set(declaration, type);
  return type;
}

function convert(declaration: Exclude<TypeDecl, string>): Type {
  switch (declaration.kind) {
    case "array":
      return arrayType(
        declaration.fixed.map(typeOfDeclaration),
        declaration.rest === undefined ? undefined : typeOfDeclaration(declaration.rest),
      );
    case "set":
      return setType(typeOfDeclaration(declaration.of));
    case "object": {
      const { fixed, rest } = declaration;
      return objectType(
        Object.entries(fixed).map(([key, type]) => ({ key, type: typeOfDeclaration(type) })),
        rest === undefined ? undefined : { key: typeOfDeclaration(rest.key), value: typeOfDeclaration(rest.value) },
      );
    }
    case "union":
      return orAll(declaration.of.map(typeOfDeclaration)) ?? ANY;
  }
}

export function typeOfValue(value: Value): Type {
  if (value === null) return "null";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "string") return "string";
  if (isNumber(value)) return "number";
  if (isArray(value)) return arrayType(value.map(typeOfValue));
  if (isSet(value)) return setType(orAll(value.sorted().map(typeOfValue)));
  if (!isObject(value)) return ANY;
  return objectType(objectEntries(value).map(([key, member]) => ({ key: asJson(key), type: typeOfValue(member) })));
}

/** A constant key as JSON holds it: sets are arrays, and keys of objects are texts. */
export function asJson(value: Value): Value {
  if (isArray(value)) return value.map(asJson);
  if (isSet(value)) return value.sorted().map(asJson);
  if (!isObject(value)) return value;
  return objectFrom(objectEntries(value).map(([key, member]) => [jsonKey(key), asJson(member)] as const));
}

const RANKS = { null: 0, boolean: 1, number: 2, string: 3, array: 4, object: 5, set: 6, any: 7, function: 8 } as const;

function rank(type: Type | undefined): number {
  if (type === undefined) return -1;
  return RANKS[typeof type === "string" ? type : type.kind];
}

/** A total order of types, the unknown one first. */
export function compareTypes(a: Type | undefined, b: Type | undefined): number {
  if (a === b) return 0;
  const difference = rank(a) - rank(b);
  if (difference !== 0) return difference;
  if (a === undefined || b === undefined || typeof a === "string" || typeof b === "string") return 0;
  if (a.kind === "array" && b.kind === "array") return compareTypes(a.rest, b.rest) || compareLists(a.fixed, b.fixed);
  if (a.kind === "set" && b.kind === "set") return compareTypes(a.of, b.of);
  if (a.kind === "any" && b.kind === "any") return compareLists(a.of, b.of);
  if (a.kind === "object" && b.kind === "object") return compareObjects(a, b);
  if (a.kind === "function" && b.kind === "function") {
    return (
      a.args.length - b.args.length ||
      compareLists(a.args, b.args) ||
      compareTypes(a.result, b.result) ||
      compareTypes(a.variadic, b.variadic)
    );
  }
  return 0;
}

function compareLists(a: readonly (Type | undefined)[], b: readonly (Type | undefined)[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compareTypes(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareObjects(a: ObjectType, b: ObjectType): number {
  if (a.rest === undefined || b.rest === undefined) {
    if (a.rest !== undefined) return 1;
    if (b.rest !== undefined) return -1;
  } else {
    const order = compareTypes(a.rest.key, b.rest.key) || compareTypes(a.rest.value, b.rest.value);
    if (order !== 0) return order;
  }
  for (const [index, left] of a.fixed.entries()) {
    const right = b.fixed[index];
    if (right === undefined) return 1;
    const order = compare(left.key, right.key) || compareTypes(left.type, right.type);
    if (order !== 0) return order;
  }
  return a.fixed.length - b.fixed.length;
}

/** The type of what is of the one or of the other type. */
export function or(a: Type | undefined, b: Type | undefined): Type | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  if (isKind(a, "function") || isKind(b, "function")) {
    return isKind(a, "function") && isKind(b, "function") ? eitherFunction(a, b) : undefined;
  }
  if (isKind(a, "any") && isKind(b, "any")) {
    if (a.of.length === 0) return a;
    return b.of.length === 0 ? b : anyOf([...a.of, ...b.of]);
  }
  if (isKind(a, "any")) return mayHold(a, b) ? a : anyOf([...a.of, b]);
  if (isKind(b, "any")) return mayHold(b, a) ? b : anyOf([...b.of, a]);
  return compareTypes(a, b) === 0 ? a : anyOf([a, b]);
}

/** The union of many types at once. */
export function orAll(types: readonly (Type | undefined)[]): Type | undefined {
  const different = new Set(types);
  different.delete(undefined);
  const plain = [...different] as Type[];
  if (plain.length < 3 || plain.some((type) => isKind(type, "any") || isKind(type, "function"))) {
    let all: Type | undefined;
    for (const type of plain) all = or(all, type);
    return all;
  }
  const any = anyOf(plain);
  return any.of.length === 1 ? any.of[0] : any;
}

function anyOf(types: Type[]): AnyType {
  types.sort(compareTypes);
  return { kind: "any", of: types.filter((type, at) => at === 0 || compareTypes(type, types[at - 1]) !== 0) };
}

function eitherFunction(a: FunctionType, b: FunctionType): FunctionType | undefined {
  if (a.args.length !== b.args.length || (a.variadic === undefined) !== (b.variadic === undefined)) return undefined;
  return {
    kind: "function",
    args: a.args.map((arg, at) => or(arg, b.args[at])),
    result: or(a.result, b.result),
    variadic: or(a.variadic, b.variadic),
  };
}

export function isKind<K extends Exclude<Type, string>["kind"]>(
  type: Type | undefined,
  kind: K,
): type is Extract<Type, { kind: K }> {
  return typeof type === "object" && type.kind === kind;
}

/** Whether `type` is literally one of what `whole` names. */
function mayHold(whole: Type | undefined, type: Type): boolean {
  if (!isKind(whole, "any")) return compareTypes(whole, type) === 0;
  if (isKind(type, "function")) return false;
  return whole.of.length === 0 || whole.of.some((member) => compareTypes(member, type) === 0);
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
