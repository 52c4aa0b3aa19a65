/** The template language of `strings.render_template` (Go's text/template): text with actions in double braces. */
import { quoteGo } from "../value/index.js";
import { BuiltinError } from "./builtin.js";

export type Operand =
  | { readonly kind: "dot" | "nil" }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "number"; readonly value: string }
  | { readonly kind: "flag"; readonly value: boolean }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "pipeline"; readonly pipeline: Pipeline };

/** An operand and the fields that are followed from it. */
export interface Term {
  readonly operand: Operand;
  readonly fields: readonly string[];
}

export type Command = readonly Term[];

export interface Pipeline {
  readonly variables: readonly string[];
  /** `=` changes a variable that exists, `:=` makes a new one. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

export type TemplateNode =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly pipeline: Pipeline }
  | { readonly kind: "break" | "continue" }
  | { readonly kind: "call"; readonly name: string; readonly pipeline: Pipeline | undefined }
  | {
      readonly kind: "if" | "range" | "with";
      readonly pipeline: Pipeline;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    };

export interface Template {
  readonly body: readonly TemplateNode[];
  readonly named: ReadonlyMap<string, readonly TemplateNode[]>;
}

const MAX_DEPTH = 200;

/** @throws BuiltinError when the text is no template */
export function parseTemplate(text: string): Template {
  const parser = new TemplateParser(chunksOf(text));
  const body = parser.list();
  return { body, named: parser.named };
}

type Chunk = { readonly text: string } | { readonly tokens: readonly string[] };

const TOKEN =
  /\s*("(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)+'|:=|[|(),=]|\$[\p{L}\p{Nd}_]*|\.[\p{L}_][\p{L}\p{Nd}_]*|[+-]?[0-9][0-9a-zA-Z_.]*(?:(?<=[eE])[+-][0-9]+)?|\.|[\p{L}_][\p{L}\p{Nd}_]*)/uy;

/** Text and actions; a `-` beside the braces trims white space. */
function chunksOf(text: string): Chunk[] {
  const chunks: Chunk[] = [];
  let rest = text;
  let trimmed = false;
  for (;;) {
    const open = rest.indexOf("{{");
    let before = open < 0 ? rest : rest.slice(0, open);
    if (trimmed) before = before.replace(/^[ \t\r\n]+/, "");
    if (open < 0) {
      if (before !== "") chunks.push({ text: before });
      return chunks;
    }
    rest = rest.slice(open + 2);
    if (/^-[ \t\r\n]/.test(rest)) {
      before = before.replace(/[ \t\r\n]+$/, "");
      rest = rest.slice(1);
    }
    if (before !== "") chunks.push({ text: before });
    const { tokens, length } = action(rest);
    trimmed = /[ \t\r\n]-$/.test(rest.slice(0, length));
    rest = rest.slice(length + 2);
    if (tokens !== undefined) chunks.push({ tokens });
  }
}

/** The tokens up to the closing braces; undefined for a comment. */
function action(text: string): { tokens: string[] | undefined; length: number } {
  const comment = /^\s*\/\*[\s\S]*?\*\/(?:[ \t\r\n]+-)?(?=\}\})/.exec(text);
  if (comment !== null) return { tokens: undefined, length: comment[0].length };
  const tokens: string[] = [];
  let at = 0;
  let afterSpace = true;
  for (;;) {
    const end = /^[ \t\r\n]*(?:[ \t\r\n]-)?\}\}/.exec(text.slice(at));
    if (end !== null) return { tokens, length: at + end[0].length - 2 };
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    const token = match?.[1];
    if (match === null || token === undefined) throw bad(`unexpected ${quoteGo(text.slice(at, at + 10))} in action`);
    afterSpace = match[0].length > token.length || tokens.length === 0;
    // A field right after an operand continues it.
    tokens.push(token.startsWith(".") && token.length > 1 && !afterSpace ? `:${token}` : token);
    at += match[0].length;
  }
}

function bad(reason: string): BuiltinError {
  return new BuiltinError(`template: template:1: ${reason}`);
}

class TemplateParser {
  readonly #chunks: readonly Chunk[];
  readonly named = new Map<string, readonly TemplateNode[]>();
  #next = 0;
  #depth = 0;
  #loops = 0;
  /** The keyword that ended the last list: `end` or `else`, with what follows it. */
  #ending: readonly string[] = [];

  constructor(chunks: readonly Chunk[]) {
    this.#chunks = chunks;
  }

