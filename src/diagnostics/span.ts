/** A text that was read, and what to call it in a message. */
export interface Source {
  /** as the user named it; `-` is standard input */
  readonly path: string;
  readonly text: string;
}

/** A stretch of a source: offsets in UTF-16 units, `end` exclusive. Only `locate` turns them into lines and columns. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** 1-based line and column (the column counts code points). */
export interface Location {
  readonly line: number;
  readonly column: number;
}

const lineStarts = new WeakMap<Source, readonly number[]>();

function startsOf(source: Source): readonly number[] {
  let starts = lineStarts.get(source);
  if (starts === undefined) {
    const found = [0];
    for (let at = source.text.indexOf("\n"); at !== -1; at = source.text.indexOf("\n", at + 1)) found.push(at + 1);
    starts = found;
    lineStarts.set(source, starts);
  }
  return starts;
}

/** The line and column at which a span begins. */
export function locate(span: Span): Location {
  const starts = startsOf(span.source);
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= span.start) low = middle;
    else high = middle - 1;
  }
  const lineStart = starts[low] ?? 0;
  return { line: low + 1, column: [...span.source.text.slice(lineStart, span.start)].length + 1 };
}

/** `path:line:col`, the form that every message and every piece of evidence uses. */
export function formatSpan(span: Span): string {
  const { line, column } = locate(span);
  return `${span.source.path === "-" ? "<stdin>" : span.source.path}:${line}:${column}`;
}

/** The text of the line on which a span begins, without its line break. */
export function lineOf(span: Span): string {
  const starts = startsOf(span.source);
  const { line } = locate(span);
  const from = starts[line - 1] ?? 0;
  const end = span.source.text.indexOf("\n", from);
  return span.source.text.slice(from, end === -1 ? undefined : end).replace(/\r$/, "");
}
