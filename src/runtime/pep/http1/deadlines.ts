/**
 * Deadlines of many connections with one timer. A connection moves its deadline with every request, several times; a
 * timer of its own for each move costs more than the request. They are kept to within the interval.
 */
import type { Limits } from "../limits.js";

export class Deadlines {
  readonly #intervalMs: number;
  readonly #all = new Set<Deadline>();
  #timer: NodeJS.Timeout | undefined;

  /** @param shortestMs the shortest of the times that will be asked for */
  constructor(shortestMs: number) {
    this.#intervalMs = Math.max(10, Math.min(1000, shortestMs / 4));
  }

  /** A deadline that is not set yet; `onLate` is called once whenever it passes. */
  add(onLate: () => void): Deadline {
    const deadline = new Deadline(onLate, () => this.#remove(deadline));
    this.#all.add(deadline);
    this.#timer ??= setInterval(() => this.#sweep(), this.#intervalMs).unref();
    return deadline;
  }

  #remove(deadline: Deadline): void {
    this.#all.delete(deadline);
    if (this.#all.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sweep(): void {
    const now = performance.now();
    for (const deadline of this.#all) deadline.callIfLate(now);
  }
}

export class Deadline {
  /** gives the deadline up */
  readonly remove: () => void;
  readonly #onLate: () => void;
  #at = Number.POSITIVE_INFINITY;

  constructor(onLate: () => void, remove: () => void) {
    this.#onLate = onLate;
    this.remove = remove;
  }

  set(ms: number): void {
    this.#at = performance.now() + ms;
  }

  clear(): void {
    this.#at = Number.POSITIVE_INFINITY;
  }

  /** Whether it has passed, be it called or not. */
  get isLate(): boolean {
    return performance.now() >= this.#at;
  }

  callIfLate(now: number): void {
    if (now < this.#at) return;
    this.clear();
    this.#onLate();
  }
}

/** Deadlines for a proxy with these limits. */
export function deadlinesFor(limits: Limits): Deadlines {
  return new Deadlines(Math.min(limits.headMs, limits.keepAliveMs, limits.answerMs, limits.silenceMs));
}
