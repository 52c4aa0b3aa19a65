/** Variables that a body lets range over few constants, and what references with them can lead to. */
import { isArray, isObject, isSet, lookup, objectEntries, type Value } from "../value/index.js";
import { constantOf, type Step } from "./constants.js";
import type { Local, NormalLiteral, NormalTerm } from "./normal-form.js";

/** The values of variables; of all others nothing is known. */
export type Known = Map<Local, readonly Value[]>;

/** As in OPA: more values are as good as unknown. */
const MAX_VALUES = 64;

/** Adds what an equation says of a variable. The first one counts: all of a body's equations have to hold. */
export function learnValues(literal: NormalLiteral, known: Known): void {
  if (literal.kind !== "unify" || literal.with.length > 0) return;
  const { left, right } = literal;
  if (left.kind === "local" && learn(left.local, right, known)) return;
  if (right.kind === "local") learn(right.local, left, known);
}

function learn(local: Local, other: NormalTerm, known: Known): boolean {
  const values = valuesOf(other, known);
  if (values !== undefined && !known.has(local)) known.set(local, values);
  return values !== undefined;
}

function valuesOf(term: NormalTerm, known: Known): readonly Value[] | undefined {
  if (term.kind === "local") return known.get(term.local);
  if (term.kind !== "ref") {
    const constant = constantOf(term);
    return constant === undefined ? undefined : [constant];
  }
  let values = typeof term.base === "string" ? undefined : valuesOf(term.base, known);
  for (const part of term.path) {
    if (values === undefined) return undefined;
    const key = constantOf(part);
    const next: Value[] = [];
    for (const value of values) {
      const found = key === undefined ? membersOf(value) : memberAt(value, key);
      if (found === undefined) return undefined;
      next.push(...found);
    }
    values = next.length > MAX_VALUES ? undefined : next;
  }
  return values;
}

function memberAt(value: Value, key: Value): readonly Value[] {
  const member = lookup(value, key);
  return member === undefined ? [] : [member];
}

function membersOf(value: Value): readonly Value[] | undefined {
  if (isArray(value)) return value;
  if (isSet(value)) return value.sorted();
  return isObject(value) ? objectEntries(value).map(([, member]) => member) : undefined;
}

/** All paths that one with variables can be; a variable that would make too many of them may be anything. */
export function pathsOf(path: readonly NormalTerm[], known: Known): readonly (readonly Step[])[] {
  let paths: (readonly Step[])[] = [[]];
  for (const part of path) {
    const steps = stepsOf(part, known);
    const kept = paths.length * steps.length > MAX_VALUES ? [undefined] : steps;
    paths = paths.flatMap((before) => kept.map((step) => [...before, step]));
  }
  return paths;
}

function stepsOf(part: NormalTerm, known: Known): readonly Step[] {
  const constant = constantOf(part);
  if (constant !== undefined) return [{ value: constant }];
  const values = part.kind === "local" ? (known.get(part.local) ?? []) : [];
  // Without any value the body never holds, which is no reason to leave out what it reads.
  return values.length === 0 ? [undefined] : values.map((value) => ({ value }));
}
