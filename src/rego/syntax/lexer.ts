/**
 * Text to tokens, whole file at once. Keywords are not known here: which names are keywords depends on imports that the
 * parser reads. Template strings nest, so the lexer keeps a stack of open templates and the brace depth inside each.
 * Having all tokens in an array makes the parser's look-ahead free and its backtracking an index.
 */
import { problemAt, type RegoProblem } from "../error.js";
import type { Comment } from "./ast.js";
import type { Source } from "./source.js";

export type TokenType =
  | "ident"
  | "number"
  | "string"
  | "raw"
  | "template-open"
  | "template-text"
  | "template-expression"
  | "template-resume"
  | "template-close"
  | "punctuation"
  | "end";

export interface Token {
  readonly type: TokenType;
  /** Name, digits, punctuation, or the unescaped value of a string. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** A line break stands between the previous token and this one. */
  readonly newline: boolean;
}

export interface Lexed {
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
  readonly problems: readonly RegoProblem[];
}

const PUNCTUATION2 = new Set([":=", "==", "!=", "<=", ">="]);
const PUNCTUATION1 = new Set([..."{}[]().,;:|&+-*/%<>="]);

function isIdentStart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
}
function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

const ESCAPES: Record<string, string> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** Splits a source into tokens; the last one has type `end`. Never throws. */
export function lex(source: Source): Lexed {
  return new Lexer(source).run();
}

class Lexer {
  private readonly text: string;
  private readonly source: Source;
  private readonly tokens: Token[] = [];
  private readonly comments: Comment[] = [];
  private readonly problems: RegoProblem[] = [];
  /** Brace depth inside each open template expression. */
  private readonly templates: { raw: boolean; depth: number }[] = [];
  private at = 0;
  private newline = false;

  constructor(source: Source) {
    this.source = source;
    this.text = source.text;
  }

  run(): Lexed {
    if (this.text.charCodeAt(0) === 0xfeff) this.at = 1;
    while (this.skipBlank()) this.next();
    if (this.templates.length > 0) this.problem(this.at, "non-terminated template string");
    this.push("end", "", this.at);
    return { tokens: this.tokens, comments: this.comments, problems: this.problems };
  }

  private problem(start: number, message: string): void {
    if (this.problems.length < 10) this.problems.push(problemAt(this.source, start, "rego_parse_error", message));
  }

  private push(type: TokenType, text: string, start: number): void {
    this.tokens.push({ type, text, start, end: this.at, newline: this.newline });
    this.newline = false;
  }

  /** Moves to the next token; false at the end of the text. */
  private skipBlank(): boolean {
    const { text } = this;
    while (this.at < text.length) {
      const code = text.charCodeAt(this.at);
      if (code === 10) {
        this.newline = true;
        this.at++;
      } else if (code === 32 || code === 9 || code === 13) this.at++;
      else if (code === 35) {
        const start = this.at;
        const end = text.indexOf("\n", start);
        this.at = end === -1 ? text.length : end;
        this.comments.push({ text: text.slice(start + 1, this.at).replace(/\r$/, ""), start, end: this.at });
      } else return true;
    }
    return false;
  }

  private next(): void {
    const { text } = this;
    const start = this.at;
    const code = text.charCodeAt(start);
    if (isIdentStart(code)) {
      this.at++;
      while (isIdentStart(text.charCodeAt(this.at)) || isDigit(text.charCodeAt(this.at))) this.at++;
      this.push("ident", text.slice(start, this.at), start);
    } else if (isDigit(code) || (code === 46 && isDigit(text.charCodeAt(start + 1)) && !this.adjoins(start))) {
      this.number(start);
    } else if (code === 34) this.string(start);
    else if (code === 96) this.rawString(start);
    else if (code === 36 && (text[start + 1] === '"' || text[start + 1] === "`")) {
      const raw = text[start + 1] === "`";
      this.at += 2;
      this.push("template-open", raw ? "`" : '"', start);
      this.templateText(raw);
    } else this.punctuation(start);
  }

  /** Whether a token ends right before `start`, so that a dot there continues a reference. */
  private adjoins(start: number): boolean {
    const last = this.tokens[this.tokens.length - 1];
    return (
      last !== undefined && last.end === start && (last.type === "ident" || last.text === "]" || last.text === ")")
    );
  }

