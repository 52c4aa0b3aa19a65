/**
 * Modules and queries. Errors don't stop the parser: it skips to the next line that starts in the first column and goes
 * on, so that one run reports every broken statement.
 */
import { problemAt, RegoError, type RegoProblem, sortProblems } from "../error.js";
import { type AnnotationBlock, findAnnotations } from "./annotations.js";
import type { Annotations, Body, Import, Module, Package, RegoVersion, Rule, Term } from "./ast.js";
import { Cursor, MAX_NESTING, ParseFailure } from "./cursor.js";
import { lex } from "./lexer.js";
import { LiteralParser } from "./parse-literal.js";
import { parseRule } from "./parse-rule.js";
import { parseInfix, parseTerm } from "./parse-term.js";
import { lineAt, type Source } from "./source.js";

/** Problems reported of one source. */
const MAX_PROBLEMS = 10;

export interface ParseOptions {
  /** Language version of the source unless its imports say otherwise; v1 by default. */
  readonly version?: RegoVersion;
  /** Malformed and misplaced `# METADATA` blocks are errors; otherwise they are comments like any other. */
  readonly checkAnnotations?: boolean;
}

/**
 * Parses a module.
 * @throws RegoError with `rego_parse_error` problems, sorted by position
 */
export function parseModule(text: string, file = "policy.rego", options: ParseOptions = {}): Module {
  const source: Source = { file, text };
  return guarded(source, () => {
    const lexed = lex(source);
    const cursor = new Cursor(source, lexed, options.version ?? "v1");
    const annotationProblems: RegoProblem[] = [];
    const annotations = findAnnotations(source, lexed.comments, annotationProblems);
    const parts = new ModuleParser(cursor, annotations, annotationProblems).run();
    if (options.checkAnnotations === true) cursor.problems.push(...annotationProblems);
    if (cursor.problems.length > 0) throw new RegoError(sortProblems(cursor.problems).slice(0, MAX_PROBLEMS));
    return { source, version: cursor.version, comments: lexed.comments, ...parts };
  });
}

export interface QueryParseOptions extends ParseOptions {
  /** Turns `and`, `or` and closure `not` on. */
  readonly logicalKeywords?: boolean;
}

/**
 * Parses a query: literals separated by `;` or line breaks.
 * @throws RegoError with `rego_parse_error` problems
 */
export function parseQuery(
  text: string,
  file = "query",
  options: QueryParseOptions = {},
): { source: Source; body: Body } {
  const source: Source = { file, text };
  return guarded(source, () => {
    const cursor = new Cursor(source, lex(source), options.version ?? "v1");
    if (options.logicalKeywords === true) cursor.useAllKeywords();
    const body = single(cursor, (literals) => literals.body(""));
    return { source, body };
  });
}

/**
 * Parses a text that is one term.
 * @throws RegoError with `rego_parse_error` problems
 */
export function parseTermText(text: string, file = "term", options: ParseOptions = {}): { source: Source; term: Term } {
  const source: Source = { file, text };
  return guarded(source, () => {
    const cursor = new Cursor(source, lex(source), options.version ?? "v1");
    const term = single(cursor, (literals) => parseInfix(literals, true));
    return { source, term };
  });
}

function single<T>(cursor: Cursor, production: (literals: LiteralParser) => T): T {
  let result: T | undefined;
  try {
    result = production(new LiteralParser(cursor));
    if (cursor.token.type !== "end") throw cursor.unexpected();
  } catch (error) {
    if (!(error instanceof ParseFailure)) throw error;
    cursor.problems.push(error.problem);
  }
  if (cursor.problems.length > 0) throw new RegoError(sortProblems(cursor.problems).slice(0, MAX_PROBLEMS));
  return result as T;
}

/** Turns an exhausted stack into a parse error, should the nesting bound ever be too generous for the caller's stack. */
function guarded<T>(source: Source, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = `nested deeper than ${MAX_NESTING} levels`;
    throw new RegoError([problemAt(source, 0, "rego_parse_error", message)]);
  }
}

class ModuleParser {
  private readonly cursor: Cursor;
  private readonly literals: LiteralParser;
  private readonly blocks: readonly AnnotationBlock[];
  private nextBlock = 0;
  private readonly imports: Import[] = [];
  private readonly rules: Rule[] = [];
  private readonly annotations: Annotations[] = [];
  private readonly annotationProblems: RegoProblem[];
  private lastStart = -1;

  constructor(cursor: Cursor, blocks: readonly AnnotationBlock[], annotationProblems: RegoProblem[]) {
    this.cursor = cursor;
    this.annotationProblems = annotationProblems;
    this.literals = new LiteralParser(cursor);
    this.blocks = blocks;
  }

  run(): Pick<Module, "package" | "imports" | "rules" | "annotations"> {
    let pkg: Package = { path: [], annotations: [], start: 0, end: 0 };
    this.statement(() => {
      const { token } = this.cursor;
      if (token.type === "end") throw this.cursor.failure("empty module", "start with `package name`");
      if (!this.cursor.isWord("package")) throw this.cursor.failure("package expected", "start with `package name`");
      pkg = this.package();
    });
    const { problems, token } = this.cursor;
    if (problems.length === 0 || token.type !== "end") {
      while (this.cursor.token.type !== "end" && problems.length < MAX_PROBLEMS) this.statement(() => this.part());
    }
    this.rejectStray();
    return { package: pkg, imports: this.imports, rules: this.rules, annotations: this.annotations };
  }

  private statement(production: () => void): void {
    try {
      production();
      this.cursor.take(";");
    } catch (error) {
      if (!(error instanceof ParseFailure)) throw error;
      this.cursor.problems.push(error.problem);
      this.cursor.recover();
    }
  }

