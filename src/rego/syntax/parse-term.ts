/**
 * Terms: scalars, references, calls, collections, comprehensions, template strings and infix operators. Operators
 * become calls of the built-in that they stand for. A collection's first element is read as a bare term, because
 * `{a | b}` is a comprehension before it is a union; what follows then continues that term as an infix expression, so
 * nothing is read twice.
 */
import type { Body, CallTerm, RefTerm, StringTerm, TemplateExpression, Term, VarTerm, With } from "./ast.js";
import { type Cursor, ParseFailure } from "./cursor.js";

/** Infix operators by binding strength, loosest first (after `in`, which stands below all of them). */
const LEVELS: readonly Readonly<Record<string, string>>[] = [
  { "==": "equal", "!=": "neq", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte" },
  { "|": "or" },
  { "&": "and" },
  { "+": "plus", "-": "minus" },
  { "*": "mul", "/": "div", "%": "rem" },
];
const INFIX: ReadonlyMap<string, { level: number; name: string }> = new Map(
  LEVELS.flatMap((row, level) => Object.entries(row).map(([sign, name]) => [sign, { level, name }] as const)),
);

export interface TermContext {
  readonly cursor: Cursor;
  /** Reads literals up to the closing token, which is left for the caller. */
  body(closer: string): Body;
  withs(): With[];
}

/** A term with infix operators; `k, v in xs` only where a comma cannot separate anything else. */
export function parseInfix(context: TermContext, keyValue: boolean, seed?: Term): Term {
  const { cursor } = context;
  cursor.enter();
  let left = climb(context, 0, seed);
  if (keyValue && cursor.is(",")) left = keyedMember(context, left) ?? left;
  let links = 0;
  while (cursor.isWord("in")) {
    cursor.advance();
    left = infixCall("internal.member_2", "in", left, climb(context, 0));
    if (++links > 100) throw cursor.failure("too many chained operators");
  }
  cursor.leave();
  return left;
}

/** `, value in domain` after a key, or undefined when the comma separates something else. */
function keyedMember(context: TermContext, key: Term): Term | undefined {
  const { cursor } = context;
  const call = cursor.attempt(() => {
    cursor.advance();
    const value = climb(context, 0);
    if (!cursor.takeWord("in")) throw cursor.unexpected("expected `in`");
    return call3(key, value, climb(context, 0));
  });
  return call instanceof ParseFailure ? undefined : call;
}

function call3(key: Term, value: Term, domain: Term): CallTerm {
  const operator = memberOperator("internal.member_3", key.start);
  return { kind: "call", operator, args: [key, value, domain], infix: "in", start: key.start, end: domain.end };
}

function memberOperator(name: string, at: number): RefTerm {
  const [head = "", member = ""] = name.split(".");
  const part: StringTerm = { kind: "string", value: member, start: at, end: at };
  return { kind: "ref", head: { kind: "var", name: head, start: at, end: at }, path: [part], start: at, end: at };
}

function infixCall(name: string, sign: string, left: Term, right: Term): CallTerm {
  const operator: VarTerm | RefTerm = name.includes(".")
    ? memberOperator(name, left.start)
    : { kind: "var", name, start: left.start, end: left.start };
  return { kind: "call", operator, args: [left, right], infix: sign, start: left.start, end: right.end };
}

/** Reads operators of `level` and tighter, left-associative; the chain's length is bounded like nesting is. */
function climb(context: TermContext, level: number, seed?: Term): Term {
  const { cursor } = context;
  let left = seed ?? parseTerm(context);
  let links = 0;
  let linked = LEVELS.length;
  for (;;) {
    const { token } = cursor;
    const found = token.type === "punctuation" ? INFIX.get(token.text) : undefined;
    if (found === undefined || found.level < level) return left;
    // Once an operator of a level was read, tighter ones belong to its right side.
    links = found.level === linked ? links + 1 : 1;
    linked = found.level;
    if (links > 1000) throw cursor.failure("too many chained operators", "split the expression");
    cursor.advance();
    left = infixCall(found.name, token.text, left, climb(context, found.level + 1));
  }
}

/** One term without infix operators. */
export function parseTerm(context: TermContext): Term {
  const { cursor } = context;
  cursor.enter();
  const term = cursor.is("-") ? negative(context) : finish(context, primary(context));
  cursor.leave();
  return term;
}

function negative(context: TermContext): Term {
  const { cursor } = context;
  const minus = cursor.advance();
  if (cursor.token.type === "number") {
    const { text, end } = cursor.advance();
    return finish(context, { kind: "number", text: `-${text}`, start: minus.start, end });
  }
  if (cursor.token.type !== "ident") throw cursor.unexpected("expected number");
  const operand = finish(context, variable(context));
  const zero: Term = { kind: "number", text: "0", start: minus.start, end: minus.start };
  return { ...infixCall("minus", "-", zero, operand), start: minus.start };
}

function primary(context: TermContext): Term {
  const { cursor } = context;
  const { token } = cursor;
  const { start, end } = token;
  switch (token.type) {
    case "number":
      cursor.advance();
      return { kind: "number", text: token.text, start, end };
    case "string":
    case "raw":
      cursor.advance();
      return { kind: "string", value: token.text, ...(token.type === "raw" ? { raw: true } : {}), start, end };
    case "template-open":
      return template(context);
    case "ident":
      if (cursor.takeWord("null")) return { kind: "null", start, end };
      if (cursor.takeWord("true")) return { kind: "boolean", value: true, start, end };
      if (cursor.takeWord("false")) return { kind: "boolean", value: false, start, end };
      return variable(context);
    case "punctuation":
      if (token.text === "[") return array(context);
      if (token.text === "{") return braces(context);
      if (token.text === "(") return parenthesized(context);
  }
  throw cursor.unexpected();
}

function parenthesized(context: TermContext): Term {
  const { cursor } = context;
  const { start } = cursor.advance();
  const inner = parseInfix(context, true);
  if (!cursor.is(")")) throw cursor.failure("non-terminated expression");
  return { ...inner, start, end: cursor.advance().end, inner: inner.inner ?? { start: inner.start, end: inner.end } };
}

/** A name. Keywords are names only when they begin a reference (`if.x`), or call the set operators `and`/`or`. */
function variable(context: TermContext): VarTerm {
  const { cursor } = context;
  const { token } = cursor;
  if (token.type !== "ident") throw cursor.unexpected("expected variable");
  const called = cursor.peek().text === "(" && cursor.peek().start === token.end;
  const plain = token.text === "contains" || ((token.text === "and" || token.text === "or") && called);
  if (cursor.isWord(token.text) && !plain) throw cursor.unexpected();
  cursor.advance();
  return { kind: "var", name: token.text, start: token.start, end: token.end };
}

/** Continues a term with what directly adjoins it: `.name`, `[index]`, `(arguments)`. */
export function finish(context: TermContext, head: Term): Term {
  const { cursor } = context;
  let term = head;
  let path: Term[] | undefined;
  let calls = 0;
  for (;;) {
    const { token } = cursor;
    const adjoins = token.type === "punctuation" && token.start === cursor.previous.end;
    if (adjoins && (token.text === "." || token.text === "[")) {
      checkRefHead(cursor, term);
      path ??= [];
      path.push(token.text === "." ? dotted(context) : bracketed(context));
    } else if (adjoins && token.text === "(") {
      const operator = reference(cursor, head.start, term, path);
      if (operator.kind !== "var" && (operator.kind !== "ref" || operator.head.kind !== "var")) return operator;
      if (++calls > 50) throw cursor.failure("too many chained calls");
      term = call(context, operator as VarTerm | RefTerm);
      path = undefined;
    } else return reference(cursor, head.start, term, path);
  }
}

function reference(cursor: Cursor, start: number, head: Term, path: readonly Term[] | undefined): Term {
  return path === undefined ? head : { kind: "ref", head, path, start, end: cursor.previous.end };
}

function checkRefHead(cursor: Cursor, head: Term): void {
  const scalar = head.kind === "null" || head.kind === "boolean" || head.kind === "number" || head.kind === "string";
  if (scalar || head.kind === "template") throw cursor.failure(`illegal ref (head cannot be ${head.kind})`);
}

function dotted(context: TermContext): StringTerm {
  const { cursor } = context;
  const dot = cursor.advance();
  const { token } = cursor;
  if (token.type !== "ident" || token.start !== dot.end) throw cursor.unexpected("expected identifier");
  cursor.advance();
  return { kind: "string", value: token.text, start: token.start, end: token.end };
}

function bracketed(context: TermContext): Term {
  const { cursor } = context;
  cursor.advance();
  const index = parseInfix(context, true);
  cursor.expect("]");
  return index;
}

function call(context: TermContext, operator: VarTerm | RefTerm): Term {
  const { cursor } = context;
  cursor.advance();
  const args = cursor.is(")") ? [] : list(context, ")");
  const { end } = cursor.expect(")");
  const { start } = operator;
  if (operator.kind === "var" && operator.name === "set" && args.length === 0)
    return { kind: "set", items: [], start, end };
  return { kind: "call", operator, args, start, end };
}

/** Comma-separated terms up to `closer`, which stays; a trailing comma is allowed. */
function list(context: TermContext, closer: string, first?: Term): Term[] {
  const { cursor } = context;
  const items: Term[] = [first ?? parseInfix(context, false)];
  while (cursor.take(",")) {
    if (cursor.is(closer)) break;
    items.push(parseInfix(context, false));
  }
  if (!cursor.is(closer)) throw cursor.unexpected(`expected \`,\` or \`${closer}\``);
  return items;
}

/** `| body closer` after a comprehension's head, or undefined when it is a union after all. */
function comprehensionBody(context: TermContext, closer: string): Body | undefined {
  const { cursor } = context;
  const mark = cursor.mark();
  const body = cursor.attempt(() => {
    cursor.advance();
    const literals = context.body(closer);
    cursor.expect(closer);
    return literals;
  });
  if (!(body instanceof ParseFailure)) return body;
  if (cursor.tokenAt(body.position).text !== ",") {
    cursor.reset(mark);
    throw body;
  }
  return undefined;
}

function array(context: TermContext): Term {
  const { cursor } = context;
  const { start } = cursor.advance();
  if (cursor.is("]")) return { kind: "array", items: [], start, end: cursor.advance().end };
  const leading = cursor.take(",");
  const head = parseTerm(context);
  if (cursor.is("|") && !leading) {
    const body = comprehensionBody(context, "]");
    if (body !== undefined) {
      return { kind: "comprehension", of: "array", value: head, body, start, end: cursor.previous.end };
    }
  }
  const items = list(context, "]", parseInfix(context, false, head));
  return { kind: "array", items, start, end: cursor.expect("]").end };
}

function braces(context: TermContext): Term {
  const { cursor } = context;
  const { start } = cursor.advance();
  if (cursor.is("}")) return { kind: "object", entries: [], start, end: cursor.advance().end };
  const leading = cursor.take(",");
  const head = parseTerm(context);
  if (cursor.is("|") && !leading) {
    const body = comprehensionBody(context, "}");
    if (body !== undefined) {
      return { kind: "comprehension", of: "set", value: head, body, start, end: cursor.previous.end };
    }
  }
  const first = parseInfix(context, false, head);
  if (cursor.is(":")) return object(context, start, first, !leading);
  const items = list(context, "}", first);
  return { kind: "set", items, start, end: cursor.expect("}").end };
}

function object(context: TermContext, start: number, firstKey: Term, maybeComprehension: boolean): Term {
  const { cursor } = context;
  cursor.advance();
  const head = parseTerm(context);
  if (cursor.is("|") && maybeComprehension) {
    const body = comprehensionBody(context, "}");
    if (body !== undefined) {
      const { end } = cursor.previous;
      return { kind: "comprehension", of: "object", key: firstKey, value: head, body, start, end };
    }
  }
  const entries: [Term, Term][] = [[firstKey, parseInfix(context, false, head)]];
  while (cursor.take(",")) {
    if (cursor.is("}")) break;
    const key = parseInfix(context, false);
    cursor.expect(":");
    entries.push([key, parseInfix(context, false)]);
  }
  if (!cursor.is("}")) throw cursor.unexpected("expected `,` or `}`");
  return { kind: "object", entries, start, end: cursor.advance().end };
}

function template(context: TermContext): Term {
  const { cursor } = context;
  const open = cursor.advance();
  const parts: (string | TemplateExpression)[] = [];
  for (;;) {
    const text = cursor.advance();
    if (text.text !== "") parts.push(text.text);
    if (cursor.token.type === "template-close") {
      const { end } = cursor.advance();
      return { kind: "template", parts, raw: open.text === "`", start: open.start, end };
    }
    if (cursor.token.type !== "template-expression") throw cursor.unexpected("expected end of template string");
    cursor.advance();
    parts.push(templateExpression(context));
    const resume = cursor.advance();
    if (resume.type !== "template-resume")
      throw cursor.failure("expected `}` to end template string expression", undefined, resume);
  }
}

function templateExpression(context: TermContext): TemplateExpression {
  const { cursor } = context;
  for (const word of ["not", "some", "every"]) {
    if (cursor.isWord(word)) throw cursor.failure(`unexpected \`${word}\` in template-string expression`);
  }
  const term = parseInfix(context, true);
  if (cursor.is("=")) throw cursor.failure("unexpected unification (`=`) in template-string expression");
  if (cursor.is(":=")) throw cursor.failure("unexpected assignment (`:=`) in template-string expression");
  return { term, with: context.withs(), start: term.start, end: cursor.previous.end };
}