  private punctuation(start: number): void {
    const { text } = this;
    const two = text.slice(start, start + 2);
    if (PUNCTUATION2.has(two)) {
      this.at += 2;
      this.push("punctuation", two, start);
      return;
    }
    const one = text[start] ?? "";
    if (!PUNCTUATION1.has(one)) {
      const whole = String.fromCodePoint(text.codePointAt(start) ?? 0);
      this.at += whole.length;
      this.problem(start, `illegal token: unexpected character \`${whole}\``);
      return;
    }
    const open = this.templates[this.templates.length - 1];
    if (open !== undefined && one === "{") open.depth++;
    if (open !== undefined && one === "}") {
      if (open.depth === 0) {
        this.at++;
        this.push("template-resume", "}", start);
        this.templates.pop();
        this.templateText(open.raw);
        return;
      }
      open.depth--;
    }
    this.at++;
    this.push("punctuation", one, start);
  }

  private number(start: number): void {
    const match = /(?:0|[1-9][0-9]*)?(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
    match.lastIndex = start;
    const found = match.exec(this.text)?.[0] ?? "";
    this.at = start + Math.max(found.length, 1);
    const after = this.text.charCodeAt(this.at);
    if (isDigit(after) || isIdentStart(after)) {
      while (isIdentStart(this.text.charCodeAt(this.at)) || isDigit(this.text.charCodeAt(this.at))) this.at++;
      const wrong = this.text.slice(start, this.at);
      this.problem(
        start,
        /^0[0-9]/.test(wrong) ? "illegal number format: expected no leading zero" : "illegal number format",
      );
    }
    this.push("number", found.startsWith(".") ? `0${found}` : found, start);
  }

  private string(start: number): void {
    this.at++;
    const value = this.quoted(start, false);
    if (value.ended !== "quote") this.problem(start, "non-terminated string");
    this.push("string", value.text, start);
  }

  private rawString(start: number): void {
    const end = this.text.indexOf("`", start + 1);
    if (end === -1) {
      this.at = this.text.length;
      this.problem(start, "non-terminated string");
    } else this.at = end + 1;
    const value = this.text.slice(start + 1, end === -1 ? undefined : end);
    this.push("raw", value, start);
  }

  /** Reads string content up to the closing quote, an open brace of a template, or the end of the line. */
  private quoted(start: number, template: boolean): { text: string; ended: "quote" | "brace" | "line" } {
    const { text } = this;
    let value = "";
    let from = this.at;
    while (this.at < text.length) {
      const code = text.charCodeAt(this.at);
      if (code === 34) {
        value += text.slice(from, this.at);
        this.at++;
        return { text: value, ended: "quote" };
      }
      if (code === 10) break;
      if (template && code === 123) {
        value += text.slice(from, this.at);
        this.at++;
        return { text: value, ended: "brace" };
      }
      if (code === 92) {
        value += text.slice(from, this.at) + this.escape(start, template);
        from = this.at;
      } else this.at++;
    }
    return { text: value + text.slice(from, this.at), ended: "line" };
  }

  private escape(start: number, template: boolean): string {
    const letter = this.text[this.at + 1] ?? "";
    if (letter === "u") {
      const hex = this.text.slice(this.at + 2, this.at + 6);
      if (/^[0-9a-fA-F]{4}$/.test(hex)) {
        this.at += 6;
        const unit = Number.parseInt(hex, 16);
        if (
          unit >= 0xd800 &&
          unit <= 0xdbff &&
          /^\\u[dD][c-fC-F][0-9a-fA-F]{2}$/.test(this.text.slice(this.at, this.at + 6))
        ) {
          const low = Number.parseInt(this.text.slice(this.at + 2, this.at + 6), 16);
          this.at += 6;
          return String.fromCharCode(unit, low);
        }
        return unit >= 0xd800 && unit <= 0xdfff ? "\ufffd" : String.fromCharCode(unit);
      }
    }
    const plain = template && letter === "{" ? "{" : ESCAPES[letter];
    this.at += 2;
    if (plain !== undefined && (letter !== "u" || plain !== "u")) return plain;
    this.problem(start, "illegal string escape sequence");
    return "";
  }

  private templateText(raw: boolean): void {
    const start = this.at;
    const part = raw ? this.rawTemplatePart() : this.quoted(start, true);
    const textEnd = this.at;
    this.tokens.push({ type: "template-text", text: part.text, start, end: textEnd, newline: false });
    if (part.ended === "brace") {
      this.push("template-expression", "{", textEnd - 1);
      this.templates.push({ raw, depth: 0 });
      return;
    }
    if (part.ended === "line") this.problem(start, "non-terminated template string");
    this.push("template-close", "", textEnd);
  }

  private rawTemplatePart(): { text: string; ended: "quote" | "brace" | "line" } {
    const { text } = this;
    let value = "";
    while (this.at < text.length) {
      const char = text[this.at] ?? "";
      this.at++;
      if (char === "`") return { text: value, ended: "quote" };
      if (char === "{") return { text: value, ended: "brace" };
      if (char === "\\" && text[this.at] === "{") {
        value += "{";
        this.at++;
      } else value += char;
    }
    return { text: value, ended: "line" };
  }
}
