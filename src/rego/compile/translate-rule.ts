/**
 * Rules and queries to normal form. An argument that is a plain variable is its slot; any other pattern becomes a
 * unification at the start of the body. What a head needs evaluated becomes literals at the end of the body.
 */
import type { Body, Head, Literal, Rule, Term } from "../syntax/ast.js";
import { type CanonicalKey, canonicalKey, parseNumber, type Value } from "../value/index.js";
import type { Local, NormalBranch, NormalLiteral, NormalQuery, NormalRule, NormalTerm } from "./normal-form.js";
import { declaredNames, type Environment, mentionedInTerm, mentionedNames, Scope } from "./scope.js";
import { LiteralTranslator } from "./translate-literal.js";

const NO_LABELS: ReadonlyMap<number, Value> = new Map();

/** The part of a head's path that is constant, with the numbers in it that keep their text, and what follows it. */
export function splitHeadPath(head: Head): {
  ground: CanonicalKey[];
  labels: ReadonlyMap<number, Value>;
  rest: readonly Term[];
} {
  const ground: CanonicalKey[] = [head.name.name];
  let labels: Map<number, Value> | undefined;
  let index = 0;
  for (; index < head.path.length; index++) {
    const part = head.path[index];
    const value = part === undefined ? undefined : scalarOf(part);
    if (value === undefined) break;
    const key = canonicalKey(value);
    if (key !== value && typeof value !== "string") {
      labels ??= new Map();
      labels.set(ground.length, value);
    }
    ground.push(typeof value === "string" ? value : key);
  }
  return { ground, labels: labels ?? NO_LABELS, rest: head.path.slice(index) };
}

function scalarOf(term: Term): Value | undefined {
  switch (term.kind) {
    case "null":
      return null;
    case "boolean":
    case "string":
      return term.value;
    case "number":
      return parseNumber(term.text);
    default:
      return undefined;
  }
}

function headName(head: Head): string {
  return [head.name.name, ...head.path.map((part) => (part.kind === "string" ? part.value : "_"))].join(".");
}

export class RuleTranslator extends LiteralTranslator {
  private readonly lookUpMetadata: (what: string) => Value | undefined;

  constructor(env: Environment, lookUpMetadata: (what: string) => Value | undefined = () => undefined) {
    super(env);
    this.lookUpMetadata = lookUpMetadata;
  }

  protected metadata(what: string): Value | undefined {
    return this.lookUpMetadata(what);
  }

  /** `module` is the index of the rule's module among those compiled. */
  rule(rule: Rule, module: number): NormalRule {
    const { head } = rule;
    const { ground, labels, rest } = splitHeadPath(head);
    const offset = this.env.packagePath.length;
    const args = head.args ?? [];
    this.scope = new Scope(undefined);
    const slots = args.map((arg) => this.argument(arg));
    const argScope = this.scope;
    const headTerms = [...rest, ...(head.key === undefined ? [] : [head.key])];
    let path: readonly NormalTerm[] = [];
    let key: NormalTerm | undefined;
    const branches: NormalBranch[] = [];
    const main = this.branch(argScope, slots, args, rule.body, head.value, headTerms, rule, (literals) => {
      path = rest.map((part) => this.settledHead(part, literals));
      if (head.key !== undefined) key = this.settledHead(head.key, literals);
    });
    branches.push(main);
    for (const alternative of rule.elses) {
      branches.push(this.branch(argScope, slots, args, alternative.body, alternative.value, [], alternative, () => {}));
    }
    const kind =
      head.key !== undefined ? "set" : args.length > 0 ? "function" : rest.length > 0 ? "object" : "complete";
    return {
      ground: [...this.env.packagePath, ...ground],
      ...(labels.size === 0 ? {} : { labels: new Map([...labels].map(([at, value]) => [at + offset, value])) }),
      kind,
      path,
      ...(key === undefined ? {} : { key }),
      arity: args.length,
      branches,
      frameSize: this.frameSize,
      isDefault: rule.default,
      at: { source: this.env.source, start: rule.chained ? rule.start : head.start, end: rule.end },
      name: headName(head),
      module,
    };
  }

  /** Slots come first, so that a call can fill them by position. */
  private argument(arg: Term): Local {
    return this.local(
      arg.kind === "var" && arg.name !== "_" ? arg.name : `__arg${this.frameSize}__`,
      arg.kind !== "var",
    );
  }

  private branch(
    argScope: Scope,
    slots: readonly Local[],
    args: readonly Term[],
    body: Body | undefined,
    value: Term | undefined,
    headTerms: readonly Term[],
    node: { start: number; end: number },
    finishHead: (literals: NormalLiteral[]) => void,
  ): NormalBranch {
    this.scope = new Scope(argScope.parent);
    const prologue = this.argumentPatterns(slots, args);
    const terms = value === undefined ? headTerms : [...headTerms, value];
    const literals = this.body(body ?? [], terms);
    finishHead(literals);
    const result: NormalTerm =
      value === undefined ? { kind: "constant", value: true } : this.settledHead(value, literals);
    this.reportUnused();
    return { body: [...prologue, ...literals], value: result, at: this.place(node) };
  }

  private argumentPatterns(slots: readonly Local[], args: readonly Term[]): NormalLiteral[] {
    const literals: NormalLiteral[] = [];
    if (args.length === 0) return literals;
    const names = new Map<string, number>();
    const patterns: { slot: Local; arg: Term }[] = [];
    for (const [index, arg] of args.entries()) {
      const slot = slots[index] as Local;
      if (arg.kind === "var" && arg.name === "_") continue;
      if (arg.kind === "var" && this.scope.declaration(arg.name) === undefined) {
        this.scope.define(arg.name, slot, "argument");
      } else {
        patterns.push({ slot, arg });
        mentionedInTerm(arg, names);
      }
    }
    for (const [name, at] of names) {
      if (this.scope.has(name) || this.global(name) !== undefined) continue;
      this.scope.define(name, { ...this.local(name), at }, "argument");
    }
    for (const { slot, arg } of patterns) {
      const left: NormalTerm = { kind: "local", local: slot };
      const right = this.term(arg, { literals, withs: [] });
      literals.push({ kind: "unify", left, right, assign: false, with: [], at: this.place(arg), generated: true });
    }
    return literals;
  }

  private settledHead(term: Term, literals: NormalLiteral[]): NormalTerm {
    return this.settled(this.term(term, { literals, withs: [] }), literals, term);
  }

  query(body: readonly Literal[]): NormalQuery {
    this.scope = new Scope(undefined);
    const names = new Map<string, number>();
    mentionedNames(body, names, (name) => this.env.builtin(name) !== undefined);
    const declared = declaredNames(body);
    const literals = this.body(body);
    const bindings: Local[] = [];
    for (const name of new Set([...names.keys(), ...declared])) {
      if (name === "_" || !this.scope.has(name)) continue;
      const local = this.scope.find(name);
      if (local !== undefined) bindings.push(local);
    }
    return { body: literals, bindings, frameSize: this.frameSize };
  }
}
