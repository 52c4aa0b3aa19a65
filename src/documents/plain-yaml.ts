/**
 * The YAML that nearly all manifests are written in, read line by line: block mappings and sequences, plain and simply
 * quoted scalars, literal blocks, flow collections on one line. Some thirty times faster than the full parser, which a
 * cluster of ten thousand workloads needs.
 *
 * INVARIANT: what is read here is what the full parser reads. Everything that is not plainly of that form gives
 * `undefined`, for the whole text, and the full parser then reads it and reports what is wrong: anchors, tags, escapes,
 * folded and multi-line scalars, tabs, directives, repeated keys. What a scalar means (`yes`, `0x1f`, `1e3`) is asked of
 * the full parser, once for each different word.
 */
import { parseDocument } from "yaml";
import type { Json } from "./document.js";
import { scalarOptions } from "./scalars.js";

export interface PlainDocument {
  readonly value: Json;
  /** offsets in UTF-16 units: from behind the separator to the next one */
  readonly start: number;
  readonly end: number;
}

class NotPlain extends Error {}

// biome-ignore lint/suspicious/noControlCharactersInRegex: texts with control characters are left to the full parser
const STRANGE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]/;

export function readPlainYaml(text: string): readonly PlainDocument[] | undefined {
  if (STRANGE.test(text)) return undefined;
  try {
    return new PlainReader(text).documents();
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

const KEY = /(?:([A-Za-z_][\w./-]*)|"([^"\\\n]*)"|'([^'\n]*)'):(?=[ \n]|$)/y;
/** Text in any YAML: the start can be no number, no date and no indicator, and nothing inside ends a plain scalar. */
const TEXT = /^[A-Za-z_/$(](?:[^\t:#]|:(?=[^ \t])|(?<![ \t])#)*$/;
const SPECIAL = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$/i;
const FLOW_WORD = /[A-Za-z0-9_./+-](?:[\w./@=+$-]|:(?=[\w./@=+$-]))*/y;
const QUOTED = /"([^"\\\n]*)"|'([^'\n]*)'/y;
const MAX_DEPTH = 100;

class PlainReader {
  readonly #text: string;
  /** by line: where it starts, how far it is indented, where its content starts and ends (trailing spaces left out) */
  readonly #indents: number[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #lineStarts: number[] = [];
  #line = 0;
  #last = 0;

  constructor(text: string) {
    this.#text = text;
    for (let at = 0; at < text.length; ) {
      const found = text.indexOf("\n", at);
      const end = found === -1 ? text.length : found;
      let start = at;
      while (start < end && text.charCodeAt(start) === 0x20) start++;
      let stop = end;
      while (stop > start && text.charCodeAt(stop - 1) === 0x20) stop--;
      this.#lineStarts.push(at);
      this.#indents.push(start - at);
      this.#starts.push(start);
      this.#ends.push(stop);
      at = end + 1;
    }
  }

  documents(): readonly PlainDocument[] {
    const found: PlainDocument[] = [];
    const count = this.#lineStarts.length;
    let from = 0;
    for (let line = 0; line <= count; line++) {
      if (line < count && !this.#isSeparator(line)) continue;
      const start = this.#lineStarts[from] ?? this.#text.length;
      const end = line < count ? (this.#lineStarts[line] ?? 0) : this.#text.length;
      this.#line = from;
      this.#last = line;
      const first = this.#peek();
      if (first !== undefined) {
        const value = this.#block(this.#indents[first] ?? 0, 0);
        if (this.#peek() !== undefined) throw new NotPlain();
        if (value !== null) found.push({ value, start, end });
      }
      from = line + 1;
    }
    return found;
  }

  #isSeparator(line: number): boolean {
    if (this.#indents[line] !== 0) return false;
    const start = this.#starts[line] ?? 0;
    const head = this.#text.slice(start, start + 3);
    if (head === "..." || head.startsWith("%")) throw new NotPlain();
    if (head !== "---") return false;
    if ((this.#ends[line] ?? 0) - start > 3) throw new NotPlain();
    return true;
  }

  /** The next line with content in this document; blank lines and comments before it are passed over. */
  #peek(): number | undefined {
    for (; this.#line < this.#last; this.#line++) {
      const start = this.#starts[this.#line] ?? 0;
      if (start < (this.#ends[this.#line] ?? 0) && this.#text.charCodeAt(start) !== 0x23) return this.#line;
    }
    return undefined;
  }

  #block(indent: number, depth: number): Json {
    if (depth > MAX_DEPTH) throw new NotPlain();
    const line = this.#peek();
    if (line === undefined) throw new NotPlain();
    return this.#isItem(line) ? this.#sequence(indent, depth) : this.#mapping(indent, depth);
  }

  #isItem(line: number): boolean {
    const start = this.#starts[line] ?? 0;
    if (this.#text.charCodeAt(start) !== 0x2d) return false;
    return start + 1 === this.#ends[line] || this.#text.charCodeAt(start + 1) === 0x20;
  }

  #sequence(indent: number, depth: number): Json {
    const items: Json[] = [];
    for (let line = this.#peek(); line !== undefined; line = this.#peek()) {
      if (this.#indents[line] !== indent || !this.#isItem(line)) {
        if ((this.#indents[line] ?? 0) > indent) throw new NotPlain();
        break;
      }
      let start = (this.#starts[line] ?? 0) + 1;
      const end = this.#ends[line] ?? 0;
      while (start < end && this.#text.charCodeAt(start) === 0x20) start++;
      if (start >= end) {
        this.#line++;
        const next = this.#peek();
        const deeper = next !== undefined && (this.#indents[next] ?? 0) > indent;
        items.push(deeper ? this.#block(this.#indents[next] ?? 0, depth + 1) : null);
        continue;
      }
      if (this.#keyAt(start) !== undefined) {
        // `- key: value` opens a mapping whose keys stand where this one does.
        this.#indents[line] = start - (this.#lineStarts[line] ?? 0);
        this.#starts[line] = start;
        items.push(this.#mapping(this.#indents[line] ?? 0, depth + 1));
        continue;
      }
      items.push(this.#inline(start, end, indent));
    }
    return items;
  }

  #mapping(indent: number, depth: number): Json {
    if (depth > MAX_DEPTH) throw new NotPlain();
    const map: { [key: string]: Json } = {};
    for (let line = this.#peek(); line !== undefined; line = this.#peek()) {
      if (this.#indents[line] !== indent) {
        if ((this.#indents[line] ?? 0) > indent) throw new NotPlain();
        break;
      }
      if (this.#isItem(line)) break;
      const key = this.#keyAt(this.#starts[line] ?? 0);
      if (key === undefined) throw new NotPlain();
      let start = key.end;
      const end = this.#ends[line] ?? 0;
      while (start < end && this.#text.charCodeAt(start) === 0x20) start++;
      if (start < end) {
        put(map, key.text, this.#inline(start, end, indent));
        continue;
      }
      this.#line++;
      const next = this.#peek();
      const deep = next === undefined ? -1 : (this.#indents[next] ?? 0);
      if (next !== undefined && deep > indent) put(map, key.text, this.#block(deep, depth + 1));
      else if (next !== undefined && deep === indent && this.#isItem(next)) {
        put(map, key.text, this.#sequence(indent, depth + 1));
      } else put(map, key.text, null);
    }
    return map;
  }

  #keyAt(start: number): { readonly text: string; readonly end: number } | undefined {
    KEY.lastIndex = start;
    const match = KEY.exec(this.#text);
    if (match === null) return undefined;
    if (match[1] !== undefined && SPECIAL.test(match[1])) throw new NotPlain();
    return { text: match[1] ?? match[2] ?? match[3] ?? "", end: KEY.lastIndex };
  }

  /** A value on the line of its key or dash; takes the line, and those of a literal block below. */
  #inline(start: number, end: number, indent: number): Json {
    const code = this.#text.charCodeAt(start);
    if (code === 0x7c) return this.#literal(this.#text.slice(start, end), indent);
    this.#line++;
    const value = this.#oneLine(start, end, code);
    const next = this.#peek();
    // Something deeper below is a scalar that goes on.
    if (next !== undefined && (this.#indents[next] ?? 0) > indent) throw new NotPlain();
    return value;
  }

  #oneLine(start: number, end: number, code: number): Json {
    if (code === 0x22 || code === 0x27) {
      const quoted = this.#quoted(start);
      if (quoted.end !== end) throw new NotPlain();
      return quoted.text;
    }
    if (code === 0x5b || code === 0x7b) {
      const flow = this.#flow(start, 0);
      if (flow.end !== end) throw new NotPlain();
      return flow.value;
    }
    return scalar(this.#text.slice(start, end));
  }

  #quoted(start: number): { readonly text: string; readonly end: number } {
    QUOTED.lastIndex = start;
    const match = QUOTED.exec(this.#text);
    if (match === null) throw new NotPlain();
    return { text: match[1] ?? match[2] ?? "", end: QUOTED.lastIndex };
  }

  #flow(start: number, depth: number): { readonly value: Json; readonly end: number } {
    if (depth > MAX_DEPTH) throw new NotPlain();
    const code = this.#text.charCodeAt(start);
    if (code === 0x22 || code === 0x27) {
      const { text, end } = this.#quoted(start);
      return { value: text, end };
    }
    if (code === 0x5b) return this.#flowSequence(start, depth);
    if (code === 0x7b) return this.#flowMapping(start, depth);
    FLOW_WORD.lastIndex = start;
    const match = FLOW_WORD.exec(this.#text);
    if (match === null) throw new NotPlain();
    return { value: scalar(match[0]), end: FLOW_WORD.lastIndex };
  }

  #flowSequence(start: number, depth: number): { readonly value: Json; readonly end: number } {
    const items: Json[] = [];
    let at = this.#skip(start + 1);
    if (this.#text[at] === "]") return { value: items, end: at + 1 };
    for (;;) {
      const item = this.#flow(at, depth + 1);
      items.push(item.value);
      at = this.#skip(item.end);
      if (this.#text[at] === "]") return { value: items, end: at + 1 };
      if (this.#text[at] !== ",") throw new NotPlain();
      at = this.#skip(at + 1);
    }
  }

  #flowMapping(start: number, depth: number): { readonly value: Json; readonly end: number } {
    const map: { [key: string]: Json } = {};
    let at = this.#skip(start + 1);
    if (this.#text[at] === "}") return { value: map, end: at + 1 };
    for (;;) {
      const key = this.#keyAt(at);
      if (key === undefined) throw new NotPlain();
      const value = this.#flow(this.#skip(key.end), depth + 1);
      put(map, key.text, value.value);
      at = this.#skip(value.end);
      if (this.#text[at] === "}") return { value: map, end: at + 1 };
      if (this.#text[at] !== ",") throw new NotPlain();
      at = this.#skip(at + 1);
    }
  }

  #skip(start: number): number {
    let at = start;
    while (this.#text.charCodeAt(at) === 0x20) at++;
    return at;
  }

  /** `|`, `|-`, `|+`: the lines below, as they are, from the indentation of the first. */
  #literal(header: string, indent: number): string {
    if (header !== "|" && header !== "|-" && header !== "|+") throw new NotPlain();
    this.#line++;
    const first = this.#line;
    if (first >= this.#last || this.#starts[first] === this.#ends[first]) throw new NotPlain();
    const own = this.#indents[first] ?? 0;
    if (own <= indent) throw new NotPlain();
    const lines: string[] = [];
    for (; this.#line < this.#last; this.#line++) {
      const lineStart = this.#lineStarts[this.#line] ?? 0;
      const next = this.#lineStarts[this.#line + 1];
      const lineEnd = next === undefined ? this.#lengthOfLast(lineStart) : next - 1;
      const isBlank = this.#starts[this.#line] === this.#ends[this.#line] && (this.#indents[this.#line] ?? 0) < own;
      if (!isBlank && (this.#indents[this.#line] ?? 0) < own) break;
      lines.push(isBlank ? "" : this.#text.slice(lineStart + own, lineEnd));
    }
    // What the last line break of a text is worth is for the full parser to say.
    if (this.#line >= this.#lineStarts.length && !this.#text.endsWith("\n")) throw new NotPlain();
    let end = lines.length;
    while (end > 0 && lines[end - 1] === "") end--;
    const body = lines.slice(0, end).join("\n");
    return header === "|-" ? body : header === "|" ? `${body}\n` : `${lines.join("\n")}\n`;
  }

  #lengthOfLast(lineStart: number): number {
    const found = this.#text.indexOf("\n", lineStart);
    return found === -1 ? this.#text.length : found;
  }
}

function put(map: { [key: string]: Json }, key: string, value: Json): void {
  if (Object.hasOwn(map, key)) throw new NotPlain();
  if (key !== "__proto__") map[key] = value;
  else Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
}

const meanings = new Map<string, Json>();
/** Words are remembered up to this many, so that a long run does not grow without end. */
const REMEMBERED = 50_000;

/** What a plain scalar means. Only words without indicators are asked about, so one word is one document. */
function scalar(word: string): Json {
  if (TEXT.test(word) && !SPECIAL.test(word)) return word;
  const known = meanings.get(word);
  if (known !== undefined || meanings.has(word)) return known ?? null;
  if (!/^[\w.+/~-][\w.+/:@=~-]*$/.test(word) || word.endsWith(":")) throw new NotPlain();
  if (/^-+$/.test(word)) throw new NotPlain();
  const document = parseDocument(word, { ...scalarOptions("1.1"), logLevel: "silent" });
  const value: unknown = document.errors.length > 0 ? undefined : document.toJS();
  if (value !== null && typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
    throw new NotPlain();
  }
  if (meanings.size < REMEMBERED) meanings.set(word, value);
  return value;
}
