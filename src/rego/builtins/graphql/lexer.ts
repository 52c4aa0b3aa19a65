/** GraphQL tokens, read on demand. Messages and positions are those of OPA's parser. */
import { quoteGo } from "../../value/index.js";
import type { Position } from "./nodes.js";

/** A document that does not parse or validate. */
export class GraphqlError extends Error {
  override readonly name = "GraphqlError";
  readonly position: Position | undefined;

  constructor(message: string, position?: Position) {
    super(message);
    this.position = position;
  }
}

export type TokenKind =
  | "<Invalid>"
  | "<EOF>"
  | "!"
  | "$"
  | "&"
  | "("
  | ")"
  | "..."
  | ":"
  | "="
  | "@"
  | "["
  | "]"
  | "{"
  | "}"
  | "|"
  | "Name"
  | "Int"
  | "Float"
  | "String"
  | "BlockString"
  | "Comment";

export interface Token {
  readonly kind: TokenKind;
  readonly value: string;
  readonly position: Position;
}

export function tokenText(token: Token): string {
  return token.value === "" ? token.kind : `${token.kind} ${quoteGo(token.value)}`;
}

const PUNCTUATION = new Set(["!", "$", "&", "(", ")", ":", "=", "@", "[", "]", "{", "}", "|"]);
const IGNORED = /[\t ,\ufeff\n\r]/;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/;

export class Lexer {
  readonly #input: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  /** the line, the place in it and its column that were counted last */
  #countedLine = 0;
  #countedTo = 0;
  #column = 1;

  constructor(input: string) {
    this.#input = input;
  }

  /** @throws GraphqlError at what is no token */
  next(): Token {
    this.#skipIgnored();
    const start = this.#at;
    const character = this.#input.charAt(start);
    if (character === "") return this.#token("<EOF>", "", start);
    if (PUNCTUATION.has(character)) {
      this.#at++;
      return this.#token(character as TokenKind, "", start);
    }
    if (this.#input.startsWith("...", start)) {
      this.#at += 3;
      return this.#token("...", "", start);
    }
    if (character === "#") return this.#match("Comment", /^[\t\u0020-\uffff]*/, start);
    if (/[A-Za-z_]/.test(character)) return this.#match("Name", /^[A-Za-z0-9_]+/, start);
    if (/[-0-9]/.test(character)) return this.#number(start);
    if (this.#input.startsWith('"""', start)) return this.#blockString(start);
    if (character === '"') return this.#string(start);
    throw this.#unexpected(character);
  }

  #skipIgnored(): void {
    for (;;) {
      const character = this.#input.charAt(this.#at);
      if (!IGNORED.test(character)) return;
      this.#at++;
      if (character === "\r" || character === "\n") {
        this.#line++;
        this.#lineStart = this.#at;
        if (character === "\r" && this.#input.charAt(this.#at) === "\n") this.#at++;
      }
    }
  }

  #columnOf(offset: number): number {
    // Counted on from the last token of the line: long lines would take quadratic time.
    if (this.#countedLine !== this.#lineStart || offset < this.#countedTo) {
      this.#countedLine = this.#lineStart;
      this.#countedTo = this.#lineStart;
      this.#column = 1;
    }
    const to = Math.max(offset, this.#lineStart);
    for (const _character of this.#input.slice(this.#countedTo, to)) this.#column++;
    this.#countedTo = to;
    return this.#column;
  }

  #position(offset: number): Position {
    const before = offset < this.#lineStart ? -Array.from(this.#input.slice(offset, this.#lineStart)).length : 0;
    return { line: this.#line, column: this.#columnOf(offset) + before };
  }

  #token(kind: TokenKind, value: string, start: number): Token {
    return { kind, value, position: this.#position(start) };
  }

  #error(message: string): GraphqlError {
    return new GraphqlError(message, this.#position(this.#at));
  }

  #unexpected(character: string): GraphqlError {
    if (character < " ") {
      const code = character.charCodeAt(0).toString(16).padStart(4, "0");
      return this.#error(`Cannot contain the invalid character "\\u${code}"`);
    }
    if (character === "'") {
      return this.#error("Unexpected single quote character ('), did you mean to use a double quote (\")?");
    }
    const byte = Buffer.from(this.#input.slice(this.#at, this.#at + 2), "utf8")[0] ?? 0;
    return this.#error(`Cannot parse the unexpected character "${String.fromCharCode(byte)}".`);
  }

  #match(kind: TokenKind, pattern: RegExp, start: number): Token {
    const value = pattern.exec(this.#input.slice(start))?.[0] ?? "";
    this.#at += value.length;
    return this.#token(kind, value, start);
  }

  #number(start: number): Token {
    const rest = this.#input.slice(start, start + 2000);
    const match = NUMBER.exec(rest);
    const text = match?.[0] ?? "-";
    this.#at += text.length;
    if (match === null) throw this.#badDigit();
    const following = this.#input.charAt(this.#at);
    if (/^-?0$/.test(text) && /[0-9]/.test(following)) {
      throw this.#error(`Invalid number, unexpected digit after 0: ${this.#describeNext()}.`);
    }
    const incomplete = /^(?:\.|[eE][+-]?)/.exec(this.#input.slice(this.#at));
    if (incomplete !== null && (match[2] === undefined || incomplete[0] !== ".")) {
      const fraction = incomplete[0] === "." && match[1] === undefined && match[2] === undefined;
      if (fraction || incomplete[0] !== ".") {
        this.#at += incomplete[0].length;
        throw this.#badDigit();
      }
    }
    const kind = match[1] === undefined && match[2] === undefined ? "Int" : "Float";
    return this.#token(kind, text, start);
  }

  #badDigit(): GraphqlError {
    return this.#error(`Invalid number, expected digit but got: ${this.#describeNext()}.`);
  }

  #describeNext(): string {
    const next = this.#input.charAt(this.#at);
    return next === "" ? "<EOF>" : `"${next}"`;
  }

