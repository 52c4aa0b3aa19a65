/**
 * The safety check, which orders bodies as it goes: again and again the first literal, in source order, whose inputs are
 * bound comes next; what is left over is unsafe. Closures wait for the variables that they share with the body around
 * them, and are ordered themselves with what is bound at their place.
 */
import { problemAt, type RegoProblem } from "../error.js";
import { argumentVariables } from "./arguments.js";
import type { Local, NormalBody, NormalBranch, NormalLiteral, NormalRule, NormalTerm } from "./normal-form.js";
import { literalOutputs, visibleLocals } from "./outputs.js";
import {
  allBound,
  closureLocals,
  hasClosures,
  isFunctionName,
  isHidden,
  isPlainLiteral,
  isPlainTerm,
  isWildcard,
  shownVariable,
  termLocals,
} from "./variables.js";

interface Report {
  readonly problems: RegoProblem[];
  /** What OPA does not see, and evaluates with a variable that has no value. */
  readonly overlooked: RegoProblem[];
  /** ` in rule p`, where the position alone does not tell the rule. */
  readonly suffix: string;
  readonly reported: Set<Local>;
}

/** Orders all bodies of a rule; problems go to `problems`, and those that OPA does not see to `overlooked`. */
export function orderRule(
  rule: NormalRule,
  suffix: string,
  problems: RegoProblem[],
  overlooked: RegoProblem[],
): NormalRule {
  const branches = rule.branches.map((branch, index): NormalBranch => {
    if (branch.body.every(isPlainLiteral) && isPlainTerm(branch.value) && (index > 0 || hasPlainHead(rule))) {
      return branch;
    }
    const report: Report = { problems, overlooked, suffix, reported: new Set() };
    const args = argumentVariables(rule, branch);
    const { body, bound } = orderBody(branch.body, args, report);
    requireBound(branch.value, bound, index === 0 ? rule.at : branch.at, report);
    if (index === 0) {
      for (const term of rule.path) requireBound(term, bound, rule.at, report);
      if (rule.key !== undefined) requireBound(rule.key, bound, rule.at, report);
    }
    return { ...branch, body };
  });
  return { ...rule, branches };
}

function hasPlainHead({ path, key }: NormalRule): boolean {
  return path.every(isPlainTerm) && (key === undefined || isPlainTerm(key));
}

/** Orders a query's body. */
export function orderQuery(body: NormalBody, problems: RegoProblem[]): NormalBody {
  return orderBody(body, new Set(), { problems, overlooked: problems, suffix: "", reported: new Set() }).body;
}

function orderBody(
  body: NormalBody,
  outer: ReadonlySet<Local>,
  report: Report,
): { body: NormalBody; bound: Set<Local> } {
  const needs = body.map(visibleLocals);
  let own: Set<Local> | undefined;
  /** Variables of the body that closures of each literal use, but for those that come from outside. */
  const closed = body.map((literal) => {
    if (!hasClosures(literal)) return NONE;
    own ??= new Set(needs.flatMap((locals) => [...locals]));
    const known = own;
    return [...closureLocals(literal)].filter((local) => known.has(local) && !outer.has(local));
  });
  const bound = new Set(outer);
  const ordered: NormalLiteral[] = [];
  const placed = body.map(() => false);
  let isComplete = true;
  let progress: boolean;
  do {
    progress = false;
    for (let index = 0; index < body.length; index++) {
      if (placed[index] === true) continue;
      const literal = body[index] as NormalLiteral;
      const needed = needs[index] ?? NOTHING;
      const within = closed[index] ?? NONE;
      // What mentions nothing new binds nothing.
      const outputs = within.length === 0 && isKnown(needed, bound) ? NOTHING : literalOutputs(literal, bound);
      if (!isReady(needed, within, bound, outputs)) continue;
      ordered.push(orderClosures(literal, bound, report));
      if (outputs.size > 0) for (const local of outputs) bound.add(local);
      placed[index] = true;
      progress = true;
    }
    if (progress) continue;
    const next = body.findIndex(
      (literal, index) =>
        placed[index] !== true && isOverlooked(closed[index] ?? NONE, bound, literalOutputs(literal, bound)),
    );
    const literal = body[next];
    if (literal === undefined) break;
    isComplete = false;
    const outputs = literalOutputs(literal, bound);
    const missing = [...(needs[next] ?? NOTHING)].filter((local) => !bound.has(local) && !outputs.has(local));
    for (const local of missing) reportOverlooked(local, literal, report);
    ordered.push(orderClosures(literal, bound, report));
    for (const local of outputs) bound.add(local);
    placed[next] = true;
    progress = true;
  } while (progress);
  for (const [index, literal] of body.entries()) {
    if (placed[index] === true) continue;
    isComplete = false;
    const outputs = literalOutputs(literal, bound);
    const within = closed[index] ?? NONE;
    const wanted = [...(needs[index] ?? NOTHING), ...within];
    const missing = wanted.filter((local) => !bound.has(local) && !outputs.has(local));
    reportUnsafe(missing.length === 0 ? within : missing, literal, report);
    ordered.push(literal);
  }
  // What the body mentions without binding it has been reported.
  if (!isComplete) for (const needed of needs) for (const local of needed) bound.add(local);
  return { body: ordered, bound };
}

const NONE: readonly Local[] = [];
const NOTHING: ReadonlySet<Local> = new Set();

