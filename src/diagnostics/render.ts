import type { Problem } from "./error.js";
import { formatSpan, lineOf, locate } from "./span.js";

/** Colour functions; the plain one returns its text as it is. */
export interface Palette {
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
}

const same = (text: string): string => text;
export const PLAIN: Palette = { red: same, yellow: same, cyan: same, dim: same, bold: same };

const WIDEST = 160;

/**
 * A problem as people read it: place, message, the source line with a caret under the place, and the hint.
 * Control characters of the source are shown as `·`, so that a hostile file cannot write to the terminal.
 */
export function renderProblem(problem: Problem, palette: Palette = PLAIN, word: "error" | "warning" = "error"): string {
  const tint = word === "error" ? palette.red : palette.yellow;
  const lines: string[] = [];
  const head = `${tint(`${word}:`)} ${clean(problem.message)} ${palette.dim(`[${problem.code}]`)}`;
  if (problem.span === undefined) {
    lines.push(head);
  } else {
    lines.push(`${palette.bold(clean(formatSpan(problem.span)))}: ${head}`);
    lines.push(...snippet(problem.span, palette, tint));
  }
  if (problem.hint !== undefined) lines.push(`  ${palette.cyan("hint:")} ${clean(problem.hint)}`);
  return lines.join("\n");
}

function snippet(span: NonNullable<Problem["span"]>, palette: Palette, tint: (text: string) => string): string[] {
  const { line, column } = locate(span);
  const points = [...lineOf(span)];
  if (points.length === 0) return [];
  const length = Math.max(1, [...(span.source.text.slice(span.start, span.end).split("\n", 1)[0] ?? "")].length);
  // A long line is shown from a little before the place.
  const from = column > WIDEST - 20 ? column - 40 : 0;
  const shown = clean(points.slice(from, from + WIDEST).join("")).replaceAll("\t", " ");
  const gutter = String(line);
  const caret = "^".repeat(Math.min(length, Math.max(1, WIDEST - (column - 1 - from))));
  return [
    `  ${palette.dim(`${gutter} |`)} ${shown}`,
    `  ${palette.dim(`${" ".repeat(gutter.length)} |`)} ${" ".repeat(Math.max(0, column - 1 - from))}${tint(caret)}`,
  ];
}

function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is the place that removes them
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "·");
}
