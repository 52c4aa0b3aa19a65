/** `regex.*` with RE2 semantics. */
import type { Value } from "../value/index.js";
import { quoteGo } from "../value/index.js";
import { type Builtin, type BuiltinContext, BuiltinError, builtin } from "./builtin.js";
import { array } from "./decl.js";
import { globsIntersect } from "./glob-intersection.js";
import { intAt, stringAt, valueAt } from "./operands.js";
import { type MatchSpans, type Pattern, patternOf, quoteMeta } from "./patterns.js";

function isValid(args: readonly Value[]): Value {
  const source = valueAt(args, 0);
  if (typeof source !== "string") return false;
  try {
    patternOf(source);
    return true;
  } catch (error) {
    if (error instanceof BuiltinError) return false;
    throw error;
  }
}

function match(args: readonly Value[], context: BuiltinContext): Value {
  const source = stringAt(args, 0);
  const text = stringAt(args, 1);
  context.spend(1 + (text.length >>> 6));
  return patternOf(source).test(text);
}

function limitAt(args: readonly Value[], position: number): number {
  const limit = intAt(args, position);
  return limit < 0 ? Number.POSITIVE_INFINITY : limit;
}

function search(args: readonly Value[], limit: number, context: BuiltinContext): { text: string; found: MatchSpans[] } {
  const source = stringAt(args, 0);
  const text = stringAt(args, 1);
  context.spend(1 + (text.length >>> 6));
  const found = patternOf(source).findAll(text, limit, context);
  context.grow(found.length);
  return { text, found };
}

function cut(text: string, span: { readonly start: number; readonly end: number } | undefined): string {
  return span === undefined || span.start < 0 ? "" : text.slice(span.start, span.end);
}

function split(args: readonly Value[], context: BuiltinContext): Value {
  const { text, found } = search(args, Number.POSITIVE_INFINITY, context);
  if (stringAt(args, 0) !== "" && text === "") return [""];
  const parts: string[] = [];
  let begin = 0;
  let end = 0;
  for (const [span] of found) {
    if (span === undefined) continue;
    end = span.start;
    if (span.end !== 0) parts.push(text.slice(begin, end));
    begin = span.end;
  }
  if (end !== text.length) parts.push(text.slice(begin));
  return parts;
}

function replace(args: readonly Value[], context: BuiltinContext): Value {
  const text = stringAt(args, 0);
  const pattern = patternOf(stringAt(args, 1));
  const template = stringAt(args, 2);
  context.spend(1 + (text.length >>> 6));
  const parts: string[] = [];
  let from = 0;
  for (const spans of pattern.findAll(text, Number.POSITIVE_INFINITY, context)) {
    const whole = spans[0];
    if (whole === undefined) continue;
    const inserted = expand(template, text, spans, pattern);
    context.grow(inserted.length + whole.start - from);
    parts.push(text.slice(from, whole.start), inserted);
    from = whole.end;
  }
  parts.push(text.slice(from));
  return parts.join("");
}

/** Go's templates: `$1`, `$name` with the longest name, `${name}`, `$$`; unknown groups are empty, a bad `$` stays. */
function expand(template: string, text: string, spans: MatchSpans, pattern: Pattern): string {
  return template.replace(
    /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
    (all, braced?: string, bare?: string) => {
      const name = braced ?? bare;
      if (name === undefined) return all === "$$" ? "$" : all;
      const number = /^[0-9]+$/.test(name) ? (/^0[0-9]/.test(name) ? -1 : Number(name)) : pattern.groupNamed(name);
      return number === undefined || number < 0 ? "" : cut(text, spans[number]);
    },
  );
}

/** A pattern with regular expressions between delimiters, and literal text around them. */
function templatePattern(template: string, open: string, close: string): string {
  let pattern = "^";
  let level = 0;
  let from = 0;
  let opened = 0;
  for (let i = 0; i < template.length; i++) {
    const character = template.charAt(i);
    if (character === open) {
      if (++level === 1) opened = i;
    } else if (character === close) {
      level--;
      if (level < 0) break;
      if (level > 0) continue;
      const inner = template.slice(opened + 1, i);
      patternOf(`^${inner}$`);
      pattern += `${quoteMeta(template.slice(from, opened))}(${inner})`;
      from = i + 1;
    }
  }
  if (level !== 0) throw new BuiltinError(`unbalanced braces in ${quoteGo(template)}`);
  return `${pattern}${quoteMeta(template.slice(from))}$`;
}

function templateMatch(args: readonly Value[], context: BuiltinContext): Value {
  const template = stringAt(args, 0);
  const text = stringAt(args, 1);
  const open = stringAt(args, 2);
  const close = stringAt(args, 3);
  const length = Buffer.byteLength(open);
  if (length !== 1) {
    throw new BuiltinError(`start delimiter has to be exactly one character long but is ${length} long`);
  }
  if (Buffer.byteLength(close) !== 1) {
    throw new BuiltinError(`end delimiter has to be exactly one character long but is ${length} long`);
  }
  context.spend(1 + (text.length >>> 6));
  return patternOf(templatePattern(template, open, close)).test(text);
}

const STRINGS = array("string");

export const REGEX: readonly Builtin[] = [
  builtin("regex.is_valid", ["string"], "boolean", isValid),
  builtin("regex.match", ["string", "string"], "boolean", match),
  builtin("re_match", ["string", "string"], "boolean", match, { deprecated: true }),
  builtin("regex.split", ["string", "string"], STRINGS, split),
  builtin("regex.find_n", ["string", "string", "number"], STRINGS, (args, context) => {
    const { text, found } = search(args, limitAt(args, 2), context);
    return found.map((spans) => cut(text, spans[0]));
  }),
  builtin("regex.find_all_string_submatch_n", ["string", "string", "number"], array(STRINGS), (args, context) => {
    const { text, found } = search(args, limitAt(args, 2), context);
    return found.map((spans) => spans.map((span) => cut(text, span)));
  }),
  builtin("regex.replace", ["string", "string", "string"], "string", replace),
  builtin("regex.template_match", ["string", "string", "string", "string"], "boolean", templateMatch),
  builtin("regex.globs_match", ["string", "string"], "boolean", (args, context) =>
    globsIntersect(stringAt(args, 0), stringAt(args, 1), context),
  ),
];
