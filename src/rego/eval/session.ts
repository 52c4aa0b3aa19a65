/**
 * One evaluation: its budgets, clock, randomness, caches and first error. Everything here lives as long as one query, so
 * a policy keeps nothing of its inputs. A spent budget throws a RegoError, which callers must treat as a denial.
 */
import { problemAt, RegoError, type RegoProblem } from "../error.js";
import type { Source } from "../syntax/source.js";
import type { Value } from "../value/index.js";

export interface Limits {
  /** Iterations, rule evaluations and calls. */
  readonly steps: number;
  /** Nested rule evaluations and calls. */
  readonly depth: number;
  /** Elements and characters of results that evaluation builds. */
  readonly output: number;
  /** Wall time in milliseconds. */
  readonly timeMs: number;
}

export const DEFAULT_LIMITS: Limits = { steps: 100_000_000, depth: 1_000, output: 50_000_000, timeMs: 10_000 };

/** Steps between two looks at the clock. */
const CLOCK_EVERY = 8_192;

export interface SessionOptions {
  readonly limits: Limits;
  /** Built-in errors become errors of the query instead of undefined calls. */
  readonly strict: boolean;
  readonly nowNs?: bigint | undefined;
  readonly randomBytes?: ((count: number) => Uint8Array) | undefined;
  readonly print?: ((line: string) => void) | undefined;
  readonly note?: ((text: string) => void) | undefined;
}

/** What remembers something of one query. */
interface Forgetful {
  forget(): void;
}

export class Session {
  readonly strict: boolean;
  /** First built-in error, in strict mode. */
  failure: RegoProblem | undefined;
  depth = 0;
  private readonly options: SessionOptions;
  private stepsLeft: number;
  private outputLeft: number;
  private untilClock = CLOCK_EVERY;
  private deadline = 0;
  private held: Forgetful | undefined;
  private alsoHeld: Forgetful[] | undefined;
  private now: bigint | undefined;
  private values: Map<string, Value> | undefined;

  constructor(options: SessionOptions) {
    this.options = options;
    this.strict = options.strict;
    this.stepsLeft = options.limits.steps;
    this.outputLeft = options.limits.output;
  }

  /** Says where the failure came from, unless that is known. */
  locateFailure({ source, start }: { source: Source; start: number }): void {
    if (this.failure === undefined || this.failure.location !== undefined) return;
    this.failure = problemAt(source, start, this.failure.code, this.failure.message);
  }

  get nowNs(): bigint {
    this.now ??= this.options.nowNs ?? BigInt(Date.now()) * 1_000_000n;
    return this.now;
  }

  /** Results of functions that answer the same within a query. */
  get cache(): Map<string, Value> {
    this.values ??= new Map();
    return this.values;
  }

  /** Remembers something that has to forget when the query is over. */
  holds(owner: Forgetful): void {
    if (this.held === undefined) this.held = owner;
    else {
      this.alsoHeld ??= [];
      this.alsoHeld.push(owner);
    }
  }

  release(): void {
    this.held?.forget();
    if (this.alsoHeld !== undefined) for (const owner of this.alsoHeld) owner.forget();
  }

  get print(): ((line: string) => void) | undefined {
    return this.options.print;
  }

  get note(): ((text: string) => void) | undefined {
    return this.options.note;
  }

  randomBytes(count: number): Uint8Array {
    return this.options.randomBytes?.(count) ?? globalThis.crypto.getRandomValues(new Uint8Array(count));
  }

  /** One step of work. */
  step(): void {
    if (--this.untilClock <= 0) this.settle(CLOCK_EVERY);
  }

  /** Takes `count` steps at once. */
  spend(count: number): void {
    this.untilClock -= count;
    if (this.untilClock <= 0) this.settle(CLOCK_EVERY - this.untilClock);
  }

  private settle(done: number): void {
    this.untilClock = CLOCK_EVERY;
    this.stepsLeft -= done;
    if (this.stepsLeft < 0) throw exhausted("step limit exceeded");
    const now = performance.now();
    if (this.deadline === 0) this.deadline = now + this.options.limits.timeMs;
    else if (now > this.deadline) throw exhausted("time limit exceeded");
  }

  /** Takes elements or characters of a result. */
  grow(size: number): void {
    this.outputLeft -= size;
    if (this.outputLeft < 0) throw exhausted("output limit exceeded");
  }

  enter(): void {
    if (++this.depth > this.options.limits.depth) throw exhausted("depth limit exceeded");
    if (--this.untilClock <= 0) this.settle(CLOCK_EVERY);
  }
}

function exhausted(message: string): RegoError {
  return new RegoError([{ code: "eval_cancel_error", message }]);
}

export function abort(code: RegoProblem["code"], message: string): RegoError {
  return new RegoError([{ code, message }]);
}