  list(nested = false): TemplateNode[] {
    if (++this.#depth > MAX_DEPTH) throw bad("nested too deeply");
    const nodes: TemplateNode[] = [];
    for (;;) {
      const chunk = this.#chunks[this.#next++];
      if (chunk === undefined) {
        if (nested) throw bad("unexpected EOF");
        break;
      }
      if ("text" in chunk) {
        nodes.push({ kind: "text", text: chunk.text });
        continue;
      }
      const [word = ""] = chunk.tokens;
      if (word === "end" || word === "else") {
        if (!nested) throw bad(`unexpected {{${word}}}`);
        this.#ending = chunk.tokens;
        break;
      }
      const node = this.#node(word, chunk.tokens);
      if (node !== undefined) nodes.push(node);
    }
    this.#depth--;
    return nodes;
  }

  #node(word: string, tokens: readonly string[]): TemplateNode | undefined {
    switch (word) {
      case "if":
      case "range":
      case "with":
        return this.#control(word, tokens.slice(1));
      case "break":
      case "continue":
        if (this.#loops === 0) throw bad(`{{${word}}} outside {{range}}`);
        return { kind: word };
      case "define":
      case "block": {
        const name = nameOf(tokens[1]);
        this.named.set(name, this.list(true));
        if (word === "define") return undefined;
        return { kind: "call", name, pipeline: pipelineOf(tokens.slice(2), false) };
      }
      case "template": {
        const pipeline = tokens.length > 2 ? pipelineOf(tokens.slice(2), false) : undefined;
        return { kind: "call", name: nameOf(tokens[1]), pipeline };
      }
      default:
        return { kind: "action", pipeline: pipelineOf(tokens, false) };
    }
  }

  #control(kind: "if" | "range" | "with", tokens: readonly string[]): TemplateNode {
    const pipeline = pipelineOf(tokens, kind === "range");
    if (kind === "range") this.#loops++;
    const body = this.list(true);
    if (kind === "range") this.#loops--;
    let otherwise: readonly TemplateNode[] = [];
    if (this.#ending[0] === "else") {
      const chained = this.#ending.slice(1);
      // `else if` and `else with` are a control of their own inside the else.
      if (chained[0] === "if" || chained[0] === "with") otherwise = [this.#control(chained[0], chained.slice(1))];
      else otherwise = this.list(true);
    }
    return { kind, pipeline, body, otherwise };
  }
}

function nameOf(token: string | undefined): string {
  if (token === undefined || !/^["`]/.test(token)) throw bad("missing template name");
  return unquoted(token);
}

function unquoted(token: string): string {
  if (token.startsWith("`")) return token.slice(1, -1);
  const body = token.slice(1, -1).replace(/\\'/g, "'");
  const json = `"${body
    .replace(/\\a/g, "\\u0007")
    .replace(/\\v/g, "\\u000b")
    .replace(/\\x([0-9a-fA-F]{2})/g, "\\u00$1")}"`;
  try {
    return JSON.parse(json.replace(/\t/g, "\\t")) as string;
  } catch {
    throw bad(`bad string ${token}`);
  }
}

function pipelineOf(tokens: readonly string[], inRange: boolean): Pipeline {
  const reader = new PipelineReader(tokens);
  const pipeline = reader.pipeline(inRange);
  if (!reader.done) throw bad(`unexpected ${quoteGo(reader.peek())} in action`);
  return pipeline;
}

class PipelineReader {
  readonly #tokens: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get done(): boolean {
    return this.#at >= this.#tokens.length;
  }

  peek(offset = 0): string {
    return this.#tokens[this.#at + offset] ?? "";
  }

  pipeline(inRange: boolean): Pipeline {
    const variables: string[] = [];
    let assigns = false;
    const second = inRange && this.peek(1) === "," && this.peek(2).startsWith("$") ? 2 : 0;
    if (this.peek().startsWith("$") && /^:?=$/.test(this.peek(second + 1))) {
      variables.push(this.peek(), ...(second === 2 ? [this.peek(2)] : []));
      assigns = this.peek(second + 1) === "=";
      this.#at += second + 2;
    }
    const commands: Command[] = [this.#command()];
    while (this.peek() === "|") {
      this.#at++;
      commands.push(this.#command());
    }
    return { variables, assigns, commands };
  }

  #command(): Command {
    const terms: Term[] = [];
    while (!this.done && this.peek() !== "|" && this.peek() !== ")") terms.push(this.#term());
    if (terms.length === 0) throw bad("missing value for command");
    return terms;
  }

  #term(): Term {
    const token = this.peek();
    this.#at++;
    const fields: string[] = [];
    let operand: Operand;
    if (/^\.[^.]/.test(token)) {
      operand = { kind: "dot" };
      fields.push(token.slice(1));
    } else {
      operand = this.#operand(token);
    }
    while (this.peek().startsWith(":.")) {
      fields.push(this.peek().slice(2));
      this.#at++;
    }
    return { operand, fields };
  }

  #operand(token: string): Operand {
    if (token === "(") {
      if (++this.#depth > MAX_DEPTH) throw bad("nested too deeply");
      const pipeline = this.pipeline(false);
      if (this.peek() !== ")") throw bad("unclosed left paren");
      this.#at++;
      this.#depth--;
      return { kind: "pipeline", pipeline };
    }
    if (token === ".") return { kind: "dot" };
    if (token === "nil") return { kind: "nil" };
    if (token === "true" || token === "false") return { kind: "flag", value: token === "true" };
    if (/^["`]/.test(token)) return { kind: "text", value: unquoted(token) };
    if (token.startsWith("'")) return { kind: "number", value: String(unquoted(token).codePointAt(0) ?? 0) };
    if (token.startsWith("$")) return { kind: "variable", name: token };
    if (/^[+-]?[0-9]/.test(token)) return { kind: "number", value: token.replaceAll("_", "") };
    if (/^[\p{L}_]/u.test(token)) return { kind: "function", name: token };
    throw bad(`unexpected ${quoteGo(token)} in operand`);
  }
}
