/** References: along a path through values and documents, trying every member where a variable is free. */
import type { Local, NormalTerm, Value } from "../../../rego/index.js";
import { both, MAYBE, YES } from "../../space/bounds.js";
import { claimCases } from "./claims.js";
import { baseBelow, namesBelow, type RuleNode } from "./documents.js";
import type { Evaluator, World } from "./evaluate.js";
import { unknown } from "./match.js";
import { equality, isClaimObject, listOf } from "./relations.js";
import { bound, type NextValue, narrowed, type State } from "./state.js";
import { stepInto } from "./steps.js";
import { type Case, type Item, known, knownItems, ofDimension, type Symbolic, UNKNOWN } from "./symbol.js";

export function reference(
  on: Evaluator,
  term: Extract<NormalTerm, { kind: "ref" }>,
  state: State,
  world: World,
  next: NextValue,
): void {
  if (term.base === "data") {
    readDocument(on, on.root, on.data, term.path, 0, state, world, next);
    return;
  }
  const base = term.base === "input" ? world.input : on.plain(term.base, state.slots);
  walk(on, base, term.path, 0, state, next);
}

function walk(
  on: Evaluator,
  value: Symbolic,
  path: readonly NormalTerm[],
  at: number,
  state: State,
  next: NextValue,
): void {
  if (state.when.may.isEmpty) return;
  const key = path[at];
  if (key === undefined) {
    for (const one of settled({ when: YES, value })) next(narrowed(state, one.when), one.value);
    return;
  }
  if (key.kind === "local" && state.slots[key.local.slot] === undefined) {
    for (const one of settled({ when: YES, value })) {
      iterate(on, one.value, key.local, narrowed(state, one.when), (after, inner) =>
        walk(on, inner, path, at + 1, after, next),
      );
    }
    return;
  }
  if (!on.isBound(key, state.slots)) {
    next(unknown({ kind: "array", items: path.slice(at) }, state), UNKNOWN);
    return;
  }
  for (const one of stepInto(value, on.plain(key, state.slots))) {
    walk(on, one.value, path, at + 1, narrowed(state, one.when), next);
  }
}

function iterate(on: Evaluator, value: Symbolic, key: Local, state: State, next: NextValue): void {
  const items: readonly Item[] | undefined =
    value.kind === "known"
      ? (knownItems(value.value) ?? [])
      : value.kind === "array"
        ? value.items.map((item, i) => ({ when: YES, key: known(i), value: item, over: [], many: false }))
        : value.kind === "collection"
          ? on.fresh(value)
          : undefined;
  if (items !== undefined) {
    for (const item of items) {
      on.spend();
      const when = both(state.when, item.when);
      if (when.may.isEmpty) continue;
      const after = { slots: state.slots, when, over: [...state.over, ...item.over], many: true };
      next(bound(after, key, item.key ?? UNKNOWN), item.value);
    }
  } else if (value.kind === "pieces" || value.kind === "bag" || isClaimObject(value)) {
    const list = listOf(value);
    const element = on.elements.of(list);
    const after = { ...state, over: [...state.over, element], many: true };
    next(bound(after, key, UNKNOWN), ofDimension(element.dimension));
    if (list.kind === "bag" && list.mixed) {
      const other = { ...state, when: both(state.when, MAYBE) };
      next(bound(other, key, UNKNOWN), { kind: "unknown", type: "no text" });
    }
  } else if (
    value.kind === "tree" ||
    isObjectOfClaims(value) ||
    (value.kind === "unknown" && !isNumberOrScalar(value))
  ) {
    next(bound({ ...state, when: both(state.when, MAYBE) }, key, UNKNOWN), UNKNOWN);
  }
}

function readDocument(
  on: Evaluator,
  node: RuleNode | undefined,
  base: Value | undefined,
  path: readonly NormalTerm[],
  at: number,
  state: State,
  world: World,
  next: NextValue,
): void {
  if (state.when.may.isEmpty) return;
  if (node === undefined || !node.hasRules) {
    base === undefined ? undefined : walk(on, known(base), path, at, state, next);
    return;
  }
  if (node.rules.length > 0) {
    for (const one of on.document(node, world)) {
      walk(on, one.value, path, at, narrowed(state, one.when), next);
    }
    return;
  }
  const key = path[at];
  if (key === undefined) {
    next(unknown({ kind: "array", items: [] }, state), UNKNOWN);
    return;
  }
  const into = (name: Value, after: State): void =>
    readDocument(on, node.children.get(name), baseBelow(base, name), path, at + 1, after, world, next);
  const free = key.kind === "local" && state.slots[key.local.slot] === undefined ? key.local : undefined;
  if (free !== undefined) {
    for (const name of namesBelow(node, base)) into(name, bound({ ...state, many: true }, free, known(name)));
    return;
  }
  const name = on.plain(key, state.slots);
  if (name.kind === "known") {
    into(name.value, state);
    return;
  }
  for (const one of namesBelow(node, base)) into(one, narrowed(state, equality(name, known(one))));
}

/** All claims of a token: what their values are is not gone through. */
function isObjectOfClaims({ kind }: Symbolic): boolean {
  return kind === "claims";
}

function isNumberOrScalar(value: Symbolic): boolean {
  return value.kind === "unknown" && (value.type === "number" || value.type === "scalar");
}

/** Claims that stand alone have a value only as they are written. */
export function settled(one: Case): readonly Case[] {
  const { value, when } = one;
  if (value.kind !== "claims" || value.names.length === 0 || value.settled) return [one];
  return claimCases(value).map((inner) => ({ when: both(when, inner.when), value: inner.value }));
}
