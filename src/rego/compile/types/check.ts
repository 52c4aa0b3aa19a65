/**
 * Finds literals that can never succeed: sides of a unification, arguments of functions and steps of references whose
 * static types exclude each other. Rules are visited after those they read, so that what they add to the documents is
 * known. What is refused is what OPA refuses, whose reference is held against this in `test/differential`; hence a
 * literal is looked at once, in the order of its body, and only teaches what stands behind it.
 */
import type { RegoProblem } from "../../error.js";
import { splitArguments } from "../arguments.js";
import { constantOf } from "../constants.js";
import type {
  ComprehensionTerm,
  Local,
  NormalBody,
  NormalBranch,
  NormalLiteral,
  NormalRule,
  NormalTerm,
} from "../normal-form.js";
import type { RuleGraph } from "../recursion.js";
import { documentPath, type RuleNode } from "../rule-tree.js";
import { comprehensions, hasClosures, literalTerms, termLocals } from "../variables.js";
import { TypeLayer, TypeNode } from "./environment.js";
import { type Declarations, Literals, outcome } from "./literals.js";
import { ANY, arrayType, objectType, type Property, setType, type Type } from "./model.js";
import { distinctEntries, Patterns } from "./patterns.js";
import { References } from "./references.js";
import { Replacements } from "./replacements.js";
import { asJson, typeOfValue } from "./type-of.js";
import { or, orAll } from "./union.js";

interface Closure {
  readonly problems: readonly RegoProblem[];
  readonly type: Type | undefined;
}

/** Literals to look at before closures count as being of any type: closures in closures are looked at many times. */
const MAX_LITERALS = 100_000;

export class TypeChecker {
  readonly problems: RegoProblem[] = [];
  private readonly graph: RuleGraph;
  private readonly patterns: Patterns;
  private readonly references: References;
  private readonly replacements: Replacements;
  private readonly literals: Literals;
  /** The documents of all rules. */
  private readonly documents = new TypeNode();
  private readonly global = TypeLayer.outermost(this.documents);
  private readonly closures = new WeakMap<ComprehensionTerm, { layer: TypeLayer; version: number; found: Closure }>();
  private visited = 0;

  constructor(tree: RuleNode, graph: RuleGraph, declarations: Declarations) {
    this.graph = graph;
    const typeOf = (term: NormalTerm, layer: TypeLayer): Type | undefined => this.typeOf(term, layer);
    this.patterns = new Patterns(typeOf);
    this.references = new References(this.patterns, typeOf);
    this.replacements = new Replacements(tree, graph, typeOf);
    this.literals = new Literals(this.patterns, this.references, typeOf, declarations);
  }

  /** Checks all rules, in an order in which what a rule reads comes first. */
  rules(): void {
    const visited = new Set<NormalRule>();
    for (const start of this.graph.keys()) {
      if (visited.has(start)) continue;
      visited.add(start);
      const stack: { rule: NormalRule; next: number }[] = [{ rule: start, next: 0 }];
      for (let top = stack[stack.length - 1]; top !== undefined; top = stack[stack.length - 1]) {
        const target = this.graph.get(top.rule)?.[top.next++];
        if (target === undefined) {
          for (const branch of top.rule.branches) this.branch(top.rule, branch);
          stack.pop();
        } else if (!visited.has(target)) {
          visited.add(target);
          stack.push({ rule: target, next: 0 });
        }
      }
    }
  }

  /** Checks one branch and adds what it contributes to the rule's document. */
  private branch(rule: NormalRule, branch: NormalBranch): void {
    const layer = this.global.inner();
    const args = splitArguments(rule, branch);
    const problems = this.body(args.body, layer);
    const path = documentPath(rule);
    if (problems.length > 0) {
      // What reads it is not to be blamed.
      this.problems.push(...problems);
      this.documents.put(path, ANY);
      return;
    }
    const type =
      rule.kind === "function"
        ? this.functionType(
            args.patterns.map((pattern) => pattern ?? outcome()),
            branch,
            layer,
          )
        : undefined;
    const added = type ?? this.nested(rule.path, this.contribution(rule, branch, layer), layer);
    if (added !== undefined) this.documents.add(path, added);
  }

  private functionType(patterns: readonly NormalTerm[], branch: NormalBranch, layer: TypeLayer): Type {
    const locals = new Set<Local>();
    for (const pattern of patterns) termLocals(pattern, locals);
    for (const local of locals) if (layer.local(local) === undefined) layer.learn(local, ANY);
    const args = patterns.map((pattern) => this.typeOf(pattern, layer));
    return { kind: "function", args, result: this.typeOf(branch.value, layer), variadic: undefined };
  }

  private contribution(rule: NormalRule, branch: NormalBranch, layer: TypeLayer): Type | undefined {
    if (rule.kind !== "set" || rule.key === undefined) return this.typeOf(branch.value, layer);
    const member = this.typeOf(rule.key, layer);
    return member === undefined ? undefined : setType(member);
  }