function isKnown(locals: ReadonlySet<Local>, bound: ReadonlySet<Local>): boolean {
  for (const local of locals) if (!bound.has(local)) return false;
  return true;
}

function isReady(
  needs: ReadonlySet<Local>,
  closed: readonly Local[],
  bound: ReadonlySet<Local>,
  outputs: ReadonlySet<Local>,
): boolean {
  for (const local of needs) if (!bound.has(local) && !outputs.has(local)) return false;
  if (bindsWhatItCloses(closed, outputs)) return false;
  return closed.every((local) => bound.has(local) || outputs.has(local));
}

/** A closure runs before its literal binds anything; what the literal binds besides is free inside the closure. */
function bindsWhatItCloses(closed: readonly Local[], outputs: ReadonlySet<Local>): boolean {
  return closed.length > 0 && closed.length === outputs.size && closed.every((local) => outputs.has(local));
}

/** OPA asks of a literal that closes over variables of its body only that those have values. */
function isOverlooked(captures: readonly Local[], bound: ReadonlySet<Local>, outputs: ReadonlySet<Local>): boolean {
  if (captures.length === 0 || bindsWhatItCloses(captures, outputs)) return false;
  return captures.every((local) => bound.has(local) || outputs.has(local));
}

function reportOverlooked(local: Local, { at }: NormalLiteral, report: Report): void {
  const message = `var ${shownVariable(local)} is unsafe${report.suffix}`;
  report.overlooked.push(problemAt(at.source, at.start, "rego_unsafe_var_error", message, OVERLOOKED));
}

/** Hint of a problem that OPA does not report. */
const OVERLOOKED = "OPA overlooks this, because a closure in the same expression uses a variable that has a value";

function orderClosures(literal: NormalLiteral, bound: ReadonlySet<Local>, report: Report): NormalLiteral {
  if (!hasClosures(literal)) return literal;
  const term = (inner: NormalTerm): NormalTerm => orderTerm(inner, bound, report);
  const body = (inner: NormalBody, more: readonly Local[] = []): NormalBody =>
    orderBody(inner, more.length === 0 ? bound : new Set([...bound, ...more]), report).body;
  const withs = literal.with.map((each) => ({
    ...each,
    value: isFunctionName(each.value) ? each.value : term(each.value),
  }));
  const base = { ...literal, with: withs };
  switch (base.kind) {
    case "test":
      return { ...base, term: term(base.term) };
    case "unify":
      return { ...base, left: term(base.left), right: term(base.right) };
    case "call":
      return {
        ...base,
        args: base.args.map(term),
        ...(base.result === undefined ? {} : { result: term(base.result) }),
      };
    case "not":
      if (base.closure) return { ...base, body: body(base.body) };
      return { ...base, body: base.body.map((inner) => orderClosures(inner, bound, report)) };
    case "every": {
      const iterated = base.key === undefined ? [base.value] : [base.key, base.value];
      return { ...base, domain: term(base.domain), body: body(base.body, iterated) };
    }
    case "and":
    case "or":
      return { ...base, operands: base.operands.map((operand) => body(operand)) };
  }
}

function orderTerm(term: NormalTerm, bound: ReadonlySet<Local>, report: Report): NormalTerm {
  const inner = (part: NormalTerm): NormalTerm => orderTerm(part, bound, report);
  switch (term.kind) {
    case "comprehension": {
      const { body, bound: after } = orderBody(term.body, bound, report);
      for (const head of term.key === undefined ? [term.value] : [term.key, term.value]) {
        requireBound(head, after, term.at, report);
      }
      return { ...term, body };
    }
    case "array":
    case "set":
      return { ...term, items: term.items.map(inner) };
    case "object":
      return { ...term, entries: term.entries.map(([key, value]) => [inner(key), inner(value)] as const) };
    case "ref":
      return {
        ...term,
        base: typeof term.base === "string" ? term.base : inner(term.base),
        path: term.path.map(inner),
      };
    default:
      return term;
  }
}

function requireBound(term: NormalTerm, bound: ReadonlySet<Local>, at: NormalRule["at"], report: Report): void {
  if (allBound(term, bound)) return;
  const locals = new Set<Local>();
  termLocals(term, locals);
  for (const local of locals) {
    // What a generated variable waits for has been reported.
    if (bound.has(local) || (isHidden(local) && report.reported.size > 0)) continue;
    reportVariable(local, at, local.at ?? at.start, report);
  }
}

function reportUnsafe(unsafe: readonly Local[], literal: NormalLiteral, report: Report): void {
  const { source, start } = literal.at;
  const named = unsafe.filter((local) => !isHidden(local));
  for (const local of named) reportVariable(local, literal.at, start, report);
  if (named.length === 0 && report.reported.size === 0) {
    report.problems.push(problemAt(source, start, "rego_unsafe_var_error", `expression is unsafe${report.suffix}`));
  }
}

function reportVariable(local: Local, at: NormalRule["at"], start: number, report: Report): void {
  if (report.reported.has(local)) return;
  report.reported.add(local);
  const message = `var ${shownVariable(local)} is unsafe${report.suffix}`;
  report.problems.push(problemAt(at.source, start, "rego_unsafe_var_error", message, hintFor(local)));
}

function hintFor(local: Local): string | undefined {
  return isWildcard(local)
    ? undefined
    : `give \`${local.name}\` a value before it is used: with \`:=\`, \`some … in\`, or outside of \`not\``;
}
