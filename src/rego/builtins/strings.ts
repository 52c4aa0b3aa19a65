/**
 * Strings. Positions and lengths count code points; most strings are within the BMP, where JavaScript's own indices are
 * the same, so the slow paths run only for strings with surrogates.
 */
import { isArray, isSet, objectEntries, type Value } from "../value/index.js";
import { type Builtin, type BuiltinContext, BuiltinError, builtin } from "./builtin.js";
import { bytesOfText, textOfBytes } from "./bytes.js";
import { array, object, oneOf, set } from "./decl.js";
import { intAt, objectAt, operandError, stringAt, stringsAt, typeError, valueAt } from "./operands.js";
import { sprintf } from "./sprintf.js";

const SURROGATE = /[\ud800-\udfff]/;

function concat(args: readonly Value[], context: BuiltinContext): Value {
  const glue = stringAt(args, 0);
  const parts = stringsAt(args, 1, "set", "array");
  context.grow(parts.reduce((total, part) => total + part.length + glue.length, 0));
  return parts.join(glue);
}

function searchAt(args: readonly Value[]): string {
  const search = stringAt(args, 1);
  if (search === "") throw new BuiltinError("empty search character");
  return search;
}

/** All code point positions at which `search` starts, overlapping ones too, up to `limit` of them. */
function positions(text: string, search: string, limit: number): number[] {
  const found: number[] = [];
  if (!SURROGATE.test(text)) {
    for (let i = text.indexOf(search); i >= 0 && found.length < limit; i = text.indexOf(search, i + 1)) found.push(i);
    return found;
  }
  let unit = 0;
  let point = 0;
  for (const character of text) {
    if (found.length >= limit) break;
    if (text.startsWith(search, unit)) found.push(point);
    unit += character.length;
    point++;
  }
  return found;
}

function substring(args: readonly Value[]): Value {
  const text = stringAt(args, 0);
  const start = intAt(args, 1);
  const length = intAt(args, 2);
  if (start < 0) throw new BuiltinError("negative offset");
  const end = length < 0 ? undefined : start + length;
  if (!SURROGATE.test(text)) return text.slice(start, end);
  return Array.from(text).slice(start, end).join("");
}

function splitText(text: string, separator: string): string[] {
  return separator === "" ? Array.from(text) : text.split(separator);
}

function split(args: readonly Value[], context: BuiltinContext): Value {
  const text = stringAt(args, 0);
  const separator = stringAt(args, 1);
  const parts = splitText(text, separator);
  context.grow(parts.length);
  return parts;
}

/** The first `n` parts; the last `-n` for a negative `n`. */
function splitN(args: readonly Value[], context: BuiltinContext): Value {
  const text = stringAt(args, 0);
  const separator = stringAt(args, 1);
  const n = intAt(args, 2);
  const parts = splitText(text, separator);
  context.grow(parts.length);
  return n >= 0 ? parts.slice(0, n) : parts.slice(Math.max(parts.length + n, 0));
}

function countOf(args: readonly Value[]): Value {
  const text = stringAt(args, 0);
  const search = stringAt(args, 1);
  if (search === "") return Array.from(text).length + 1;
  let total = 0;
  for (let i = text.indexOf(search); i >= 0; i = text.indexOf(search, i + search.length)) total++;
  return total;
}

/**
 * Replaces at each position the first pair whose old text matches there, from left to right, without looking at what was
 * put in. An empty old text matches before each byte and at the end, once.
 */
export function replaceAll(
  text: string,
  pairs: readonly (readonly [string, string])[],
  context: BuiltinContext,
): string {
  const usable = pairs.filter(([old], index) => pairs.findIndex(([other]) => other === old) === index);
  if (usable.some(([old]) => old === "")) return replaceInBytes(text, usable, context);
  const [first, ...others] = usable;
  if (first === undefined) return text;
  if (others.length === 0) {
    const parts = text.split(first[0]);
    context.grow(text.length + (parts.length - 1) * first[1].length);
    return parts.join(first[1]);
  }
  const result: string[] = [];
  let from = 0;
  for (let i = 0; i < text.length; ) {
    context.spend(1);
    const match = usable.find(([old]) => text.startsWith(old, i));
    if (match === undefined) {
      i++;
      continue;
    }
    context.grow(match[1].length + i - from);
    result.push(text.slice(from, i), match[1]);
    i += match[0].length;
    from = i;
  }
  result.push(text.slice(from));
  return result.join("");
}

