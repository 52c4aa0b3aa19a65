/** A small seeded generator of random numbers (xorshift), one for each input, so that any input can be made again. */
export class Random {
  constructor(seed, number) {
    let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(number + 1, 0xc2b2ae35)) >>> 0;
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) >>> 0;
    this.state = state === 0 ? 1 : state;
  }

  /** An integer below `count`. */
  below(count) {
    let { state } = this;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.state = state >>> 0;
    return this.state % count;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** True once in `count` times. */
  once(count) {
    return this.below(count) === 0;
  }
}
