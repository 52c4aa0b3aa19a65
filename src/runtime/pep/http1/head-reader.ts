/** Finds the ends of heads in bytes that come in pieces, and tells early of what can never become one. */
import { Malformed, mayBecomeHead } from "./syntax.js";

export const EMPTY_LINE = "\r\n\r\n";

export class HeadReader {
  readonly #maxBytes: number;
  /** how far an incomplete head was looked at */
  #looked = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether some of a head has come, but not all. */
  get isBegun(): boolean {
    return this.#looked > 0;
  }

  /**
   * Where the empty line behind a head begins. When it has not come yet, the next bytes must begin with these.
   * @throws Malformed
   */
  endIn(bytes: Buffer): number | undefined {
    const end = bytes.indexOf(EMPTY_LINE, Math.max(0, this.#looked - 3), "latin1");
    if ((end === -1 ? bytes.length : end) > this.#maxBytes) throw new Malformed("the head is too large");
    if (end !== -1) {
      this.#looked = 0;
      return end;
    }
    if (!mayBecomeHead(bytes, this.#looked)) throw new Malformed("the head");
    this.#looked = bytes.length;
    return undefined;
  }
}
