/**
 * A bounded table from a canonical text to the one object that stands for it. Identity is then equality *as long as both
 * objects come from one generation*: when the table is full it starts anew, so callers use identity as a short cut and
 * fall back on an exact comparison. The first entries, which modules make as constants, are never dropped.
 */
export class Interner<T> {
  readonly #most: number;
  readonly #lasting = new Map<string, T>();
  #table = new Map<string, T>();

  constructor(most = 100_000) {
    this.#most = most;
  }

  get(key: string, make: () => T): T {
    const known = this.#lasting.get(key) ?? this.#table.get(key);
    if (known !== undefined) return known;
    const made = make();
    if (this.#lasting.size < LASTING) this.#lasting.set(key, made);
    else {
      if (this.#table.size >= this.#most) this.#table = new Map();
      this.#table.set(key, made);
    }
    return made;
  }
}

const LASTING = 512;

/** A bounded memory of the results of a binary operation, keyed by the ids of its operands. */
export class PairMemo<T> {
  readonly #most: number;
  #size = 0;
  #table = new Map<number, Map<number, T>>();

  constructor(most = 200_000) {
    this.#most = most;
  }

  get(a: number, b: number): T | undefined {
    return this.#table.get(a)?.get(b);
  }

  set(a: number, b: number, value: T): T {
    if (this.#size >= this.#most) {
      this.#table = new Map();
      this.#size = 0;
    }
    let row = this.#table.get(a);
    if (row === undefined) {
      row = new Map();
      this.#table.set(a, row);
    }
    row.set(b, value);
    this.#size++;
    return value;
  }
}
