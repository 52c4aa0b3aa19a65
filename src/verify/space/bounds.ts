/**
 * A condition on requests, known from both sides: it surely holds for `must` and for nothing outside `may`. What cannot
 * be told lies between. Negation swaps the sides, so an unknown never becomes a certain answer of either kind.
 */
import type { AnyValues, Dimension } from "./dimension.js";
import { RequestSet } from "./request-set.js";

export interface Bounds {
  readonly may: RequestSet;
  readonly must: RequestSet;
}

export const YES: Bounds = { may: RequestSet.full, must: RequestSet.full };
export const NO: Bounds = { may: RequestSet.empty, must: RequestSet.empty };
export const MAYBE: Bounds = { may: RequestSet.full, must: RequestSet.empty };

export function exactly(set: RequestSet): Bounds {
  return { may: set, must: set };
}

export function where<V extends AnyValues>(dimension: Dimension<V>, values: V): Bounds {
  return exactly(RequestSet.where(dimension, values));
}

export function truth(holds: boolean): Bounds {
  return holds ? YES : NO;
}

/** Applies the operation once where both sides are the same set. */
function each(list: readonly Bounds[], join: (sets: readonly RequestSet[]) => RequestSet): Bounds {
  const may = join(list.map((one) => one.may));
  return list.every((one) => one.may === one.must) ? exactly(may) : { may, must: join(list.map((one) => one.must)) };
}

export function both(...list: readonly Bounds[]): Bounds {
  const rest = list.filter((one) => one !== YES);
  if (rest.length === 0) return YES;
  if (rest.length === 1) return rest[0] ?? YES;
  return each(rest, (sets) => RequestSet.all(sets));
}

export function either(list: readonly Bounds[]): Bounds {
  if (list.length === 0) return NO;
  if (list.length === 1) return list[0] ?? NO;
  return each(list, (sets) => RequestSet.any(sets));
}

export function not({ may, must }: Bounds): Bounds {
  if (may === must) return exactly(may.complement());
  return { may: must.complement(), must: may.complement() };
}
