/** The set operations on whatever algebra a dimension has. Mixing two algebras is a bug, not an empty set. */
import { Bags } from "./bags.js";
import type { AnyValues, Atom } from "./dimension.js";
import { Ranges } from "./ranges.js";
import { Text } from "./text.js";

type Operation = "union" | "intersect" | "minus";

export function combine(operation: Operation, a: AnyValues, b: AnyValues): AnyValues {
  if (a instanceof Text && b instanceof Text) return a[operation](b);
  if (a instanceof Ranges && b instanceof Ranges) return a[operation](b);
  if (a instanceof Bags && b instanceof Bags) return a[operation](b);
  throw new Error(`cannot ${operation} sets of different kinds`);
}

export function hasAtom(values: AnyValues, atom: Atom): boolean {
  if (values instanceof Text) return (atom === null || typeof atom === "string") && values.has(atom);
  if (values instanceof Ranges) return typeof atom === "bigint" && values.has(atom);
  return Array.isArray(atom) && values.has(atom);
}

export function witnessOf(values: AnyValues, preferred: readonly Atom[]): Atom | undefined {
  const liked = preferred.find((atom) => hasAtom(values, atom));
  return liked === undefined ? values.witness() : liked;
}
