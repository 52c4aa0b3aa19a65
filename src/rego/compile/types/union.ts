/** The order of types, and what is of the one or of the other type. */
import { compare } from "../../value/index.js";
import { type AnyType, type FunctionType, isKind, type ObjectType, type Type } from "./model.js";

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

/** Whether `type` is literally one of what `whole` names. */
export function mayHold(whole: Type | undefined, type: Type): boolean {
  if (!isKind(whole, "any")) return compareTypes(whole, type) === 0;
  if (isKind(type, "function")) return false;
  return whole.of.length === 0 || whole.of.some((member) => compareTypes(member, type) === 0);
}
