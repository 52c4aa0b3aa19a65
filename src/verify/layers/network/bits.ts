/**
 * Sets of points (pods and outside ranges) as bit sets. All rows of a cluster are computed from these: a selector over
 * ten thousand pods is 1.25 KB, and to intersect two is three hundred word operations, whatever the labels are.
 */
export class Bits {
  readonly words: Uint32Array;

  constructor(words: Uint32Array) {
    this.words = words;
  }

  static none(size: number): Bits {
    return new Bits(new Uint32Array((size + 31) >>> 5));
  }

  static all(size: number): Bits {
    return Bits.range(size, 0, size);
  }

  /** The points `from` to `to`, the latter excluded. */
  static range(size: number, from: number, to: number): Bits {
    const bits = Bits.none(size);
    const { words } = bits;
    for (let at = from; at < to; ) {
      if ((at & 31) === 0 && at + 32 <= to) {
        words[at >>> 5] = 0xffff_ffff;
        at += 32;
      } else {
        words[at >>> 5] = (words[at >>> 5] ?? 0) | (1 << (at & 31));
        at++;
      }
    }
    return bits;
  }

  static of(size: number, points: Iterable<number>): Bits {
    const bits = Bits.none(size);
    for (const point of points) bits.add(point);
    return bits;
  }

  copy(): Bits {
    return new Bits(this.words.slice());
  }

  /** Only for a set that nobody else holds yet. */
  add(point: number): void {
    this.words[point >>> 5] = (this.words[point >>> 5] ?? 0) | (1 << (point & 31));
  }

  /** Only for a set that nobody else holds. */
  remove(point: number): void {
    this.words[point >>> 5] = (this.words[point >>> 5] ?? 0) & ~(1 << (point & 31));
  }

  /** Only for a set that nobody else holds yet. */
  addAll(other: Bits): void {
    const { words } = this;
    for (let i = 0; i < words.length; i++) words[i] = (words[i] ?? 0) | (other.words[i] ?? 0);
  }

  has(point: number): boolean {
    return ((this.words[point >>> 5] ?? 0) & (1 << (point & 31))) !== 0;
  }

  get isEmpty(): boolean {
    const { words } = this;
    for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
    return true;
  }

  count(): number {
    let total = 0;
    for (let word of this.words) {
      word -= (word >>> 1) & 0x5555_5555;
      word = (word & 0x3333_3333) + ((word >>> 2) & 0x3333_3333);
      total += (((word + (word >>> 4)) & 0x0f0f_0f0f) * 0x0101_0101) >>> 24;
    }
    return total;
  }

  and(other: Bits): Bits {
    const words = new Uint32Array(this.words.length);
    for (let i = 0; i < words.length; i++) words[i] = (this.words[i] ?? 0) & (other.words[i] ?? 0);
    return new Bits(words);
  }

  or(other: Bits): Bits {
    const words = new Uint32Array(this.words.length);
    for (let i = 0; i < words.length; i++) words[i] = (this.words[i] ?? 0) | (other.words[i] ?? 0);
    return new Bits(words);
  }

  minus(other: Bits): Bits {
    const words = new Uint32Array(this.words.length);
    for (let i = 0; i < words.length; i++) words[i] = (this.words[i] ?? 0) & ~(other.words[i] ?? 0);
    return new Bits(words);
  }

  meets(other: Bits): boolean {
    const { words } = this;
    for (let i = 0; i < words.length; i++) if (((words[i] ?? 0) & (other.words[i] ?? 0)) !== 0) return true;
    return false;
  }

  equals(other: Bits): boolean {
    const { words } = this;
    for (let i = 0; i < words.length; i++) if (words[i] !== other.words[i]) return false;
    return true;
  }

  *[Symbol.iterator](): Generator<number> {
    const { words } = this;
    for (let i = 0; i < words.length; i++) {
      for (let word = words[i] ?? 0; word !== 0; word &= word - 1) yield (i << 5) + (31 - Math.clz32(word & -word));
    }
  }
}
