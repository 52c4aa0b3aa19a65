/**
 * The one YAML writer of all targets. Its output is read by YAML 1.1 readers (kubectl, Helm, kustomize) and by people in
 * a diff, so: block style, two spaces, keys in the order they were given, no anchors, no folding, and every text quoted
 * that any reader could take for something else (`no`, `on`, `0777`, `1e3`, `2024-01-01`, `12:30:45`).
 */

/** What a manifest consists of. A key whose value is `undefined` is left out. */
export type Value = null | boolean | number | string | readonly Value[] | ValueMap;
export interface ValueMap {
  readonly [key: string]: Value | undefined;
}

/** One document, ended by a line break, without `---`. Numbers must be safe integers or finite decimals. */
export function toYaml(value: Value): string {
  if (isMap(value)) return entriesOf(value).length === 0 ? "{}\n" : `${mapLines(value, "").join("\n")}\n`;
  if (isList(value)) return value.length === 0 ? "[]\n" : `${listLines(value, "").join("\n")}\n`;
  return `${scalar(value, "")}\n`;
}

/** Several documents, each begun by `---`, so that a file can be extended by another. */
export function toYamlDocuments(values: readonly Value[]): string {
  return values.map((value) => `---\n${toYaml(value)}`).join("");
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value);
const isMap = (value: Value): value is ValueMap => typeof value === "object" && value !== null && !Array.isArray(value);

function entriesOf(map: ValueMap): (readonly [string, Value])[] {
  return Object.entries(map).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
}

function mapLines(map: ValueMap, indent: string): string[] {
  return entriesOf(map).flatMap(([key, value]) => {
    const head = `${indent}${text(key)}:`;
    if (isMap(value)) {
      return entriesOf(value).length === 0 ? [`${head} {}`] : [head, ...mapLines(value, `${indent}  `)];
    }
    if (isList(value)) return value.length === 0 ? [`${head} []`] : [head, ...listLines(value, `${indent}  `)];
    return [`${head} ${scalar(value, indent)}`];
  });
}

function listLines(list: readonly Value[], indent: string): string[] {
  return list.flatMap((value) => {
    const nested =
      isMap(value) && entriesOf(value).length > 0
        ? mapLines(value, `${indent}  `)
        : isList(value) && value.length > 0
          ? listLines(value, `${indent}  `)
          : undefined;
    if (nested === undefined) {
      if (isMap(value)) return [`${indent}- {}`];
      if (isList(value)) return [`${indent}- []`];
      return [`${indent}- ${scalar(value, indent)}`];
    }
    // The first line of the element stands behind its dash.
    return nested.map((line, index) => (index === 0 ? `${indent}- ${line.slice(indent.length + 2)}` : line));
  });
}

function scalar(value: null | boolean | number | string, indent: string): string {
  if (typeof value === "string") return block(value, indent) ?? text(value);
  if (typeof value === "number" && !Number.isFinite(value))
    throw new RangeError("YAML text of a number without a value");
  return String(value);
}

/** Words that some YAML reader takes for a boolean or null. */
const WORDS = new Set(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"]);
/** Begins with a letter or `/`, so it is no number or date; no character with a meaning anywhere in YAML. */
const PLAIN = /^[A-Za-z/][A-Za-z0-9_./@-]*(?::\/\/[A-Za-z0-9_./@-]+)?$/;

function text(value: string): string {
  if (PLAIN.test(value) && !WORDS.has(value.toLowerCase())) return value;
  return quote(value);
}

function quote(value: string): string {
  // JSON's escapes are YAML's; what JSON leaves as it is but YAML readers refuse or show wrongly is escaped as well.
  return JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** A text of several lines as a literal block, where a block can hold it unchanged. */
function block(value: string, indent: string): string | undefined {
  if (!value.includes("\n") || value.startsWith("\n") || value.startsWith(" ") || /\n\n$/.test(value)) return undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a block can hold none of them
  if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff\t]|[ ]\n/.test(value))
    return undefined;
  const body = value.endsWith("\n") ? value.slice(0, -1) : value;
  const lines = body.split("\n").map((line) => (line === "" ? "" : `${indent}  ${line}`));
  return `${value.endsWith("\n") ? "|" : "|-"}\n${lines.join("\n")}`;
}
