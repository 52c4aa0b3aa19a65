/**
 * Terms to normal form: names resolved, and every call inside a term taken out into a literal before the one that holds
 * the term. References stay where they are: the stage after the safety check hoists them, because their place decides
 * which variables they bind.
 */
import { problemAt, type RegoCode } from "../error.js";
import type { RefTerm as AstRef, CallTerm, Literal, Term, VarTerm } from "../syntax/ast.js";
import { parseNumber, type Value } from "../value/index.js";
import type {
  Callee,
  CallLiteral,
  ComprehensionTerm,
  DocumentPath,
  Local,
  NormalLiteral,
  NormalTerm,
  NormalWith,
  Place,
  TestLiteral,
  UnifyLiteral,
} from "./normal-form.js";
import { type Environment, type GlobalRef, mentionedInTerm, mentionedNames, operatorName, Scope } from "./scope.js";
import { evaluationOrder } from "./term-order.js";

/** Where the literals that a term needs go, and what they inherit. */
export interface Output {
  readonly literals: NormalLiteral[];
  readonly withs: readonly NormalWith[];
}

export abstract class TermTranslator {
  protected readonly env: Environment;
  protected scope: Scope = new Scope(undefined);
  private slots = 0;

  constructor(env: Environment) {
    this.env = env;
  }

  get frameSize(): number {
    return this.slots;
  }

  protected abstract body(literals: readonly Literal[], head?: readonly Term[]): NormalLiteral[];

  protected report(code: RegoCode, start: number, message: string, hint?: string): void {
    this.env.problems.push(problemAt(this.env.source, start, code, message, hint));
  }

  protected place(node: { start: number; end: number }): Place {
    return { source: this.env.source, start: node.start, end: node.end };
  }

  protected local(name: string, generated = false): Local {
    return { name, slot: this.slots++, generated };
  }

  protected fresh(): Local {
    return this.local(`__local${this.slots}__`, true);
  }

  /** A variable that nothing else mentions. */
  protected wildcard(): Local {
    return this.local(`$${this.slots}`, true);
  }

  protected reportUnused(): void {
    for (const { name, at } of this.scope.unused()) {
      this.report("rego_compile_error", at, `declared var ${name} unused`, "remove it, or name it `_`");
    }
  }

  /** Gives the names that nobody declares a variable of the current scope. */
  protected defineImplicit(literals: readonly Literal[], terms: readonly Term[], declared: ReadonlySet<string>): void {
    const names = new Map<string, number>();
    mentionedNames(literals, names, (name) => this.env.builtin(name) !== undefined);
    for (const term of terms) mentionedInTerm(term, names);
    for (const [name, at] of names) {
      if (declared.has(name) || this.scope.has(name) || this.global(name) !== undefined) continue;
      this.scope.define(name, { ...this.local(name), at }, "implicit");
    }
  }

  protected global(name: string): GlobalRef | undefined {
    const found = this.env.globals.get(name);
    if (found !== undefined) return found;
    if (name === "input" || name === "data") return { base: name, path: [] };
    return undefined;
  }

  protected term(term: Term, output: Output): NormalTerm {
    switch (term.kind) {
      case "null":
        return { kind: "constant", value: null };
      case "boolean":
      case "string":
        return { kind: "constant", value: term.value };
      case "number":
        return { kind: "constant", value: this.number(term) };
      case "var":
        return this.variable(term);
      case "ref":
        return this.ref(term, output);
      case "array":
        return { kind: "array", items: term.items.map((item) => this.term(item, output)) };
      case "set": {
        const items: NormalTerm[] = [];
        for (const at of evaluationOrder(term.items)) items[at] = this.term(term.items[at] as Term, output);
        return { kind: "set", items };
      }
      case "object": {
        const entries: [NormalTerm, NormalTerm][] = [];
        const keys = term.entries.map(([key]) => key);
        const values = term.entries.map(([, value]) => value);
        for (const at of evaluationOrder(keys, values)) {
          const [key, value] = term.entries[at] as readonly [Term, Term];
          entries[at] = [this.term(key, output), this.term(value, output)];
        }
        return { kind: "object", entries };
      }
      case "call":
        return this.metadataCall(term) ?? this.nestedCall(term, output);
      case "comprehension":
        return this.comprehension(term);
      case "template":
        return this.template(term, output);
    }
  }

  private number(term: { text: string; start: number }): Value {
    const value = parseNumber(term.text);
    if (value !== undefined) return value;
    this.report("rego_parse_error", term.start, `number too big: ${term.text.slice(0, 40)}`);
    return 0;
  }

