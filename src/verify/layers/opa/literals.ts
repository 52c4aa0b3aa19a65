/** One literal of a body: from a state to the states behind it. */
import type { NormalLiteral, NormalTerm } from "../../../rego/index.js";
import { type Bounds, both, either, MAYBE, not, YES } from "../../space/bounds.js";
import { itemsOf } from "./collections.js";
import { closed, forAll } from "./elements.js";
import type { Evaluator, World } from "./evaluate.js";
import { match, unknown } from "./match.js";
import { equality, isClaimObject, kindOf, listOf, truthOf } from "./relations.js";
import { bound, type Next, narrowed, type State } from "./state.js";
import { type Case, ofDimension, type Symbolic, UNKNOWN } from "./symbol.js";

export function solveLiteral(on: Evaluator, literal: NormalLiteral, state: State, world: World, next: Next): void {
  const inner = literal.with.length === 0 ? world : replaced(on, literal, state, world);
  if (inner === undefined) {
    on.miss(literal.at);
    next(unread(literal, state));
    return;
  }
  const noting: Next = (after) => {
    // What was lost before was noted there.
    const { may, must } = after.when;
    if (may !== must && !may.isEmpty) note(on, literal, must.isEmpty && !state.when.must.isEmpty);
    next(after);
  };
  switch (literal.kind) {
    case "test":
      on.value(literal.term, state, inner, (after, value) => noting(narrowed(after, truthOf(value))));
      return;
    case "unify":
      unify(on, literal, state, inner, noting);
      return;
    case "call": {
      const args = literal.args.map((arg) => on.plain(arg, state.slots));
      for (const one of on.call(literal.callee, args, inner)) {
        const after = narrowed(state, one.when);
        if (after.when.may.isEmpty) continue;
        if (literal.result === undefined) noting(narrowed(after, truthOf(one.value)));
        else match(on, literal.result, one.value, after, noting);
      }
      return;
    }
    case "not":
      noting(narrowed(state, not(on.satisfied(literal.body, state, inner))));
      return;
    case "every":
      noting(narrowed(state, every(on, literal, state, inner)));
      return;
    case "and":
    case "or": {
      const operands = literal.operands.map((body) => on.satisfied(body, state, inner));
      noting(narrowed(state, literal.kind === "and" ? both(...operands) : either(operands)));
      return;
    }
  }
}

/** What lies in other rules is noted there. */
function note(on: Evaluator, literal: NormalLiteral, isAll: boolean): void {
  const terms =
    literal.kind === "test" ? [literal.term] : literal.kind === "unify" ? [literal.left, literal.right] : [];
  if (terms.some((term) => term.kind === "ref" && term.base === "data")) return;
  if (literal.kind === "not" || literal.kind === "every" || literal.kind === "and" || literal.kind === "or") return;
  if (literal.kind === "call" && literal.callee.kind === "function") return;
  on.miss(literal.at, isAll);
}

function unread(literal: NormalLiteral, state: State): State {
  const terms: NormalTerm[] =
    literal.kind === "test"
      ? [literal.term]
      : literal.kind === "unify"
        ? [literal.left, literal.right]
        : literal.kind === "call" && literal.result !== undefined
          ? [literal.result]
          : [];
  return unknown({ kind: "array", items: terms }, state);
}

/** The world of a literal under `with`; undefined where something else than the input is replaced. */
function replaced(on: Evaluator, literal: NormalLiteral, state: State, world: World): World | undefined {
  let input = world.input;
  for (const { target, value } of literal.with) {
    if (target.kind !== "input" || value.kind === "function-name") return undefined;
    const given = on.plain(value, state.slots);
    input = target.path.length === 0 ? given : overlaid(input, target.path, given);
  }
  return on.world(input);
}

function overlaid(base: Symbolic, [name, ...rest]: readonly string[], value: Symbolic): Symbolic {
  return {
    kind: "tree",
    child: (key): readonly Case[] => {
      const below = base.kind === "tree" ? base.child(key) : [{ when: MAYBE, value: UNKNOWN }];
      if (key !== name) return below;
      if (rest.length === 0) return [{ when: YES, value }];
      const [only] = below;
      return [{ when: YES, value: overlaid(only?.value ?? UNKNOWN, rest, value) }];
    },
  };
}

const isDocument = ({ kind }: NormalTerm): boolean => kind === "ref" || kind === "comprehension";

function unify(
  on: Evaluator,
  literal: Extract<NormalLiteral, { kind: "unify" }>,
  state: State,
  world: World,
  next: Next,
): void {
  const { left, right } = literal;
  if (isDocument(right) && isDocument(left)) {
    on.value(right, state, world, (after, value) =>
      on.value(left, after, world, (both_, other) => next(narrowed(both_, equality(other, value)))),
    );
    return;
  }
  if (isDocument(right)) {
    on.value(right, state, world, (after, value) => match(on, left, value, after, next));
    return;
  }
  if (isDocument(left)) {
    on.value(left, state, world, (after, value) => match(on, right, value, after, next));
    return;
  }
  if (on.isBound(right, state.slots)) {
    match(on, left, on.plain(right, state.slots), state, next);
    return;
  }
  if (on.isBound(left, state.slots)) {
    match(on, right, on.plain(left, state.slots), state, next);
    return;
  }
  if (left.kind === "array" && right.kind === "array" && left.items.length === right.items.length) {
    const go = (at: number, here: State): void => {
      const [a, b] = [left.items[at], right.items[at]];
      if (a === undefined || b === undefined) {
        next(here);
        return;
      }
      unify(on, { ...literal, left: a, right: b }, here, world, (after) => go(at + 1, after));
    };
    go(0, state);
    return;
  }
  on.miss(literal.at);
  next(unknown({ kind: "array", items: [left, right] }, state));
}

function every(on: Evaluator, literal: Extract<NormalLiteral, { kind: "every" }>, state: State, world: World): Bounds {
  const { key, value, body } = literal;
  const bindings = (k: Symbolic, v: Symbolic): State => {
    const withValue = bound({ ...state, when: YES, over: [] }, value, v);
    return key === undefined ? withValue : bound(withValue, key, k);
  };
  const conditions: Bounds[] = [];
  on.value(literal.domain, { ...state, when: YES, over: [] }, world, (after, domain) => {
    const holds = overDomain(on, domain, (k, v) => on.satisfied(body, bindings(k, v), world));
    conditions.push(closed(both(after.when, holds), after.over));
  });
  return either(conditions);
}

function overDomain(on: Evaluator, domain: Symbolic, holds: (key: Symbolic, value: Symbolic) => Bounds): Bounds {
  if (domain.kind === "pieces" || domain.kind === "bag" || isClaimObject(domain)) {
    const list = listOf(domain);
    const element = on.elements.of(list);
    const texts = forAll(holds(UNKNOWN, ofDimension(element.dimension)), [element]);
    if (list.kind === "pieces" || !list.mixed) return texts;
    return both(texts, either([holds(UNKNOWN, { kind: "unknown", type: "no text" }), MAYBE]));
  }
  const items = itemsOf(domain, on);
  if (items === undefined) {
    const scalar = ["string", "number", "boolean", "null"].includes(kindOf(domain) ?? "");
    return scalar || domain.kind === "known" ? either([]) : MAYBE;
  }
  return both(
    ...items.map((item) => forAll(either([not(item.when), holds(item.key ?? UNKNOWN, item.value)]), item.over)),
  );
}
