/**
 * Rego over requests: bodies are followed literal by literal with the condition under which each solution holds. Rules
 * and functions are put in where they are asked for; what is not read counts as a condition that may hold and does not
 * surely hold, and its place is kept.
 */
import type {
  Local,
  NormalBody,
  NormalBranch,
  NormalForm,
  NormalLiteral,
  NormalRule,
  NormalTerm,
  Place,
  Value,
} from "../../../rego/index.js";
import { RegoObject, RegoSet } from "../../../rego/index.js";
import { Overflow, RequestSet } from "../../space/index.js";
import { type Bounds, both, either, MAYBE, not, YES } from "./bounds.js";
import { callSymbolic } from "./calls.js";
import { claimCases } from "./claims.js";
import type { Host } from "./collections.js";
import { baseBelow, namesBelow, RuleNode } from "./documents.js";
import { closed, Elements } from "./elements.js";
import { solveLiteral } from "./literals.js";
import { equality, isClaimObject, listOf, sizeIs } from "./relations.js";
import { pieceOf, stepInto } from "./steps.js";
import {
  arrayOf,
  type Case,
  type CollectionSymbol,
  type Element,
  elementsIn,
  type Item,
  known,
  knownItems,
  OPEN,
  ofDimension,
  type Symbolic,
  sameText,
  surely,
  UNKNOWN,
} from "./symbol.js";

/** What rules see: the input, and what was worked out with it. */
export interface World {
  readonly input: Symbolic;
  readonly documents: Map<RuleNode, readonly Case[]>;
}

/** A point in a body: what the variables hold, under which condition, and the elements it looks at. */
export interface State {
  readonly slots: readonly (Symbolic | undefined)[];
  readonly when: Bounds;
  readonly over: readonly Element[];
  /** members of a collection were gone through: other states may hold for the same request */
  readonly many: boolean;
}

export type Next = (state: State) => void;
export type NextValue = (state: State, value: Symbolic) => void;

/** The most literals that one question may look at. */
const MOST_STEPS = 400_000;

export class Evaluator implements Host {
  readonly #unread = new Map<string, Place>();
  readonly #doubted = new Map<string, Place>();
  /** the requests for which some rule may have two values, which ends the whole evaluation */
  conflicts: RequestSet = RequestSet.empty;
  readonly elements = new Elements();
  readonly root: RuleNode;
  readonly #data: Value;
  readonly #worlds = new WeakMap<Symbolic, World>();
  #steps = 0;

  constructor(form: NormalForm, data: Value) {
    this.root = RuleNode.of(form);
    this.#data = data;
  }

  /** The document under a path, as requests see it. */
  read(path: readonly string[], input: Symbolic): readonly Case[] {
    const cases: Case[] = [];
    const place = { source: { file: "", text: "" }, start: 0, end: 0 };
    const term: NormalTerm = {
      kind: "ref",
      base: "data",
      path: path.map((value) => ({ kind: "constant", value })),
      at: place,
    };
    this.value(term, { slots: [], when: YES, over: [], many: false }, this.world(input), ({ when, over }, value) => {
      cases.push({ when: closed(when, over), value });
    });
    return cases;
  }

  world(input: Symbolic): World {
    let world = this.#worlds.get(input);
    if (world === undefined) {
      world = { input, documents: new Map() };
      this.#worlds.set(input, world);
    }
    return world;
  }

  fresh(collection: CollectionSymbol): readonly Item[] {
    return this.elements.fresh(collection);
  }

  closed(when: Bounds, over: readonly Element[]): Bounds {
    return closed(when, over);
  }

  step(value: Symbolic, key: Symbolic): readonly Case[] {
    return stepInto(value, key).flatMap(settled);
  }

