/**
 * Rules. Heads differ by version: in v0 a two-part head without `if` and without value adds to a partial set, in v1 that
 * takes `contains`. The parser decides that here, so that later stages see `key` for sets and `path` for objects only.
 */
import type { Annotations, Body, Else, Head, Rule, Term, VarTerm } from "./ast.js";
import { type Cursor, ParseFailure } from "./cursor.js";
import type { LiteralParser } from "./parse-literal.js";
import { finish, parseInfix } from "./parse-term.js";

/** Reads one statement that has to be a rule; several `{…}` bodies of one head give several rules. */
export function parseRule(literals: LiteralParser, annotations: readonly Annotations[]): Rule[] {
  const { cursor } = literals;
  const { start } = cursor.token;
  if (cursor.takeWord("default")) return [defaultRule(literals, start, annotations)];
  const written = parseHead(literals);
  const hasIf = cursor.isWord("if");
  const head = hasIf || cursor.version === "v1" ? written : asV0Head(written);
  const body = ruleBody(literals, head, start);
  const elses = parseElses(literals, head, body);
  const { end } = cursor.previous;
  const rule: Rule = {
    kind: "rule",
    default: false,
    head,
    ...(body === undefined ? {} : { body }),
    hasIf,
    elses,
    chained: false,
    annotations,
    start,
    end,
  };
  return [rule, ...chainedBodies(literals, rule)];
}

/** `p[x]` and `p.x` without `if` and value add to a set in v0. */
function asV0Head(head: Head): Head {
  const only = head.path[0];
  if (head.path.length !== 1 || only === undefined || head.args !== undefined || head.key !== undefined) return head;
  if (head.value !== undefined) return head;
  return { ...head, path: [], key: only };
}

function ruleBody(literals: LiteralParser, head: Head, start: number): Body | undefined {
  const { cursor } = literals;
  if (cursor.takeWord("if")) return ifBody(literals);
  if (cursor.is("{")) {
    if (cursor.version === "v1") {
      throw cursor.failure("`if` keyword is required before rule body", "write `if {` instead of `{`");
    }
    return braced(literals);
  }
  if (cursor.version === "v1" && head.value === undefined && head.key === undefined && head.args === undefined) {
    const { length } = head.path;
    const message =
      length === 0
        ? "var cannot be used for rule name"
        : length === 1
          ? "`contains` keyword is required for partial set rules"
          : "rule must have value assignment and/or body declaration";
    throw cursor.failure(message, wordHint(cursor), tokenAtStart(cursor, start));
  }
  if (head.value === undefined && head.key === undefined && head.path.length === 0 && head.args === undefined) {
    throw cursor.failure("var cannot be used for rule name", wordHint(cursor), tokenAtStart(cursor, start));
  }
  return undefined;
}

function wordHint(cursor: Cursor): string | undefined {
  const { token } = cursor;
  if (token.type === "ident" && ["if", "contains"].includes(token.text) && !cursor.isKeyword(token.text)) {
    return `\`import future.keywords.${token.text}\` to use the keyword`;
  }
  return undefined;
}

function tokenAtStart(cursor: Cursor, start: number): { start: number } & Cursor["token"] {
  return { ...cursor.token, start };
}

/** The body after `if`: braces hold a body unless what follows them, or stands in them, makes them a term. */
function ifBody(literals: LiteralParser): Body {
  const { cursor } = literals;
  if (!cursor.is("{")) return [literals.literal()];
  if (opensTerm(cursor)) {
    const mark = cursor.mark();
    const literal = cursor.attempt(() => literals.literal());
    if (!(literal instanceof ParseFailure)) {
      const bareSet = literal.kind === "expression" && literal.term.kind === "set";
      if (!bareSet && !startsBody(cursor)) return [literal];
      cursor.reset(mark);
    }
  }
  return braced(literals);
}

function startsBody(cursor: Cursor): boolean {
  return cursor.is("{") && cursor.previous.text === "{";
}

