/**
 * Where a body ends (RFC 9112 §6, §7), read strictly. Chunk extensions of requests are refused: nobody needs them, and
 * parsers differ about where they end.
 */
import type { Fields } from "../header-fields.js";
import { Malformed, readFields } from "./syntax.js";

export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  /** until the connection ends; answers only */
  | { readonly kind: "close" };

const MAX_LINE = 256;
const MAX_TRAILER_BYTES = 8 * 1024;
/** What comes too late behind a body: some parser may still believe it. */
const FRAMING = new Set(["content-length", "transfer-encoding", "host"]);
const REQUEST_CHUNK = /^([0-9A-Fa-f]{1,8})$/;
const ANSWER_CHUNK = /^([0-9A-Fa-f]{1,8})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;

export class BodyReader {
  /** fields behind a chunked body */
  trailers: Fields = [];
  readonly #framing: Framing;
  readonly #chunkLine: RegExp;
  #state: "size" | "data" | "data-end" | "trailers" | "done";
  /** bytes until the end of the body, or of the chunk */
  #left: number;
  /** a line, or the trailers, as far as they came */
  #text = "";

  constructor(framing: Framing, of: "request" | "answer") {
    this.#framing = framing;
    this.#chunkLine = of === "request" ? REQUEST_CHUNK : ANSWER_CHUNK;
    this.#left = framing.kind === "length" ? framing.bytes : framing.kind === "close" ? Number.POSITIVE_INFINITY : 0;
    if (framing.kind === "chunked") this.#state = "size";
    else this.#state = this.#left > 0 ? "data" : "done";
  }

  get isDone(): boolean {
    return this.#state === "done";
  }

  /** Whether the end of the connection is the end of the body. */
  get endsWithConnection(): boolean {
    return this.#framing.kind === "close";
  }

  /**
   * Takes what belongs to the body from the front of some bytes, and hands its data on.
   * @returns how many of them it took
   * @throws Malformed
   */
  read(bytes: Buffer, onData: (data: Buffer) => void): number {
    let at = 0;
    while (at < bytes.length && this.#state !== "done") {
      if (this.#state === "data") {
        const data = at === 0 && bytes.length <= this.#left ? bytes : bytes.subarray(at, at + this.#left);
        at += data.length;
        this.#left -= data.length;
        if (this.#left === 0) this.#state = this.#framing.kind === "chunked" ? "data-end" : "done";
        onData(data);
      } else at = this.#readLine(bytes, at);
    }
    return at;
  }

  /** Reads up to the end of a line, or as far as there are bytes. */
  #readLine(bytes: Buffer, from: number): number {
    const feed = bytes.indexOf(0x0a, from);
    const end = feed === -1 ? bytes.length : feed + 1;
    this.#text += bytes.toString("latin1", from, end);
    if (this.#text.length > (this.#state === "trailers" ? MAX_TRAILER_BYTES : MAX_LINE)) {
      throw new Malformed("the framing of the body is too long");
    }
    if (feed === -1) return end;
    if (this.#state === "trailers") this.#readTrailers();
    else {
      if (!this.#text.endsWith("\r\n")) throw new Malformed("a line of the body's framing");
      const line = this.#text.slice(0, -2);
      this.#text = "";
      if (this.#state === "size") this.#readSize(line);
      else if (line !== "") throw new Malformed("a chunk is longer than it says");
      else this.#state = "size";
    }
    return end;
  }

  #readSize(line: string): void {
    const size = this.#chunkLine.exec(line)?.[1];
    if (size === undefined) throw new Malformed("the size of a chunk");
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? "trailers" : "data";
  }

  #readTrailers(): void {
    if (this.#text === "\r\n") this.#state = "done";
    else if (this.#text.endsWith("\r\n\r\n")) {
      this.trailers = readFields(this.#text.slice(0, -4).split("\r\n"), 0);
      if (this.trailers.some(([name]) => FRAMING.has(name))) throw new Malformed("a trailer that frames the body");
      this.#state = "done";
    } else if (!this.#text.endsWith("\r\n")) throw new Malformed("a line of the trailers");
  }
}
