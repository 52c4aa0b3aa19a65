/**
 * Finds literals that can never succeed: sides of a unification, arguments of built-ins and steps of references whose
 * static types exclude each other. Rules are visited after those they read, so that their types are known.
 */
import type { TypeDecl } from "../builtins/index.js";
import { problemAt, type RegoProblem } from "../error.js";
import { canonicalKey } from "../value/index.js";
import type {
  CallLiteral,
  Local,
  NormalBody,
  NormalLiteral,
  NormalRule,
  NormalTerm,
  Place,
  RefTerm,
} from "./normal-form.js";
import { dependencies } from "./recursion.js";
import type { RuleNode } from "./rule-tree.js";
import { ANY_OBJECT, elementType, overlap, record, typeOfValue, union } from "./static-types.js";
import { pairUp } from "./variables.js";

export interface Declarations {
  /** Declared types of a built-in; undefined for unknown ones. */
  types(name: string): { args: readonly TypeDecl[]; result?: TypeDecl; relation: boolean } | undefined;
}

type Environment = Map<Local, TypeDecl>;

export class TypeChecker {
  readonly problems: RegoProblem[] = [];
  private readonly tree: RuleNode;
  private readonly declarations: Declarations;
  private readonly ruleTypes = new Map<NormalRule, TypeDecl>();

  constructor(tree: RuleNode, declarations: Declarations) {
    this.tree = tree;
    this.declarations = declarations;
  }

  /** Checks all rules, in an order in which what a rule reads comes first. */
  rules(rules: readonly NormalRule[]): void {
    const edges = new Map(rules.map((rule) => [rule, [...dependencies(this.tree, rule)]] as const));
    const visited = new Set<NormalRule>();
    for (const start of rules) {
      const stack: { rule: NormalRule; next: number }[] = [{ rule: start, next: 0 }];
      while (stack.length > 0) {
        const top = stack[stack.length - 1] as { rule: NormalRule; next: number };
        if (top.next === 0 && visited.has(top.rule)) {
          stack.pop();
          continue;
        }
        visited.add(top.rule);
        const target = edges.get(top.rule)?.[top.next++];
        if (target === undefined) {
          this.ruleTypes.set(top.rule, this.rule(top.rule));
          stack.pop();
        } else if (!visited.has(target)) stack.push({ rule: target, next: 0 });
      }
    }
  }

  body(body: NormalBody, environment: Environment = new Map()): void {
    for (const literal of body) this.literal(literal, environment);
  }

  /** What a rule adds to its document. */
  private rule(rule: NormalRule): TypeDecl {
    const values: TypeDecl[] = [];
    let whole: TypeDecl = "any";
    for (const branch of rule.branches) {
      const environment: Environment = new Map();
      this.body(branch.body, environment);
      const value = this.term(branch.value, environment, branch.at);
      values.push(value);
      if (rule.kind === "set" && rule.path.length === 0 && rule.key !== undefined) {
        whole = { kind: "set", of: this.term(rule.key, environment, rule.at) };
      } else if (rule.kind === "object" && rule.path.length === 1) {
        const key = this.term(rule.path[0] as NormalTerm, environment, rule.at);
        whole = { kind: "object", fixed: {}, rest: { key, value } };
      }
    }
    return rule.kind === "complete" || rule.kind === "function" ? union(values) : whole;
  }

  private report(at: Place, message: string, hint?: string): void {
    this.problems.push(problemAt(at.source, at.start, "rego_type_error", message, hint));
  }

  private literal(literal: NormalLiteral, environment: Environment): void {
    switch (literal.kind) {
      case "test":
        this.term(literal.term, environment, literal.at);
        break;
      case "unify": {
        const left = this.term(literal.left, environment, literal.at);
        const right = this.term(literal.right, environment, literal.at);
        if (!overlap(left, right)) this.report(literal.at, "match error", "these two are never equal");
        for (const [a, b] of pairUp(literal.left, literal.right)) {
          this.assign(a, this.term(b, environment, literal.at, true), environment);
          this.assign(b, this.term(a, environment, literal.at, true), environment);
        }
        break;
      }
      case "call":
        this.call(literal, environment);
        break;
      case "not":
        for (const inner of literal.body) this.literal(inner, new Map(environment));
        break;
      case "every":
        // As in OPA, only the domain is checked: over an empty one the body may be anything.
        this.term(literal.domain, environment, literal.at);
        break;
      case "and":
      case "or":
        for (const operand of literal.operands) this.body(operand, new Map(environment));
        break;
    }
  }

  private call(literal: CallLiteral, environment: Environment): void {
    const args = literal.args.map((arg) => this.term(arg, environment, literal.at));
    let result: TypeDecl = "any";
    if (literal.callee.kind === "builtin") {
      const { name } = literal.callee;
      const declared = this.declarations.types(name);
      if (declared === undefined) return;
      for (const [index, type] of declared.args.entries()) {
        const arg = args[index];
        if (arg !== undefined && !overlap(arg, type, true)) {
          this.report(
            literal.at,
            `${name}: invalid argument(s)`,
            `argument ${index + 1} can be ${shown(type)}, not ${shown(arg)}`,
          );
          break;
        }
      }
      result = declared.result ?? "any";
    } else {
      const rules = this.tree.find(literal.callee.path)?.rules ?? [];
      result = rules.length === 0 ? "any" : union(rules.map((rule) => this.ruleTypes.get(rule) ?? "any"));
    }
    if (literal.result === undefined) return;
    const wanted = this.term(literal.result, environment, literal.at);
    if (!overlap(wanted, result)) this.report(literal.at, "match error", "the outcome is never equal to this");
    this.assign(literal.result, result, environment);
  }

