/** A named text whose lines are found on demand: positions are offsets everywhere, only messages need lines. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

export interface Line {
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 units. */
  readonly column: number;
  readonly text: string;
}

/** Finds line and column of an offset; O(offset), for messages only. */
export function lineAt(source: Source, offset: number): Line {
  let line = 1;
  let start = 0;
  for (;;) {
    const next = source.text.indexOf("\n", start);
    if (next === -1 || next >= offset) break;
    line++;
    start = next + 1;
  }
  const end = source.text.indexOf("\n", start);
  const text = source.text.slice(start, end === -1 ? undefined : end).replace(/\r$/, "");
  return { line, column: offset - start + 1, text };
}
