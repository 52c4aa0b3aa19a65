/**
 * Rules. A rule and its `else`s are clauses of one shape: a head, perhaps a body, and the clause that follows. A body
 * that says no more than `true` is not written; `name { … } { … }` becomes two rules.
 */
import type { Body, Else, Head, Literal, Rule, Term } from "../syntax/ast.js";
import { before, type Context, tolerant } from "./context.js";
import { isUnionLiteral } from "./literal.js";
import { isLogical } from "./logical.js";
import { breaksIn, closingRow, type Ranged } from "./places.js";
import { infixSign, isUnion } from "./plain.js";
import { layTerm, writeArguments, writePart, writeRef, writeTerm } from "./term.js";

interface Clause {
  readonly at: Ranged;
  readonly body: Body | undefined;
  readonly next: readonly Else[];
  /** The part before the body, whose last row a short body may share. */
  readonly headText: Ranged;
  /** Brackets of the head that come before those of the body. */
  readonly skip: readonly [string, string] | undefined;
  readonly isElse: boolean;
  /** Whether `if` stands before the body. */
  readonly usesIf: boolean;
  writeHead(): void;
}

/** Whether rules of its kind may stand without blank lines between them. */
export function isOneLiner({ style }: Context, rule: Rule): boolean {
  const [only] = rule.body ?? [];
  if (rule.default || rule.elses.length > 0 || (rule.body?.length ?? 1) > 1) return false;
  if (only !== undefined && isSetLiteral(only)) return false;
  return style.useIf && (style.useContains || rule.head.key === undefined);
}

export function writeRule(context: Context, rule: Rule): void {
  const { page, places, style } = context;
  const { head } = rule;
  const fact = isConstant(rule.body) && rule.elses.length === 0;
  page.startLine();
  if (rule.default) page.write("default ");
  const headText = rule.chained ? rule : head;
  if (rule.chained) places.move(head, places.row(rule));
  writeClause(context, {
    at: rule,
    body: fact || rule.default ? undefined : (rule.body ?? []),
    next: rule.elses,
    headText,
    skip: (head.args?.length ?? 0) > 0 ? ["(", ")"] : isKeyed(rule) ? ["[", "]"] : undefined,
    isElse: false,
    usesIf: style.useIf && (style.useContains || head.key === undefined),
    writeHead: () => places.on(rule.chained ? places.row(rule) : undefined, () => writeHead(context, rule, fact)),
  });
}

function writeClause(context: Context, clause: Clause): void {
  const { page, places } = context;
  const { body, next, at } = clause;
  page.keepFinalComment = body === undefined;
  const mark = page.mark();
  const crowded = tolerant(clause.writeHead);
  if (crowded !== undefined && (!crowded.whole || page.held !== undefined)) {
    page.reset(mark);
    page.asWritten(clause.headText.start, clause.headText.end);
  }
  if (body === undefined) {
    page.endLine();
    return;
  }
  page.keepFinalComment = true;
  const [first] = body;
  if (clause.usesIf) {
    page.write(" if");
    const row = places.row(clause.headText) + breaksIn(places.text(clause.headText));
    if (body.length === 1 && first !== undefined && places.row(first) === row && !isSetLiteral(first)) {
      page.write(" ");
      tolerant(() => context.literal(first));
      page.endLine();
      writeElse(context, at, next);
      return;
    }
  }
  page.write(" {");
  page.endLine();
  if (clause.usesIf && !clause.isElse && first !== undefined) parenthesizeUnion(context, first);
  page.up();
  context.lines(body);
  tolerant(() => page.commentsTo(closingRow(places.spot(at), "{", "}", clause.skip)));
  page.down();
  page.startLine();
  page.write("}");
  writeElse(context, at, next);
}

function writeElse(context: Context, previous: Ranged, elses: readonly Else[]): void {
  const { page, places, style } = context;
  const [clause, ...next] = elses;
  const last = elses[elses.length - 1];
  if (clause === undefined || last === undefined) return;
  const at: Ranged = { start: clause.start, end: last.end };
  const row = places.row(at);
  const line = places.text(previous).split("\n")[row - places.row(previous)] ?? "";
  const inline = row > places.row(previous) && !line.trim().startsWith("else");
  const above = (page.nextRow() ?? row) < row || page.held !== undefined;
  if (!above && inline) page.write(" ");
  else {
    page.blankLine();
    page.startLine();
  }
  tolerant(() => page.commentsTo(row));
  if (above && !inline) page.startLine();
  const fact = isConstant(clause.body) && next.length === 0;
  const { value } = clause;
  if (value !== undefined) places.move(value, row);
  const single = clause.hasIf && !isBraced(context, clause);
  const headText = { start: clause.start, end: value?.end ?? clause.start };
  const write = (): void => {
    writeClause(context, {
      at,
      body: fact ? undefined : (clause.body ?? []),
      next: [],
      headText,
      skip: undefined,
      isElse: true,
      usesIf: style.useIf,
      writeHead: () => {
        page.write("else");
        if (value === undefined ? fact : fact || !isTrue(value)) writeValue(context, value, clause.assign);
      },
    });
  };
  places.on(single ? row : undefined, write);
  writeElse(context, at, next);
}