  #string(start: number): Token {
    let value = "";
    for (this.#at = start + 1; this.#at < this.#input.length; ) {
      const character = this.#input.charAt(this.#at);
      if (character === "\n" || character === "\r") break;
      if (character === '"') {
        const token = this.#token("String", value, start + 1);
        this.#at++;
        return token;
      }
      if (character < " " && character !== "\t") throw this.#badCharacter(character);
      if (character === "\\") {
        value += this.#escape();
      } else {
        value += character;
        this.#at++;
      }
    }
    throw this.#error("Unterminated string.");
  }

  #badCharacter(character: string): GraphqlError {
    const code = character.charCodeAt(0).toString(16).padStart(4, "0");
    return this.#error(`Invalid character within String: "\\u${code}".`);
  }

  #escape(): string {
    const letter = this.#input.charAt(this.#at + 1);
    if (letter === "u") {
      const digits = this.#input.slice(this.#at + 2, this.#at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
        this.#at++;
        throw this.#error(`Invalid character escape sequence: \\${this.#input.slice(this.#at, this.#at + 5)}.`);
      }
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16)).replace(/[\ud800-\udfff]/, "\ufffd");
    }
    const plain = ESCAPES.get(letter);
    if (plain === undefined) {
      this.#at++;
      throw this.#error(
        letter === "" ? "Invalid character escape sequence." : `Invalid character escape sequence: \\${letter}.`,
      );
    }
    this.#at += 2;
    return plain;
  }

  #blockString(start: number): Token {
    let raw = "";
    for (this.#at = start + 3; this.#at < this.#input.length; ) {
      const rest = this.#input.slice(this.#at, this.#at + 4);
      if (rest.startsWith('"""')) {
        const quotes = /^"+/.exec(this.#input.slice(this.#at))?.[0].length ?? 3;
        raw += '"'.repeat(quotes - 3);
        const token = this.#token("BlockString", blockStringValue(raw), start + 3);
        this.#at += quotes;
        return token;
      }
      const character = rest.charAt(0);
      if (character < " " && !/[\t\n\r]/.test(character)) throw this.#badCharacter(character);
      if (rest === '\\"""') {
        raw += '"""';
        this.#at += 4;
        continue;
      }
      if (rest.startsWith("\r\n")) this.#at++;
      this.#at++;
      if (character === "\r" || character === "\n") {
        raw += "\n";
        this.#line++;
        this.#lineStart = this.#at;
      } else {
        raw += character;
      }
    }
    throw this.#error("Unterminated string.");
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["/", "/"],
  ["\\", "\\"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

/** Takes the common indentation and blank first and last lines away. */
function blockStringValue(raw: string): string {
  const lines = raw.split("\n");
  const indents = lines.filter((line) => /[^ \t]/.test(line)).map((line) => line.search(/[^ \t]/));
  const common = Math.min(...indents);
  const cut = Number.isFinite(common) ? lines.map((line, i) => (i === 0 ? line : line.slice(common))) : lines;
  const filled = cut.map((line) => /[^ \t]/.test(line));
  const first = filled.indexOf(true);
  return first < 0 ? "" : cut.slice(first, filled.lastIndexOf(true) + 1).join("\n");
}
