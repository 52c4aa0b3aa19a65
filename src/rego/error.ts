/**
 * The one error type of the engine. It carries OPA's codes, so that a program that knows OPA's errors knows ours, and a
 * list: the front end collects what it finds and throws once. Evaluation errors carry one problem. Whoever asks for a
 * decision must treat any RegoError as a denial.
 */
import { lineAt, type Source } from "./syntax/source.js";

export type RegoCode =
  | "rego_parse_error"
  | "rego_compile_error"
  | "rego_unsafe_var_error"
  | "rego_type_error"
  | "rego_recursion_error"
  | "eval_builtin_error"
  | "eval_type_error"
  | "eval_conflict_error"
  | "eval_with_merge_error"
  | "eval_cancel_error"
  | "eval_internal_error";

/** Where in a source a problem lies; line and column are 1-based, columns count UTF-16 units. */
export interface RegoLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The whole source line, without its line break. */
  readonly text: string;
}

export interface RegoProblem {
  readonly code: RegoCode;
  readonly message: string;
  readonly location?: RegoLocation;
  /** What to write instead, or what to do next. */
  readonly hint?: string;
}

/** Problems of one parse, compilation or evaluation, ordered by file and position. */
export class RegoError extends Error {
  /** The code of the first problem. */
  readonly code: RegoCode;
  readonly problems: readonly RegoProblem[];

  constructor(problems: readonly RegoProblem[]) {
    super(problems.map(renderProblem).join("\n"));
    this.name = "RegoError";
    this.code = problems[0]?.code ?? "eval_internal_error";
    this.problems = problems;
  }
}

/** Builds a problem at offset `start` of a source. */
export function problemAt(
  source: Source | undefined,
  start: number,
  code: RegoCode,
  message: string,
  hint?: string,
): RegoProblem {
  return {
    code,
    message,
    ...(source === undefined ? {} : { location: locate(source, start) }),
    ...(hint === undefined ? {} : { hint }),
  };
}

export function locate(source: Source, offset: number): RegoLocation {
  const { line, column, text } = lineAt(source, offset);
  return { file: source.file, line, column, text };
}

/** `file:line:col: code: message`, the source line with a caret under it, and the hint. */
export function renderProblem(problem: RegoProblem): string {
  const { location, code, message, hint } = problem;
  const lines: string[] = [];
  if (location === undefined) lines.push(`${code}: ${message}`);
  else {
    lines.push(`${location.file}:${location.line}:${location.column}: ${code}: ${message}`);
    if (location.text.length <= 500) {
      lines.push(`  ${location.text}`);
      lines.push(`  ${location.text.slice(0, location.column - 1).replace(/[^\t]/g, " ")}^`);
    }
  }
  if (hint !== undefined) lines.push(`  hint: ${hint}`);
  return lines.join("\n");
}

export function sortProblems(problems: readonly RegoProblem[]): RegoProblem[] {
  const seen = new Set<string>();
  const unique = problems.filter((problem) => {
    const key = `${problem.location?.file}:${problem.location?.line}:${problem.location?.column}:${problem.code}:${problem.message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return unique.sort((a, b) => {
    const fileA = a.location?.file ?? "";
    const fileB = b.location?.file ?? "";
    if (fileA !== fileB) return fileA < fileB ? -1 : 1;
    return (a.location?.line ?? 0) - (b.location?.line ?? 0) || (a.location?.column ?? 0) - (b.location?.column ?? 0);
  });
}
