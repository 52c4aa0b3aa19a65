/** What writers of terms, literals and rules share. */
import type { Body, Literal, Term } from "../syntax/ast.js";
import { CrowdedComment, type Layout } from "./layout.js";
import type { Places } from "./places.js";
import type { Style } from "./style.js";

export interface Context {
  readonly page: Layout;
  readonly places: Places;
  readonly style: Style;
  /** What the next writer of it has to put into parentheses. */
  parenthesized: Term | Literal | undefined;
  /** Writes a literal where the page stands. */
  literal(literal: Literal): void;
  /** Writes literals, each on a line of its own. */
  lines(body: Body): void;
}

/** Runs a writer after which something is still to come: what it keeps as written is not the whole. */
export function before(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (error instanceof CrowdedComment) error.whole = false;
    throw error;
  }
}

/** Runs a writer; comments that were too many are dealt with by the time it returns. */
export function tolerant(write: () => void): CrowdedComment | undefined {
  try {
    write();
    return undefined;
  } catch (error) {
    if (error instanceof CrowdedComment) return error;
    throw error;
  }
}
