/** Literals to normal form: declarations, assignments, closures, `with` and `print`. */
import type { Literal, Term, VarTerm, With } from "../syntax/ast.js";
import type { FunctionName, Local, NormalBody, NormalLiteral, NormalTerm, NormalWith } from "./normal-form.js";
import { declaredNames, isAssignment, operatorName, patternNames, Scope } from "./scope.js";
import { needsEvaluation, type Output, TermTranslator } from "./translate-term.js";

type ExpressionLiteral = Extract<Literal, { kind: "expression" }>;

export abstract class LiteralTranslator extends TermTranslator {
  /** Translates a body into the current scope; `head` are terms that belong to it but stand elsewhere. */
  protected body(literals: readonly Literal[], head: readonly Term[] = []): NormalLiteral[] {
    const declared = declaredNames(literals);
    this.scope.expect(declared);
    this.defineImplicit(literals, head, declared);
    const result: NormalLiteral[] = [];
    for (const literal of literals) this.literal(literal, result);
    return result;
  }

  private literal(literal: Literal, into: NormalLiteral[]): void {
    if (this.isErasedPrint(literal)) return;
    const withs = this.withs(literal.with, { literals: into, withs: [] });
    const output: Output = { literals: into, withs };
    switch (literal.kind) {
      case "some":
        for (const { name, start } of literal.vars) this.declare(name, start, "declared", start);
        return;
      case "some-in":
        this.someIn(literal, output);
        return;
      case "every":
        this.every(literal, output);
        return;
      case "not": {
        const body = this.operand(literal.body);
        const implicit = !literal.explicit;
        into.push({ kind: "not", body, closure: true, implicit, with: withs, at: this.place(literal) });
        return;
      }
      case "and":
      case "or": {
        const operands = literal.operands.map((operand) => this.operand(operand.body));
        const implicit = literal.operands.map((operand) => !operand.explicit);
        into.push({ kind: literal.kind, operands, implicit, with: withs, at: this.place(literal) });
        return;
      }
      case "expression":
        this.expression(literal, output);
    }
  }

  private operand(body: readonly Literal[]): NormalBody {
    return this.closureOver(body, [], (literals) => literals);
  }

  private expression(literal: ExpressionLiteral, output: Output): void {
    const { literals, withs } = output;
    if (!literal.negated) {
      this.positive(literal, output, false);
      return;
    }
    const inner: NormalLiteral[] = [];
    this.positive(literal, { literals: inner, withs }, true);
    const last = inner.pop();
    if (last === undefined) return;
    literals.push(...inner);
    // The modifiers move to the `not` itself; what it hoisted has its own.
    const body = [{ ...last, with: [] }];
    literals.push({ kind: "not", body, closure: false, with: withs, at: this.place(literal) });
  }

  /** `negated` when a `not` stands before: its literal is then the last one, and calls beside it are hoisted. */
  private positive(literal: ExpressionLiteral, output: Output, negated: boolean): void {
    const { term } = literal;
    const { literals, withs } = output;
    const at = this.place(literal);
    if (term.kind !== "call" || this.metadataCall(term) !== undefined)
      literals.push({ kind: "test", term: this.term(term, output), with: withs, at });
    else if (isAssignment(term)) this.assignment(term.args[0] as Term, term.args[1] as Term, literal, output, negated);
    else if (term.infix === "=") this.unification(term.args[0] as Term, term.args[1] as Term, literal, output, negated);
    else if (this.isPrint(term)) this.print(term.args, output, at);
    else {
      const call = this.call(term, output, undefined);
      if (call !== undefined) literals.push({ ...call, at });
    }
  }

  /** A call on one side unifies its outcome with the other directly, which saves a variable. */
  private unification(left: Term, right: Term, literal: ExpressionLiteral, output: Output, negated: boolean): void {
    const at = this.place(literal);
    const [called, other] = right.kind === "call" ? [right, left] : [left, right];
    if (called.kind === "call" && !negated && this.metadataCall(called) === undefined) {
      const target = this.term(other, output);
      if (!needsEvaluation(target)) {
        const call = this.call(called, output, target);
        if (call !== undefined) output.literals.push({ ...call, at });
        return;
      }
      const outcome = this.term(called, output);
      output.literals.push({ kind: "unify", left: target, right: outcome, assign: false, with: output.withs, at });
      return;
    }
    const sides = { left: this.term(left, output), right: this.term(right, output) };
    output.literals.push({ kind: "unify", ...sides, assign: false, with: output.withs, at });
  }

