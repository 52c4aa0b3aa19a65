/** Paths of names below `input` that a policy mentions, numbered, so that an evaluation reads each of them once. */

/** Paths with higher numbers are read anew each time. */
const REMEMBERED = 64;

export class InputPaths {
  private readonly numbers = new Map<string, number>();

  /** How many of them an evaluation remembers. */
  get remembered(): number {
    return Math.min(this.numbers.size, REMEMBERED);
  }

  /** The number of a path, the same for the same names; -1 for one that is not remembered. */
  number(names: readonly string[]): number {
    const key = JSON.stringify(names);
    const number = this.numbers.get(key) ?? this.numbers.size;
    if (number >= REMEMBERED) return -1;
    this.numbers.set(key, number);
    return number;
  }
}
