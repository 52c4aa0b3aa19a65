/**
 * A connection to a destination: one request at a time, and the answer to it. It is used again only when both were whole
 * and nobody said otherwise; bytes that nobody asked for end it.
 */
import type { Socket } from "node:net";
import type { Fields } from "../header-fields.js";
import type { Limits } from "../limits.js";
import { BodyReader, type Framing } from "./body-reader.js";
import type { Deadline, Deadlines } from "./deadlines.js";
import { EMPTY_LINE, HeadReader } from "./head-reader.js";
import { type AnswerSyntax, Malformed, readAnswerSyntax } from "./syntax.js";

/** A destination with the same limits ends an idle connection later than we do, so that no request meets the end. */
const KEPT_SHARE = 0.75;

/** Who takes an answer. After `onEnd` or `onError` nothing more comes. */
export interface AnswerSink {
  readonly onHead: (answer: AnswerSyntax, framing: Framing["kind"]) => void;
  /** @returns false when no more should come until {@link UpstreamConnection.resumeAnswer} */
  readonly onData: (data: Buffer) => boolean;
  /** Everything that came at once was handed over. */
  readonly onPause: () => void;
  readonly onEnd: (trailers: Fields) => void;
  readonly onError: () => void;
  /** The destination can take more of the request. */
  readonly onDrain: () => void;
}

export type UpstreamLimits = Pick<Limits, "headerBytes" | "answerMs" | "silenceMs" | "keepAliveMs">;

export class UpstreamConnection {
  readonly socket: Socket;
  readonly #limits: UpstreamLimits;
  readonly #deadline: Deadline;
  readonly #heads: HeadReader;
  readonly #onFree: (connection: UpstreamConnection) => void;
  #sink: AnswerSink | undefined;
  #method = "";
  #isSent = true;
  #isUpgrade = false;
  #answer: AnswerSyntax | undefined;
  #reader: BodyReader | undefined;
  /** an incomplete head, or what came behind the last one */
  #pending: Buffer | undefined;
  #keptMs: number;

