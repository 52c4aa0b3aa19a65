/**
 * The form of a body without its constants, as a text: equal texts, equal code. Constants are numbered in the order of
 * the walk. Names in reference paths are part of the form, since they decide which document is meant.
 */
import type {
  ConstantTerm,
  FunctionName,
  NormalBody,
  NormalLiteral,
  NormalTerm,
  Place,
} from "../compile/normal-form.js";
import { isFunctionName } from "../compile/variables.js";
import { typeName, type Value } from "../value/index.js";

export interface Shape {
  readonly text: string;
  /** Number of each constant of the body that was walked. */
  readonly indexes: ReadonlyMap<ConstantTerm, number>;
  readonly constants: readonly Value[];
  /** Places of calls and comprehensions, which differ between bodies of one form. */
  readonly places: readonly Place[];
  /** Number of each such node of the body that was walked. */
  readonly nodes: ReadonlyMap<object, number>;
}

export function shapeOf(body: NormalBody, heads: readonly NormalTerm[]): Shape {
  const walk = new ShapeWalk();
  walk.body(body);
  for (const head of heads) walk.term(head);
  return {
    text: walk.parts.join(" "),
    indexes: walk.indexes,
    constants: walk.constants,
    places: walk.places,
    nodes: walk.nodes,
  };
}

class ShapeWalk {
  readonly parts: string[] = [];
  readonly indexes = new Map<ConstantTerm, number>();
  readonly constants: Value[] = [];
  readonly places: Place[] = [];
  readonly nodes = new Map<object, number>();

  body(body: NormalBody): void {
    this.parts.push("{");
    for (const literal of body) this.literal(literal);
    this.parts.push("}");
  }

  private literal(literal: NormalLiteral): void {
    const { parts } = this;
    parts.push(literal.kind);
    switch (literal.kind) {
      case "test":
        this.term(literal.term);
        break;
      case "unify":
        this.term(literal.left);
        this.term(literal.right);
        break;
      case "call":
        this.nodes.set(literal, this.places.push(literal.at) - 1);
        parts.push(
          literal.callee.kind === "builtin" ? literal.callee.name : JSON.stringify(literal.callee.path),
          String(literal.args.length),
          literal.result === undefined ? "-" : "=",
        );
        for (const arg of literal.args) this.term(arg);
        if (literal.result !== undefined) this.term(literal.result);
        break;
      case "not":
        this.body(literal.body);
        break;
      case "every":
        parts.push(`${literal.key?.slot ?? "-"},${literal.value.slot}`);
        this.term(literal.domain);
        this.body(literal.body);
        break;
      case "and":
      case "or":
        parts.push(String(literal.operands.length));
        for (const operand of literal.operands) this.body(operand);
        break;
    }
    for (const { target, value } of literal.with) {
      parts.push("with", JSON.stringify(target));
      this.withValue(value);
    }
  }

  private withValue(value: NormalTerm | FunctionName): void {
    if (isFunctionName(value)) this.parts.push(JSON.stringify(value.callee));
    else this.term(value);
  }

  term(term: NormalTerm): void {
    const { parts } = this;
    switch (term.kind) {
      case "constant":
        if (!this.indexes.has(term)) this.indexes.set(term, this.constants.push(term.value) - 1);
        parts.push(`#${this.indexes.get(term)}${typeName(term.value)}`);
        break;
      case "local":
        parts.push(`$${term.local.slot}`);
        break;
      case "array":
      case "set":
        parts.push(term.kind, String(term.items.length));
        for (const item of term.items) this.term(item);
        break;
      case "object":
        parts.push(term.kind, String(term.entries.length));
        for (const [key, value] of term.entries) {
          // Keys decide how patterns are taken apart.
          if (key.kind === "constant" && typeof key.value === "string") parts.push(JSON.stringify(key.value));
          this.term(key);
          this.term(value);
        }
        break;
      case "ref":
        parts.push("ref", String(term.path.length));
        if (typeof term.base === "string") parts.push(term.base);
        else this.term(term.base);
        for (const part of term.path) {
          if (part.kind === "constant" && typeof part.value === "string") parts.push(JSON.stringify(part.value));
          else this.term(part);
        }
        break;
      case "comprehension":
        this.nodes.set(term, this.places.push(term.at) - 1);
        parts.push(term.of);
        this.body(term.body);
        if (term.key !== undefined) this.term(term.key);
        this.term(term.value);
        break;
    }
  }
}
