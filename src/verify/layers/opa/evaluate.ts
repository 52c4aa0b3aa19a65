/**
 * Rego over requests: bodies are followed literal by literal with the condition under which each solution holds. Rules
 * and functions are put in where they are asked for; what is not read counts as a condition that may hold and does not
 * surely hold, and its place is kept.
 */
import type {
  NormalBody,
  NormalBranch,
  NormalForm,
  NormalLiteral,
  NormalRule,
  NormalTerm,
  Place,
  Value,
} from "../../../rego/index.js";
import { type Bounds, both, either, not, YES } from "../../space/bounds.js";
import { Overflow, RequestSet } from "../../space/index.js";
import { callSymbolic } from "./calls.js";
import type { Host } from "./collections.js";
import { RuleNode } from "./documents.js";
import { closed, Elements } from "./elements.js";
import { collectionOf, grouped, member, sameValue } from "./gather.js";
import { solveLiteral } from "./literals.js";
import { equality } from "./relations.js";
import type { Next, NextValue, State } from "./state.js";
import { stepInto } from "./steps.js";
import {
  arrayOf,
  type Case,
  type CollectionSymbol,
  type Element,
  elementsIn,
  type Item,
  known,
  OPEN,
  type Symbolic,
  surely,
  UNKNOWN,
} from "./symbol.js";
import { reference, settled } from "./walk.js";

/** What rules see: the input, and what was worked out with it. */
export interface World {
  readonly input: Symbolic;
  readonly documents: Map<RuleNode, readonly Case[]>;
}

/** The most literals that one question may look at. */
const MOST_STEPS = 400_000;

export class Evaluator implements Host {
  readonly #unread = new Map<string, Place>();
  readonly #doubted = new Map<string, Place>();
  /** the requests for which some rule may have two values, which ends the whole evaluation */
  conflicts: RequestSet = RequestSet.empty;
  readonly elements = new Elements();
  readonly root: RuleNode;
  readonly data: Value;
  readonly #worlds = new WeakMap<Symbolic, World>();
  #steps = 0;

  constructor(form: NormalForm, data: Value) {
    this.root = RuleNode.of(form);
    this.data = data;
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
    if (literal === undefined) {
      next(state);
      return;
    }
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
        reference(this, term, state, world, next);
        return;
      case "comprehension": {
        const items: Item[] = [];
        this.solve(
          term.body,
          { slots: state.slots, when: YES, over: [], many: false },
          world,
          ({ slots, when, over }) => {
            const key = term.key === undefined ? undefined : this.plain(term.key, slots);
            items.push(...member(key, this.plain(term.value, slots), when, over));
          },
        );
        if (term.of === "object") this.#keysConflict(items, term.at);
        next(state, collectionOf(term.of, items));
        return;
      }
      default:
        next(state, this.plain(term, state.slots));
        return;
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

function emptyState({ frameSize }: NormalRule, args: readonly Symbolic[]): State {
  const slots: (Symbolic | undefined)[] = new Array(frameSize).fill(undefined);
  args.forEach((arg, i) => {
    slots[i] = arg;
  });
  return { slots, when: YES, over: [], many: false };
}