  private assignment(target: Term, value: Term, literal: ExpressionLiteral, output: Output, negated: boolean): void {
    const at = this.place(literal);
    if (value.kind === "call" && !negated && this.metadataCall(value) === undefined) {
      const outcome: NormalTerm = { kind: "local", local: this.fresh() };
      const call = this.call(value, output, outcome);
      const left = this.assigned(target, literal);
      if (call === undefined || left === undefined) return;
      if (call.kind === "unify") output.literals.push({ ...call, left, at });
      else if (call.kind === "call") output.literals.push({ ...call, result: left, at });
      return;
    }
    const right = this.term(value, output);
    const left = this.assigned(target, literal);
    if (left === undefined) return;
    output.literals.push({ kind: "unify", left, right, assign: true, with: output.withs, at });
  }

  /** Declares the target's variables and gives the pattern. */
  private assigned(target: Term, literal: ExpressionLiteral): NormalTerm | undefined {
    const kind = unassignable(target);
    if (kind !== undefined) {
      this.report("rego_compile_error", literal.start, `cannot assign to ${kind}`);
      return undefined;
    }
    const names = new Set<string>();
    patternNames(target, names);
    for (const name of names) this.declare(name, target.start, "assigned", this.env.strict ? target.start : undefined);
    return this.scope.withoutUses(() => this.term(target, { literals: [], withs: [] }));
  }

  private declare(name: string, at: number, verb: "assigned" | "declared", unusedAt: number | undefined): void {
    if (name === "_") return;
    const before = this.scope.declaration(name);
    if (before === "argument") this.report("rego_compile_error", at, `arg ${name} redeclared`);
    else if (before === "assigned" || before === "declared") {
      this.report("rego_compile_error", at, `var ${name} ${before} above`);
    } else if (this.scope.wasSeenEarly(name)) {
      this.report("rego_compile_error", at, `var ${name} referenced above`);
    } else if (this.env.version === "v1" && (name === "input" || name === "data")) {
      this.report("rego_compile_error", at, `variables must not shadow ${name} (use a different variable name)`);
    }
    this.scope.define(name, this.local(name), verb, unusedAt);
  }

  private someIn(literal: Extract<Literal, { kind: "some-in" }>, output: Output): void {
    const names = new Set<string>();
    patternNames(literal.value, names);
    if (literal.key !== undefined) patternNames(literal.key, names);
    for (const name of names) this.declare(name, literal.start, "declared", undefined);
    // The domain already sees the new variables, which are unsafe there.
    const written = this.term(literal.domain, output);
    const domain = written.kind === "ref" ? written : this.settledDomain(written, output, literal);
    const key: NormalTerm =
      literal.key === undefined ? { kind: "local", local: this.wildcard() } : this.term(literal.key, output);
    const value = this.term(literal.value, output);
    const at = this.place(literal);
    const base = domain.kind === "ref" ? domain.base : domain;
    const path = domain.kind === "ref" ? [...domain.path, key] : [key];
    const element: NormalTerm = { kind: "ref", base, path, at: this.place(literal.domain) };
    output.literals.push({ kind: "unify", left: value, right: element, assign: false, with: output.withs, at });
  }

  private every(literal: Extract<Literal, { kind: "every" }>, output: Output): void {
    const domain = this.settledDomain(this.term(literal.domain, output), output, literal);
    const outer = this.scope;
    this.scope = new Scope(outer);
    const key = literal.key === undefined ? {} : { key: this.iterated(literal.key) };
    const value = this.iterated(literal.value);
    const body = this.body(literal.body);
    this.reportUnused();
    this.scope = outer;
    output.literals.push({ kind: "every", ...key, value, domain, body, with: output.withs, at: this.place(literal) });
  }