  /** @param onFree called when the connection can be used for another request */
  constructor(
    socket: Socket,
    limits: UpstreamLimits,
    deadlines: Deadlines,
    onFree: (connection: UpstreamConnection) => void,
  ) {
    this.socket = socket;
    this.#limits = limits;
    this.#heads = new HeadReader(limits.headerBytes);
    this.#keptMs = limits.keepAliveMs * KEPT_SHARE;
    this.#onFree = onFree;
    this.#deadline = deadlines.add(() => this.#fail());
    this.#deadline.set(this.#keptMs);
    socket.on("data", this.#onData);
    socket.on("drain", this.#onDrain);
    socket.on("end", this.#onEnd);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      this.#deadline.remove();
      this.#fail();
    });
  }

  get isUsable(): boolean {
    if (this.#sink !== undefined || this.#deadline.isLate) return false;
    return !this.socket.destroyed && this.socket.writable && !this.socket.readableEnded;
  }

  /**
   * Sends a request's head, and its body with it where it is there already.
   * @param isWhole whether nothing of the body is missing
   */
  send(method: string, bytes: Buffer, isWhole: boolean, sink: AnswerSink, isUpgrade = false): void {
    this.#sink = sink;
    this.#method = method;
    this.#answer = undefined;
    this.#reader = undefined;
    this.#isUpgrade = isUpgrade;
    this.#isSent = isWhole;
    this.#deadline.set(isWhole ? this.#limits.answerMs : this.#limits.silenceMs);
    this.socket.write(bytes);
  }

  /** @returns false when the destination should be waited for */
  write(bytes: Buffer): boolean {
    if (this.#answer === undefined) this.#deadline.set(this.#limits.silenceMs);
    return this.socket.write(bytes);
  }

  /** Everything of the request was written. */
  sent(): void {
    this.#isSent = true;
    if (this.#answer === undefined) this.#deadline.set(this.#limits.answerMs);
  }

  resumeAnswer(): void {
    this.socket.resume();
  }

  /** Ends the connection without a word to the sink. */
  abort(): void {
    this.#sink = undefined;
    this.socket.destroy();
  }

  /** Gives the connection up for something else than HTTP. @returns what came behind the head of the answer */
  takeOver(): Buffer | undefined {
    const early = this.#pending;
    this.#pending = undefined;
    this.#sink = undefined;
    this.#deadline.remove();
    this.socket.pause();
    this.socket.removeListener("data", this.#onData);
    this.socket.removeListener("drain", this.#onDrain);
    this.socket.removeListener("end", this.#onEnd);
    return early;
  }

  readonly #onDrain = (): void => this.#sink?.onDrain();

  readonly #onEnd = (): void => {
    const reader = this.#reader;
    if (this.#sink !== undefined && reader?.endsWithConnection === true) this.#finish(false, []);
    else this.#fail();
  };

  readonly #onData = (bytes: Buffer): void => {
    const sink = this.#sink;
    if (sink === undefined) return void this.socket.destroy();
    const pending = this.#pending;
    this.#pending = undefined;
    try {
      this.#take(pending === undefined ? bytes : Buffer.concat([pending, bytes]), sink);
    } catch {
      // FAIL CLOSED: what is malformed, or cannot be handed on, is no answer.
      this.#fail();
    }
  };

  #take(bytes: Buffer, sink: AnswerSink): void {
    let rest = bytes;
    while (this.#answer === undefined) {
      const end = this.#heads.endIn(rest);
      if (end === undefined) {
        if (rest.length > 0) this.#pending = rest;
        return;
      }
      const answer = readAnswerSyntax(rest.toString("latin1", 0, end));
      rest = rest.subarray(end + EMPTY_LINE.length);
      if (answer.status === 101 && this.#isUpgrade) {
        if (rest.length > 0) this.#pending = rest;
        sink.onHead(answer, "none");
        return;
      }
      if (answer.status === 101) throw new Malformed("it switches protocols unasked");
      // Interim answers say nothing that a client waits for.
      if (answer.status < 200) continue;
      this.#begin(answer, sink);
    }
    const reader = this.#reader;
    if (reader === undefined || this.#sink !== sink) return;
    const taken = reader.read(rest, (data) => {
      if (!sink.onData(data)) this.socket.pause();
    });
    if (reader.isDone) this.#finish(taken === rest.length, reader.trailers);
    else {
      this.#deadline.set(this.#limits.silenceMs);
      sink.onPause();
    }
  }

  #begin(answer: AnswerSyntax, sink: AnswerSink): void {
    const framing = framingOf(answer, this.#method);
    this.#answer = answer;
    this.#reader = new BodyReader(framing, "answer");
    sink.onHead(answer, framing.kind);
  }

  #finish(isClean: boolean, trailers: Fields): void {
    const sink = this.#sink;
    const answer = this.#answer;
    this.#sink = undefined;
    // Whoever answers before it has taken the request may never take it.
    const isTaken = this.#isSent && this.socket.writableLength === 0;
    if (answer === undefined || !isClean || !isTaken || !this.#stays(answer)) this.socket.destroy();
    else {
      this.socket.resume();
      this.#deadline.set(this.#keptMs);
    }
    sink?.onEnd(trailers);
    if (this.isUsable) this.#onFree(this);
  }

  #stays({ minor, fields }: AnswerSyntax): boolean {
    if (minor === 0) return false;
    for (const [name, value] of fields) {
      if (name === "connection" && /(?:^|,)\s*(?:close|upgrade)\s*(?:,|$)/i.test(value)) return false;
      if (name !== "keep-alive") continue;
      const seconds = Number(/(?:^|,)\s*timeout=([0-9]{1,9})/i.exec(value)?.[1] ?? Number.NaN);
      if (!Number.isNaN(seconds)) this.#keptMs = Math.min(this.#keptMs, seconds * 1000 * KEPT_SHARE);
    }
    return this.#keptMs > 0;
  }

  #fail(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#pending = undefined;
    this.socket.destroy();
    sink?.onError();
  }
}

/**
 * How the body of an answer ends (RFC 9112 §6.3).
 * @throws Malformed when it can be read in two ways
 */
function framingOf({ status, minor, fields }: AnswerSyntax, method: string): Framing {
  const lengths = fields.filter(([name]) => name === "content-length").map(([, value]) => value);
  const codings = fields.filter(([name]) => name === "transfer-encoding").map(([, value]) => value.toLowerCase());
  if (lengths.length + codings.length > 1) throw new Malformed("the length of its body is given in two ways");
  const [length] = lengths;
  const [coding] = codings;
  if (length !== undefined && !/^(?:0|[1-9][0-9]{0,14})$/.test(length)) throw new Malformed("the length of its body");
  if (coding !== undefined && (coding !== "chunked" || minor === 0)) throw new Malformed("its transfer coding");
  if (method === "HEAD" || status === 204 || status === 304) return { kind: "none" };
  if (coding !== undefined) return { kind: "chunked" };
  return length === undefined ? { kind: "close" } : { kind: "length", bytes: Number(length) };
}
