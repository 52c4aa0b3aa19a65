/**
 * Literals: what stands on a line of a body. The importable operators `and`, `or` and the closure form of `not` make
 * braces ambiguous (a body, or a set or object?); the rule is that in an operand position braces hold a body, and that
 * a value there has to be parenthesized.
 */
import type { Body, Literal, LogicalOperand, RefTerm, SomeInLiteral, Term, VarTerm, With } from "./ast.js";
import { type Cursor, ParseFailure } from "./cursor.js";
import { parseInfix, parseTerm, type TermContext } from "./parse-term.js";

interface Operand extends LogicalOperand {
  readonly start: number;
}

export class LiteralParser implements TermContext {
  readonly cursor: Cursor;

  constructor(cursor: Cursor) {
    this.cursor = cursor;
  }

  /** Literals separated by line breaks or `;`, up to `closer`, which is left for the caller. */
  body(closer: string): Body {
    const { cursor } = this;
    return cursor.nested(() => {
      if (this.closes(closer)) throw cursor.failure("found empty body");
      const literals: Literal[] = [];
      for (;;) {
        literals.push(this.literal());
        if (cursor.take(";")) {
          if (this.closes(closer)) return literals;
          continue;
        }
        if (this.closes(closer)) return literals;
        if (!cursor.token.newline) {
          throw cursor.unexpected(
            `expected \\n or ; or ${closer === "" ? "end of query" : closer}`,
            this.missingKeyword(),
          );
        }
      }
    });
  }

  private closes(closer: string): boolean {
    return closer === "" ? this.cursor.token.type === "end" : this.cursor.is(closer);
  }

  private missingKeyword(): string | undefined {
    const { token } = this.cursor;
    const examples: Record<string, string> = {
      in: "x in xs",
      and: "x and y",
      or: "x or y",
      every: "every x in xs { … }",
    };
    const example = token.type === "ident" && Object.hasOwn(examples, token.text) ? examples[token.text] : undefined;
    return example === undefined
      ? undefined
      : `\`import future.keywords.${token.text}\` for \`${example}\` expressions`;
  }

  withs(): With[] {
    const { cursor } = this;
    const withs: With[] = [];
    while (cursor.isWord("with")) {
      const { start } = cursor.advance();
      if (cursor.token.type !== "ident") throw cursor.unexpected("expected with target path");
      const target = parseTerm(this);
      if (target.kind !== "var" && target.kind !== "ref") throw cursor.unexpected("expected with target path");
      if (!cursor.takeWord("as")) throw cursor.unexpected("expected as keyword");
      const value = parseInfix(this, true);
      withs.push({ target: target as VarTerm | RefTerm, value, start, end: cursor.previous.end });
    }
    return withs;
  }

  literal(): Literal {
    const { cursor } = this;
    if (cursor.isWord("some")) return this.some();
    if (cursor.isWord("every")) return this.every();
    if (!this.mayBeLogical()) return this.plain();
    return this.logical();
  }

  private mayBeLogical(): boolean {
    return this.cursor.logicalActive() || (this.cursor.notBodies && this.cursor.isWord("not"));
  }

  private plain(): Literal {
    const { cursor } = this;
    const { start } = cursor.token;
    const negated = cursor.takeWord("not");
    this.rejectNegated(negated);
    const term = this.expression();
    return { kind: "expression", term, negated, with: this.withs(), start, end: cursor.previous.end };
  }

  private rejectNegated(negated: boolean): void {
    const { cursor } = this;
    if (!negated) return;
    for (const word of ["some", "every"])
      if (cursor.isWord(word)) throw cursor.failure(`illegal negation of '${word}'`);
  }

  /** A term, `left = right` or `left := right`. */
  private expression(): Term {
    const { cursor } = this;
    const left = parseInfix(this, true);
    const sign = cursor.is("=") ? "=" : cursor.is(":=") ? ":=" : undefined;
    if (sign === undefined) return left;
    const { start } = cursor.advance();
    const right = parseInfix(this, true);
    const operator: VarTerm = { kind: "var", name: sign === "=" ? "eq" : "assign", start, end: start };
    return { kind: "call", operator, args: [left, right], infix: sign, start: left.start, end: right.end };
  }

