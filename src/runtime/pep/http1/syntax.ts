/**
 * The syntax of heads (RFC 9112 §2–§5), read strictly: lines end in CR LF, names are tokens, nothing is folded, nothing is
 * repaired. What a lenient server would read in two ways is malformed here.
 */
import type { Fields } from "../header-fields.js";
import { ownText } from "../own-text.js";

export interface RequestSyntax {
  readonly method: string;
  readonly target: string;
  /** 1 for HTTP/1.1 */
  readonly minor: 0 | 1;
  readonly fields: Fields;
}

export interface AnswerSyntax {
  readonly status: number;
  readonly minor: 0 | 1;
  readonly fields: Fields;
}

/** Bytes that are not what they claim to be. */
export class Malformed extends Error {
  override name = "Malformed";
}

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.([01])$/;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** What no head holds, wherever it stands. A CR at the very end may still get its LF. */
const FOREIGN = /[^\t\r\n\x20-\x7e\x80-\xff]|\r[^\n]|(?:^|[^\r])\n/;

/**
 * Whether the beginning of a head can still become one.
 * @param looked how many of the bytes were looked at before
 */
export function mayBecomeHead(bytes: Buffer, looked = 0): boolean {
  // A line's end may have come in two pieces; what ends before it has been judged with the piece before.
  const from = looked > 0 && bytes[looked - 1] === 0x0d ? looked - 1 : looked;
  return !FOREIGN.test(bytes.toString("latin1", from));
}

/**
 * @param head latin1, without the empty line at its end
 * @throws Malformed
 */
export function readRequestSyntax(head: string): RequestSyntax {
  const lines = head.split("\r\n");
  const match = REQUEST_LINE.exec(lines[0] ?? "");
  if (match === null) throw new Malformed("the request line");
  const [, method = "", target = "", minor] = match;
  return { method, target, minor: minor === "1" ? 1 : 0, fields: readFields(lines, 1) };
}

/**
 * @param head latin1, without the empty line at its end
 * @throws Malformed
 */
export function readAnswerSyntax(head: string): AnswerSyntax {
  const lines = head.split("\r\n");
  const match = STATUS_LINE.exec(lines[0] ?? "");
  if (match === null) throw new Malformed("the status line");
  return { status: Number(match[2]), minor: match[1] === "1" ? 1 : 0, fields: readFields(lines, 1) };
}

/**
 * The field lines from an index on, names in lower case.
 * @throws Malformed
 */
export function readFields(lines: readonly string[], from: number): Fields {
  const fields: (readonly [string, string])[] = [];
  for (let at = from; at < lines.length; at++) {
    const line = lines[at] ?? "";
    fields.push(known.get(line) ?? readField(line));
  }
  return fields;
}

/** Lines recur from request to request; those that are well formed keep their reading. */
const MAX_KNOWN = 1000;
const MAX_KNOWN_LENGTH = 2048;
const known = new Map<string, readonly [name: string, value: string]>();

function readField(text: string): readonly [name: string, value: string] {
  const isKept = text.length <= MAX_KNOWN_LENGTH;
  const line = isKept ? ownText(text) : text;
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0));
  if (!TOKEN.test(name)) throw new Malformed("a header field's name");
  const value = withoutSpace(line, colon + 1);
  if (!VALUE.test(value)) throw new Malformed("a header field's value");
  const field = [name.toLowerCase(), value] as const;
  if (!isKept) return field;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(line, field);
  return field;
}

/** A line's end without the optional space around it; linear, whatever stands in it. */
function withoutSpace(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isSpace(line.charCodeAt(start))) start++;
  while (end > start && isSpace(line.charCodeAt(end - 1))) end--;
  return line.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