  /** A place that was not read; `isAll`: nothing of it was. */
  miss(at: Place, isAll = true): void {
    (isAll ? this.#unread : this.#doubted).set(`${at.source.file}:${at.start}`, at);
  }

  /** The places that were not read at all; without any, those that were read in part. */
  get unread(): readonly Place[] {
    return [...(this.#unread.size > 0 ? this.#unread : this.#doubted).values()];
  }

  spend(): void {
    if (++this.#steps > MOST_STEPS) throw new Overflow("steps of a policy", MOST_STEPS);
  }

  solve(body: NormalBody, state: State, world: World, next: Next, at = 0): void {
    const literal = body[at];
    if (state.when.may.isEmpty) return;
    if (literal === undefined) return next(state);
    this.spend();
    solveLiteral(this, literal, state, world, (after) => this.solve(body, after, world, next, at + 1));
  }

  /** The condition for a solution of the body. */
  satisfied(body: NormalBody, state: State, world: World): Bounds {
    const found: Bounds[] = [];
    this.solve(body, { slots: state.slots, when: YES, over: [], many: false }, world, ({ when, over }) => {
      found.push(closed(when, over));
    });
    return either(found);
  }

  /** The values of a term whose variables, but for those in brackets, are bound. */
  value(term: NormalTerm, state: State, world: World, next: NextValue): void {
    switch (term.kind) {
      case "ref":
        return this.#reference(term, state, world, next);
      case "comprehension": {
        const items: Item[] = [];
        this.solve(term.body, { slots: state.slots, when: YES, over: [], many: false }, world, ({ slots, when, over }) => {
          const key = term.key === undefined ? undefined : this.plain(term.key, slots);
          items.push(...member(key, this.plain(term.value, slots), when, over));
        });
        if (term.of === "object") this.#keysConflict(items, term.at);
        return next(state, collectionOf(term.of, items));
      }
      default:
        return next(state, this.plain(term, state.slots));
    }
  }

  /** The value of a constant, a variable or a collection of them. */
  plain(term: NormalTerm, slots: State["slots"]): Symbolic {
    switch (term.kind) {
      case "constant":
        return known(term.value);
      case "local":
        return slots[term.local.slot] ?? UNKNOWN;
      case "array":
        return arrayOf(term.items.map((item) => this.plain(item, slots)));
      case "set":
        return collectionOf(
          "set",
          term.items.flatMap((item) => member(undefined, this.plain(item, slots), YES, [])),
        );
      case "object":
        return collectionOf(
          "object",
          term.entries.map(([key, value]) => ({
            when: YES,
            key: this.plain(key, slots),
            value: this.plain(value, slots),
            over: [],
          })),
        );
      default:
        return UNKNOWN;
    }
  }

  isBound(term: NormalTerm, slots: State["slots"]): boolean {
    switch (term.kind) {
      case "local":
        return slots[term.local.slot] !== undefined;
      case "array":
      case "set":
        return term.items.every((item) => this.isBound(item, slots));
      case "object":
        return term.entries.every(([key, value]) => this.isBound(key, slots) && this.isBound(value, slots));
      default:
        return true;
    }
  }

  /** A pattern against a value: binds what is free in it. */
  match(pattern: NormalTerm, value: Symbolic, state: State, next: Next): void {
    if (pattern.kind === "local" && state.slots[pattern.local.slot] === undefined) {
      return next(bound(state, pattern.local, value));
    }
    if (this.isBound(pattern, state.slots)) {
      return next(narrowed(state, equality(this.plain(pattern, state.slots), value)));
    }
    if (pattern.kind === "array") return this.#matchArray(pattern.items, value, state, next);
    next(this.unknown(pattern, state));
  }

  #matchArray(items: readonly NormalTerm[], value: Symbolic, state: State, next: Next): void {
    const all = (values: readonly Symbolic[], from: State): void => {
      if (values.length !== items.length) return;
      const go = (at: number, here: State): void => {
        const [item, inner] = [items[at], values[at]];
        if (item === undefined || inner === undefined) return next(here);
        if (!here.when.may.isEmpty) this.match(item, inner, here, (after) => go(at + 1, after));
      };
      go(0, from);
    };
    if (value.kind === "known") return Array.isArray(value.value) ? all(value.value.map(known), state) : undefined;
    if (value.kind === "array") return all(value.items, state);
    if (value.kind === "pieces") {
      const { text, separator } = value;
      const count = { kind: "size", text, separator, plus: 0 } as const;
      const sized = narrowed(
        state,
        sizeIs(count, (found) => found === items.length, items.length),
      );
      return all(
        items.map((_, i) => pieceOf(text, separator, i)),
        sized,
      );
    }
    if (value.kind === "unknown" || value.kind === "bag" || value.kind === "collection") {
      next(this.unknown({ kind: "array", items }, state));
    }
  }

  /** Variables of the pattern hold anything, under a condition that cannot be told. */
  unknown(pattern: NormalTerm, state: State): State {
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

  #reference(term: Extract<NormalTerm, { kind: "ref" }>, state: State, world: World, next: NextValue): void {
    if (term.base === "data") return this.#document(this.root, this.#data, term.path, 0, state, world, next);
    const base = term.base === "input" ? world.input : this.plain(term.base, state.slots);
    this.walk(base, term.path, 0, state, next);
  }

  walk(value: Symbolic, path: readonly NormalTerm[], at: number, state: State, next: NextValue): void {
    if (state.when.may.isEmpty) return;
    const key = path[at];
    if (key === undefined) {
      for (const one of settled({ when: YES, value })) next(narrowed(state, one.when), one.value);
      return;
    }
    if (key.kind === "local" && state.slots[key.local.slot] === undefined) {
      for (const one of settled({ when: YES, value })) {
        this.#iterate(one.value, key.local, narrowed(state, one.when), (after, inner) =>
          this.walk(inner, path, at + 1, after, next),
        );
      }
      return;
    }
    if (!this.isBound(key, state.slots))
      return next(this.unknown({ kind: "array", items: path.slice(at) }, state), UNKNOWN);
    for (const one of stepInto(value, this.plain(key, state.slots))) {
      this.walk(one.value, path, at + 1, narrowed(state, one.when), next);
    }
  }

  #iterate(value: Symbolic, key: Local, state: State, next: NextValue): void {
    const items: readonly Item[] | undefined =
      value.kind === "known"
        ? (knownItems(value.value) ?? [])
        : value.kind === "array"
          ? value.items.map((item, i) => ({ when: YES, key: known(i), value: item, over: [], many: false }))
          : value.kind === "collection"
            ? this.fresh(value)
            : undefined;
    if (items !== undefined) {
      for (const item of items) {
        this.spend();
        const when = both(state.when, item.when);
        if (when.may.isEmpty) continue;
        const after = { slots: state.slots, when, over: [...state.over, ...item.over], many: true };
        next(bound(after, key, item.key ?? UNKNOWN), item.value);
      }
    } else if (value.kind === "pieces" || value.kind === "bag" || isClaimObject(value)) {
      const list = listOf(value);
      const element = this.elements.of(list);
      const after = { ...state, over: [...state.over, element], many: true };
      next(bound(after, key, UNKNOWN), ofDimension(element.dimension));
      if (list.kind === "bag" && list.mixed) {
        const other = { ...state, when: both(state.when, MAYBE) };
        next(bound(other, key, UNKNOWN), { kind: "unknown", type: "no text" });
      }
    } else if (value.kind === "tree" || isObjectOfClaims(value) || (value.kind === "unknown" && !isNumberOrScalar(value))) {
      next(bound({ ...state, when: both(state.when, MAYBE) }, key, UNKNOWN), UNKNOWN);
    }
  }

  #document(
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
      return base === undefined ? undefined : this.walk(known(base), path, at, state, next);
    }
    if (node.rules.length > 0) {
      for (const one of this.document(node, world)) {
        this.walk(one.value, path, at, narrowed(state, one.when), next);
      }
      return;
    }
    const key = path[at];
    if (key === undefined) return next(this.unknown({ kind: "array", items: [] }, state), UNKNOWN);
    const into = (name: Value, after: State): void =>
      this.#document(node.children.get(name), baseBelow(base, name), path, at + 1, after, world, next);
    const free = key.kind === "local" && state.slots[key.local.slot] === undefined ? key.local : undefined;
    if (free !== undefined) {
      for (const name of namesBelow(node, base)) into(name, bound({ ...state, many: true }, free, known(name)));
      return;
    }
    const name = this.plain(key, state.slots);
    if (name.kind === "known") return into(name.value, state);
    for (const one of namesBelow(node, base)) into(one, narrowed(state, equality(name, known(one))));
  }

  /** The value of the rules of a document. */
  document(node: RuleNode, world: World): readonly Case[] {
    const before = world.documents.get(node);
    if (before !== undefined) return before;
    const cases = this.#rules(node, world);
    world.documents.set(node, cases);
    return cases;
  }

  #rules(node: RuleNode, world: World): readonly Case[] {
    const [first] = node.rules;
    if (first === undefined) return [];
    const nested = [...node.children.values()].some((child) => child.hasRules);
    const depth = first.kind === "object" ? 1 : 0;
    if (nested || node.rules.some(({ kind, path }) => kind !== first.kind || path.length !== depth)) {
      this.miss(first.at);
      return OPEN;
    }
    if (first.kind === "complete") return this.complete(node.rules, [], world);
    const items: Item[] = [];
    for (const rule of node.rules) {
      for (const branch of rule.branches) {
        this.solve(branch.body, emptyState(rule, []), world, ({ slots, when, over }) => {
          if (rule.kind === "set") {
            if (rule.key !== undefined) items.push(...member(undefined, this.plain(rule.key, slots), when, over));
            return;
          }
          const [key] = rule.path;
          if (key !== undefined)
            items.push(...member(this.plain(key, slots), this.plain(branch.value, slots), when, over));
        });
      }
    }
    if (first.kind === "object") this.#keysConflict(items, first.at);
    return surely(collectionOf(first.kind === "set" ? "set" : "object", items));
  }

  /** The value that definitions of a rule or function agree on. */
  complete(rules: readonly NormalRule[], args: readonly Symbolic[], world: World): readonly Case[] {
    const cases: Case[] = [];
    for (const rule of rules) {
      if (rule.isDefault) continue;
      const own = this.#chain(rule, args, world);
      this.#valuesConflict(own, cases, rule.at);
      cases.push(...own);
    }
    const agreed = grouped(cases);
    const fallback = rules.find(({ isDefault }) => isDefault);
    if (fallback === undefined) return agreed;
    const rest = not(either(agreed.map(({ when }) => when)));
    const [branch] = fallback.branches;
    if (branch === undefined || rest.may.isEmpty) return agreed;
    return [
      ...agreed,
      ...this.#branch(fallback, branch, args, world).map((one) => ({ ...one, when: both(one.when, rest) })),
    ];
  }

  #conflict({ may }: Bounds, at: Place): void {
    if (may.isEmpty) return;
    this.miss(at);
    const elements = may.dimensions.filter(({ key }) => key.startsWith("element:"));
    this.conflicts = this.conflicts.union(elements.reduce((set, one) => set.some(one), may));
  }

  /** Two values of one document. */
  #valuesConflict(cases: readonly Case[], others: readonly Case[], at: Place): void {
    for (const one of cases) {
      for (const other of others) {
        if (!sameValue(one.value, other.value)) this.#conflict(both(one.when, other.when), at);
      }
    }
  }

  /** Two values under one key of an object. */
  #keysConflict(items: readonly Item[], at: Place): void {
    items.forEach((one, i) => {
      for (const other of items.slice(0, i)) {
        if (one.key === undefined || other.key === undefined || sameValue(one.value, other.value)) continue;
        this.#conflict(both(one.when, other.when, equality(one.key, other.key)), at);
      }
    });
  }

  #chain(rule: NormalRule, args: readonly Symbolic[], world: World): readonly Case[] {
    const cases: Case[] = [];
    let left = YES;
    for (const branch of rule.branches) {
      const own = this.#branch(rule, branch, args, world);
      for (const one of own) {
        const when = both(one.when, left);
        if (!when.may.isEmpty) cases.push({ ...one, when });
      }
      left = both(left, not(either(own.map(({ when }) => when))));
      if (left.may.isEmpty) break;
    }
    return cases;
  }

  #branch(rule: NormalRule, branch: NormalBranch, args: readonly Symbolic[], world: World): readonly Case[] {
    const cases: Case[] = [];
    this.solve(branch.body, emptyState(rule, args), world, ({ slots, when, over, many }) => {
      const value = this.plain(branch.value, slots);
      const own = { when: closed(when, over), value: elementsIn(value, over).length > 0 ? UNKNOWN : value };
      if (many) this.#valuesConflict([own], cases, branch.at);
      cases.push(own);
    });
    return grouped(cases);
  }

  call(callee: Extract<NormalLiteral, { kind: "call" }>["callee"], args: readonly Symbolic[], world: World) {
    if (callee.kind === "builtin") return callSymbolic(callee.name, args, this);
    const functions = this.root.find(callee.path)?.functions ?? [];
    return this.complete(functions, args, world);
  }
}