  private settledDomain(term: NormalTerm, output: Output, node: { start: number; end: number }): NormalTerm {
    if (term.kind === "local" || term.kind === "constant") return term;
    const left: NormalTerm = { kind: "local", local: this.fresh() };
    const at = this.place(node);
    output.literals.push({ kind: "unify", left, right: term, assign: true, with: output.withs, at, generated: true });
    return left;
  }

  private iterated({ name, start }: VarTerm): Local {
    if (name === "_") return this.fresh();
    const local = this.local(name);
    this.scope.define(name, local, "declared", start);
    return local;
  }

  protected withs(withs: readonly With[], output: Output): readonly NormalWith[] {
    const result: NormalWith[] = [];
    for (const { target, value, start } of withs) {
      const normalTarget = this.withTarget(target, start);
      if (normalTarget === undefined) continue;
      result.push({ target: normalTarget, value: this.withValue(value, output) });
    }
    return result;
  }

  private withTarget(target: With["target"], start: number): NormalWith["target"] | undefined {
    const name = operatorName(target);
    const [head = "", ...rest] = name ?? [];
    const fail = (message: string): undefined => {
      this.report("rego_type_error", start, message);
      return undefined;
    };
    if (name === undefined) return fail("with keyword target must reference existing input, data, or a function");
    const global = this.scope.has(head) ? undefined : this.global(head);
    if (global === undefined) {
      const dotted = name.join(".");
      const builtin = this.env.builtin(dotted);
      if (builtin === undefined) return fail(`with keyword target must reference existing input, data, or a function`);
      if (
        dotted === "eq" ||
        dotted === "assign" ||
        builtin.relation ||
        builtin.isVoid ||
        dotted.startsWith("internal.")
      ) {
        this.report(
          "rego_compile_error",
          start,
          `with keyword replacing built-in function: target must not be ${dotted}`,
        );
        return undefined;
      }
      return { kind: "builtin", name: dotted };
    }
    const path = [...global.path, ...rest];
    if (global.base === "data") {
      if (this.env.functionArity(path) !== undefined) return { kind: "function", path };
      if (this.env.isPartOfRule(path)) {
        this.report("rego_compile_error", start, "with keyword cannot partially replace virtual document(s)");
        return undefined;
      }
    }
    return { kind: global.base, path };
  }

  private withValue(value: Term, output: Output): NormalTerm | FunctionName {
    if (value.kind === "var" || value.kind === "ref") {
      const name = operatorName(value);
      const head = name?.[0] ?? "";
      if (name !== undefined && !this.scope.has(head)) {
        const global = this.global(head);
        const dotted = name.join(".");
        if (global === undefined && this.env.builtin(dotted) !== undefined) {
          return { kind: "function-name", callee: { kind: "builtin", name: dotted } };
        }
        const path = [...(global?.path ?? []), ...name.slice(1)];
        if (global?.base === "data" && this.env.functionArity(path) !== undefined) {
          return { kind: "function-name", callee: { kind: "function", path } };
        }
      }
    }
    const plain: Output = { literals: output.literals, withs: [] };
    return this.settled(this.term(value, plain), output.literals, value);
  }

  private isPrint(term: Term): boolean {
    if (term.kind !== "call" || term.operator.kind !== "var" || term.operator.name !== "print") return false;
    return this.global("print") === undefined && !this.scope.has("print");
  }

  private isErasedPrint(literal: Literal): boolean {
    return !this.env.print && literal.kind === "expression" && this.isPrint(literal.term);
  }

  private print(args: readonly Term[], output: Output, at: NormalLiteral["at"]): void {
    const items = args.map((arg) => ({ ...this.captured(arg, output.withs), printed: true }));
    output.literals.push({
      kind: "call",
      callee: { kind: "builtin", name: "internal.print" },
      args: [{ kind: "array", items }],
      with: output.withs,
      at,
    });
  }
}

function unassignable(target: Term): string | undefined {
  switch (target.kind) {
    case "var":
      return undefined;
    case "null":
    case "boolean":
    case "number":
    case "string":
      return undefined;
    case "array":
      return target.items.map(unassignable).find((kind) => kind !== undefined);
    case "object":
      return target.entries.map(([, value]) => unassignable(value)).find((kind) => kind !== undefined);
    default:
      return target.kind;
  }
}
