/** Text of terms that stands alone: quoted strings, operators by name, and terms inside the brackets of a head. */
import type { CallTerm, StringTerm, Term } from "../syntax/ast.js";

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** A string between double quotes, with escapes that Rego reads. */
export function quote(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what has to be escaped
  return `"${value.replace(/["\\\u0000-\u001f\u007f-\u009f\ufeff]/g, (char) => ESCAPES[char] ?? unicodeEscape(char))}"`;
}

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

export function isName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

/** `name.of.operator`, when every part is a name. */
export function operatorName({ operator }: CallTerm): string {
  if (operator.kind === "var") return operator.name;
  if (operator.head.kind !== "var") return "";
  const parts = operator.path.map((part) => (part.kind === "string" ? part.value : ""));
  return [operator.head.name, ...parts].join(".");
}

const INFIX: Readonly<Record<string, string>> = {
  eq: "=",
  assign: ":=",
  equal: "==",
  neq: "!=",
  lt: "<",
  lte: "<=",
  gt: ">",
  gte: ">=",
  plus: "+",
  minus: "-",
  mul: "*",
  div: "/",
  rem: "%",
  and: "&",
  or: "|",
};

/** The sign of a call that is written between its operands. */
export function infixSign(call: CallTerm): string | undefined {
  const name = operatorName(call);
  return Object.hasOwn(INFIX, name) ? INFIX[name] : undefined;
}

/** How many operands a call has that was written with `in`. */
export function membership(call: CallTerm): 2 | 3 | undefined {
  if (call.infix !== "in") return undefined;
  return call.args.length === 3 ? 3 : 2;
}

/** `x | y`, which after a brace or a bracket is read as a comprehension. */
export function isUnion(term: Term): boolean {
  return term.kind === "call" && operatorName(term) === "or";
}

/** A term on one line, as it stands in `name[term]`; undefined for what has to be laid out. */
export function scalarText(term: Term): string | undefined {
  switch (term.kind) {
    case "null":
      return "null";
    case "boolean":
      return String(term.value);
    case "number":
      return term.text;
    case "string":
      return quote(term.value);
    case "var":
      return term.name;
    default:
      return undefined;
  }
}

/** The string as its author wrote it, quotes included; a name after a dot becomes a quoted string. */
export function stringText(term: StringTerm, written: string): string {
  return /^["`]/.test(written) ? written : quote(term.value);
}