  private variable(term: VarTerm): NormalTerm {
    if (term.name === "_") return { kind: "local", local: this.wildcard() };
    const local = this.scope.find(term.name);
    if (local !== undefined) return { kind: "local", local };
    const global = this.global(term.name);
    if (global !== undefined) {
      const path = global.path.map((value) => ({ kind: "constant", value }) as const);
      return { kind: "ref", base: global.base, path, at: this.place(term) };
    }
    return { kind: "local", local: this.local(term.name) };
  }

  private ref(term: AstRef, output: Output): NormalTerm {
    const head = this.term(term.head, output);
    const path = term.path.map((part) => this.term(part, output));
    const at = this.place(term);
    if (head.kind === "ref") return { kind: "ref", base: head.base, path: [...head.path, ...path], at };
    return { kind: "ref", base: head, path, at };
  }

  /** The constant for `rego.metadata.rule()` and `rego.metadata.chain()`. */
  protected metadataCall(term: CallTerm): NormalTerm | undefined {
    const name = operatorName(term.operator);
    if (name?.[0] !== "rego" || name[1] !== "metadata" || this.scope.has("rego") || this.global("rego") !== undefined) {
      return undefined;
    }
    const value = term.args.length === 0 ? this.metadata(name[2] ?? "") : undefined;
    return value === undefined ? undefined : { kind: "constant", value };
  }

  /** Metadata of the rule that is translated. */
  protected abstract metadata(what: string): Value | undefined;

  private nestedCall(term: CallTerm, output: Output): NormalTerm {
    const result: NormalTerm = { kind: "local", local: this.fresh() };
    const call = this.call(term, output, result);
    if (call !== undefined) output.literals.push({ ...call, generated: true });
    return result;
  }

  /** The literal for a call whose outcome is unified with `result`; without `result`, its truth is tested. */
  protected call(
    term: CallTerm,
    output: Output,
    result: NormalTerm | undefined,
  ): CallLiteral | UnifyLiteral | TestLiteral | undefined {
    const callee = this.callee(term);
    if (callee === undefined) return undefined;
    const args = term.args.map((arg) => this.term(arg, output));
    if (this.isRule(callee) && args.length <= (result === undefined ? 1 : 0)) {
      return this.ruleCall(term, callee.path, result ?? args[0], output);
    }
    const arity = this.checkArity(term, callee, args.length, result);
    const at = this.place(term);
    if (arity === undefined || args.length === arity || result !== undefined) {
      return { kind: "call", callee, args, ...(result === undefined ? {} : { result }), with: output.withs, at };
    }
    const last = args.pop() as NormalTerm;
    return { kind: "call", callee, args, result: last, with: output.withs, at };
  }

  private isRule(callee: Callee): callee is Extract<Callee, { kind: "function" }> {
    return (
      callee.kind === "function" && this.env.functionArity(callee.path) === undefined && this.env.isRule(callee.path)
    );
  }

  /** `f()` of a rule without arguments reads it, which the type checker allows where its value may be anything. */
  private ruleCall(
    term: CallTerm,
    rule: DocumentPath,
    result: NormalTerm | undefined,
    output: Output,
  ): UnifyLiteral | TestLiteral {
    const at = this.place(term);
    const path = rule.map((value) => ({ kind: "constant", value }) as const);
    const read: NormalTerm = { kind: "ref", base: "data", path, at, called: true };
    const shared = { with: output.withs, at };
    if (result === undefined) return { kind: "test", term: read, ...shared };
    return { kind: "unify", left: result, right: read, assign: false, ...shared };
  }

  private callee(term: CallTerm): Callee | undefined {
    const name = operatorName(term.operator);
    const head = name?.[0] ?? "";
    if (term.infix !== undefined) return { kind: "builtin", name: name?.join(".") ?? "" };
    if (name === undefined || this.scope.has(head)) {
      this.reportLater("functions", term.start, "called value is not a function");
      return undefined;
    }
    const global = this.global(head);
    if (global?.base === "data") return { kind: "function", path: [...global.path, ...name.slice(1)] };
    const dotted = name.join(".");
    if (global === undefined && this.env.builtin(dotted) !== undefined) return { kind: "builtin", name: dotted };
    this.reportLater("functions", term.start, `undefined function ${dotted}`, this.suggestion(dotted));
    return undefined;
  }

  private reportLater(stage: "functions" | "types", start: number, message: string, hint?: string): void {
    this.env.later[stage].push(problemAt(this.env.source, start, "rego_type_error", message, hint));
  }

  private suggestion(name: string): string | undefined {
    const last = name.split(".").pop() ?? "";
    return this.env.builtin(last) === undefined ? undefined : `there is a built-in function \`${last}\``;
  }

