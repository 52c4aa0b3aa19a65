/**
 * Writes YAML by hand, because the draft lives from its comments. Whatever comes from a manifest goes through `scalar`
 * or `comment`: neither can start a line, a key or a document of its own.
 */
import { formatSpan, type Span } from "../diagnostics/index.js";

const PLAIN = /^[A-Za-z/][A-Za-z0-9_./@+-]*(?:[: ][A-Za-z0-9_./@+-]+)*$/;
/** Words that some YAML reads as something else than text. */
const SPECIAL = /^(?:true|false|yes|no|on|off|y|n|null|nan|inf)$/i;

/** A text as a YAML scalar, plain where that has one reading only. */
export function scalar(text: string): string {
  if (PLAIN.test(text) && !SPECIAL.test(text)) return text;
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, escaped);
}

export function flowList(items: readonly string[]): string {
  return `[${items.map(scalar).join(", ")}]`;
}

/** `{ a: b, c: [d] }`; the values are YAML already, undefined ones are left out. */
export function flowMap(entries: readonly (readonly [string, string | undefined])[]): string {
  const given = entries.filter(([, value]) => value !== undefined);
  return `{ ${given.map(([key, value]) => `${key}: ${value}`).join(", ")} }`;
}

/** One line of comment, whatever the text holds. */
export function comment(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line break in a name would end the comment
  return `# ${text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]+/g, " ")}`;
}

/** `file.yaml:12`, as comments cite places. */
export function lineAt(span: Span): string {
  return formatSpan(span).replace(/:\d+$/, "");
}
