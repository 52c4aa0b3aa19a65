/**
 * Recursion is an error, also when it goes through a reference with variables: the graph has an edge to every rule that
 * such a reference may meet, as far as the constants that variables stand for do not tell otherwise. So evaluation never
 * needs a fixpoint and always ends.
 */
import { problemAt, type RegoProblem } from "../error.js";
import { canonicalKey } from "../value/index.js";
import type { Step } from "./constants.js";
import { type Known, learnValues, pathsOf } from "./known-values.js";
import type { DocumentPath, NormalBody, NormalLiteral, NormalRule, NormalTerm } from "./normal-form.js";
import type { RuleNode } from "./rule-tree.js";
import { isFunctionName, literalTerms } from "./variables.js";

/** Rules that each rule's evaluation may read, functions included. */
export type RuleGraph = ReadonlyMap<NormalRule, readonly NormalRule[]>;

export function ruleGraph(tree: RuleNode, rules: readonly NormalRule[]): RuleGraph {
  const graph = new Map<NormalRule, readonly NormalRule[]>();
  const found = new Set<NormalRule>();
  const known: Known = new Map();
  for (const rule of rules) {
    for (const branch of rule.branches) {
      for (const literal of branch.body) {
        literalDependencies(tree, literal, known, found);
        learnValues(literal, known);
      }
      termDependencies(tree, branch.value, known, found);
      known.clear();
    }
    graph.set(rule, found.size === 0 ? NO_RULES : [...found]);
    found.clear();
  }
  return graph;
}

const NO_RULES: readonly NormalRule[] = [];

function bodyDependencies(tree: RuleNode, body: NormalBody, known: Known, found: Set<NormalRule>): void {
  const inside: Known = new Map(known);
  for (const literal of body) {
    literalDependencies(tree, literal, inside, found);
    // Of a closure's own equations only those count that stand for a bracket.
    if (literal.generated === true) learnValues(literal, inside);
  }
}

function literalDependencies(tree: RuleNode, literal: NormalLiteral, known: Known, found: Set<NormalRule>): void {
  for (const term of literalTerms(literal)) if (term.kind !== "constant") termDependencies(tree, term, known, found);
  if (literal.kind === "not" || literal.kind === "every") bodyDependencies(tree, literal.body, known, found);
  if (literal.kind === "and" || literal.kind === "or") {
    for (const operand of literal.operands) bodyDependencies(tree, operand, known, found);
  }
  if (literal.kind === "call" && literal.callee.kind === "function") {
    for (const rule of tree.find(literal.callee.path)?.rules ?? []) found.add(rule);
  }
  if (literal.with.length === 0) return;
  for (const { value } of literal.with) {
    if (!isFunctionName(value) || value.callee.kind !== "function") continue;
    for (const rule of tree.find(value.callee.path)?.rules ?? []) found.add(rule);
  }
}

function termDependencies(tree: RuleNode, term: NormalTerm, known: Known, found: Set<NormalRule>): void {
  switch (term.kind) {
    case "array":
    case "set":
      for (const item of term.items) termDependencies(tree, item, known, found);
      break;
    case "object":
      for (const [key, value] of term.entries) {
        termDependencies(tree, key, known, found);
        termDependencies(tree, value, known, found);
      }
      break;
    case "comprehension":
      bodyDependencies(tree, term.body, known, found);
      break;
    case "ref":
      if (typeof term.base !== "string") termDependencies(tree, term.base, known, found);
      for (let at = 0; at < term.path.length; at++) {
        const part = term.path[at] as NormalTerm;
        if (part.kind !== "constant") termDependencies(tree, part, known, found);
      }
      if (term.base === "data") for (const path of pathsOf(term.path, known)) reach(tree, path, 0, found);
      break;
  }
}

/** The rules on a path below `data`, and below it, functions included. */
export function rulesThrough(tree: RuleNode, path: DocumentPath): NormalRule[] {
  const found: NormalRule[] = [];
  let node: RuleNode | undefined = tree;
  for (const part of path) {
    node = node.children.get(part);
    if (node === undefined) return found;
    found.push(...node.rules);
  }
  for (const below of node.nodes()) if (below !== node) found.push(...below.rules);
  return found;
}

/** Adds the rules on a path and, where it ends, those below. Parts without a value may be anything. */
function reach(node: RuleNode, path: readonly Step[], index: number, found: Set<NormalRule>): void {
  for (const rule of node.rules) if (rule.kind !== "function") found.add(rule);
  if (index >= path.length) {
    for (const below of node.nodes()) for (const rule of below.rules) if (rule.kind !== "function") found.add(rule);
    return;
  }
  const step = path[index];
  if (step === undefined) for (const child of node.children.values()) reach(child, path, index + 1, found);
  else {
    const child = node.children.get(canonicalKey(step.value));
    if (child !== undefined) reach(child, path, index + 1, found);
  }
}

/** Reports every rule that can reach itself, with the way it does. */
export function checkRecursion(graph: RuleGraph): RegoProblem[] {
  const problems: RegoProblem[] = [];
  const state = new Map<NormalRule, "open" | "done">();
  const reported = new Set<string>();
  for (const [start, reads] of graph) {
    if (reads.length === 0 || state.has(start)) continue;
    const stack: { rule: NormalRule; next: number }[] = [{ rule: start, next: 0 }];
    state.set(start, "open");
    for (let top = stack[stack.length - 1]; top !== undefined; top = stack[stack.length - 1]) {
      const target = graph.get(top.rule)?.[top.next++];
      if (target === undefined) {
        state.set(top.rule, "done");
        stack.pop();
      } else if (!state.has(target)) {
        state.set(target, "open");
        stack.push({ rule: target, next: 0 });
      } else if (state.get(target) === "open") {
        const from = stack.findIndex(({ rule }) => rule === target);
        report(
          stack.slice(from).map(({ rule }) => rule),
          reported,
          problems,
        );
      }
    }
  }
  return problems;
}

function report(cycle: readonly NormalRule[], reported: Set<string>, problems: RegoProblem[]): void {
  const names = cycle.map((rule) => `data.${rule.ground.join(".")}`);
  for (const [index, rule] of cycle.entries()) {
    const name = names[index] ?? "";
    if (reported.has(name)) continue;
    reported.add(name);
    const way = [...names.slice(index), ...names.slice(0, index), name].join(" -> ");
    const { source, start } = rule.at;
    problems.push(problemAt(source, start, "rego_recursion_error", `rule ${name} is recursive: ${way}`));
  }
}
