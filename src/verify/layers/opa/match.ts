/** Patterns against values that depend on the request. */
import type { NormalTerm } from "../../../rego/index.js";
import { both, MAYBE } from "../../space/bounds.js";
import type { Evaluator } from "./evaluate.js";
import { equality, sizeIs } from "./relations.js";
import { bound, type Next, narrowed, type State } from "./state.js";
import { pieceOf } from "./steps.js";
import { known, type Symbolic, UNKNOWN } from "./symbol.js";

/** A pattern against a value: binds what is free in it. */
export function match(on: Evaluator, pattern: NormalTerm, value: Symbolic, state: State, next: Next): void {
  if (pattern.kind === "local" && state.slots[pattern.local.slot] === undefined) {
    next(bound(state, pattern.local, value));
    return;
  }
  if (on.isBound(pattern, state.slots)) {
    next(narrowed(state, equality(on.plain(pattern, state.slots), value)));
    return;
  }
  if (pattern.kind === "array") {
    matchArray(on, pattern.items, value, state, next);
    return;
  }
  next(unknown(pattern, state));
}

function matchArray(on: Evaluator, items: readonly NormalTerm[], value: Symbolic, state: State, next: Next): void {
  const all = (values: readonly Symbolic[], from: State): void => {
    if (values.length !== items.length) return;
    const go = (at: number, here: State): void => {
      const [item, inner] = [items[at], values[at]];
      if (item === undefined || inner === undefined) {
        next(here);
        return;
      }
      if (!here.when.may.isEmpty) match(on, item, inner, here, (after) => go(at + 1, after));
    };
    go(0, from);
  };
  if (value.kind === "known") {
    Array.isArray(value.value) ? all(value.value.map(known), state) : undefined;
    return;
  }
  if (value.kind === "array") {
    all(value.items, state);
    return;
  }
  if (value.kind === "pieces") {
    const { text, separator } = value;
    const count = { kind: "size", text, separator, plus: 0 } as const;
    const sized = narrowed(
      state,
      sizeIs(count, (found) => found === items.length, items.length),
    );
    all(
      items.map((_, i) => pieceOf(text, separator, i)),
      sized,
    );
    return;
  }
  if (value.kind === "unknown" || value.kind === "bag" || value.kind === "collection") {
    next(unknown({ kind: "array", items }, state));
  }
}

/** Variables of the pattern hold anything, under a condition that cannot be told. */
export function unknown(pattern: NormalTerm, state: State): State {
  const slots = state.slots.slice();
  const free = (term: NormalTerm): void => {
    if (term.kind === "local") slots[term.local.slot] ??= UNKNOWN;
    else if (term.kind === "array" || term.kind === "set") term.items.forEach(free);
    else if (term.kind === "object") for (const [, inner] of term.entries) free(inner);
    else if (term.kind === "ref") {
      if (typeof term.base !== "string") free(term.base);
      term.path.forEach(free);
    }
  };
  free(pattern);
  return { ...state, slots, when: both(state.when, MAYBE) };
}
