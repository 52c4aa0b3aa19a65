/**
 * The page that the formatter writes on: lines with indentation, and the comments that wait for their place. Comments
 * are not part of the syntax tree; each is written when the page reaches the row on which it stood. One that stood at
 * the end of a row is held until that line ends. Where a second one wants the same line end, or a comment stands inside
 * of what is written on one line, the page throws `CrowdedComment`, and the enclosing term is kept as it was written.
 */
import type { Comment } from "../syntax/ast.js";
import type { Places } from "./places.js";

export class CrowdedComment extends Error {
  /** What the thrower had to write stands on the page completely, as in the source. */
  whole = false;
}

export interface Mark {
  readonly length: number;
  readonly level: number;
  readonly next: number;
}

const INDENT = "\t";

export class Layout {
  /** Something stands on the current line. */
  inline = false;
  /** The comment that belongs at the end of the current line. */
  held: Comment | undefined;
  /** A comment on the last row of what is kept as written is written with it. */
  keepFinalComment = false;
  private readonly places: Places;
  private readonly out: string[] = [];
  private level = 0;
  private delayed = false;
  private comments: readonly Comment[];
  private next = 0;

  constructor(places: Places, comments: readonly Comment[]) {
    this.places = places;
    this.comments = comments;
  }

  text(): string {
    return `${this.out.join("").replace(/\n+$/, "")}\n`;
  }

  write(text: string): void {
    this.out.push(text);
  }

  startLine(): void {
    this.inline = true;
    if (this.level > 0) this.out.push(INDENT.repeat(this.level));
  }

  endLine(): void {
    this.inline = false;
    if (this.held !== undefined && !this.delayed) {
      this.out.push(` ${commentText(this.held)}`);
      this.held = undefined;
    }
    this.delayed = false;
    this.out.push("\n");
  }

  blankLine(): void {
    if (this.inline) this.endLine();
    this.out.push("\n");
  }

  /** One more step of indentation than the line begins with. */
  indent(): void {
    this.out.push(INDENT);
  }

  up(): void {
    this.level++;
  }

  down(): void {
    this.level = Math.max(0, this.level - 1);
  }

  /** Opens a list with an element a line; the comment beside its bracket goes to the first element. */
  openLines(): void {
    this.delayed = true;
    this.endLine();
    this.up();
    this.startLine();
  }

  mark(): Mark {
    return { length: this.out.length, level: this.level, next: this.next };
  }

  reset(mark: Mark): void {
    this.out.length = mark.length;
    this.level = mark.level;
    this.next = mark.next;
    this.inline = true;
  }

  /** Rows of the comments that are not yet written. */
  *waiting(): Generator<number> {
    for (let index = this.next; index < this.comments.length; index++) yield this.rowAt(index);
  }

  nextRow(): number | undefined {
    return this.next < this.comments.length ? this.rowAt(this.next) : undefined;
  }

  /** Writes the comments above `row` and holds the one on it for the end of the line. */
  commentsTo(row: number): void {
    const before = this.takeAbove(row);
    this.writeComments(before);
    const last = before[before.length - 1];
    if (last !== undefined && row - this.rowOf(last) > 1) this.blankLine();
    if (this.nextRow() !== row) return;
    if (this.held !== undefined) throw new CrowdedComment();
    this.held = this.comments[this.next++];
  }

  /** The comments above `row`, which wait no longer. */
  takeAbove(row: number): readonly Comment[] {
    const from = this.next;
    while (this.next < this.comments.length && this.rowAt(this.next) < row) this.next++;
    return this.comments.slice(from, this.next);
  }

  /** Takes the comments that stand on these rows, wherever they are in the queue. */
  takeOn(rows: ReadonlySet<number>): ReadonlyMap<number, Comment> {
    const taken = new Map<number, Comment>();
    const left: Comment[] = [];
    for (const comment of this.comments.slice(this.next)) {
      const row = this.rowOf(comment);
      if (rows.has(row)) taken.set(row, comment);
      else left.push(comment);
    }
    this.comments = left;
    this.next = 0;
    return taken;
  }

  writeComments(comments: readonly Comment[]): void {
    if (comments.length > 0) this.releaseHeld();
    let metadata = false;
    comments.forEach((comment, index) => {
      const previous = comments[index - 1];
      const opens = comment.text.trimStart().startsWith("METADATA") && this.places.column(comment) === 0;
      if (previous !== undefined) {
        const gap = this.rowOf(comment) - this.rowOf(previous);
        if (gap > 1) metadata = false;
        if (gap > 1 || (gap === 1 && metadata && opens)) this.blankLine();
      }
      metadata ||= opens;
      this.writeLine(commentText(comment));
    });
  }

  writeRest(): void {
    if (this.next >= this.comments.length) return;
    for (; this.next < this.comments.length; this.next++)
      this.writeLine(commentText(this.comments[this.next] as Comment));
    this.out.push("\n");
  }

  /** Writes a node as in the source; the comments inside it are thereby written. */
  asWritten(start: number, end: number): void {
    const { places } = this;
    const firstRow = places.rowAt(start);
    const lastRow = places.rowAt(end);
    if (this.held !== undefined) {
      const row = this.rowOf(this.held);
      if (row >= firstRow && row <= lastRow) this.held = undefined;
    }
    this.writeComments(this.takeAbove(firstRow));
    this.out.push(places.slice(start, end));
    while (this.next < this.comments.length && this.rowAt(this.next) < lastRow) this.next++;
    if (this.keepFinalComment && this.nextRow() === lastRow) {
      const comment = this.comments[this.next++] as Comment;
      this.out.push(` #${comment.text}`);
    }
  }

  /** A comment that waits for the end of a line comes before those that take the line. */
  private releaseHeld(): void {
    const { held } = this;
    this.held = undefined;
    if (held !== undefined) this.writeLine(commentText(held));
  }

  private rowAt(index: number): number {
    return this.rowOf(this.comments[index] as Comment);
  }

  /** Comments stand where they stood, whatever rows terms are laid on. */
  private rowOf(comment: Comment): number {
    return this.places.rowAt(comment.start);
  }

  private writeLine(text: string): void {
    if (!this.inline) this.startLine();
    this.write(text);
    this.endLine();
  }
}

export function commentText(comment: Comment): string {
  return `#${comment.text.trimEnd()}`;
}
