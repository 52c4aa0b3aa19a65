/**
 * A connection on which a client sends requests: one at a time, in order. The next request is looked at when the answer
 * to the one before is complete; what is written ahead waits, within bounds. Whoever closes its half of the connection
 * is gone (RFC 9112 §9.6 lets a server take it so), and everything that went on for it ends.
 */
import type { Socket } from "node:net";
import type { Limits } from "../limits.js";
import { ClientExchange } from "./client-exchange.js";
import type { Deadline, Deadlines } from "./deadlines.js";
import { EMPTY_LINE, HeadReader } from "./head-reader.js";
import { Malformed, readRequestSyntax } from "./syntax.js";

/** Requests that wait on one connection. */
const MAX_WAITING = 16;
/** Bytes that are kept before a connection is not read any further. */
const MAX_PENDING = 64 * 1024;
/** How much is read and thrown away behind a last answer, so that it arrives before the connection's end. */
const DISCARD_BYTES = 256 * 1024;
const LINGER_MS = 2000;
const REFUSAL = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

export interface ClientHandlers {
  readonly onRequest: (exchange: ClientExchange) => void;
  /** The bytes are no request. They were answered with 400. */
  readonly onMalformed: (reason: string) => void;
  /** Too many requests wait; the connection has ended. */
  readonly onCrowd: () => void;
  readonly onClose: () => void;
}

export type ClientLimits = Pick<Limits, "headerBytes" | "headMs" | "silenceMs" | "answerMs" | "keepAliveMs">;

export class ClientConnection {
  readonly socket: Socket;
  readonly #limits: ClientLimits;
  readonly #handlers: ClientHandlers;
  readonly #deadline: Deadline;
  readonly #heads: HeadReader;
  #pending: Buffer | undefined;
  #current: ClientExchange | undefined;
  /** whether what comes next was written before the last answer was complete */
  #isEarly = false;
  #state: "open" | "last" | "ending" = "open";
  /** whether the client has yet to take the last answer before it is asked for more */
  #isBehind = false;
  #discarded = 0;