  /** A literal where `and`, `or` or closure `not` are active. */
  private logical(): Literal {
    const { cursor } = this;
    const first = this.operand(false);
    const single = first.body[0] as Literal;
    const withAt = cursor.isWord("with") ? cursor.token : undefined;
    if (!this.atOperator()) {
      return single.with.length > 0 ? single : this.attach(single, first.start);
    }
    if (withAt !== undefined || (single.kind === "expression" && single.with.length > 0 && !first.explicit)) {
      throw this.withOnOperand();
    }
    return this.attach(this.orChain(first), first.start);
  }

  private withOnOperand(): ParseFailure {
    const { cursor } = this;
    return cursor.failure(
      `\`with\` modifier is not allowed on operand of \`${cursor.token.text}\``,
      "wrap the operand in `(...)` or `{...}`, or move `with` after the whole expression",
    );
  }

  private attach(literal: Literal, start: number): Literal {
    const withs = this.withs();
    if (withs.length > 0 && this.atOperator()) throw this.withOnOperand();
    return { ...literal, with: [...literal.with, ...withs], start, end: this.cursor.previous.end };
  }

  private atOperator(): boolean {
    return this.cursor.isWord("and") || this.cursor.isWord("or");
  }

  private chain(kind: "and" | "or", first: Operand, next: () => Operand): Operand {
    const { cursor } = this;
    if (!cursor.isWord(kind)) return first;
    const operands: Operand[] = [first];
    while (cursor.takeWord(kind)) operands.push(next());
    const { end } = cursor.previous;
    const literal: Literal = { kind, operands, with: [], start: first.start, end };
    return { body: [literal], explicit: false, start: first.start };
  }

  private orChain(first: Operand): Literal {
    const operand = (): Operand => this.operand(true);
    const left = this.chain("and", first, operand);
    return this.chain("or", left, () => this.chain("and", operand(), operand)).body[0] as Literal;
  }

  /** One operand; `inside` when an operator stands before it, so that braces certainly hold a body. */
  private operand(inside: boolean): Operand {
    const { cursor } = this;
    const { start } = cursor.token;
    if (cursor.is("{") && (inside || this.operatorAfterCloser()))
      return { ...this.bracedBody(), explicit: true, start };
    const negated = cursor.takeWord("not");
    this.rejectNegated(negated);
    if (negated && cursor.notBodies) return { body: [this.notBody(start)], explicit: false, start };
    if (cursor.is("(") && cursor.logicalActive() && !negated) {
      const group = this.group(inside);
      if (group !== undefined) return group;
    }
    const term = inside ? parseInfix(this, true) : this.expressionOperand();
    const withs = inside ? [] : this.withsBeforeOperator();
    const { end } = cursor.previous;
    return { body: [{ kind: "expression", term, negated, with: withs, start, end }], explicit: false, start };
  }

  private expressionOperand(): Term {
    return this.expression();
  }

  private withsBeforeOperator(): With[] {
    const withs = this.withs();
    if (withs.length > 0 && this.atOperator()) throw this.withOnOperand();
    return withs;
  }

  private operatorAfterCloser(): boolean {
    const { cursor } = this;
    const after = cursor.tokenAt(cursor.closerIndex() + 1);
    if (cursor.closerIndex() < 0 || after.type !== "ident") return false;
    return (after.text === "and" || after.text === "or") && cursor.isKeyword(after.text);
  }

  private bracedBody(): { body: Body } {
    const { cursor } = this;
    const open = cursor.advance();
    const body = this.body("}");
    cursor.expect("}");
    const only = body[0];
    if (only?.kind === "expression" && only.term.kind === "call" && only.term.infix === "|") {
      const parenthesized = this.cursor.source.text[only.start] === "(";
      if (!parenthesized) {
        throw cursor.failure(
          "ambiguous `{ ... | ... }` operand: read as a body holding a set-union expression, not as a comprehension",
          "parenthesize the comprehension or the union",
          open,
        );
      }
    }
    return { body };
  }

  private notBody(start: number): Literal {
    const { cursor } = this;
    if (cursor.is("{")) {
      const { body } = this.bracedBody();
      return { kind: "not", body, explicit: true, with: [], start, end: cursor.previous.end };
    }
    if (cursor.is("(") && cursor.logicalActive()) {
      const group = this.group(true);
      if (group !== undefined) {
        return { kind: "not", body: group.body, explicit: group.explicit, with: [], start, end: cursor.previous.end };
      }
    }
    const term = this.expression();
    const { end } = cursor.previous;
    const inner: Literal = { kind: "expression", term, negated: false, with: [], start: term.start, end };
    return { kind: "not", body: [inner], explicit: false, with: [], start, end };
  }