const CONTINUES = new Set([
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "|",
  "&",
  "+",
  "-",
  "*",
  "/",
  "%",
  "=",
  ":=",
  ",",
  ".",
  "[",
]);

const OPERATOR_WORDS = new Set(["in", "and", "or", "with"]);

/** Whether the brace at the cursor may open an object, a comprehension or a set that an operator follows. */
function opensTerm(cursor: Cursor): boolean {
  const close = cursor.closerIndex();
  if (close < 0) return false;
  const after = cursor.tokenAt(close + 1);
  const adjoins = after.start === cursor.tokenAt(close).end;
  if (after.type === "punctuation" && CONTINUES.has(after.text)) {
    if ((after.text !== "." && after.text !== "[") || adjoins) return true;
  }
  const beyond = cursor.tokenAt(close + 2);
  const headsRef = beyond.start === after.end && (beyond.text === "." || beyond.text === "[");
  if (after.type === "ident" && OPERATOR_WORDS.has(after.text) && cursor.isKeyword(after.text) && !headsRef)
    return true;
  const open = cursor.mark();
  for (let index = open + 1, depth = 0; index < close; index++) {
    const { type, text } = cursor.tokenAt(index);
    if (type !== "punctuation") continue;
    if (text === "{" || text === "[" || text === "(") depth++;
    else if (text === "}" || text === "]" || text === ")") depth--;
    else if (depth === 0 && (text === ":" || text === "|")) return true;
    else if (depth === 0 && text === ";") return false;
  }
  return close === open + 1;
}

function braced(literals: LiteralParser): Body {
  const { cursor } = literals;
  cursor.expect("{");
  const body = literals.body("}");
  cursor.expect("}");
  return body;
}

function parseElses(literals: LiteralParser, head: Head, body: Body | undefined): Else[] {
  const { cursor } = literals;
  const elses: Else[] = [];
  while (cursor.isWord("else") && (body !== undefined || elses.length > 0)) {
    if (head.path.some((part) => part.kind !== "string" && !isScalar(part))) {
      throw cursor.failure("else keyword cannot be used on rules with variables in head");
    }
    if (head.key !== undefined) throw cursor.failure("else keyword cannot be used on multi-value rules");
    elses.push(parseElse(literals));
    if (elses[elses.length - 1]?.body === undefined) break;
  }
  return elses;
}

function isScalar(term: Term): boolean {
  return term.kind === "null" || term.kind === "boolean" || term.kind === "number" || term.kind === "string";
}

function parseElse(literals: LiteralParser): Else {
  const { cursor } = literals;
  const { start } = cursor.advance();
  const assign = cursor.is(":=");
  let value: Term | undefined;
  if (cursor.take("=") || cursor.take(":=")) value = parseInfix(literals, true);
  else if (!cursor.is("{") && !cursor.isWord("if")) throw cursor.unexpected("expected else value term or rule body");
  const hasIf = cursor.takeWord("if");
  let body: Body | undefined;
  if (hasIf) body = cursor.is("{") ? braced(literals) : [literals.literal()];
  else if (cursor.is("{")) {
    if (cursor.version === "v1") throw cursor.failure("`if` keyword is required before else body", "write `else if {`");
    body = braced(literals);
  }
  const valuePart = value === undefined ? {} : { value };
  return { ...valuePart, assign, ...(body === undefined ? {} : { body }), hasIf, start, end: cursor.previous.end };
}

function chainedBodies(literals: LiteralParser, first: Rule): Rule[] {
  const { cursor } = literals;
  const rules: Rule[] = [];
  while (cursor.is("{") && first.body !== undefined) {
    if (first.elses.length > 0) throw cursor.failure("expected else keyword");
    const { start } = cursor.token;
    const body = braced(literals);
    rules.push({ ...first, body, chained: true, annotations: [], start, end: cursor.previous.end });
  }
  return rules;
}

