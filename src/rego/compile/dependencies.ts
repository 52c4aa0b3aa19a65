/**
 * What a query depends on: base documents (`input` and what no rule defines below `data`) and virtual ones (rules), each
 * by the longest path that is known without evaluating. A variable that only stands for a document counts as the paths
 * that are read through it. Of two paths that one rule reads, the longer is left out when the shorter contains it.
 */
import { compare, type Value } from "../value/index.js";
import type {
  Callee,
  DocumentPath,
  Local,
  NormalBody,
  NormalForm,
  NormalLiteral,
  NormalRule,
  NormalTerm,
  NormalWith,
  RefTerm,
} from "./normal-form.js";

/** A path from `data` or `input` on, which is its first part. */
export type DependencyPath = readonly Value[];

export interface Dependencies {
  /** Sorted. */
  readonly base: readonly DependencyPath[];
  readonly virtual: readonly DependencyPath[];
}

export function dependenciesOf(form: NormalForm, query: NormalBody): Dependencies {
  const base: DependencyPath[] = [];
  const virtual: DependencyPath[] = [];
  const visited = new Set<NormalRule>();
  const waiting: DependencyPath[] = [...minimal(new Reader(true).body(query).paths())];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const rules = path[0] === "data" ? rulesAt(form, path.slice(1)) : [];
    if (rules.length === 0) base.push(path);
    for (const rule of rules) {
      if (visited.has(rule)) continue;
      visited.add(rule);
      virtual.push(["data", ...rule.ground] as DependencyPath);
      const reader = new Reader(false);
      for (const { body, value } of rule.branches) {
        reader.body(body);
        reader.term(value);
      }
      if (rule.key !== undefined) reader.term(rule.key);
      for (const part of rule.path) reader.term(part);
      waiting.push(...minimal(reader.paths()));
    }
  }
  return { base: sorted(base), virtual: sorted(virtual) };
}

/** The rules that a path leads to, through, or that are below it. */
function rulesAt({ rules }: NormalForm, path: readonly Value[]): NormalRule[] {
  return rules.filter(({ ground }) => {
    const shared = Math.min(ground.length, path.length);
    return isPrefix(ground.slice(0, shared) as DependencyPath, path);
  });
}

function isPrefix(short: readonly Value[], long: readonly Value[]): boolean {
  return short.length <= long.length && short.every((part, at) => compare(part, long[at] as Value) === 0);
}

function minimal(paths: readonly DependencyPath[]): DependencyPath[] {
  const order = sorted(paths);
  const kept: DependencyPath[] = [];
  for (const path of order) if (!kept.some((shorter) => isPrefix(shorter, path))) kept.push(path);
  return kept;
}

function sorted(paths: readonly DependencyPath[]): DependencyPath[] {
  const order = [...paths].sort((a, b) => compare(a as Value, b as Value));
  return order.filter((path, at) => at === 0 || compare(path as Value, order[at - 1] as Value) !== 0);
}

/** Collects the paths that one rule, or the query, reads. */
class Reader {
  readonly #refs: DependencyPath[] = [];
  /** Documents that locals stand for. */
  readonly #aliases = new Map<Local, DependencyPath>();
  /** Locals that are used by more than stepping into them. */
  readonly #used = new Set<Local>();
  readonly #keepsAliases: boolean;

  constructor(keepsAliases: boolean) {
    this.#keepsAliases = keepsAliases;
  }

  paths(): DependencyPath[] {
    const whole = [...this.#aliases].filter(([local]) => this.#keepsAliases || this.#used.has(local));
    return [...this.#refs, ...whole.map(([, path]) => path)];
  }

  body(body: NormalBody): this {
    for (const literal of body) this.#literal(literal);
    return this;
  }

  term(term: NormalTerm): void {
    switch (term.kind) {
      case "local":
        this.#used.add(term.local);
        return;
      case "array":
      case "set":
        for (const item of term.items) this.term(item);
        return;
      case "object":
        for (const [key, value] of term.entries) {
          this.term(key);
          this.term(value);
        }
        return;
      case "comprehension":
        this.body(term.body);
        if (term.key !== undefined) this.term(term.key);
        this.term(term.value);
        return;
      case "ref": {
        const path = this.#ref(term);
        if (path !== undefined) this.#refs.push(path);
      }
    }
  }

  /** The constant beginning of a reference into a document; undefined for one into another value. */
  #ref({ base, path }: RefTerm): DependencyPath | undefined {
    for (const part of path) this.term(part);
    const start = this.#start(base, path.length);
    if (start === undefined) return undefined;
    const cut = path.findIndex(({ kind }) => kind !== "constant");
    const constants = (cut === -1 ? path : path.slice(0, cut)) as readonly { readonly value: Value }[];
    return [...start, ...constants.map(({ value }) => value)];
  }

  #start(base: RefTerm["base"], steps: number): DependencyPath | undefined {
    if (base === "input" || base === "data") return [base];
    if (base.kind === "local" && steps > 0) {
      const alias = this.#aliases.get(base.local);
      if (alias !== undefined) return alias;
    }
    this.term(base);
    return undefined;
  }

  #literal(literal: NormalLiteral): void {
    for (const clause of literal.with) this.#with(clause);
    switch (literal.kind) {
      case "test":
        this.term(literal.term);
        return;
      case "unify":
        this.#unify(literal.left, literal.right);
        return;
      case "call":
        this.#callee(literal.callee);
        for (const arg of literal.args) this.term(arg);
        if (literal.result !== undefined && literal.result.kind !== "local") this.term(literal.result);
        return;
      case "not":
        this.body(literal.body);
        return;
      case "every":
        this.term(literal.domain);
        this.body(literal.body);
        return;
      default:
        for (const operand of literal.operands) this.body(operand);
    }
  }

  /** A local that takes a whole document stands for it from then on. */
  #unify(left: NormalTerm, right: NormalTerm): void {
    const [local, ref] = left.kind === "local" ? [left, right] : [right, left];
    if (local.kind !== "local" || ref.kind !== "ref" || ref.path.some(({ kind }) => kind !== "constant")) {
      this.term(left);
      this.term(right);
      return;
    }
    const path = this.#ref(ref);
    if (path === undefined) return;
    if (this.#aliases.has(local.local) || this.#used.has(local.local)) this.#refs.push(path);
    else this.#aliases.set(local.local, path);
  }

  #callee(callee: Callee): void {
    if (callee.kind === "function") this.#refs.push(fullPath(callee.path));
  }

  #with({ target, value }: NormalWith): void {
    if (target.kind === "input" || target.kind === "data") this.#refs.push([target.kind, ...target.path]);
    if (value.kind === "function-name") this.#callee(value.callee);
    else this.term(value);
  }
}

function fullPath(path: DocumentPath): DependencyPath {
  return ["data", ...path] as DependencyPath;
}
