import type { Code } from "./codes.js";
import { locate, type Span } from "./span.js";

/**
 * One thing that is wrong. The message is lowercase, one line, without a final period, with the user's own words in
 * backticks; the hint says what to write or do instead and never proposes a wider policy.
 */
export interface Problem {
  readonly code: Code;
  readonly message: string;
  readonly span?: Span;
  readonly hint?: string;
}

/** The one error class. `problems` holds everything that was found in one run, in the order of the text. */
export class RingfenceError extends Error {
  readonly code: Code;
  readonly problems: readonly Problem[];

  constructor(problems: Problem | readonly Problem[], options?: { cause?: unknown }) {
    const all = sortProblems(Array.isArray(problems) ? problems : [problems as Problem]);
    const first = all[0] ?? { code: "INTERNAL" as const, message: "an error without a problem" };
    super(first.message, options);
    this.name = "RingfenceError";
    this.code = first.code;
    this.problems = all;
  }
}

/** Sorts by path, then position; problems without a place come last, in their own order. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  return problems
    .map((problem, index) => ({ problem, index }))
    .sort((a, b) => {
      const [left, right] = [a.problem.span, b.problem.span];
      if (left === undefined || right === undefined) {
        if (left === right) return a.index - b.index;
        return left === undefined ? 1 : -1;
      }
      if (left.source.path !== right.source.path) return left.source.path < right.source.path ? -1 : 1;
      return left.start - right.start || a.index - b.index;
    })
    .map(({ problem }) => problem);
}

/** The data of a problem for `--json`: the place as path, line and column. */
export function problemToJson(problem: Problem): Record<string, unknown> {
  return {
    code: problem.code,
    message: problem.message,
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    ...(problem.span === undefined ? {} : { path: problem.span.source.path, ...locate(problem.span) }),
  };
}