  /** `(a or b)`, `(not a)`, `(a with x as y)` as an operand; undefined when the parentheses hold a mere term. */
  private group(inside: boolean): Operand | undefined {
    const { cursor } = this;
    const { start } = cursor.token;
    const mark = cursor.mark();
    const group = cursor.attempt(() =>
      cursor.nested((): Operand | undefined => {
        cursor.advance();
        const first = this.operand(false);
        const only = first.body[0] as Literal;
        let literal: Literal = only;
        if (this.atOperator()) literal = this.attach(this.orChain(first), first.start);
        else if (first.explicit) return undefined;
        else if (only.with.length === 0 && cursor.isWord("with")) literal = this.attach(only, first.start);
        else {
          const negated = only.kind === "not" || (only.kind === "expression" && only.negated);
          const logical = only.kind === "and" || only.kind === "or";
          if (!negated && !logical && only.with.length === 0) return undefined;
        }
        cursor.expect(")");
        return { body: [literal], explicit: false, start };
      }),
    );
    if (group instanceof ParseFailure) {
      // Whether the parentheses hold a term decides between the two messages.
      const term = cursor.attempt(() => parseTerm(this));
      cursor.reset(mark);
      if (term instanceof ParseFailure) throw group.position >= term.position ? group : term;
      return undefined;
    }
    if (group === undefined || (!inside && group.body[0]?.with.length !== 0 && !this.atOperator() && isPlain(group))) {
      cursor.reset(mark);
      return undefined;
    }
    return group;
  }

  private some(): Literal {
    const { cursor } = this;
    const { start } = cursor.advance();
    const membership = cursor.attempt(() => {
      const term = parseInfix(this, true);
      if (term.kind !== "call") throw cursor.unexpected("expected `x in xs` or `x, y in xs` expression");
      const parts = memberParts(term);
      if (parts === undefined) throw cursor.failure("expected `x in xs` or `x, y in xs` expression");
      return parts;
    });
    if (!(membership instanceof ParseFailure)) {
      return { kind: "some-in", ...membership, with: this.withs(), start, end: cursor.previous.end };
    }
    const vars: VarTerm[] = [];
    do {
      const { token } = cursor;
      if (token.type !== "ident" || cursor.isWord(token.text)) throw cursor.unexpected("expected var");
      cursor.advance();
      vars.push({ kind: "var", name: token.text, start: token.start, end: token.end });
    } while (cursor.take(","));
    if (
      cursor.token.type === "ident" &&
      cursor.token.text === "in" &&
      !cursor.token.newline &&
      !cursor.isKeyword("in")
    ) {
      throw cursor.unexpected("expected \\n or ; or }", "`import future.keywords.in` for `some x in xs` expressions");
    }
    if (!cursor.token.newline && membership.position > cursor.mark()) throw membership;
    return { kind: "some", vars, with: [], start, end: cursor.previous.end };
  }

  private every(): Literal {
    const { cursor } = this;
    const { start } = cursor.advance();
    const term = parseInfix(this, true);
    const parts = term.kind === "call" ? memberParts(term) : undefined;
    if (parts === undefined) throw cursor.unexpected("expected `x[, y] in xs { ... }` expression");
    const { key, value, domain } = parts;
    if (key !== undefined && key.kind !== "var") throw cursor.failure("expected key to be a variable");
    if (value.kind !== "var") throw cursor.failure("expected value to be a variable");
    cursor.expect("{");
    const body = this.body("}");
    cursor.expect("}");
    const keyPart = key === undefined ? {} : { key: key as VarTerm };
    return { kind: "every", ...keyPart, value, domain, body, with: this.withs(), start, end: cursor.previous.end };
  }
}

function isPlain(group: Operand): boolean {
  const kind = group.body[0]?.kind;
  return kind === "expression";
}

function memberParts(term: Term): Pick<SomeInLiteral, "key" | "value" | "domain"> | undefined {
  if (term.kind !== "call" || term.infix !== "in") return undefined;
  const [first, second, third] = term.args;
  if (first === undefined || second === undefined) return undefined;
  return third === undefined ? { value: first, domain: second } : { key: first, value: second, domain: third };
}
