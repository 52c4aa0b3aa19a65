/** `and` and `or`: a chain breaks where its author broke it, with one step of indentation for all that follows. */
import type { Literal, LogicalLiteral, LogicalOperand, Term } from "../syntax/ast.js";
import { type Context, tolerant } from "./context.js";
import { CrowdedComment } from "./layout.js";
import { closingRow, type Spot } from "./places.js";
import { infixSign, isUnion } from "./plain.js";
import { writeBlock } from "./term.js";

interface Operand {
  readonly body: LogicalOperand["body"];
  readonly explicit: boolean;
  readonly parens: boolean;
  /** Where the brace of an explicit operand stands. */
  readonly brace: Spot;
}

interface Step {
  readonly sign: "and" | "or";
  readonly operand: Operand;
  /** Row on which everything before the sign ends. */
  readonly leftEnd: number;
}

export function isLogical(literal: Literal): literal is LogicalLiteral {
  return literal.kind === "and" || literal.kind === "or";
}

export function writeLogical(context: Context, literal: LogicalLiteral): void {
  const { page, places } = context;
  const { first, steps } = flatten(context, literal);
  tolerant(() => writeOperand(context, first));
  let indented = false;
  for (const { sign, operand, leftEnd } of steps) {
    page.write(` ${sign}`);
    const [start] = operand.body;
    const row = operand.explicit ? operand.brace.row : start === undefined ? leftEnd : places.row(start);
    if (row > leftEnd) {
      if (!indented) page.up();
      indented = true;
      page.endLine();
      page.startLine();
    } else page.write(" ");
    tolerant(() => writeOperand(context, operand));
  }
  if (indented) page.down();
}

function writeOperand(context: Context, { body, explicit, parens, brace }: Operand): void {
  const { page, places } = context;
  const [first] = body;
  const last = body[body.length - 1];
  if (first === undefined || last === undefined) {
    page.write("{}");
    return;
  }
  if (!explicit) {
    writeGrouped(context, first, parens);
    return;
  }
  if (first.kind === "expression" && !first.negated && isUnion(first.term)) context.parenthesized = first;
  page.write("{");
  tolerant(() => writeBlock(context, body, brace.row, closingRow(brace, "{", "}")));
  if (places.row(last) === brace.row) page.write(" ");
  page.write("}");
}

/** A literal in parentheses of our own, unless it is kept as written with its own. */
export function writeGrouped(context: Context, literal: Literal, parens: boolean): void {
  const { page, places } = context;
  if (!parens) {
    context.literal(literal);
    return;
  }
  const mark = page.mark();
  page.write("(");
  try {
    context.literal(literal);
    page.write(")");
  } catch (error) {
    if (!(error instanceof CrowdedComment)) throw error;
    if (places.text(literal).startsWith("(")) {
      page.reset(mark);
      page.asWritten(literal.start, literal.end);
    } else page.write(")");
    throw error;
  }
}

function flatten(context: Context, literal: LogicalLiteral): { first: Operand; steps: readonly Step[] } {
  const { kind } = literal;
  const [head, ...rest] = literal.operands;
  if (head === undefined) throw new Error("a logical literal without operands");
  const [only] = head.body;
  const nested =
    !head.explicit && only !== undefined && isLogical(only) && !needsParens(only, kind, false)
      ? flatten(context, only)
      : undefined;
  const first = nested?.first ?? operandOf(context, literal, head, false);
  let leftEnd = nested === undefined ? endOf(context, first) : context.places.endRow(only as Literal);
  const steps = [...(nested?.steps ?? [])];
  for (const operand of rest) {
    const laid = operandOf(context, literal, operand, true);
    steps.push({ sign: kind, operand: laid, leftEnd });
    leftEnd = endOf(context, laid);
  }
  return { first, steps };
}

function operandOf(context: Context, whole: LogicalLiteral, operand: LogicalOperand, right: boolean): Operand {
  const { body } = operand;
  const explicit = operand.explicit || body.length !== 1;
  const [first] = body;
  const parens = !explicit && first !== undefined && needsParens(first, whole.kind, right);
  return { body, explicit, parens, brace: braceOf(context, whole, first) };
}

/** The last brace before the first literal of an operand. */
function braceOf({ places }: Context, whole: LogicalLiteral, first: Literal | undefined): Spot {
  if (first === undefined) return places.spot(whole);
  const at = places.slice(whole.start, first.start).lastIndexOf("{");
  return at === -1 ? places.spot(whole) : places.spot({ start: whole.start + at, end: whole.end });
}

function endOf({ places }: Context, { body, explicit, brace }: Operand): number {
  const closing = explicit ? closingRow(brace, "{", "}") : 0;
  if (closing > 0) return closing;
  const last = body[body.length - 1];
  return last === undefined ? 0 : places.endRow(last);
}

function needsParens(literal: Literal, parent: "and" | "or", right: boolean): boolean {
  if (literal.with.length > 0) return true;
  if (literal.kind === "or") return parent === "and" || right;
  if (literal.kind === "and") return parent === "and" && right;
  return rendersBrace(literal);
}

/** Whether a literal would be written with a brace first, which an operand's place reads as a body. */
export function rendersBrace(literal: Literal): boolean {
  return literal.kind === "expression" && !literal.negated && termRendersBrace(literal.term);
}

function termRendersBrace(term: Term): boolean {
  switch (term.kind) {
    case "object":
      return true;
    case "set":
      return term.items.length > 0;
    case "comprehension":
      return term.of !== "array";
    case "ref":
      return termRendersBrace(term.head);
    case "call": {
      const [first] = term.args;
      const infix = infixSign(term) !== undefined || term.infix === "in";
      return infix && first !== undefined && termRendersBrace(first);
    }
    default:
      return false;
  }
}
