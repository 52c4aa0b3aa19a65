/**
 * Values as text: JSON as OPA writes it (sorted keys and sets, non-string keys as their JSON text, `<`, `>` and `&`
 * escaped), and Rego notation (`{1, 2}`, `set()`, Go's quoting), which `sprintf("%v")` and `print` show.
 */

import { RegoObject, RegoSet } from "./collections.js";
import { Num, numberText, toDouble } from "./num.js";
import { objectEntries, objectGet, objectKeys } from "./objects.js";
import { compareStrings } from "./order.js";
import { setOwn } from "./read-json.js";
import type { JsonObject, Value } from "./value.js";

/** JSON text. `indent` is what one level is indented by; without it the text is compact. */
export function writeJson(value: Value, indent = ""): string {
  return write(value, indent, indent === "" ? "" : "\n");
}

function write(value: Value, indent: string, newline: string): string {
  if (typeof value === "string") return quoteJson(value);
  if (typeof value === "number" || value instanceof Num) return numberText(value);
  if (typeof value !== "object" || value === null) return String(value);
  const inner = newline + indent;
  if (Array.isArray(value) || value instanceof RegoSet) {
    const items = (Array.isArray(value) ? (value as readonly Value[]) : value.sorted()) as readonly Value[];
    if (items.length === 0) return "[]";
    return `[${inner}${items.map((item) => write(item, indent, inner)).join(`,${inner}`)}${newline}]`;
  }
  const entries = jsonEntries(value as JsonObject | RegoObject);
  if (entries.length === 0) return "{}";
  const colon = indent === "" ? ":" : ": ";
  const members = entries.map(([key, member]) => quoteJson(key) + colon + write(member, indent, inner));
  return `{${inner}${members.join(`,${inner}`)}${newline}}`;
}

/** Pairs with their keys as JSON knows them, sorted; of keys that become the same text the last one stays. */
function jsonEntries(object: JsonObject | RegoObject): readonly (readonly [string, Value])[] {
  const entries = objectEntries(object);
  if (!(object instanceof RegoObject) || hasTextKeys(object)) return entries as readonly (readonly [string, Value])[];
  const texts = new Map<string, Value>();
  for (const [key, value] of entries) texts.set(jsonKey(key), value);
  return [...texts].sort((a, b) => compareStrings(a[0], b[0]));
}

/** The object key that JSON has for a value of any kind. */
export function jsonKey(key: Value): string {
  return typeof key === "string" ? key : writeJson(key);
}

/** Plain JavaScript data for a program: sets as sorted arrays, numbers as doubles (which may round long ones). */
export function toJson(value: Value): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return listToJson(value as readonly Value[]);
  if (value instanceof RegoSet) return listToJson(value.sorted());
  if (value instanceof Num) return toDouble(value);
  const object: Record<string, unknown> = {};
  if (value instanceof RegoObject && !hasTextKeys(value)) {
    for (const [key, member] of jsonEntries(value))
      setOwn(object as Record<string, Value>, key, toJson(member) as Value);
    return object;
  }
  for (const key of objectKeys(value as JsonObject | RegoObject) as readonly string[]) {
    const member = objectGet(value as JsonObject | RegoObject, key) as Value;
    setOwn(object as Record<string, Value>, key, toJson(member) as Value);
  }
  return object;
}

function listToJson(items: readonly Value[]): unknown[] {
  const list: unknown[] = [];
  for (let i = 0; i < items.length; i++) list.push(toJson(items[i] as Value));
  return list;
}

function hasTextKeys(object: RegoObject): boolean {
  for (const key of object.keys()) if (typeof key !== "string") return false;
  return true;
}

const JSON_ESCAPED = /[<>&\u2028\u2029]|\\\\|\\ud[89a-f][0-9a-f]{2}/g;

/** Lone surrogates, which JSON.stringify escapes, become U+FFFD. */
function quoteJson(text: string): string {
  return JSON.stringify(text).replace(JSON_ESCAPED, (found) => {
    if (found.length === 1) return `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`;
    return found.length === 2 ? found : "\\ufffd";
  });
}

/** The value in Rego notation. */
export function regoText(value: Value): string {
  if (typeof value === "string") return quoteGo(value);
  if (typeof value === "number" || value instanceof Num) return numberText(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${listText(value as readonly Value[])}]`;
  if (value instanceof RegoSet) return value.size === 0 ? "set()" : `{${listText(value.sorted())}}`;
  let text = "{";
  for (const key of objectKeys(value as JsonObject | RegoObject)) {
    if (text.length > 1) text += ", ";
    text += `${regoText(key)}: ${regoText(objectGet(value as JsonObject | RegoObject, key) as Value)}`;
  }
  return `${text}}`;
}

function listText(items: readonly Value[]): string {
  let text = "";
  for (let i = 0; i < items.length; i++)
    text += i === 0 ? regoText(items[i] as Value) : `, ${regoText(items[i] as Value)}`;
  return text;
}

const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;
const NEEDS_ESCAPE = /["\\]|[^\x20-\x7e]/;
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

/** A string literal as Go's `strconv.Quote` writes it; `ascii` as `QuoteToASCII` does. */
export function quoteGo(text: string, ascii = false): string {
  if (!NEEDS_ESCAPE.test(text)) return `"${text}"`;
  let quoted = '"';
  for (const character of text) quoted += escapeGo(character, ascii);
  return `${quoted}"`;
}

function escapeGo(character: string, ascii: boolean): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0x20 && code < 0x7f) return character;
  if (code >= 0xd800 && code <= 0xdfff) return ascii ? "\\ufffd" : "\ufffd";
  if (!ascii && PRINTABLE.test(character)) return character;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
