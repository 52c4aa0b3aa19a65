/**
 * Finds the few rules of a document that can match. A rule whose body compares a part of `input`, or of an argument, with
 * constants (`==`, `in`, an element of an array pattern) is filed under them; a lookup evaluates each such part once and
 * descends a tree of hash maps. The index only leaves out rules that would fail, so it never changes a value.
 */
import type { NormalLiteral, NormalRule, NormalTerm } from "../compile/normal-form.js";
import {
  type CanonicalKey,
  canonicalKey,
  isArray,
  isObject,
  isSet,
  lookup,
  objectEntries,
  type Value,
} from "../value/index.js";
import type { Context } from "./frame.js";
import type { InputPaths } from "./input-paths.js";
import { inputAt } from "./operand.js";

/** A part of the input or of an argument. */
interface Subject {
  readonly id: string;
  readonly from: "input" | number;
  readonly path: readonly Value[];
}

interface Condition {
  readonly subject: Subject;
  /** The subject equals one of these values, each once. */
  readonly keys: readonly CanonicalKey[];
}

interface Branch {
  readonly subject: Subject;
  /** The number of a path of the input that an evaluation remembers. */
  readonly number: number;
  /** Position of the subject's value in a lookup's memory. */
  readonly level: number;
  readonly byValue: Map<CanonicalKey, Node>;
  readonly rest: Node | undefined;
}
type Node = Branch | readonly number[];

/** Alternatives of one rule beyond which it is filed under no value. */
const MAX_ALTERNATIVES = 64;

export class RuleIndex {
  private readonly root: Node;
  private readonly levels: number;

  private constructor(root: Node, levels: number) {
    this.root = root;
    this.levels = levels;
  }

  /** An index of these rules, or undefined when it would leave nothing out. */
  static build(rules: readonly NormalRule[], paths: InputPaths): RuleIndex | undefined {
    if (rules.length < 2) return undefined;
    const conditions = rules.map((rule) => (rule.branches.length > 1 ? [] : conditionsOf(rule)));
    const subjects = new Subjects(paths);
    const all = rules.map((_, index) => index);
    const root = buildNode(all, conditions, new Set(), subjects);
    return isLeaf(root) ? undefined : new RuleIndex(root, subjects.count);
  }

  /** Positions of the rules that may match, ascending. */
  find(context: Context, args: readonly Value[] | undefined): readonly number[] {
    let node = this.root;
    // The usual case needs no memory: one way down.
    while (!isLeaf(node)) {
      const value = subjectValue(node, context, args);
      const child = value === undefined ? undefined : node.byValue.get(canonicalKey(value));
      if (child !== undefined && node.rest !== undefined) return this.findAll(context, args);
      const next = child ?? node.rest;
      if (next === undefined) return NOTHING;
      node = next;
    }
    return node;
  }

  private findAll(context: Context, args: readonly Value[] | undefined): readonly number[] {
    const found: number[] = [];
    const values = new Array<Value | undefined>(this.levels);
    const known = new Array<boolean>(this.levels).fill(false);
    const visit = (node: Node): void => {
      if (isLeaf(node)) {
        found.push(...node);
        return;
      }
      if (known[node.level] !== true) {
        known[node.level] = true;
        values[node.level] = subjectValue(node, context, args);
      }
      const value = values[node.level];
      const child = value === undefined ? undefined : node.byValue.get(canonicalKey(value));
      if (child !== undefined) visit(child);
      if (node.rest !== undefined) visit(node.rest);
    };
    visit(this.root);
    return found.sort((a, b) => a - b);
  }
}

const NOTHING: readonly number[] = [];

function isLeaf(node: Node): node is readonly number[] {
  return Array.isArray(node);
}

function subjectValue(
  { subject, number }: Branch,
  context: Context,
  args: readonly Value[] | undefined,
): Value | undefined {
  if (number >= 0) return inputAt(context, number, subject.path as readonly string[]);
  let value = subject.from === "input" ? context.input : args?.[subject.from];
  for (const key of subject.path) {
    if (value === undefined) return undefined;
    value = lookup(value, key);
  }
  return value;
}

/** The subjects of an index, numbered. */
class Subjects {
  private readonly known = new Map<string, Pick<Branch, "level" | "number">>();
  private readonly paths: InputPaths;

  constructor(paths: InputPaths) {
    this.paths = paths;
  }

  get count(): number {
    return this.known.size;
  }

  of({ id, from, path }: Subject): Pick<Branch, "level" | "number"> {
    let numbers = this.known.get(id);
    if (numbers === undefined) {
      const names = from === "input" && path.every((part) => typeof part === "string");
      numbers = { level: this.count, number: names ? this.paths.number(path as readonly string[]) : -1 };
      this.known.set(id, numbers);
    }
    return numbers;
  }
}

