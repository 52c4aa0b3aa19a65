/**
 * Where things stood in the source: layout follows the rows that the author chose. A term in parentheses stands on the
 * row of what the parentheses hold. Rows are 0-based here.
 */
import type { Source } from "../syntax/source.js";

export interface Ranged {
  readonly start: number;
  readonly end: number;
  /** What parentheses hold. */
  readonly inner?: { readonly start: number; readonly end: number };
}

/** A row and the text that begins on it, in which closing brackets are looked for. */
export interface Spot {
  readonly row: number;
  readonly text: string;
}

export const NOWHERE = -1;

export class Places {
  private readonly source: Source;
  private readonly lines: number[] = [0];
  private readonly moved = new Map<Ranged, number>();
  /** When set, every node stands on this row. */
  private everywhere: number | undefined;

  constructor(source: Source) {
    this.source = source;
    for (let at = source.text.indexOf("\n"); at !== -1; at = source.text.indexOf("\n", at + 1)) this.lines.push(at + 1);
  }

  rowAt(offset: number): number {
    const { lines } = this;
    let low = 0;
    let high = lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((lines[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  row(node: Ranged): number {
    return this.everywhere ?? this.moved.get(node) ?? this.rowAt((node.inner ?? node).start);
  }

  column(node: Ranged): number {
    return node.start - (this.lines[this.rowAt(node.start)] ?? 0);
  }

  /** Row on which the text of a node ends, counted from where the node stands. */
  endRow(node: Ranged): number {
    return this.row(node) + breaksIn(this.text(node));
  }

  text(node: Ranged): string {
    return this.slice(node.start, node.end);
  }

  slice(start: number, end: number): string {
    return this.source.text.slice(start, end);
  }

  spot(node: Ranged): Spot {
    return { row: this.row(node), text: this.text(node) };
  }

  /** Lays a node on another row than its own. */
  move(node: Ranged, row: number): void {
    this.moved.set(node, row);
  }

  /** Runs `write` with every node on `row`. */
  on(row: number | undefined, write: () => void): void {
    const before = this.everywhere;
    this.everywhere = row ?? before;
    try {
      write();
    } finally {
      this.everywhere = before;
    }
  }
}

export function breaksIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** The row of the bracket that closes the first `open` of a text, or `NOWHERE`; `past` skips one other pair before. */
export function closingRow(spot: Spot, open: string, close: string, past?: readonly [string, string]): number {
  const { text } = spot;
  let at = 0;
  let row = spot.row;
  if (past !== undefined) {
    const skipped = pair(text, 0, past[0], past[1]);
    at = skipped.end;
    row += skipped.breaks;
  }
  const found = pair(text, at, open, close);
  return found.closed ? row + found.breaks : NOWHERE;
}

function pair(
  text: string,
  from: number,
  open: string,
  close: string,
): { end: number; breaks: number; closed: boolean } {
  const start = text.indexOf(open, from);
  if (start === -1) return { end: text.length, breaks: 0, closed: false };
  let depth = 1;
  let breaks = 0;
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at];
    if (char === open) depth++;
    else if (char === close) depth--;
    else if (char === "\n") breaks++;
    if (depth === 0) return { end: at, breaks, closed: true };
  }
  return { end: text.length, breaks, closed: false };
}
