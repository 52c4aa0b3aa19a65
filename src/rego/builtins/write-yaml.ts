/** YAML as OPA's `yaml.marshal` writes it: block style, two spaces, keys in natural order, strings quoted when needed. */
import {
  compareStrings,
  isArray,
  isNumber,
  isObject,
  isSet,
  jsonKey,
  numberText,
  objectEntries,
  resolvePlain,
  type Value,
  ValueSyntaxError,
} from "../value/index.js";
import { formatFloat } from "./go-float.js";

export function writeYaml(value: Value): string {
  return `${node(value, 0)}\n`.replace(/^\n/, "");
}

function node(value: Value, depth: number): string {
  if (isArray(value) || isSet(value)) {
    const items = isArray(value) ? value : value.sorted();
    if (items.length === 0) return " []".slice(depth === 0 ? 1 : 0);
    return items.map((item) => `\n${"  ".repeat(depth)}-${inline(item, depth + 1)}`).join("");
  }
  if (isObject(value)) {
    const entries = objectEntries(value)
      .map(([key, item]) => [jsonKey(key), item] as const)
      .sort((a, b) => compareNaturally(a[0], b[0]));
    if (entries.length === 0) return " {}".slice(depth === 0 ? 1 : 0);
    return entries
      .map(([key, item]) => {
        return `\n${"  ".repeat(depth)}${scalarText(key, depth, true)}:${node(item, depth + 1)}`;
      })
      .join("");
  }
  const text = scalar(value, depth);
  return depth === 0 ? text : ` ${text}`;
}

/** An element of a sequence: collections begin on the line of the dash. */
function inline(value: Value, depth: number): string {
  const text = node(value, depth);
  return text.startsWith("\n") ? ` ${text.slice(1 + depth * 2)}` : text;
}

function scalar(value: Value, depth: number): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return String(value);
  if (isNumber(value)) return number(numberText(value));
  return scalarText(String(value), depth);
}

/** Integers of 64 bits as they are; all others are doubles. */
function number(text: string): string {
  if (/^-?[0-9]{1,20}$/.test(text)) {
    const integer = BigInt(text);
    if (integer >= -9223372036854775808n && integer <= 18446744073709551615n) return integer.toString();
  }
  return formatFloat(Number(text), "g", undefined);
}

function scalarText(text: string, depth: number, isKey = false): string {
  const plain = isPlainString(text);
  const { special, breaks } = analyze(text);
  if (text.includes("\n")) {
    const canBeBlock = !isKey && !special && !text.endsWith(" ") && !/ [\n\r\u2028\u2029]/.test(text);
    return canBeBlock ? block(text, Math.max(depth, 1)) : `"${escaped(text)}"`;
  }
  if (!plain || special || text.includes("\t")) return `"${escaped(text)}"`;
  return breaks || hasIndicator(text) || /^ | $/.test(text) ? `'${text.replaceAll("'", "''")}'` : text;
}

/** Would the text, unquoted, be read as a string? What YAML 1.1 takes for a boolean or a number is quoted as well. */
function isPlainString(text: string): boolean {
  if (OLD_BOOLEANS.test(text) || BASE_60.test(text) || TIMESTAMP.test(text)) return false;
  try {
    return resolvePlain(text) === text;
  } catch (error) {
    if (error instanceof ValueSyntaxError) return false;
    throw error;
  }
}

/** Characters that need escapes, and breaks other than the newline. */
function analyze(text: string): { special: boolean; breaks: boolean } {
  return {
    special: !/^[\t\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/.test(text),
    breaks: /[\u2028\u2029]/.test(text),
  };
}

function hasIndicator(text: string): boolean {
  return /^(?:---|\.\.\.|[#,[\]{}&*!|>'"%@`]|[?:-](?:\s|$))|:(?:\s|$)|\s#/.test(text);
}

function block(text: string, depth: number): string {
  const hint = /^[ \n]/.test(text) ? "2" : "";
  const chomp = text.endsWith("\n\n") || text === "\n" ? "+" : text.endsWith("\n") ? "" : "-";
  const body = text.endsWith("\n") ? text.slice(0, -1) : text;
  const lines = body.split("\n").map((line) => (line === "" ? "" : "  ".repeat(depth) + line));
  return `|${hint}${chomp}\n${lines.join("\n")}`;
}

const OLD_BOOLEANS = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/;
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const TIMESTAMP =
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?$/;

const ESCAPES: Readonly<Record<string, string>> = {
  "\0": "\\0",
  "\u0007": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  "\u001b": "\\e",
  '"': '\\"',
  "\\": "\\\\",
  "\u0085": "\\N",
  "\u00a0": "\\_",
  "\u2028": "\\L",
  "\u2029": "\\P",
  "\ufeff": "\\uFEFF",
};

function escaped(text: string): string {
  let result = "";
  for (const character of text) {
    const short = ESCAPES[character];
    if (short !== undefined) {
      result += short;
    } else if (!analyze(character).special) {
      result += character;
    } else {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
      result +=
        code.length <= 2
          ? `\\x${code.padStart(2, "0")}`
          : code.length <= 4
            ? `\\u${code.padStart(4, "0")}`
            : `\\U${code.padStart(8, "0")}`;
    }
  }
  return result;
}

/** Letters before the rest as Go's YAML sorts them: runs of digits compare by value. */
function compareNaturally(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  let digits = false;
  for (let i = 0; i < left.length && i < right.length; i++) {
    const x = left[i] as string;
    const y = right[i] as string;
    if (x === y) {
      digits = /\p{Nd}/u.test(x);
      continue;
    }
    const xLetter = /\p{L}/u.test(x);
    const yLetter = /\p{L}/u.test(y);
    if (xLetter && yLetter) return compareStrings(x, y);
    if (xLetter || yLetter) {
      if (digits) return xLetter ? -1 : 1;
      return yLetter ? -1 : 1;
    }
    return compareDigits(left, right, i) || compareStrings(x, y);
  }
  return left.length - right.length;
}

function compareDigits(left: readonly string[], right: readonly string[], at: number): number {
  let start = at;
  while (start > 0 && /[0-9]/.test(left[start - 1] as string)) start--;
  const x = /^[0-9]*/.exec(left.slice(start).join(""))?.[0] ?? "";
  const y = /^[0-9]*/.exec(right.slice(start).join(""))?.[0] ?? "";
  if (x === "" || y === "") return 0;
  const order = BigInt(x) - BigInt(y);
  return order < 0n ? -1 : order > 0n ? 1 : x.length - y.length;
}