function buildNode(
  rules: readonly number[],
  conditions: readonly (readonly Condition[])[],
  used: ReadonlySet<string>,
  subjects: Subjects,
): Node {
  if (rules.length < 2) return rules;
  const counts = new Map<string, { subject: Subject; count: number }>();
  for (const rule of rules) {
    for (const { subject } of conditions[rule] ?? []) {
      if (used.has(subject.id)) continue;
      const entry = counts.get(subject.id);
      if (entry === undefined) counts.set(subject.id, { subject, count: 1 });
      else entry.count++;
    }
  }
  let best: { subject: Subject; count: number } | undefined;
  for (const entry of counts.values()) if (best === undefined || entry.count > best.count) best = entry;
  if (best === undefined) return rules;
  const { subject } = best;
  const groups = new Map<CanonicalKey, number[]>();
  const rest: number[] = [];
  for (const rule of rules) {
    const condition = (conditions[rule] ?? []).find((each) => each.subject.id === subject.id);
    if (condition === undefined) rest.push(rule);
    else {
      for (const key of condition.keys) {
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [rule]);
        else group.push(rule);
      }
    }
  }
  const deeper = new Set([...used, subject.id]);
  const byValue = new Map<CanonicalKey, Node>();
  for (const [key, group] of groups) byValue.set(key, buildNode(group, conditions, deeper, subjects));
  return {
    subject,
    ...subjects.of(subject),
    byValue,
    rest: rest.length === 0 ? undefined : buildNode(rest, conditions, deeper, subjects),
  };
}

/** Conditions that a rule's body cannot succeed without. */
function conditionsOf(rule: NormalRule): Condition[] {
  const aliases = new Map<number, Subject>();
  for (let slot = 0; slot < rule.arity; slot++) aliases.set(slot, makeSubject(slot, []));
  const found = new Map<string, Condition>();
  for (const literal of rule.branches[0]?.body ?? []) {
    if (literal.with.length > 0) continue;
    literalConditions(literal, aliases, (subject, values) => {
      if (!found.has(subject.id)) found.set(subject.id, { subject, keys: uniqueKeys(values) });
    });
  }
  return [...found.values()];
}

function uniqueKeys(values: readonly Value[]): readonly CanonicalKey[] {
  const keys = values.map(canonicalKey);
  return keys.length === 1 ? keys : [...new Set(keys)];
}

function makeSubject(from: "input" | number, path: readonly Value[]): Subject {
  let id = String(from);
  for (const key of path) id += typeof key === "string" ? ` ${key.length}"${key}` : ` ${String(key)}`;
  return { id, from, path };
}

function subjectOf(term: NormalTerm, aliases: ReadonlyMap<number, Subject>): Subject | undefined {
  if (term.kind === "local") return aliases.get(term.local.slot);
  if (term.kind !== "ref") return undefined;
  const path: Value[] = [];
  for (const part of term.path) {
    if (part.kind !== "constant" || (typeof part.value !== "string" && typeof part.value !== "number"))
      return undefined;
    path.push(part.value);
  }
  if (term.base === "input") return makeSubject("input", path);
  if (term.base === "data") return undefined;
  const base = subjectOf(term.base, aliases);
  return base === undefined ? undefined : makeSubject(base.from, [...base.path, ...path]);
}

type Add = (subject: Subject, values: readonly Value[]) => void;

function literalConditions(literal: NormalLiteral, aliases: Map<number, Subject>, add: Add): void {
  if (literal.kind === "unify") {
    unifyConditions(literal.left, literal.right, aliases, add);
    unifyConditions(literal.right, literal.left, aliases, add);
  } else if (literal.kind === "call" && literal.callee.kind === "builtin" && literal.result === undefined) {
    const [left, right] = literal.args;
    if (left === undefined || literal.callee.name !== "internal.member_2" || right?.kind !== "constant") return;
    const subject = subjectOf(left, aliases);
    const values = elements(right.value);
    if (subject !== undefined && values !== undefined) add(subject, values);
  }
}

function elements(value: Value): readonly Value[] | undefined {
  if (isArray(value)) return value.length <= MAX_ALTERNATIVES ? value : undefined;
  if (isSet(value)) return value.size <= MAX_ALTERNATIVES ? value.sorted() : undefined;
  if (!isObject(value)) return undefined;
  const values = objectEntries(value).map(([, member]) => member);
  return values.length <= MAX_ALTERNATIVES ? values : undefined;
}

function unifyConditions(left: NormalTerm, right: NormalTerm, aliases: Map<number, Subject>, add: Add): void {
  if (left.kind !== "constant" && left.kind !== "array" && left.kind !== "local") return;
  const subject = subjectOf(right, aliases);
  if (subject === undefined) return;
  if (left.kind === "constant") add(subject, [left.value]);
  else if (left.kind === "array") {
    for (const [index, item] of left.items.entries()) {
      const part = makeSubject(subject.from, [...subject.path, index]);
      if (item.kind === "local" && !aliases.has(item.local.slot)) aliases.set(item.local.slot, part);
      if (item.kind === "constant") add(part, [item.value]);
    }
  } else if (!aliases.has(left.local.slot)) aliases.set(left.local.slot, subject);
}