function replaceInBytes(text: string, pairs: readonly (readonly [string, string])[], context: BuiltinContext): string {
  const bytes = Buffer.from(bytesOfText(text));
  const replacements = pairs.map(([old, value]) => ({ old: bytesOfText(old), value: bytesOfText(value) }));
  const result: Uint8Array[] = [];
  let justEmpty = false;
  let from = 0;
  for (let i = 0; i <= bytes.length; ) {
    context.spend(1);
    const match = replacements.find(({ old }) =>
      old.length === 0 ? !justEmpty : bytes.subarray(i, i + old.length).equals(old),
    );
    justEmpty = match?.old.length === 0;
    if (match === undefined) {
      i++;
      continue;
    }
    context.grow(match.value.length);
    result.push(bytes.subarray(from, i), match.value);
    i += match.old.length;
    from = i;
  }
  result.push(bytes.subarray(from));
  return textOfBytes(Buffer.concat(result));
}

function replaceN(args: readonly Value[], context: BuiltinContext): Value {
  const pairs = objectEntries(objectAt(args, 0)).map(([key, value]) => {
    if (typeof key !== "string") throw operandError(0, "non-string key found in pattern object");
    if (typeof value !== "string") throw operandError(0, "non-string value found in pattern object");
    return [key, value] as const;
  });
  return replaceAll(stringAt(args, 1), pairs, context);
}

function trimStart(text: string, cut: string): string {
  const characters = new Set(cut);
  let start = 0;
  for (const character of text) {
    if (!characters.has(character)) break;
    start += character.length;
  }
  return text.slice(start);
}

function trimEnd(text: string, cut: string): string {
  const characters = new Set(cut);
  let end = text.length;
  while (end > 0) {
    const low = text.charCodeAt(end - 1);
    const pair = end > 1 && low >= 0xdc00 && low <= 0xdfff && SURROGATE.test(text.charAt(end - 2));
    const width = pair ? 2 : 1;
    if (!characters.has(text.slice(end - width, end))) break;
    end -= width;
  }
  return text.slice(0, end);
}

/** White space as Unicode has it, which is what Go trims; JavaScript would also trim U+FEFF and keep U+0085. */
const LEADING_SPACE = /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
const SPACE = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

function trimSpace(text: string): string {
  let end = text.length;
  while (end > 0 && SPACE.test(text.charAt(end - 1))) end--;
  return text.slice(0, end).replace(LEADING_SPACE, "");
}

/** Changes case code point by code point: what would become several ones (`ß`) stays. */
function mapCase(text: string, change: (character: string) => string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
  if (/^[\x00-\x7f]*$/.test(text)) return change(text);
  let result = "";
  for (const character of text) {
    const changed = change(character);
    result += Array.from(changed).length === 1 ? changed : (SINGLE_CASE.get(character) ?? character);
  }
  return result;
}

/** Simple mappings of characters whose full mapping is longer. */
const SINGLE_CASE: ReadonlyMap<string, string> = new Map([
  ["\u0130", "i"],
  ...Array.from({ length: 8 }, (_, i) => [String.fromCharCode(0x1f80 + i), String.fromCharCode(0x1f88 + i)] as const),
  ...Array.from({ length: 8 }, (_, i) => [String.fromCharCode(0x1f90 + i), String.fromCharCode(0x1f98 + i)] as const),
  ...Array.from({ length: 8 }, (_, i) => [String.fromCharCode(0x1fa0 + i), String.fromCharCode(0x1fa8 + i)] as const),
  ["\u1fb3", "\u1fbc"],
  ["\u1fc3", "\u1fcc"],
  ["\u1ff3", "\u1ffc"],
]);