  /** Gives the unknown variables of a pattern the types that a value's parts have. */
  private assign(pattern: NormalTerm, type: TypeDecl, environment: Environment): void {
    if (pattern.kind === "local") {
      if (!environment.has(pattern.local)) environment.set(pattern.local, type);
    } else if (pattern.kind === "array") {
      for (const [index, item] of pattern.items.entries()) {
        this.assign(item, elementType(type, { value: index }) ?? "any", environment);
      }
    } else if (pattern.kind === "object") {
      for (const [key, value] of pattern.entries) {
        const known = key.kind === "constant" ? elementType(type, { value: key.value }) : undefined;
        this.assign(value, known ?? "any", environment);
      }
    }
  }

  /** Type of a term; `quiet` where the same term has been checked already. */
  private term(term: NormalTerm, environment: Environment, at: Place, quiet = false): TypeDecl {
    switch (term.kind) {
      case "constant":
        return typeOfValue(term.value);
      case "local":
        return environment.get(term.local) ?? "any";
      case "array":
        return { kind: "array", fixed: term.items.map((item) => this.term(item, environment, at, quiet)) };
      case "set":
        return { kind: "set", of: union(term.items.map((item) => this.term(item, environment, at, quiet))) };
      case "object": {
        const entries = term.entries.map(([key, value]) => [key, this.term(value, environment, at, quiet)] as const);
        const named = entries.every(([key]) => key.kind === "constant" && typeof key.value === "string");
        if (!named) return ANY_OBJECT;
        return record(entries.map(([key, type]) => [key.kind === "constant" ? String(key.value) : "", type]));
      }
      case "comprehension": {
        if (quiet)
          return term.of === "array"
            ? { kind: "array", fixed: [], rest: "any" }
            : term.of === "set"
              ? { kind: "set", of: "any" }
              : ANY_OBJECT;
        const inside = new Map(environment);
        this.body(term.body, inside);
        const value = this.term(term.value, inside, term.at);
        if (term.of === "array") return { kind: "array", fixed: [], rest: value };
        if (term.of === "set") return { kind: "set", of: value };
        const key = term.key === undefined ? "any" : this.term(term.key, inside, term.at);
        return { kind: "object", fixed: {}, rest: { key, value } };
      }
      case "ref": {
        const type = this.ref(term, environment, quiet);
        if (term.called === true && type !== "any" && !quiet) {
          const name = term.path.map((part) => (part.kind === "constant" ? String(part.value) : "")).join(".");
          this.report(
            term.at,
            `undefined function data.${name}`,
            "it is a rule without arguments: write no parentheses",
          );
        }
        return type;
      }
    }
  }

  private ref(term: RefTerm, environment: Environment, quiet: boolean): TypeDecl {
    if (term.base === "input") return "any";
    let type: TypeDecl;
    let from = 0;
    if (term.base === "data") {
      let node: RuleNode | undefined = this.tree;
      while (node !== undefined && node.rules.length === 0) {
        const part: NormalTerm | undefined = term.path[from];
        if (part?.kind !== "constant") return "any";
        node = node.children.get(canonicalKey(part.value));
        from++;
      }
      if (node === undefined) return "any";
      if (node.rules.some((rule) => rule.kind === "function")) {
        if (!quiet) this.report(term.at, `function data.${node.path.join(".")} used as reference, not called`);
        return "any";
      }
      type = node.children.size > 0 ? "any" : union(node.rules.map((rule) => this.ruleTypes.get(rule) ?? "any"));
    } else {
      type = this.term(term.base, environment, term.at, quiet);
      // OPA knows no types of what is iterated in `some … in [1, 2]`, nor of `1` there.
      const hoisted = term.base.kind === "constant" || (term.base.kind === "local" && term.base.local.generated);
      if (hoisted) return "any";
    }
    for (const part of term.path.slice(from)) {
      const known =
        part.kind === "constant" ? { value: part.value } : { type: this.term(part, environment, term.at, quiet) };
      const inner = elementType(type, known);
      if (inner === undefined) {
        if (!quiet)
          this.report(
            term.at,
            `undefined ref: ${textOf(term.at)}`,
            `a value of type ${shown(type)} has no such element`,
          );
        return "any";
      }
      type = inner;
    }
    return type;
  }
}

function textOf({ source, start, end }: Place): string {
  return source.text.slice(start, Math.min(end, start + 80)).split("\n")[0] ?? "";
}

function shown(type: TypeDecl): string {
  if (typeof type === "string") return type;
  if (type.kind === "union") return type.of.map(shown).join(" or ") || "nothing";
  return type.kind;
}
