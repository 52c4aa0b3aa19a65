/**
 * Set operations are exact or they do not answer at all. When a result would need more states, terms or nodes than the
 * caps allow, the operation throws `Overflow`, and the layer that asked turns it into *unknown* (never into *denied*).
 * It never leaves src/verify, so it is no RingfenceError.
 */
export class Overflow extends Error {
  constructor(what: string, limit: number) {
    super(`more than ${limit} ${what}`);
    this.name = "Overflow";
  }
}

/** The most states that one automaton may have, before minimisation. */
export const MOST_STATES = 20_000;
/** The most terms of a set of string lists. */
export const MOST_TERMS = 512;
/** The most edges that one operation on request sets may create. */
export const MOST_EDGES = 400_000;

/** Runs `compute`; undefined when it overflowed. Every other error passes. */
export function withinLimits<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof Overflow) return undefined;
    throw error;
  }
}