  constructor(socket: Socket, limits: ClientLimits, deadlines: Deadlines, handlers: ClientHandlers) {
    this.socket = socket;
    this.#limits = limits;
    this.#handlers = handlers;
    this.#heads = new HeadReader(limits.headerBytes);
    this.#deadline = deadlines.add(() => this.#onLate());
    this.#deadline.set(limits.headMs);
    socket.on("data", this.#onData);
    socket.on("drain", this.#onDrain);
    socket.on("end", this.#onEnd);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      this.#deadline.remove();
      this.#pending = undefined;
      const current = this.#current;
      this.#current = undefined;
      current?.onConnectionClosed();
      handlers.onClose();
    });
  }

  /** Ends the connection as soon as nothing is under way on it. */
  finish(): void {
    if (this.#state === "ending") return;
    if (this.#current !== undefined) this.#state = "last";
    // What was answered may be on its way still.
    else if (this.socket.writableLength > 0) this.#end();
    else this.socket.destroy();
  }

  /** Whether the answer that is being written is the last one here. */
  get isLast(): boolean {
    return this.#state !== "open";
  }

  /** Bytes that came and were not taken, for whoever takes the connection over. */
  takeOver(): Buffer | undefined {
    const early = this.#pending;
    this.#pending = undefined;
    this.#deadline.remove();
    this.socket.pause();
    this.socket.removeListener("data", this.#onData);
    this.socket.removeListener("drain", this.#onDrain);
    this.socket.removeListener("end", this.#onEnd);
    this.#current = undefined;
    return early;
  }

  /** The exchange has something to read from now on, or has room again. */
  advance(): void {
    const bytes = this.#pending;
    if (bytes === undefined) return;
    this.#pending = undefined;
    this.#take(bytes);
  }

  /** The answer is complete: goes on with what comes next, or ends. */
  done(isReusable: boolean): void {
    this.#current = undefined;
    if (!isReusable || this.#state !== "open") {
      this.#end();
      return;
    }
    // Who does not take its answers gets no more of them: they would pile up here.
    this.#isBehind = this.socket.writableNeedDrain;
    if (this.#isBehind) {
      this.#deadline.set(this.#limits.silenceMs);
      this.socket.pause();
    } else this.#next();
  }

  /** Waits for the next request, or takes what there is of it. */
  #next(): void {
    this.#deadline.set(this.#limits.keepAliveMs);
    this.socket.resume();
    this.#isEarly = this.#pending !== undefined;
    if (this.#isEarly) process.nextTick(() => this.advance());
  }

  /** Gives the answer its time to come. */
  waitForAnswer(): void {
    this.#deadline.set(this.#limits.answerMs + this.#limits.silenceMs);
  }

  /** Gives the client its time to take what was written. */
  written(): void {
    if (this.#state !== "ending") this.#deadline.set(this.#limits.silenceMs);
  }

  readonly #onDrain = (): void => {
    if (this.#current !== undefined) {
      this.written();
      this.#current.onDrain();
    } else if (this.#isBehind && this.#state === "open") {
      this.#isBehind = false;
      this.#next();
    }
  };

  readonly #onEnd = (): void => {
    this.socket.destroy();
  };

  readonly #onData = (bytes: Buffer): void => {
    if (this.#state === "ending") {
      this.#discarded += bytes.length;
      if (this.#discarded > DISCARD_BYTES) this.socket.destroy();
      return;
    }
    const pending = this.#pending;
    this.#pending = undefined;
    this.#take(pending === undefined ? bytes : Buffer.concat([pending, bytes]));
  };

  #take(bytes: Buffer): void {
    if (this.#state === "ending" || this.socket.destroyed) return;
    let rest = bytes;
    try {
      const current = this.#current;
      if (current === undefined) {
        if (this.#isBehind) this.#pending = bytes;
        else this.#takeHead(rest);
        return;
      }
      rest = rest.subarray(current.takeBody(rest));
    } catch (error) {
      this.#refuse(error);
      return;
    }
    if (rest.length === 0) return;
    this.#keep(rest);
    if (this.#current === undefined) process.nextTick(() => this.advance());
  }

  #takeHead(bytes: Buffer): void {
    const isFirst = !this.#heads.isBegun;
    const end = this.#heads.endIn(bytes);
    if (end === undefined) {
      if (isFirst) this.#deadline.set(this.#limits.headMs);
      this.#pending = bytes;
      return;
    }
    const syntax = readRequestSyntax(bytes.toString("latin1", 0, end));
    this.#deadline.set(this.#limits.silenceMs);
    const exchange = new ClientExchange(this, syntax, this.#isEarly);
    this.#current = exchange;
    this.#handlers.onRequest(exchange);
    // What came with the head is taken when somebody wants it.
    if (end + EMPTY_LINE.length < bytes.length) this.#keep(bytes.subarray(end + EMPTY_LINE.length));
  }

  /** Keeps what cannot be taken yet. */
  #keep(bytes: Buffer): void {
    this.#pending = bytes;
    if (this.#current?.isBodyComplete === true && countHeads(bytes) > MAX_WAITING) {
      this.socket.destroy();
      this.#handlers.onCrowd();
    } else if (bytes.length > MAX_PENDING) this.socket.pause();
  }

  #refuse(error: unknown): void {
    const isStarted = this.#current?.refuseBody() ?? false;
    this.#current = undefined;
    this.#pending = undefined;
    if (!isStarted && this.socket.writable) {
      this.socket.write(REFUSAL);
      this.#end();
    } else this.socket.destroy();
    this.#handlers.onMalformed(error instanceof Malformed ? error.message : "unknown error");
  }

  /** Ends our half; the other half is read for a moment, so that the answer is not lost with what is still coming. */
  #end(): void {
    this.#state = "ending";
    this.#pending = undefined;
    this.#deadline.set(this.#limits.silenceMs);
    this.socket.end(() => this.#deadline.set(LINGER_MS));
    this.socket.resume();
  }

  #onLate(): void {
    if (this.#current === undefined && this.#heads.isBegun && this.#state === "open") {
      this.#refuse(new Malformed("its head did not come in time"));
    } else this.socket.destroy();
  }
}

/** How many heads end in some bytes; a body that holds an empty line counts as well. */
function countHeads(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(EMPTY_LINE, 0, "latin1"); at !== -1; count++) {
    at = bytes.indexOf(EMPTY_LINE, at + EMPTY_LINE.length, "latin1");
  }
  return count;
}
