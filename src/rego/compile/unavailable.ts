/**
 * Built-ins that exist in OPA but never here (network, process environment) are errors where they are called, not
 * undefined at run time, unless every use of them is replaced: some `with` in the program mocks the function.
 */
import { problemAt, type RegoProblem } from "../error.js";
import type { NormalBody, NormalLiteral, NormalRule, Place } from "./normal-form.js";
import type { BuiltinFacts } from "./scope.js";
import { closureBodies, hasClosures } from "./variables.js";

interface Uses {
  readonly calls: { name: string; reason: string; at: Place }[];
  readonly mocked: Set<string>;
}

export function checkUse(
  rules: readonly NormalRule[],
  options: { builtin(name: string): BuiltinFacts | undefined },
  query: NormalBody = [],
): RegoProblem[] {
  const uses: Uses = { calls: [], mocked: new Set() };
  for (const rule of rules) for (const branch of rule.branches) visit(branch.body, uses, options);
  visit(query, uses, options);
  return uses.calls
    .filter(({ name }) => !uses.mocked.has(name))
    .map(({ name, reason, at }) =>
      problemAt(
        at.source,
        at.start,
        "rego_type_error",
        `built-in function ${name} is not available: ${reason}`,
        "register a host function of that name, or replace it by `with`",
      ),
    );
}

function visit(body: NormalBody, uses: Uses, options: { builtin(name: string): BuiltinFacts | undefined }): void {
  for (const literal of body) visitLiteral(literal, uses, options);
}

function visitLiteral(
  literal: NormalLiteral,
  uses: Uses,
  options: { builtin(name: string): BuiltinFacts | undefined },
): void {
  if (literal.with.length > 0) {
    for (const { target } of literal.with) if (target.kind === "builtin") uses.mocked.add(target.name);
  }
  if (literal.kind === "call" && literal.callee.kind === "builtin") {
    const reason = options.builtin(literal.callee.name)?.refused;
    if (reason !== undefined) uses.calls.push({ name: literal.callee.name, reason, at: literal.at });
  }
  if (literal.kind === "not" && !literal.closure) for (const inner of literal.body) visitLiteral(inner, uses, options);
  if (!hasClosures(literal)) return;
  for (const inner of closureBodies(literal)) visit(inner, uses, options);
}
