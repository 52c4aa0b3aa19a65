/** Terms that are constants. */
import { objectFrom, RegoSet, type Value } from "../value/index.js";
import type { NormalTerm } from "./normal-form.js";

/** The value of a term without variables, references and closures. */
export function constantOf(term: NormalTerm): Value | undefined {
  switch (term.kind) {
    case "constant":
      return term.value;
    case "array":
      return constants(term.items);
    case "set": {
      const items = constants(term.items);
      return items === undefined ? undefined : RegoSet.of(items);
    }
    case "object": {
      const keys = constants(term.entries.map(([key]) => key));
      const values = constants(term.entries.map(([, value]) => value));
      if (keys === undefined || values === undefined) return undefined;
      return objectFrom(keys.map((key, at) => [key, values[at] as Value] as const));
    }
    default:
      return undefined;
  }
}

/** A part of a path: a constant, or something else that can have many values (`undefined`). */
export type Step = { readonly value: Value } | undefined;

function constants(terms: readonly NormalTerm[]): Value[] | undefined {
  const values: Value[] = [];
  for (const term of terms) {
    const value = constantOf(term);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}