function parseHead(literals: LiteralParser): Head {
  const { cursor } = literals;
  const { token } = cursor;
  const { start } = token;
  if (token.type !== "ident" || cursor.isWord(token.text)) throw cursor.unexpected(undefined, ruleNameHint(cursor));
  cursor.advance();
  const name: VarTerm = { kind: "var", name: token.text, start, end: token.end };
  const written = finish(literals, name);
  const { path, args } = headParts(cursor, written);
  const base = { name, path, ...(args === undefined ? {} : { args }), start };
  if (cursor.isWord("contains")) {
    if (args !== undefined) {
      throw cursor.failure("the contains keyword can only be used with multi-value rule definitions");
    }
    cursor.advance();
    const key = parseInfix(literals, true);
    return { ...base, key, assign: false, end: cursor.previous.end };
  }
  const assign = cursor.is(":=");
  if (cursor.take("=") || cursor.take(":=")) {
    const value = parseInfix(literals, true);
    return { ...base, value, assign, end: cursor.previous.end };
  }
  return { ...base, assign: false, end: cursor.previous.end };
}

function ruleNameHint(cursor: Cursor): string | undefined {
  return cursor.token.type === "ident" ? `\`${cursor.token.text}\` is a keyword and cannot name a rule` : undefined;
}

function headParts(cursor: Cursor, written: Term): { path: readonly Term[]; args?: readonly Term[] } {
  switch (written.kind) {
    case "var":
      return { path: [] };
    case "ref":
      if (written.head.kind !== "var") break;
      return { path: written.path };
    case "call": {
      // `f()` is the rule `f`, as in OPA.
      const args = written.args.length === 0 ? {} : { args: written.args };
      if (written.operator.kind === "var") return { path: [], ...args };
      if (written.operator.head.kind !== "var") break;
      return { path: written.operator.path, ...args };
    }
  }
  throw cursor.failure("invalid rule head", undefined, { ...cursor.token, start: written.start });
}

function defaultRule(literals: LiteralParser, start: number, annotations: readonly Annotations[]): Rule {
  const { cursor } = literals;
  const head = parseHead(literals);
  const at = (term: { start: number }) => ({ ...cursor.token, start: term.start });
  if (head.key !== undefined)
    throw cursor.failure("illegal default rule (must have a value, not `contains`)", undefined, at(head));
  if (head.value === undefined) {
    throw cursor.failure("illegal default rule (must have a value)", "write `default name := value`", at(head));
  }
  const variableKind = nonConstant(head.value);
  if (variableKind !== undefined) {
    throw cursor.failure(`illegal default rule (value cannot contain ${variableKind})`, undefined, at(head.value));
  }
  if (head.path.some((part) => !isScalar(part)))
    throw cursor.failure("default rule head cannot contain variables", undefined, at(head));
  const seen = new Set<string>();
  for (const arg of head.args ?? []) {
    if (arg.kind !== "var") {
      throw cursor.failure(
        "illegal default rule (arguments cannot contain anything but variables)",
        undefined,
        at(arg),
      );
    }
    if (arg.name !== "_" && seen.has(arg.name)) {
      throw cursor.failure("illegal default rule (arguments cannot be repeated)", undefined, at(arg));
    }
    seen.add(arg.name);
  }
  if (cursor.is("{") || cursor.isWord("if")) throw cursor.failure("default rules cannot have a body");
  return {
    kind: "rule",
    default: true,
    head,
    hasIf: false,
    elses: [],
    chained: false,
    annotations,
    start,
    end: cursor.previous.end,
  };
}

/** The first kind of subterm that keeps a default value from being constant; closures may be anything. */
function nonConstant(term: Term): string | undefined {
  switch (term.kind) {
    case "var":
    case "ref":
    case "call":
      return term.kind;
    case "template":
      return term.parts.some((part) => typeof part !== "string") ? "template expression" : undefined;
    case "array":
    case "set":
      return first(term.items.map(nonConstant));
    case "object":
      return first(term.entries.flatMap(([key, value]) => [nonConstant(key), nonConstant(value)]));
    default:
      return undefined;
  }
}

function first<T>(items: readonly (T | undefined)[]): T | undefined {
  return items.find((item) => item !== undefined);
}