  private part(): void {
    const { cursor } = this;
    if (cursor.isWord("import")) {
      this.import();
      return;
    }
    if (cursor.isWord("package"))
      throw cursor.failure("unexpected package", "one package a file, before everything else");
    const { start } = cursor.token;
    const annotations = this.takeAnnotations(start, "rule");
    this.lastStart = start;
    this.rules.push(...parseRule(this.literals, annotations));
  }

  private package(): Package {
    const { cursor } = this;
    const { start } = cursor.advance();
    const annotations = this.takeAnnotations(start, "package");
    const term = this.path();
    return { path: pathOf(cursor, term), annotations, start, end: cursor.previous.end };
  }

  /** A path whose first part may be a keyword. */
  private path(): Term {
    const { cursor } = this;
    if (cursor.token.type !== "ident") throw cursor.unexpected("expected path");
    return parseTerm(this.literals);
  }

  private import(): void {
    const { cursor } = this;
    const { start } = cursor.advance();
    const at = cursor.token;
    const path = pathOf(cursor, this.path());
    const [root = "", ...rest] = path;
    if (!["data", "input", "future", "rego"].includes(root)) {
      throw cursor.failure(
        `unexpected import path, must begin with one of: {data, future, input, rego}, got: ${root}`,
        undefined,
        at,
      );
    }
    let alias: string | undefined;
    if (cursor.takeWord("as")) {
      const { token } = cursor;
      if (token.type !== "ident" || cursor.isWord(token.text)) throw cursor.unexpected("expected var");
      if (token.text === "input" || token.text === "data") {
        throw cursor.failure(`unexpected import alias, must not be a reserved name, got: ${token.text}`);
      }
      alias = token.text;
      cursor.advance();
    } else if (root === "data" || root === "input") {
      const last = path[path.length - 1] ?? "";
      if (cursor.isKeyword(last)) {
        throw cursor.failure(
          `unexpected import path, must not end with a keyword, got: ${last}`,
          "import a different path or use an alias",
          at,
        );
      }
    }
    if (root === "future") this.futureImport(rest, alias, at);
    if (root === "rego") this.regoImport(rest, alias, at);
    this.imports.push({ path, ...(alias === undefined ? {} : { alias }), start, end: cursor.previous.end });
  }

  private futureImport(rest: readonly string[], alias: string | undefined, at: Cursor["token"]): void {
    const { cursor } = this;
    const fail = (message: string) => cursor.failure(message, undefined, at);
    if (alias !== undefined) throw fail("`future` imports cannot be aliased");
    const [keywords, word, ...more] = rest;
    if (keywords !== "keywords" || more.length > 0) throw fail("invalid import, must be `future.keywords`");
    if (word === undefined) cursor.useAllKeywords();
    else if (!cursor.useKeyword(word))
      throw fail(`unexpected keyword, must be one of [and contains every if in not or], got: ${word}`);
  }

  private regoImport(rest: readonly string[], alias: string | undefined, at: Cursor["token"]): void {
    const { cursor } = this;
    const fail = (message: string) => cursor.failure(message, undefined, at);
    const [version, ...more] = rest;
    if (alias !== undefined) throw fail("`rego` imports cannot be aliased");
    if (more.length > 0) throw fail(`invalid import \`rego.${rest.join(".")}\`, must be \`rego.v1\` or \`rego.v2\``);
    if (version === "v1") cursor.useV1();
    else if (version === "v2") {
      cursor.useV1();
      for (const word of ["and", "or", "not"]) cursor.useKeyword(word);
    } else throw fail(`invalid import \`rego.${version ?? ""}\`, must be \`rego.v1\` or \`rego.v2\``);
  }

  /** The blocks that stand directly before the statement at `start`. */
  private takeAnnotations(start: number, subject: "package" | "rule"): Annotations[] {
    const taken: Annotations[] = [];
    let block = this.blocks[this.nextBlock];
    while (block !== undefined && block.start < start) {
      this.nextBlock++;
      if (block.start > this.lastStart) {
        const isEntrypoint = block.fields.entrypoint === true && subject === "rule";
        const scope = block.scope ?? (isEntrypoint ? "document" : subject);
        if (block.scope !== undefined && (scope === "package" || scope === "subpackages") !== (subject === "package")) {
          this.misplaced(
            block,
            `annotation scope \`${scope}\` must be applied to ${scope === "rule" || scope === "document" ? "rule" : "package"}`,
          );
        }
        const annotation: Annotations = {
          scope,
          fields: { ...block.fields, scope },
          start: block.start,
          end: block.end,
        };
        taken.push(annotation);
        this.annotations.push(annotation);
      }
      block = this.blocks[this.nextBlock];
    }
    return taken;
  }

  private misplaced(block: AnnotationBlock, message: string): void {
    this.annotationProblems.push(problemAt(this.cursor.source, block.start, "rego_parse_error", message));
  }

  /** A block with nothing after it annotates nothing. */
  private rejectStray(): void {
    const block = this.blocks[this.nextBlock];
    if (block === undefined || this.cursor.problems.length > 0) return;
    if (lineAt(this.cursor.source, block.start).line > 0) {
      this.misplaced(block, `annotation scope \`${block.scope ?? "rule"}\` must be applied to a rule or package`);
    }
  }
}

function pathOf(cursor: Cursor, term: Term): string[] {
  const fail = (at: Term): ParseFailure =>
    cursor.failure(`unexpected ${at.kind} token: expecting string`, undefined, { ...cursor.token, start: at.start });
  if (term.kind === "var") return [term.name];
  if (term.kind !== "ref" || term.head.kind !== "var") throw fail(term);
  const path = [term.head.name];
  for (const part of term.path) {
    if (part.kind !== "string") throw fail(part);
    path.push(part.value);
  }
  return path;
}