  /** Number of parameters, or undefined when a problem was reported or any number will do. */
  private checkArity(
    term: CallTerm,
    callee: Callee,
    given: number,
    result: NormalTerm | undefined,
  ): number | undefined {
    const builtin = callee.kind === "builtin" ? this.env.builtin(callee.name) : undefined;
    if (builtin?.variadic === true) return undefined;
    if (builtin?.deprecated === true && this.env.version === "v1") {
      const message = `deprecated built-in function calls in expression: ${builtin.name}`;
      this.reportLater("types", term.start, message, "this function is gone in v1");
    }
    const arity = callee.kind === "builtin" ? builtin?.arity : this.env.functionArity(callee.path);
    const spare = result === undefined ? 1 : 0;
    if (arity !== undefined && given >= arity && given <= arity + spare) return arity;
    const name = callee.kind === "builtin" ? callee.name : `data.${callee.path.join(".")}`;
    if (arity === undefined) {
      this.reportLater("functions", term.start, `undefined function ${name}`);
      return undefined;
    }
    const got = `${given} argument${given === 1 ? "" : "s"}`;
    this.reportLater("functions", term.start, `function ${name} has arity ${arity}, got ${got}`);
    return undefined;
  }

  private comprehension(term: Extract<Term, { kind: "comprehension" }>): NormalTerm {
    const head = term.key === undefined ? [term.value] : [term.key, term.value];
    return this.closureOver(term.body, head, (literals) => {
      const output: Output = { literals, withs: [] };
      const key = term.key === undefined ? {} : { key: this.settled(this.term(term.key, output), literals, term) };
      const value = this.settled(this.term(term.value, output), literals, term);
      return { kind: "comprehension", of: term.of, ...key, value, body: literals, at: this.place(term) };
    });
  }

  /** Translates a closure's body in a scope of its own and finishes there, with the head's names known. */
  protected closureOver<T>(
    body: readonly Literal[],
    head: readonly Term[],
    finish: (literals: NormalLiteral[]) => T,
  ): T {
    const outer = this.scope;
    this.scope = new Scope(outer);
    try {
      const literals = this.body(body, head);
      const result = finish(literals);
      this.reportUnused();
      return result;
    } finally {
      this.scope = outer;
    }
  }

  /** A term that needs no evaluation: anything with a reference or closure in it goes into a local of its own. */
  protected settled(term: NormalTerm, literals: NormalLiteral[], node: { start: number; end: number }): NormalTerm {
    if (!needsEvaluation(term)) return term;
    const left: NormalTerm = { kind: "local", local: this.fresh() };
    literals.push({ kind: "unify", left, right: term, assign: true, with: [], at: this.place(node), generated: true });
    return left;
  }

  /** `$"…{x}…"`: each expression becomes a set that is empty when the expression is undefined. */
  private template(term: Extract<Term, { kind: "template" }>, output: Output): NormalTerm {
    const items = term.parts.map((part): NormalTerm => {
      if (typeof part === "string") return { kind: "constant", value: part };
      if (isScalarTerm(part.term) && part.with.length === 0) return this.term(part.term, output);
      const variable = part.with.length === 0 && part.term.kind === "var" ? this.term(part.term, output) : undefined;
      if (variable?.kind === "local") return { kind: "set", items: [variable] };
      return { ...this.captured(part.term, this.withs(part.with, output)), printed: true };
    });
    const result: NormalTerm = { kind: "local", local: this.fresh() };
    output.literals.push({
      kind: "call",
      callee: { kind: "builtin", name: "internal.template_string" },
      args: [{ kind: "array", items }],
      result,
      with: output.withs,
      at: this.place(term),
      generated: true,
    });
    return result;
  }

  /** `{x | x := term}`, for operands that may be undefined. */
  protected captured(term: Term, withs: readonly NormalWith[]): ComprehensionTerm {
    const outer = this.scope;
    this.scope = new Scope(outer);
    const literals: NormalLiteral[] = [];
    const value: NormalTerm = { kind: "local", local: this.fresh() };
    const right = this.term(term, { literals, withs });
    const at = this.place(term);
    literals.push({ kind: "unify", left: value, right, assign: true, with: withs, at });
    this.scope = outer;
    return { kind: "comprehension", of: "set", value, body: literals, at };
  }

  protected abstract withs(
    withs: Extract<Literal, { kind: "expression" }>["with"],
    output: Output,
  ): readonly NormalWith[];
}

function isScalarTerm(term: Term): boolean {
  return term.kind === "null" || term.kind === "boolean" || term.kind === "number" || term.kind === "string";
}

/** Whether a term holds a reference or closure. */
export function needsEvaluation(term: NormalTerm): boolean {
  switch (term.kind) {
    case "ref":
    case "comprehension":
      return true;
    case "array":
    case "set":
      return term.items.some(needsEvaluation);
    case "object":
      return term.entries.some(([key, value]) => needsEvaluation(key) || needsEvaluation(value));
    default:
      return false;
  }
}