  /** A value under the parts of a head's path that vary. */
  private nested(path: readonly NormalTerm[], type: Type | undefined, layer: TypeLayer): Type | undefined {
    let whole = type;
    for (const part of [...path].reverse()) {
      const key = this.typeOf(part, layer);
      if (whole === undefined || key === undefined) return undefined;
      whole = objectType([], { key, value: whole });
    }
    return whole;
  }

  private body(body: NormalBody, layer: TypeLayer): RegoProblem[] {
    const problems: RegoProblem[] = [];
    for (const literal of body) this.literal(literal, layer, problems);
    return problems;
  }

  private literal(literal: NormalLiteral, around: TypeLayer, problems: RegoProblem[]): void {
    this.visited++;
    const layer = this.replacements.layer(literal.with, around);
    const before = problems.length;
    if (hasClosures(literal)) problems.push(...this.closureProblems(literal, layer));
    this.refProblems(literal, layer, problems);
    const failure =
      this.replacements.mismatch(literal, layer, this.literals.functionOf) ?? this.literals.failure(literal, layer);
    if (failure === undefined) return;
    const explained = failure.unknown && problems.length > before;
    if (!explained) problems.push(failure.problem);
  }

  /** Of several closures with problems, those of the last one. */
  private closureProblems(literal: NormalLiteral, layer: TypeLayer): readonly RegoProblem[] {
    let problems: readonly RegoProblem[] = [];
    const visit = (inner: NormalLiteral): void => {
      for (const term of literalTerms(inner)) {
        for (const comprehension of comprehensions(term)) {
          const found = this.closure(comprehension, layer).problems;
          // Closures inside are looked at with what is known out here, too.
          if (found.length === 0) comprehension.body.forEach(visit);
          else problems = found;
        }
      }
      if (inner.kind === "every" || (inner.kind === "not" && inner.closure)) inner.body.forEach(visit);
      if (inner.kind === "and" || inner.kind === "or") inner.operands.flat().forEach(visit);
    };
    visit(literal);
    return problems;
  }

  private closure(term: ComprehensionTerm, around: TypeLayer): Closure {
    const { version } = around;
    const known = this.closures.get(term);
    if (known !== undefined && known.layer === around && known.version === version) return known.found;
    if (this.visited > MAX_LITERALS) return { problems: [], type: ANY };
    const layer = around.inner();
    const problems = this.body(term.body, layer);
    const found = { problems, type: problems.length > 0 ? undefined : this.closureType(term, layer) };
    this.closures.set(term, { layer: around, version, found });
    return found;
  }

  private closureType({ of, key, value }: ComprehensionTerm, layer: TypeLayer): Type {
    const type = this.typeOf(value, layer);
    if (of === "array") return arrayType([], type);
    if (of === "set") return setType(type);
    return objectType([], { key: key === undefined ? ANY : this.typeOf(key, layer), value: type });
  }

  /** Problems of all references in a literal, also in bodies that are not checked further; comprehensions have their own turn. */
  private refProblems(literal: NormalLiteral, layer: TypeLayer, problems: RegoProblem[]): void {
    switch (literal.kind) {
      case "test":
        this.refProblem(literal.term, layer, problems);
        return;
      case "unify":
        this.refProblem(literal.left, layer, problems);
        this.refProblem(literal.right, layer, problems);
        return;
      case "call":
        return;
      case "not":
        for (const inner of literal.body) this.refProblems(inner, layer, problems);
        return;
      case "every":
        this.refProblem(literal.domain, layer, problems);
        for (const inner of literal.body) this.refProblems(inner, layer, problems);
        break;
      default:
        for (const operand of literal.operands) {
          for (const inner of operand) this.refProblems(inner, layer, problems);
        }
    }
    problems.push(...this.replacements.functionTargets(literal));
  }

  private refProblem(term: NormalTerm, layer: TypeLayer, problems: RegoProblem[]): void {
    if (term.kind !== "ref" || term.called === true) return;
    const problem = this.references.check(term, layer);
    if (problem !== undefined) problems.push(problem);
  }

  private typeOf(term: NormalTerm, layer: TypeLayer): Type | undefined {
    switch (term.kind) {
      case "constant":
        return typeOfValue(term.value);
      case "local":
        return layer.local(term.local);
      case "array":
        return arrayType(term.items.map((item) => this.typeOf(item, layer)));
      case "set":
        return setType(orAll(term.items.map((item) => this.typeOf(item, layer))));
      case "object": {
        const fixed: Property[] = [];
        let rest: { key: Type | undefined; value: Type | undefined } | undefined;
        for (const [key, value] of distinctEntries(term)) {
          const type = this.typeOf(value, layer);
          const constant = constantOf(key);
          if (constant !== undefined) fixed.push({ key: asJson(constant), type });
          else rest = { key: or(rest?.key, this.typeOf(key, layer)), value: or(rest?.value, type) };
        }
        return objectType(fixed, rest);
      }
      case "comprehension":
        return this.closure(term, layer).type;
      case "ref":
        return this.references.type(term, layer);
    }
  }
}
