/**
 * Elements between brackets. Those that stood on one row stay together; as soon as there are two rows, every row gets a
 * line of its own and the last one a comma.
 */
import type { Context } from "./context.js";
import { CrowdedComment } from "./layout.js";
import { NOWHERE, type Ranged, type Spot } from "./places.js";

export interface Element {
  /** What tells the row of the element. */
  readonly node: Ranged;
  write(): void;
}

/** @param closing row of the closing bracket, or `NOWHERE` when its text is not at hand */
export function writeSequence(context: Context, elements: readonly Element[], open: Spot, closing: number): void {
  const { page, places } = context;
  const lines = groupByRow(context, elements, ({ node }) => node, open.row);
  if (lines.length === 1) rejectInnerComment(context, open.row, closing);
  const first = elements[0];
  const cut = first === undefined ? -1 : open.text.indexOf(places.text(first.node));
  const broken = lines.length === 1 && cut > 0 && open.text.slice(0, cut).indexOf("\n") > 0;
  const multiline = lines.length > 1 || broken;
  if (multiline) page.openLines();
  lines.forEach((line, index) => {
    line.forEach((element, position) => {
      if (position > 0) page.write(", ");
      element.write();
    });
    if (index === lines.length - 1) return;
    page.write(",");
    page.endLine();
    page.startLine();
  });
  if (!multiline) return;
  page.write(",");
  page.endLine();
  page.commentsTo(closing);
  page.down();
  page.startLine();
}

/** One line would swallow a comment that stands between its brackets. */
function rejectInnerComment({ page }: Context, opening: number, closing: number): void {
  if (closing === NOWHERE) return;
  for (const row of page.waiting()) if (row > opening && row < closing) throw new CrowdedComment();
}

/** Splits into runs that stand on one row; `row` is where the run before the first began. */
export function groupByRow<T>(
  { places }: Context,
  items: readonly T[],
  nodeOf: (item: T) => Ranged,
  row: number,
): readonly (readonly T[])[] {
  const lines: T[][] = [[]];
  let last = row;
  items.forEach((item, index) => {
    const at = places.row(nodeOf(item));
    if (at > last && index > 0) lines.push([]);
    lines[lines.length - 1]?.push(item);
    last = at;
  });
  return lines;
}
