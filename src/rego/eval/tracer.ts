/** What instrumented code tells: which literals and rules were tried, and how that went. */
import type { NormalLiteral, NormalRule } from "../compile/normal-form.js";
import type { Frame } from "./frame.js";

export interface Tracer {
  /** A literal is tried. */
  enter(literal: NormalLiteral, frame: Frame): void;
  /** A literal succeeded, possibly one of several times; the rest of the body follows. */
  exit(literal: NormalLiteral, frame: Frame): void;
  /** All attempts of a literal are over. `succeeded` when it had at least one success. */
  leave(literal: NormalLiteral, frame: Frame, succeeded: boolean): void;
  /** A rule's body came to its end. */
  rule(rule: NormalRule, frame: Frame): void;
}