/** All claims of a token: what their values are is not gone through. */
function isObjectOfClaims({ kind }: Symbolic): boolean {
  return kind === "claims";
}

function isNumberOrScalar(value: Symbolic): boolean {
  return value.kind === "unknown" && (value.type === "number" || value.type === "scalar");
}

function emptyState({ frameSize }: NormalRule, args: readonly Symbolic[]): State {
  const slots: (Symbolic | undefined)[] = new Array(frameSize).fill(undefined);
  args.forEach((arg, i) => {
    slots[i] = arg;
  });
  return { slots, when: YES, over: [], many: false };
}

export function bound(state: State, local: Local, value: Symbolic): State {
  const slots = state.slots.slice();
  slots[local.slot] = value;
  return { ...state, slots };
}

export function narrowed(state: State, when: Bounds): State {
  return when === YES ? state : { ...state, when: both(state.when, when) };
}

/** Claims that stand alone have a value only as they are written. */
function settled(one: Case): readonly Case[] {
  const { value, when } = one;
  if (value.kind !== "claims" || value.names.length === 0 || value.settled) return [one];
  return claimCases(value).map((inner) => ({ when: both(when, inner.when), value: inner.value }));
}

function sameValue(a: Symbolic, b: Symbolic): boolean {
  if (a.kind === "known" && b.kind === "known") return equality(a, b) === YES;
  if ((a.kind === "claims" || a.kind === "bag") && a.kind === b.kind) return a.names.join("\n") === b.names.join("\n");
  if (a.kind === "array" && b.kind === "array" && a.items.length === b.items.length) {
    return a.items.every((item, i) => sameValue(item, b.items[i] ?? UNKNOWN));
  }
  return a === b || (a.kind === "text" && b.kind === "text" && sameText(a, b));
}

