/**
 * Terms. `writeTerm` falls back to the source where a comment stands in a place that the layout has no room for;
 * `layTerm` does not, and leaves that to what encloses it.
 */
import type { CallTerm, ComprehensionTerm, ObjectTerm, RefTerm, StringTerm, Term } from "../syntax/ast.js";
import { before, type Context, tolerant } from "./context.js";
import { CrowdedComment } from "./layout.js";
import { closingRow, NOWHERE, type Spot } from "./places.js";
import { infixSign, isName, isUnion, membership, quote, scalarText, stringText } from "./plain.js";
import { type Element, groupByRow, writeSequence } from "./sequence.js";
import { writeTemplate } from "./template.js";

/** @throws CrowdedComment with the term written as in the source */
export function writeTerm(context: Context, term: Term): void {
  const { page } = context;
  const mark = page.mark();
  try {
    layTerm(context, term, false);
  } catch (error) {
    if (!(error instanceof CrowdedComment)) throw error;
    page.reset(mark);
    page.asWritten(term.start, term.end);
    error.whole = true;
    throw error;
  }
}

/** @param parens put an infix call into parentheses */
export function layTerm(context: Context, term: Term, parens: boolean): void {
  before(() => {
    const { page, places } = context;
    const marked = context.parenthesized === term;
    if (marked) context.parenthesized = undefined;
    page.commentsTo(places.row(term));
    if (!page.inline) page.startLine();
    layValue(context, term, parens || marked);
    if (!page.inline) page.startLine();
  });
}

function layValue(context: Context, term: Term, parens: boolean): void {
  const { page, places } = context;
  switch (term.kind) {
    case "ref":
      writeRef(context, term);
      return;
    case "array": {
      const spot = places.spot(term);
      between(context, "[", "]", () => list(context, term.items, spot, closingRow(spot, "[", "]"), true));
      return;
    }
    case "set":
      layUnordered(context, term);
      return;
    case "object":
      layObject(context, term);
      return;
    case "comprehension":
      layComprehension(context, term);
      return;
    case "call":
      layCall(context, term, parens);
      return;
    case "template":
      writeTemplate(context, term);
      return;
    case "string":
      page.write(stringText(term, places.text(term.inner ?? term)));
      return;
    default:
      page.write(scalarText(term) ?? "");
  }
}

function between(context: Context, open: string, close: string, write: () => void): void {
  context.page.write(open);
  write();
  context.page.write(close);
}

function layUnordered(context: Context, term: Term & { kind: "set" }): void {
  const { page, places } = context;
  const spot = places.spot(term);
  if (term.items.length === 0) {
    page.write("set()");
    page.commentsTo(closingRow(spot, "(", ")"));
    return;
  }
  between(context, "{", "}", () => list(context, term.items, spot, closingRow(spot, "{", "}"), true));
}

function layObject(context: Context, term: ObjectTerm): void {
  const { page, places } = context;
  const spot = places.spot(term);
  const elements = term.entries.map(
    ([key, value]): Element => ({
      node: key,
      write: () => {
        before(() => unionInParens(context, key));
        page.write(": ");
        unionInParens(context, value);
      },
    }),
  );
  between(context, "{", "}", () => writeSequence(context, elements, spot, closingRow(spot, "{", "}")));
}

function unionInParens(context: Context, term: Term): void {
  if (!isUnion(term)) writeTerm(context, term);
  else between(context, "(", ")", () => writeTerm(context, term));
}

function list(context: Context, items: readonly Term[], open: Spot, closing: number, unions: boolean): void {
  const elements = items.map(
    (node): Element => ({
      node,
      write: () => {
        if (isUnion(node) && (unions || inParens(node))) between(context, "(", ")", () => writeTerm(context, node));
        else writeTerm(context, node);
      },
    }),
  );
  writeSequence(context, elements, open, closing);
}

function inParens(term: Term): boolean {
  return term.inner !== undefined;
}

/** Arguments between parentheses. */
export function writeArguments(context: Context, args: readonly Term[], open: Spot, closing: number): void {
  between(context, "(", ")", () => list(context, args, open, closing, false));
}