/** The body of an `else if` stands in braces. */
function isBraced({ places }: Context, { start, value, body }: Else): boolean {
  const [first] = body ?? [];
  if (first === undefined) return false;
  const between = places.slice(value?.end ?? start, first.start).replace(/#[^\n]*/g, "");
  return between.trimEnd().endsWith("{");
}

function writeHead(context: Context, rule: Rule, fact: boolean): void {
  const { page, places, style } = context;
  const { head } = rule;
  before(() => writeName(context, head));
  if (head.args !== undefined) {
    const { args } = head;
    if (args.length > 0)
      before(() => {
        const spot = places.spot(head);
        writeArguments(context, args, spot, closingRow(spot, "(", ")"));
      });
    else page.write("()");
  }
  if (head.key !== undefined) {
    writeKey(context, head.key, style.useContains);
    return;
  }
  if (writesValue(context, rule, fact)) writeValue(context, head.value, head.assign);
}

function writeKey(context: Context, key: Term, contains: boolean): void {
  const { page } = context;
  if (contains) {
    page.write(" contains ");
    writeTerm(context, key);
    return;
  }
  page.write("[");
  before(() => writeTerm(context, key));
  page.write("]");
}

/** A value of `true` is what a body means anyway; it is written where no body is, or where the key varies. */
function writesValue({ style }: Context, rule: Rule, fact: boolean): boolean {
  const { head } = rule;
  if (rule.default) return true;
  const reference = style.v1 && fact && head.args === undefined;
  if (head.value === undefined) return reference || (fact && rule.body !== undefined && head.path.length !== 1);
  return fact || !isTrue(head.value) || (isKeyed(rule) && (!style.useIf || !head.path.every(isConstantKey)));
}

function writeValue(context: Context, value: Term | undefined, assign: boolean): void {
  const { page, style } = context;
  page.write(assign || style.v1 ? " := " : " = ");
  if (value === undefined) page.write("true");
  else writeTerm(context, value);
}

function writeName(context: Context, head: Head): void {
  const { page, style } = context;
  const { name, path } = head;
  const [only] = path;
  if (style.refHeads || only === undefined || path.length > 1) {
    if (path.length > 0) writeRef(context, { kind: "ref", head: name, path, start: head.start, end: head.end });
    else layTerm(context, name, false);
    return;
  }
  page.write(name.name);
  if (only.kind === "string") page.write(`[${JSON.stringify(only.value)}]`);
  else writePart(context, only);
}

/** With `if` before its body, such a key gives `true` without saying so. */
function isConstantKey(term: Term): boolean {
  return term.kind !== "var" && term.kind !== "ref" && term.kind !== "call";
}

/** Whether the head adds to a collection under a key that varies, or under any key without `if`. */
function isKeyed({ head, hasIf }: Rule): boolean {
  if (head.key !== undefined) return true;
  const [only] = head.path;
  if (head.path.length !== 1 || only === undefined || head.args !== undefined) return false;
  return !hasIf || !isConstantKey(only);
}

function isTrue(term: Term): boolean {
  return term.kind === "boolean" && term.value;
}

/** No body, or `{ true }`. */
function isConstant(body: Body | undefined): boolean {
  if (body === undefined) return true;
  const [only] = body;
  if (body.length !== 1 || only === undefined || only.kind !== "expression") return false;
  return !only.negated && only.with.length === 0 && isTrue(only.term);
}

function isSetLiteral(literal: Literal): boolean {
  return literal.kind === "expression" && !literal.negated && literal.term.kind === "set";
}

/** `if { x | y` would be read as a comprehension. */
function parenthesizeUnion(context: Context, literal: Literal): void {
  if (isLogical(literal)) {
    const [first] = literal.operands;
    const [lead] = first?.body ?? [];
    if (first !== undefined && !first.explicit && lead !== undefined && lead.with.length === 0)
      parenthesizeUnion(context, lead);
    return;
  }
  if (literal.kind !== "expression" || literal.negated) return;
  if (isUnionLiteral(literal)) {
    context.parenthesized = literal;
    return;
  }
  const { term } = literal;
  const [first] = term.kind === "call" && infixSign(term) !== undefined ? term.args : [];
  if (first !== undefined && isUnion(first)) context.parenthesized = first;
}
