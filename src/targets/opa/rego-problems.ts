import type { Code, Problem, Source } from "../../diagnostics/index.js";
import { RegoError } from "../../rego/index.js";

/** What the Rego engine found, as problems of the files that the user wrote. @throws what is no RegoError */
export function regoProblems(error: unknown, sources: readonly Source[], as: Code = "POLICY_MODULE"): Problem[] {
  if (!(error instanceof RegoError)) throw error;
  return error.problems.map(({ code, message, location, hint }) => {
    const source = sources.find(({ path }) => path === location?.file);
    const span =
      source === undefined || location === undefined ? undefined : spanAt(source, location.line, location.column);
    return {
      code: as,
      message: `${code}: ${message}`,
      ...(hint === undefined ? {} : { hint }),
      ...(span === undefined ? {} : { span }),
    };
  });
}

/** @param line and column, 1-based, columns in UTF-16 units */
function spanAt(source: Source, line: number, column: number): { source: Source; start: number; end: number } {
  let start = 0;
  for (let i = 1; i < line; i++) start = source.text.indexOf("\n", start) + 1;
  start += column - 1;
  return { source, start, end: start + 1 };
}
