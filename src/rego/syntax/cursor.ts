/**
 * The parser's position in the token list, with what every production needs: which names are keywords just now, the
 * errors, and the bounds that keep hostile text from exhausting the stack (depth) or the clock (backtracking).
 */
import { problemAt, type RegoProblem } from "../error.js";
import type { RegoVersion } from "./ast.js";
import type { Lexed, Token } from "./lexer.js";
import type { Source } from "./source.js";

/** Nesting of terms and bodies in one source; deeper text is a parse error. */
export const MAX_NESTING = 400;

const BASE_KEYWORDS = ["as", "default", "else", "false", "import", "package", "not", "null", "some", "true", "with"];
const V1_KEYWORDS = ["contains", "every", "if", "in"];
/** Keywords that a module may import, beside those of v1. */
const LOGICAL_KEYWORDS = ["and", "or", "not"];

/** Thrown inside the parser to abandon a statement or a speculative reading. */
export class ParseFailure extends Error {
  readonly problem: RegoProblem;
  /** Index of the offending token; of two failed readings the one that got further explains better. */
  readonly position: number;

  constructor(problem: RegoProblem, position: number) {
    super(problem.message);
    this.problem = problem;
    this.position = position;
  }
}

export class Cursor {
  readonly source: Source;
  readonly problems: RegoProblem[];
  version: RegoVersion;
  /** `not` opens a closure (`future.keywords.not`). */
  notBodies = false;
  private readonly tokens: readonly Token[];
  private readonly keywords = new Set(BASE_KEYWORDS);
  private readonly closers: Int32Array;
  private index = 0;
  private depth = 0;
  private fuel: number;

  constructor(source: Source, lexed: Lexed, version: RegoVersion) {
    this.source = source;
    this.tokens = lexed.tokens;
    this.problems = [...lexed.problems];
    this.version = version;
    this.closers = matchBrackets(lexed.tokens);
    this.fuel = lexed.tokens.length * 200 + 10_000;
    if (version === "v1") this.useV1();
  }

  /** Turns the keywords of v1 on, and its restrictions. */
  useV1(): void {
    this.version = "v1";
    for (const word of V1_KEYWORDS) this.keywords.add(word);
  }

  /** Turns one importable keyword on; `every` brings `in`. False for an unknown one. */
  useKeyword(word: string): boolean {
    if (word === "not") {
      this.notBodies = true;
      return true;
    }
    if (!V1_KEYWORDS.includes(word) && !LOGICAL_KEYWORDS.includes(word)) return false;
    this.keywords.add(word);
    if (word === "every") this.keywords.add("in");
    return true;
  }

  useAllKeywords(): void {
    for (const word of [...V1_KEYWORDS, ...LOGICAL_KEYWORDS]) this.useKeyword(word);
  }

  isKeyword(word: string): boolean {
    return this.keywords.has(word);
  }

  logicalActive(): boolean {
    return this.keywords.has("and") || this.keywords.has("or");
  }

  get token(): Token {
    return this.tokens[this.index] as Token;
  }

  peek(offset = 1): Token {
    return (this.tokens[this.index + offset] ?? this.tokens[this.tokens.length - 1]) as Token;
  }

  /** The token before the current one. */
  get previous(): Token {
    return this.tokens[Math.max(this.index - 1, 0)] as Token;
  }

  advance(): Token {
    if (--this.fuel < 0) throw this.failure("program is too ambiguous to parse");
    const { token } = this;
    if (token.type !== "end") this.index++;
    return token;
  }

  mark(): number {
    return this.index;
  }
  reset(mark: number): void {
    this.index = mark;
  }

  /** Index of the bracket that closes the one at the current token, or -1. */
  closerIndex(): number {
    return this.closers[this.index] ?? -1;
  }
  tokenAt(index: number): Token {
    return (this.tokens[index] ?? this.tokens[this.tokens.length - 1]) as Token;
  }

  is(text: string): boolean {
    const { token } = this;
    return token.type === "punctuation" && token.text === text;
  }

  /** Whether the current token is the active keyword `word`, not the first part of a reference such as `if.x`. */
  isWord(word: string): boolean {
    const { token } = this;
    return token.type === "ident" && token.text === word && this.keywords.has(word) && !this.startsRef();
  }

  /** Whether a keyword at the cursor is really the head of a reference: `.` or `[` follows without a blank. */
  private startsRef(): boolean {
    const next = this.peek();
    if (next.start !== this.token.end || next.type !== "punctuation") return false;
    return next.text === "." || next.text === "[";
  }

  take(text: string): boolean {
    if (!this.is(text)) return false;
    this.advance();
    return true;
  }

  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.advance();
    return true;
  }

  expect(text: string, context = ""): Token {
    if (!this.is(text)) throw this.unexpected(`expected \`${text}\`${context}`);
    return this.advance();
  }

  failure(message: string, hint?: string, token: Token = this.token): ParseFailure {
    return new ParseFailure(problemAt(this.source, token.start, "rego_parse_error", message, hint), this.index);
  }

  unexpected(wanted?: string, hint?: string): ParseFailure {
    const { token } = this;
    const what =
      token.type === "end"
        ? "eof"
        : token.type === "ident" && this.keywords.has(token.text)
          ? token.text
          : describe(token);
    return this.failure(`unexpected ${what} token${wanted === undefined ? "" : `: ${wanted}`}`, hint);
  }

  /** Goes one level deeper; whoever catches a failure restores the level, and `leave` does after a success. */
  enter(): void {
    if (++this.depth > MAX_NESTING) {
      this.depth = 0;
      throw this.failure(`nested deeper than ${MAX_NESTING} levels`, "split the expression into rules of their own");
    }
  }

  leave(): void {
    this.depth--;
  }

  /** Runs a production one level deeper. */
  nested<T>(production: () => T): T {
    this.enter();
    const { depth } = this;
    try {
      return production();
    } finally {
      this.depth = depth - 1;
    }
  }

  /** Tries a reading; on failure restores the position and returns the failure. */
  attempt<T>(production: () => T): T | ParseFailure {
    const mark = this.index;
    const { depth } = this;
    try {
      return production();
    } catch (error) {
      if (!(error instanceof ParseFailure)) throw error;
      this.index = mark;
      this.depth = depth;
      return error;
    }
  }

  /** Skips to the next token that starts a line in its first column, where a new statement can begin. */
  recover(): void {
    this.depth = 0;
    // Who has used up what there is to try gets nothing more read.
    if (this.fuel < 0) {
      this.index = this.tokens.length - 1;
      return;
    }
    if (this.token.type !== "end") this.index++;
    while (this.token.type !== "end") {
      const { token } = this;
      const before = this.source.text[token.start - 1];
      if (token.newline && (before === "\n" || before === undefined) && token.type === "ident") return;
      this.index++;
    }
  }
}

function describe(token: Token): string {
  switch (token.type) {
    case "ident":
      return "identifier";
    case "raw":
      return "string";
    case "punctuation":
      return `\`${token.text}\``;
    case "number":
    case "string":
      return token.type;
    default:
      return "template string";
  }
}

function matchBrackets(tokens: readonly Token[]): Int32Array {
  const closers = new Int32Array(tokens.length).fill(-1);
  const open: number[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] as Token;
    if (token.type === "template-expression") open.push(index);
    else if (token.type === "template-resume") open.pop();
    if (token.type !== "punctuation") continue;
    if (token.text === "{" || token.text === "[" || token.text === "(") open.push(index);
    else if (token.text === "}" || token.text === "]" || token.text === ")") {
      const opener = open.pop();
      if (opener !== undefined) closers[opener] = index;
    }
  }
  return closers;
}
