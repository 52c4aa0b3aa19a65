/** What literals bind, and which variables their bodies without braces need from around them. */
import type { Local, NormalBody, NormalLiteral, NormalTerm } from "./normal-form.js";
import { unify } from "./unify.js";
import { allBound, isFunctionName, literalLocals, patternLocals } from "./variables.js";

/** Variables that references bind in their brackets, given that what they step into is known. */
function bracketOutputs(term: NormalTerm, safe: ReadonlySet<Local>, into: Set<Local>): void {
  switch (term.kind) {
    case "array":
    case "set":
      for (const item of term.items) bracketOutputs(item, safe, into);
      break;
    case "object":
      for (const [key, value] of term.entries) {
        bracketOutputs(key, safe, into);
        bracketOutputs(value, safe, into);
      }
      break;
    case "ref": {
      if (typeof term.base !== "string") {
        bracketOutputs(term.base, safe, into);
        if (!allBound(term.base, safe)) return;
      }
      for (const part of term.path) {
        if (part.kind === "ref") bracketOutputs(part, safe, into);
        else patternLocals(part, into);
      }
      break;
    }
  }
}

function patternOf(term: NormalTerm): Set<Local> {
  const locals = new Set<Local>();
  patternLocals(term, locals);
  return locals;
}

function together(a: ReadonlySet<Local>, b: ReadonlySet<Local>): ReadonlySet<Local> {
  return b.size === 0 ? a : new Set([...a, ...b]);
}

function without(a: ReadonlySet<Local>, b: ReadonlySet<Local>): ReadonlySet<Local> {
  for (const local of b) if (a.has(local)) return new Set([...a].filter((each) => !b.has(each)));
  return a;
}

/** What a literal binds when everything in `safe` is bound before it. */
export function literalOutputs(literal: NormalLiteral, safe: ReadonlySet<Local>): Set<Local> {
  const outputs = new Set<Local>();
  for (const { value } of literal.with) if (!isFunctionName(value) && !allBound(value, safe)) return outputs;
  switch (literal.kind) {
    case "test":
      bracketOutputs(literal.term, safe, outputs);
      break;
    case "every":
      bracketOutputs(literal.domain, safe, outputs);
      break;
    case "call": {
      for (const arg of literal.args) bracketOutputs(arg, safe, outputs);
      const known = together(safe, outputs);
      if (literal.result !== undefined && literal.args.every((arg) => allBound(arg, known))) {
        bracketOutputs(literal.result, safe, outputs);
        if (literal.result.kind !== "set") patternLocals(literal.result, outputs);
      }
      break;
    }
    case "unify": {
      bracketOutputs(literal.left, safe, outputs);
      bracketOutputs(literal.right, safe, outputs);
      let known = together(safe, outputs);
      // What is assigned to never makes the value safe.
      if (literal.assign) known = without(known, patternOf(literal.left));
      for (const local of unify(known, literal.left, literal.right)) outputs.add(local);
      for (const local of outputs) if (safe.has(local)) outputs.delete(local);
      break;
    }
  }
  return outputs;
}

/** All variables that a literal needs or binds: its own, and those that bodies without braces in it take from around. */
export function visibleLocals(literal: NormalLiteral): ReadonlySet<Local> {
  const own = literalLocals(literal);
  if (literal.kind !== "not" && literal.kind !== "and" && literal.kind !== "or") return own;
  const bodies: NormalBody[] = [];
  if (literal.kind === "not") {
    if (literal.implicit === true) bodies.push(literal.body);
  } else bodies.push(...literal.operands.filter((_, at) => literal.implicit[at] === true));
  if (bodies.length === 0) return own;
  const locals = new Set(own);
  for (const body of bodies) for (const local of outerLocals(body)) locals.add(local);
  return locals;
}

/** Variables of a body without braces that nothing in it both binds and uses elsewhere. */
function outerLocals(body: NormalBody): Set<Local> {
  const counts = new Map<Local, number>();
  for (const literal of body)
    for (const local of literalLocals(literal)) counts.set(local, (counts.get(local) ?? 0) + 1);
  if (body.length === 1) return new Set(counts.keys());
  const bound = boundInside(body, new Set(counts.keys()));
  return new Set([...counts].filter(([local, count]) => count === 1 || !bound.has(local)).map(([local]) => local));
}

/** What equations and calls of a body bind; a variable that is no side of an equation comes from outside. */
function boundInside(body: NormalBody, all: ReadonlySet<Local>): Set<Local> {
  const safe = new Set(all);
  const bound = new Set<Local>();
  const equations = body.filter((literal) => literal.kind === "unify");
  for (const { left, right } of equations) {
    for (const side of [left, right]) if (side.kind === "local") safe.delete(side.local);
  }
  let before: number;
  do {
    before = bound.size;
    for (const equation of equations) {
      for (const local of literalOutputs(equation, safe)) {
        bound.add(local);
        safe.add(local);
      }
    }
  } while (bound.size > before);
  for (const literal of body) {
    if (literal.kind === "call" && literal.result !== undefined) patternLocals(literal.result, bound);
  }
  return bound;
}
