/** Sets of whole numbers as sorted, disjoint, non-touching inclusive ranges: ports and IP addresses. */
import type { Values } from "./domain.js";
import { Interner } from "./interner.js";

export type Range = readonly [first: bigint, last: bigint];

const interner = new Interner<Ranges>();
let lastId = 0;

function later(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

function earlier(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

export class Ranges implements Values<bigint, Ranges> {
  readonly id: number;
  readonly ranges: readonly Range[];

  private constructor(ranges: readonly Range[]) {
    this.id = ++lastId;
    this.ranges = ranges;
  }

  static of(ranges: readonly Range[]): Ranges {
    const tidy: [bigint, bigint][] = [];
    for (const [first, last] of ranges
      .filter(([a, b]) => a <= b)
      .sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))) {
      const previous = tidy.at(-1);
      if (previous !== undefined && first <= previous[1] + 1n) {
        if (last > previous[1]) previous[1] = last;
      } else tidy.push([first, last]);
    }
    return interner.get(tidy.map(([first, last]) => `${first}-${last}`).join(","), () => new Ranges(tidy));
  }

  static only(...numbers: readonly bigint[]): Ranges {
    return Ranges.of(numbers.map((number): Range => [number, number]));
  }

  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  has(atom: bigint): boolean {
    return this.ranges.some(([first, last]) => first <= atom && atom <= last);
  }

  union(other: Ranges): Ranges {
    return Ranges.of([...this.ranges, ...other.ranges]);
  }

  intersect(other: Ranges): Ranges {
    const out: Range[] = [];
    for (const [a, b] of this.ranges) {
      for (const [c, d] of other.ranges) {
        if (a <= d && c <= b) out.push([later(a, c), earlier(b, d)]);
      }
    }
    return Ranges.of(out);
  }

  minus(other: Ranges): Ranges {
    let rest: Range[] = [...this.ranges];
    for (const [c, d] of other.ranges) {
      rest = rest.flatMap(([a, b]): Range[] => {
        if (d < a || b < c) return [[a, b]];
        const out: Range[] = [];
        if (a < c) out.push([a, c - 1n]);
        if (d < b) out.push([d + 1n, b]);
        return out;
      });
    }
    return Ranges.of(rest);
  }

  witness(preferred: readonly bigint[] = []): bigint | undefined {
    return preferred.find((atom) => this.has(atom)) ?? this.ranges[0]?.[0];
  }
}