function affixesAt(args: readonly Value[], position: number): readonly string[] {
  const value = valueAt(args, position);
  if (typeof value === "string") return [value];
  if (isArray(value) || isSet(value)) return stringsAt(args, position);
  throw typeError(position, value, "string", "set", "array");
}

function anyAffix(matches: (text: string, affix: string) => boolean) {
  return (args: readonly Value[], context: BuiltinContext): Value => {
    const texts = affixesAt(args, 0);
    const affixes = affixesAt(args, 1);
    context.spend(texts.length * affixes.length);
    return texts.some((text) => affixes.some((affix) => matches(text, affix)));
  };
}

const test = (name: string, holds: (text: string, other: string) => boolean): Builtin =>
  builtin(name, ["string", "string"], "boolean", (args) => holds(stringAt(args, 0), stringAt(args, 1)));

const change = (name: string, apply: (text: string, other: string) => string): Builtin =>
  builtin(name, ["string", "string"], "string", (args) => apply(stringAt(args, 0), stringAt(args, 1)));

const STRINGS_OR_STRING = oneOf("string", array("string"), set("string"));

export const STRINGS: readonly Builtin[] = [
  builtin("concat", ["string", oneOf(array("string"), set("string"))], "string", concat),
  test("contains", (text, part) => text.includes(part)),
  test("startswith", (text, part) => text.startsWith(part)),
  test("endswith", (text, part) => text.endsWith(part)),
  builtin(
    "strings.any_prefix_match",
    [STRINGS_OR_STRING, STRINGS_OR_STRING],
    "boolean",
    anyAffix((t, a) => t.startsWith(a)),
  ),
  builtin(
    "strings.any_suffix_match",
    [STRINGS_OR_STRING, STRINGS_OR_STRING],
    "boolean",
    anyAffix((t, a) => t.endsWith(a)),
  ),
  builtin("indexof", ["string", "string"], "number", (args) => {
    const text = stringAt(args, 0);
    return positions(text, searchAt(args), 1)[0] ?? -1;
  }),
  builtin("indexof_n", ["string", "string"], array("number"), (args, context) => {
    const text = stringAt(args, 0);
    const found = positions(text, searchAt(args), Number.POSITIVE_INFINITY);
    context.grow(found.length);
    return found;
  }),
  builtin("substring", ["string", "number", "number"], "string", substring),
  builtin("split", ["string", "string"], array("string"), split),
  builtin("strings.split_n", ["string", "string", "number"], array("string"), splitN),
  builtin("strings.count", ["string", "string"], "number", countOf),
  builtin("strings.reverse", ["string"], "string", (args) => Array.from(stringAt(args, 0)).reverse().join("")),
  builtin("replace", ["string", "string", "string"], "string", (args, context) =>
    replaceAll(stringAt(args, 0), [[stringAt(args, 1), stringAt(args, 2)]], context),
  ),
  builtin("strings.replace_n", [object("string", "string"), "string"], "string", replaceN),
  builtin("lower", ["string"], "string", (args) => mapCase(stringAt(args, 0), (text) => text.toLowerCase())),
  builtin("upper", ["string"], "string", (args) => mapCase(stringAt(args, 0), (text) => text.toUpperCase())),
  change("trim", (text, cut) => trimEnd(trimStart(text, cut), cut)),
  change("trim_left", trimStart),
  change("trim_right", trimEnd),
  change("trim_prefix", (text, part) => (text.startsWith(part) ? text.slice(part.length) : text)),
  change("trim_suffix", (text, part) => (text.endsWith(part) ? text.slice(0, text.length - part.length) : text)),
  builtin("trim_space", ["string"], "string", (args) => trimSpace(stringAt(args, 0))),
  builtin("sprintf", ["string", array("any")], "string", sprintf),
];
