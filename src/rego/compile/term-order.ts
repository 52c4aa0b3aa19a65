/**
 * The order in which the parts of sets and objects are evaluated: that of their terms, as in OPA. It shows in what is
 * learnt of types, and in which of two errors comes first.
 */
import type { Term } from "../syntax/ast.js";
import { compare, compareStrings, parseNumber } from "../value/index.js";

const RANKS = { null: 0, boolean: 1, number: 2, string: 3, template: 4, var: 5, ref: 6, array: 7, object: 8, set: 9 };
const COMPREHENSIONS = { array: 10, object: 11, set: 12 };

/** Positions of the parts of a set, or of an object with these keys, in the order in which they are evaluated. */
export function evaluationOrder(terms: readonly Term[], values: readonly Term[] = []): readonly number[] {
  const positions = terms.map((_, at) => at);
  if (terms.length < 2 || (terms.every(isPlain) && values.every(isPlain))) return positions;
  return sortedPositions(terms);
}

/** Nothing is evaluated for these, so that their order does not show. */
function isPlain({ kind }: Term): boolean {
  return kind === "string" || kind === "number" || kind === "var" || kind === "boolean" || kind === "null";
}

function sortedPositions(terms: readonly Term[]): number[] {
  const positions = terms.map((_, at) => at);
  return positions.sort((a, b) => compareTerms(terms[a] as Term, terms[b] as Term));
}

function rank(term: Term): number {
  if (term.kind === "call") return 13;
  return term.kind === "comprehension" ? COMPREHENSIONS[term.of] : RANKS[term.kind];
}

function compareTerms(a: Term, b: Term): number {
  const difference = rank(a) - rank(b);
  if (difference !== 0) return difference;
  switch (a.kind) {
    case "boolean":
      return b.kind === a.kind ? Number(a.value) - Number(b.value) : 0;
    case "number":
      return b.kind === a.kind ? compare(parseNumber(a.text) ?? 0, parseNumber(b.text) ?? 0) : 0;
    case "string":
      return b.kind === a.kind ? compareStrings(a.value, b.value) : 0;
    case "var":
      return b.kind === a.kind ? compareStrings(a.name, b.name) : 0;
    case "ref":
      return b.kind === a.kind ? compareLists([a.head, ...a.path], [b.head, ...b.path]) : 0;
    case "array":
      return b.kind === a.kind ? compareLists(a.items, b.items) : 0;
    case "set":
      return b.kind === a.kind ? compareLists(sorted(a.items), sorted(b.items)) : 0;
    case "object":
      return b.kind === a.kind ? compareLists(entriesOf(a), entriesOf(b)) : 0;
    case "call":
      return b.kind === a.kind ? compareLists([a.operator, ...a.args], [b.operator, ...b.args]) : 0;
    default:
      return 0;
  }
}

function sorted(terms: readonly Term[]): readonly Term[] {
  return sortedPositions(terms).map((at) => terms[at] as Term);
}

function entriesOf({ entries }: Extract<Term, { kind: "object" }>): readonly Term[] {
  return sortedPositions(entries.map(([key]) => key)).flatMap((at) => entries[at] ?? []);
}

function compareLists(a: readonly Term[], b: readonly Term[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    // The name of a function is a reference, also where it is a single word.
    const order = i === 0 ? compareNames(a[i] as Term, b[i] as Term) : compareTerms(a[i] as Term, b[i] as Term);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareNames(a: Term, b: Term): number {
  const [left, right] = [nameOf(a), nameOf(b)];
  if (left === undefined || right === undefined) return compareTerms(a, b);
  for (let i = 0; i < left.length && i < right.length; i++) {
    const order = compareStrings(left[i] as string, right[i] as string);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function nameOf(term: Term): string[] | undefined {
  if (term.kind === "var") return [term.name];
  if (term.kind !== "ref" || term.head.kind !== "var") return undefined;
  const names = [term.head.name];
  for (const part of term.path) {
    if (part.kind !== "string") return undefined;
    names.push(part.value);
  }
  return names;
}
