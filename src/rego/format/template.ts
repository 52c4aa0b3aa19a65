/** Template strings. A scalar in braces becomes part of the text around it, unless a comment stands beside it. */
import type { TemplateExpression, TemplateTerm } from "../syntax/ast.js";
import type { Context } from "./context.js";
import { quote, scalarText } from "./plain.js";

export function writeTemplate(context: Context, term: TemplateTerm): void {
  const { page } = context;
  const mark = term.raw ? "`" : '"';
  page.write(`$${mark}`);
  for (const part of term.parts) {
    if (typeof part === "string") page.write(textPart(part, term.raw));
    else writeExpression(context, term, part);
  }
  page.write(mark);
}

function textPart(text: string, raw: boolean): string {
  const escaped = raw ? text : quote(text).slice(1, -1);
  return escaped.replace(/\{/g, "\\{");
}

function writeExpression(context: Context, whole: TemplateTerm, part: TemplateExpression): void {
  const { page, places } = context;
  const opening = places.slice(whole.start, part.start);
  const commented = /#[^\n]*\n\s*$/.test(opening.slice(opening.lastIndexOf("{")));
  const { term } = part;
  if (part.with.length === 0 && !commented && term.kind !== "var") {
    const scalar = term.kind === "string" ? textPart(term.value, whole.raw) : scalarText(term);
    if (scalar !== undefined) {
      page.write(scalar);
      return;
    }
  }
  page.write("{");
  page.up();
  if (page.held !== undefined) {
    page.endLine();
    page.startLine();
  } else {
    const above = page.takeAbove(places.row(part));
    if (above.length > 0) {
      page.write(" ");
      page.inline = true;
      page.writeComments(above);
    }
  }
  context.literal({ kind: "expression", negated: false, ...part });
  const closing = places.rowAt(closingBrace(places.slice(part.end, whole.end)) + part.end);
  const below = page.takeAbove(closing);
  if (below.length > 0) {
    page.endLine();
    page.writeComments(below);
    page.startLine();
  }
  page.write("}");
  page.down();
}

/** Offset of the brace that ends an expression, past blanks and comments. */
function closingBrace(text: string): number {
  return /^(?:\s|#[^\n]*\n)*/.exec(text)?.[0].length ?? 0;
}
