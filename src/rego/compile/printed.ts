/**
 * Operands of `print` and expressions of template strings bind nothing themselves: `print(input[_])` has an undeclared
 * variable. Told from the order in which the body is written, before anything is known of functions, as OPA does.
 */
import { problemAt, type RegoProblem } from "../error.js";
import type { Source } from "../syntax/source.js";
import { argumentVariables } from "./arguments.js";
import type { ComprehensionTerm, Local, NormalBody, NormalLiteral, NormalRule } from "./normal-form.js";
import { literalOutputs } from "./outputs.js";
import { comprehensions, isHidden, literalLocals, literalTerms, shownVariable } from "./variables.js";

export function checkPrintedByQuery(body: NormalBody): RegoProblem[] {
  const problems: RegoProblem[] = [];
  visitBody(body, new Set(), problems);
  return problems;
}

export function checkPrinted(rule: NormalRule): RegoProblem[] {
  const problems: RegoProblem[] = [];
  if (!mayPrint(rule.at.source)) return problems;
  for (const branch of rule.branches) visitBody(branch.body, argumentVariables(rule, branch), problems);
  return problems;
}

const printing = new WeakMap<Source, boolean>();

/** Most modules have neither; what is looked for would take time. */
function mayPrint(source: Source): boolean {
  let may = printing.get(source);
  if (may === undefined) {
    may = /\$["`]|\bprint\b/.test(source.text);
    printing.set(source, may);
  }
  return may;
}

function visitBody(body: NormalBody, around: ReadonlySet<Local>, problems: RegoProblem[]): void {
  const known = new Set(around);
  for (const literal of body) for (const local of literalOutputs(literal, known)) known.add(local);
  for (const literal of body) visitLiteral(literal, known, problems);
}

function visitLiteral(literal: NormalLiteral, known: ReadonlySet<Local>, problems: RegoProblem[]): void {
  for (const term of literalTerms(literal)) {
    for (const comprehension of comprehensions(term)) {
      if (comprehension.printed === true) requireKnown(comprehension, known, problems);
      visitBody(comprehension.body, known, problems);
    }
  }
  if (literal.kind === "every") {
    const iterated = literal.key === undefined ? [literal.value] : [literal.key, literal.value];
    visitBody(literal.body, new Set([...known, ...iterated]), problems);
  } else if (literal.kind === "not" && literal.closure) visitBody(literal.body, known, problems);
  else if (literal.kind === "and" || literal.kind === "or") {
    for (const operand of literal.operands) visitBody(operand, known, problems);
  }
}

function requireKnown({ body }: ComprehensionTerm, known: ReadonlySet<Local>, problems: RegoProblem[]): void {
  const reported = new Set<Local>();
  for (const literal of body) {
    for (const local of literalLocals(literal)) {
      if (isHidden(local) || known.has(local) || reported.has(local)) continue;
      reported.add(local);
      const { source, start } = literal.at;
      problems.push(problemAt(source, start, "rego_compile_error", `var ${shownVariable(local)} is undeclared`));
    }
  }
}