/** Cases of one value together. */
function grouped(cases: readonly Case[]): readonly Case[] {
  if (cases.length < 2) return cases;
  const groups: { value: Symbolic; whens: Bounds[] }[] = [];
  for (const { value, when } of cases) {
    const group = groups.find((one) => sameValue(one.value, value));
    if (group === undefined) groups.push({ value, whens: [when] });
    else group.whens.push(when);
  }
  return groups.map(({ value, whens }) => ({ value, when: either(whens) }));
}

/** A member of a collection; elements that it does not speak of are taken out of its condition. */
function member(key: Symbolic | undefined, value: Symbolic, when: Bounds, over: readonly Element[]): readonly Item[] {
  const used = [...elementsIn(value, over), ...(key === undefined ? [] : elementsIn(key, over))];
  const first = over.findIndex((one) => used.includes(one));
  const kept = first === -1 ? [] : over.slice(0, over.length);
  return [{ when: kept.length === 0 ? closed(when, over) : when, key, value, over: kept }];
}

const isKnown = (value: Symbolic | undefined): boolean => value === undefined || value.kind === "known";

/** A collection of which every member is known and surely there is known itself. */
function collectionOf(of: CollectionSymbol["of"], items: readonly Item[]): Symbolic {
  const possible = items.filter(({ when }) => !when.may.isEmpty);
  const merged = of === "array" ? possible : mergedItems(possible);
  if (!merged.every(({ when, key, value }) => when.must.isFull && isKnown(key) && isKnown(value))) {
    return { kind: "collection", of, items: merged };
  }
  const values = merged.flatMap(({ value }) => (value.kind === "known" ? [value.value] : []));
  if (of === "array") return known(values);
  if (of === "set") return known(RegoSet.of(values));
  return known(
    RegoObject.of(
      merged.flatMap(({ key, value }) =>
        key?.kind === "known" && value.kind === "known" ? [[key.value, value.value] as const] : [],
      ),
    ),
  );
}

function mergedItems(items: readonly Item[]): readonly Item[] {
  const merged: Item[] = [];
  for (const item of items) {
    const at = merged.findIndex(
      (one) =>
        one.over.length === 0 &&
        item.over.length === 0 &&
        sameValue(one.value, item.value) &&
        (one.key === item.key || (one.key !== undefined && item.key !== undefined && sameValue(one.key, item.key))),
    );
    const before = merged[at];
    if (before === undefined) merged.push(item);
    else merged[at] = { ...before, when: either([before.when, item.when]) };
  }
  return merged;
}
