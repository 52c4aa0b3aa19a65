/** What the parsers of queries and schemas share: tokens with one of lookahead, comments, names, values, directives. */
import { quoteGo } from "../../value/index.js";
import { GraphqlError, Lexer, type Token, type TokenKind, tokenText } from "./lexer.js";
import {
  type Argument,
  blank,
  type ChildValue,
  type CommentGroup,
  type Directive,
  KIND,
  type Position,
  type TypeRef,
  type ValueNode,
} from "./nodes.js";

/** Values, types and selections nested deeper than this are refused. */
const MAX_DEPTH = 400;

const LITERALS: ReadonlyMap<TokenKind, number> = new Map<TokenKind, number>([
  ["Int", KIND.int],
  ["Float", KIND.float],
  ["String", KIND.string],
  ["BlockString", KIND.block],
]);

export class Parser {
  readonly #lexer: Lexer;
  #token: Token | undefined;
  #comment: CommentGroup | undefined;
  #depth = 0;
  #fault: GraphqlError | undefined;
  protected previous: Token = { kind: "<EOF>", value: "", position: { line: 1, column: 1 } };

  constructor(text: string) {
    this.#lexer = new Lexer(text);
  }

  /** What is no token counts as an invalid one: it is an error where it is taken, or where another was expected. */
  #read(): Token {
    try {
      return this.#lexer.next();
    } catch (error) {
      if (!(error instanceof GraphqlError) || error.position === undefined) throw error;
      this.#fault = error;
      return { kind: "<Invalid>", value: "", position: error.position };
    }
  }

  protected peek(): Token {
    if (this.#token === undefined) {
      let token = this.#read();
      if (token.kind === "Comment") {
        const list: { Value: string }[] = [];
        for (; token.kind === "Comment"; token = this.#read()) list.push({ Value: token.value });
        this.#comment = { List: list };
      }
      this.#token = token;
    }
    return this.#token;
  }

  /** The comments right before the token ahead. */
  protected comment(): CommentGroup | undefined {
    this.peek();
    return this.#comment;
  }

  protected next(): Token {
    const token = this.peek();
    if (this.#fault !== undefined) throw this.#fault;
    this.#token = undefined;
    this.#comment = undefined;
    this.previous = token;
    return token;
  }

  protected at(): Position {
    return this.peek().position;
  }

  protected is(kind: TokenKind): boolean {
    return this.peek().kind === kind;
  }

  protected isKeyword(word: string): boolean {
    return this.peek().kind === "Name" && this.peek().value === word;
  }

  protected skip(kind: TokenKind): boolean {
    if (!this.is(kind)) return false;
    this.next();
    return true;
  }

  protected expect(kind: TokenKind): Token {
    const token = this.peek();
    if (token.kind !== kind) throw new GraphqlError(`Expected ${kind}, found ${token.kind}`, token.position);
    return this.next();
  }

  protected expectKeyword(word: string): CommentGroup | undefined {
    const token = this.peek();
    const comment = this.comment();
    if (!this.isKeyword(word)) {
      throw new GraphqlError(`Expected ${quoteGo(word)}, found ${tokenText(token)}`, token.position);
    }
    this.next();
    return comment;
  }

  protected unexpected(token: Token = this.peek()): GraphqlError {
    return new GraphqlError(`Unexpected ${tokenText(token)}`, token.position);
  }

  protected nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw new GraphqlError("document is nested too deeply", this.at());
    const result = read();
    this.#depth--;
    return result;
  }

  /** Any number of items between two marks; nothing when the first mark is not there. */
  protected many(open: TokenKind, close: TokenKind, read: () => void): void {
    if (!this.skip(open)) return;
    while (!this.is(close)) read();
    this.next();
  }

  /** As `many`, but at least one. @returns the comment before the closing mark */
  protected some(open: TokenKind, close: TokenKind, read: () => void): CommentGroup | undefined {
    if (!this.skip(open)) return undefined;
    if (this.is(close)) {
      throw new GraphqlError(`expected at least one definition, found ${this.peek().kind}`, this.at());
    }
    while (!this.is(close)) read();
    const comment = this.comment();
    this.next();
    return comment;
  }

  protected name(): string {
    return this.expect("Name").value;
  }

  protected operationType(): string {
    const token = this.next();
    if (!/^(?:query|mutation|subscription)$/.test(token.value)) throw this.unexpected(token);
    return token.value;
  }

  protected variable(): string {
    this.expect("$");
    return this.name();
  }

  protected arguments(constant: boolean): Argument[] {
    const list: Argument[] = [];
    this.some("(", ")", () => {
      const argument = blank("Argument");
      argument.position = this.at();
      argument.Comment = this.comment();
      argument.Name = this.name();
      this.expect(":");
      argument.Value = this.value(constant);
      list.push(argument);
    });
    return list;
  }

  protected directives(constant: boolean): Directive[] {
    const list: Directive[] = [];
    while (this.is("@")) {
      this.next();
      const directive = blank("Directive");
      directive.position = this.at();
      directive.Name = this.name();
      directive.Arguments = this.arguments(constant);
      list.push(directive);
    }
    return list;
  }

  protected type(): TypeRef {
    return this.nested(() => {
      const type = blank("Type");
      if (this.skip("[")) {
        type.position = this.at();
        type.Elem = this.type();
        this.expect("]");
      } else {
        type.position = this.at();
        type.NamedType = this.name();
      }
      type.NonNull = this.skip("!");
      return type;
    });
  }

  /** A constant has no variables. */
  protected value(constant: boolean): ValueNode {
    return this.nested(() => {
      const token = this.peek();
      const value = blank("Value");
      value.position = token.position;
      if (token.kind === "[" || token.kind === "{") {
        value.Comment = this.comment();
        value.Kind = token.kind === "[" ? KIND.list : KIND.object;
        value.Children = token.kind === "[" ? this.listItems(constant) : this.objectFields(constant);
        return value;
      }
      if (token.kind === "$" && !constant) {
        value.Comment = this.comment();
        value.Raw = this.variable();
        value.Kind = KIND.variable;
        return value;
      }
      const literal = LITERALS.get(token.kind);
      if (literal === undefined && token.kind !== "Name") throw this.unexpected();
      value.Kind = literal ?? wordKind(token.value);
      value.Raw = token.value;
      this.next();
      return value;
    });
  }

  private listItems(constant: boolean): ChildValue[] {
    const items: ChildValue[] = [];
    this.many("[", "]", () => {
      items.push({ ...blank("ChildValue"), Value: this.value(constant) });
    });
    return items;
  }

  private objectFields(constant: boolean): ChildValue[] {
    const fields: ChildValue[] = [];
    this.many("{", "}", () => {
      const field = blank("ChildValue");
      field.position = this.at();
      field.Comment = this.comment();
      field.Name = this.name();
      this.expect(":");
      field.Value = this.value(constant);
      fields.push(field);
    });
    return fields;
  }
}

function wordKind(word: string): number {
  if (word === "true" || word === "false") return KIND.boolean;
  return word === "null" ? KIND.null : KIND.enum;
}
