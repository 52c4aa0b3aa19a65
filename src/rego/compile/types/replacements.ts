/**
 * What `with` does to types: a replaced document may also have the type of what replaces it, and whatever depends on it
 * may then be anything.
 */
import { problemAt, type RegoProblem } from "../../error.js";
import type { Callee, NormalLiteral, NormalRule, NormalWith } from "../normal-form.js";
import { type RuleGraph, rulesThrough } from "../recursion.js";
import { documentPath, type RuleNode } from "../rule-tree.js";
import { isFunctionName } from "../variables.js";
import { type TypeLayer, TypeNode } from "./environment.js";
import { ANY, isKind, type Type } from "./model.js";
import { mayEqual } from "./parts.js";
import type { TypeOf } from "./patterns.js";
import { or } from "./union.js";

export class Replacements {
  private readonly tree: RuleNode;
  private readonly graph: RuleGraph;
  private readonly typeOf: TypeOf;
  private readonly relaxed = new Map<string, TypeNode | undefined>();
  private dependents: Map<NormalRule, NormalRule[]> | undefined;

  constructor(tree: RuleNode, graph: RuleGraph, typeOf: TypeOf) {
    this.tree = tree;
    this.graph = graph;
    this.typeOf = typeOf;
  }

  /** The layer for a literal with these modifiers. */
  layer(withs: readonly NormalWith[], around: TypeLayer): TypeLayer {
    if (withs.length === 0) return around;
    let layer = around;
    const replaced: { path: readonly (string | number | boolean | null)[]; type: Type }[] = [];
    for (const { target, value } of withs) {
      if (target.kind === "builtin") continue;
      const relaxed = target.kind === "input" ? undefined : this.affected(target);
      if (relaxed !== undefined) layer = layer.replacing(relaxed);
      if (target.kind === "function") continue;
      const before = around.document(
        target.kind,
        target.path.map((part) => ({ value: part })),
      );
      const after = isFunctionName(value) ? undefined : this.typeOf(value, around);
      const known = before === undefined || after === undefined ? undefined : or(before, after);
      replaced.push({ path: [target.kind, ...target.path], type: known ?? ANY });
    }
    if (replaced.length === 0) return layer;
    const documents = new TypeNode();
    for (const { path, type } of replaced) documents.put(path, type);
    return layer.replacing(documents);
  }

  /** The documents of rules that read a target, directly or through others, as anything. */
  private affected({ kind, path }: Exclude<NormalWith["target"], { kind: "builtin" }>): TypeNode | undefined {
    const key = `${kind} ${path.map((part) => `${typeof part} ${String(part)}`).join("\0")}`;
    if (this.relaxed.has(key)) return this.relaxed.get(key);
    const rules = new Set<NormalRule>();
    const waiting = rulesThrough(this.tree, path);
    for (let rule = waiting.pop(); rule !== undefined; rule = waiting.pop()) {
      if (rules.has(rule)) continue;
      rules.add(rule);
      waiting.push(...(this.readers().get(rule) ?? []));
    }
    let node: TypeNode | undefined;
    for (const rule of rules) {
      const { ground } = rule;
      if (kind === "function" && ground.length === path.length && ground.every((part, at) => part === path[at]))
        continue;
      node ??= new TypeNode();
      node.put(documentPath(rule), ANY);
    }
    this.relaxed.set(key, node);
    return node;
  }

  private readers(): Map<NormalRule, NormalRule[]> {
    if (this.dependents !== undefined) return this.dependents;
    const readers = new Map<NormalRule, NormalRule[]>();
    for (const [rule, reads] of this.graph) {
      for (const read of reads) {
        const known = readers.get(read);
        if (known === undefined) readers.set(read, [rule]);
        else known.push(rule);
      }
    }
    this.dependents = readers;
    return readers;
  }

  /** The problem of a function that another one cannot stand in for. */
  mismatch(
    literal: NormalLiteral,
    layer: TypeLayer,
    functionOf: (callee: Callee, layer: TypeLayer) => Type | undefined,
  ): { problem: RegoProblem; unknown: boolean } | undefined {
    for (const { target, value } of literal.with) {
      if ((target.kind !== "builtin" && target.kind !== "function") || !isFunctionName(value)) continue;
      const [old, replacement] = [functionOf(target, layer), functionOf(value.callee, layer)];
      if (!isKind(old, "function") || !isKind(replacement, "function") || mayEqual(old, replacement)) continue;
      return { problem: at(literal, `${nameOf(target)}: arity mismatch`), unknown: false };
    }
    return undefined;
  }

  /** Under `every`, `and` and `or`, OPA takes a function that `with` replaces for a reference to it. */
  functionTargets(literal: NormalLiteral): RegoProblem[] {
    return literal.with.flatMap(({ target, value }) => [
      ...(target.kind === "builtin" || target.kind === "function" ? [usedAsReference(literal, target)] : []),
      ...(isFunctionName(value) ? [usedAsReference(literal, value.callee)] : []),
    ]);
  }
}

function usedAsReference(literal: NormalLiteral, callee: Callee): RegoProblem {
  const name = nameOf(callee);
  return at(literal, `function ${name} used as reference, not called`, "put the `with` on the literals inside");
}

function nameOf(callee: Callee): string {
  return callee.kind === "builtin" ? callee.name : `data.${callee.path.join(".")}`;
}

function at({ at: { source, start } }: NormalLiteral, message: string, hint?: string): RegoProblem {
  return problemAt(source, start, "rego_type_error", message, hint);
}
