/** Literals: the lines of a body. */
import type { EveryLiteral, ExpressionLiteral, Literal, NotLiteral, SomeLiteral, With } from "../syntax/ast.js";
import { before, type Context, tolerant } from "./context.js";
import { CrowdedComment } from "./layout.js";
import { isLogical, rendersBrace, writeGrouped, writeLogical } from "./logical.js";
import { closingRow } from "./places.js";
import { infixSign, isUnion, membership } from "./plain.js";
import { layTerm, writeBlock, writeCall, writeMembership, writeTerm } from "./term.js";

/** @throws CrowdedComment with the literal, or the part of it that has no room for a comment, written as in the source */
export function writeLiteral(context: Context, literal: Literal): void {
  const { page, places } = context;
  const parens = context.parenthesized === literal;
  if (parens) context.parenthesized = undefined;
  page.commentsTo(places.row(literal));
  if (!page.inline) page.startLine();
  const mark = page.mark();
  let crowded: CrowdedComment | undefined;
  try {
    if (literal.kind === "expression" && literal.negated) page.write("not ");
    if (parens) page.write("(");
    writeTerms(context, literal);
    if (parens) page.write(")");
  } catch (error) {
    if (!(error instanceof CrowdedComment)) throw error;
    if (!error.whole || parens || page.held !== undefined) {
      page.reset(mark);
      page.asWritten(literal.start, literal.end);
      error.whole = true;
      throw error;
    }
    crowded = error;
  }
  writeWiths(context, literal);
  if (crowded !== undefined) throw crowded;
}

function writeTerms(context: Context, literal: Literal): void {
  switch (literal.kind) {
    case "expression":
      writeExpression(context, literal);
      return;
    case "some":
      writeSome(context, literal);
      return;
    case "some-in": {
      const { key, value, domain } = literal;
      context.page.write("some ");
      before(() => writeMembership(context, key === undefined ? [value, domain] : [key, value, domain]));
      return;
    }
    case "every":
      writeEvery(context, literal);
      return;
    case "not":
      writeNot(context, literal);
      return;
    default:
      writeLogical(context, literal);
  }
}

function writeExpression(context: Context, { term }: ExpressionLiteral): void {
  const { page } = context;
  if (term.kind !== "call") {
    writeTerm(context, term);
    return;
  }
  if (membership(term) !== undefined) {
    before(() => writeMembership(context, term.args));
    return;
  }
  const sign = infixSign(term);
  const [left, right, result] = term.args;
  if (sign === undefined || left === undefined || right === undefined) {
    before(() => writeCall(context, term));
    return;
  }
  if (result !== undefined) {
    before(() => writeTerm(context, result));
    page.write(" = ");
  }
  // `=` with three operands binds the last to the value of the comparison of the others.
  before(() => writeOperand(context, left));
  page.write(` ${sign} `);
  writeOperand(context, right);
}

/** Nothing but `in` binds looser than the operators here, so that alone needs its parentheses. */
function writeOperand(context: Context, term: Parameters<typeof writeTerm>[1]): void {
  const keeps = term.kind === "call" && membership(term) === 2 && term.inner !== undefined;
  if (!keeps) writeTerm(context, term);
  else before(() => layTerm(context, term, true));
}

function writeSome(context: Context, { vars, ...literal }: SomeLiteral): void {
  const { page, places } = context;
  page.commentsTo(places.row(literal));
  page.write("some ");
  let row = places.row(literal);
  vars.forEach((term, index) => {
    if (places.row(term) > row) {
      page.endLine();
      page.startLine();
      page.indent();
      row = places.row(term);
    } else if (index > 0) page.write(" ");
    before(() => writeTerm(context, term));
    if (index < vars.length - 1) page.write(",");
  });
}

function writeEvery(context: Context, literal: EveryLiteral): void {
  const { page, places } = context;
  const { key, value, domain, body } = literal;
  page.write("every ");
  before(() => {
    if (key !== undefined) {
      writeTerm(context, key);
      page.write(", ");
    }
    writeTerm(context, value);
    page.write(" in ");
    writeTerm(context, domain);
  });
  page.write(" {");
  tolerant(() => writeBlock(context, body, places.row(literal), closingRow(places.spot(literal), "{", "}")));
  const [only] = body;
  if (body.length === 1 && only !== undefined && places.row(only) === places.row(literal)) page.write(" ");
  page.write("}");
}

function writeNot(context: Context, literal: NotLiteral): void {
  const { page, places } = context;
  const [first] = literal.body;
  const last = literal.body[literal.body.length - 1];
  if (first === undefined || last === undefined) return;
  page.write("not ");
  if (literal.explicit || literal.body.length > 1) {
    if (isUnionLiteral(first)) context.parenthesized = first;
    page.write("{");
    tolerant(() => writeBlock(context, literal.body, places.row(literal), closingRow(places.spot(literal), "{", "}")));
    if (places.row(last) === places.row(literal)) page.write(" ");
    page.write("}");
    return;
  }
  const parens = first.with.length > 0 || isLogical(first) || first.kind === "not" || rendersBrace(first);
  tolerant(() => writeGrouped(context, first, parens));
}

export function isUnionLiteral(literal: Literal): boolean {
  return literal.kind === "expression" && !literal.negated && isUnion(literal.term);
}

/** `with` clauses stay on their rows; the first may stand where the terms end. */
function writeWiths(context: Context, literal: Literal): void {
  const { places, page } = context;
  const [first] = literal.with;
  if (first === undefined) return;
  let row = places.endRow({ start: literal.start, end: trimmedEnd(context, literal.start, first.start) });
  let rest = literal.with;
  if (places.row(first) === row) {
    writeWith(context, first, false);
    rest = rest.slice(1);
  }
  let indented = false;
  for (const clause of rest) {
    const breaks = places.row(clause) > row;
    if (breaks) {
      if (!indented) page.up();
      indented = true;
      page.endLine();
      page.startLine();
      row = places.row(clause);
    }
    writeWith(context, clause, breaks);
  }
  if (indented) page.down();
}

function trimmedEnd({ places }: Context, start: number, end: number): number {
  return start + places.slice(start, end).trimEnd().length;
}

function writeWith(context: Context, clause: With, startsLine: boolean): void {
  const { page, places } = context;
  page.commentsTo(places.row(clause));
  if (!startsLine) page.write(" ");
  page.write("with ");
  before(() => writeTerm(context, clause.target));
  page.write(" as ");
  tolerant(() => writeTerm(context, clause.value));
}

/** Literals on lines of their own; blank lines of the source stay, one each. */
export function writeLines(context: Context, body: readonly Literal[]): void {
  const { page, places } = context;
  const [first] = body;
  if (first === undefined) return;
  page.commentsTo(places.row(first));
  body.forEach((literal, index) => {
    const previous = body[index - 1];
    if (previous !== undefined && places.row(literal) > places.endRow(previous) + 1) page.blankLine();
    page.startLine();
    tolerant(() => writeLiteral(context, literal));
    page.endLine();
  });
}