export function writeRef(context: Context, ref: RefTerm): void {
  const { head } = ref;
  layTerm(context, head, head.kind === "call" && inParens(head));
  for (const part of ref.path) writePart(context, part);
}

export function writePart(context: Context, part: Term): void {
  const { page, places } = context;
  if (part.kind === "string" && part.inner === undefined) {
    writeStringPart(context, part, places.text(part));
    return;
  }
  page.write("[");
  if (part.kind === "var") page.write(part.name);
  else if (part.kind === "string") page.write(quote(part.value));
  else if (tolerant(() => writeTerm(context, part)) !== undefined) page.write("\n");
  page.write("]");
}

/** `.name`, or `["name"]` where the name needs quotes or was a keyword in quotes. */
export function writeStringPart({ page, style }: Context, part: Pick<StringTerm, "value">, written: string): void {
  const quoted = /^["`]/.test(written);
  const bracketed = !isName(part.value) || (style.keywords.has(part.value) && quoted);
  page.write(bracketed ? `[${quote(part.value)}]` : `.${part.value}`);
}

function layCall(context: Context, call: CallTerm, parens: boolean): void {
  if (membership(call) !== undefined) {
    const several = membership(call) === 3;
    if (several) between(context, "(", ")", () => writeMembership(context, call.args));
    else if (parens && inParens(call)) between(context, "(", ")", () => writeMembership(context, call.args));
    else writeMembership(context, call.args);
    return;
  }
  const sign = infixSign(call);
  const [left, right] = call.args;
  if (sign === undefined || left === undefined || right === undefined || call.args.length !== 2) {
    writeCall(context, call);
    return;
  }
  const write = (): void => {
    layTerm(context, left, true);
    context.page.write(` ${sign} `);
    layTerm(context, right, true);
  };
  if (parens) between(context, "(", ")", write);
  else write();
}

/** `name(arguments)`; where the arguments end is not asked, so that comments between them may go to the next line. */
export function writeCall(context: Context, call: CallTerm): void {
  const { operator } = call;
  const spot = context.places.spot(operator);
  if (operator.kind === "ref") writeRef(context, operator);
  else layTerm(context, operator, false);
  writeArguments(context, call.args, spot, NOWHERE);
}

/** `x in xs` and `k, v in xs`. */
export function writeMembership(context: Context, operands: readonly Term[]): void {
  const { page } = context;
  operands.forEach((operand, index) => {
    if (index > 0) page.write(index === operands.length - 1 ? " in " : ", ");
    const chained = index === 0 && operand.kind === "call" && membership(operand) === 2;
    layTerm(context, operand, !chained);
  });
}

function layComprehension(context: Context, term: ComprehensionTerm): void {
  const { page, places } = context;
  const [open, close] = term.of === "array" ? ["[", "]"] : ["{", "}"];
  page.write(open);
  if (term.key !== undefined) {
    const { key } = term;
    places.move(term.value, places.row(term));
    unionInParens(context, key);
    page.write(": ");
  }
  if (places.row(term.value) > places.row(term)) {
    page.endLine();
    page.startLine();
  }
  layTerm(context, term.value, term.value.kind === "call" && (isUnion(term.value) || inParens(term.value)));
  page.write(" |");
  writeBlock(context, term.body, places.row(term.value), closingRow(places.spot(term), open, close));
  page.write(close);
}

/** Literals up to a closing bracket: on this line, or on lines of their own when they were not on the row `open`. */
export function writeBlock(context: Context, body: ComprehensionTerm["body"], open: number, closing: number): void {
  const { page, places } = context;
  const first = body[0];
  if (first === undefined) return;
  const lines = groupByRow(context, body, (literal) => literal, open);
  if (places.row(first) <= open && lines.length === 1) {
    page.write(" ");
    body.forEach((literal, index) => {
      if (index > 0) page.write("; ");
      context.literal(literal);
    });
    page.commentsTo(closing);
    return;
  }
  page.endLine();
  page.up();
  try {
    context.lines(body);
    page.commentsTo(closing);
  } finally {
    page.down();
    page.startLine();
  }
}
