/**
 * One request of a client and the answer to it. The body stays where it came until somebody takes it, which is after the
 * decision; the head of the answer waits for the first bytes behind it, so that both leave in one write.
 */
import { STATUS_CODES } from "node:http";
import type { Fields } from "../header-fields.js";
import type { RawHead } from "../request-head.js";
import { BodyReader, type Framing } from "./body-reader.js";
import type { ClientConnection } from "./client-connection.js";
import { fieldLines } from "./field-lines.js";
import type { RequestSyntax } from "./syntax.js";

/** Up to here a copy into one write is cheaper than two writes. */
const MERGE_BYTES = 32 * 1024;

/** Who takes a request's body. */
export interface BodySink {
  /** @returns false when no more should come until {@link ClientExchange.resumeBody} */
  readonly onData: (data: Buffer) => boolean;
  readonly onEnd: () => void;
}

export class ClientExchange {
  /** whether it was written before the answer to another was complete */
  readonly isEarly: boolean;
  readonly #connection: ClientConnection;
  readonly #syntax: RequestSyntax;
  #reader: BodyReader | undefined;
  #sink: BodySink | undefined;
  #isPaused = false;
  /** whether the whole answer was written */
  #isAnswered = false;
  #answerStarted = false;
  #answerFraming: Framing["kind"] = "none";
  #isReusable = true;
  /** the head of the answer, until there is something to send with it */
  #held: string | undefined;
  #onClose: (() => void) | undefined;
  #onDrain: (() => void) | undefined;
  #isClosed = false;

  constructor(connection: ClientConnection, syntax: RequestSyntax, isEarly: boolean) {
    this.isEarly = isEarly;
    this.#connection = connection;
    this.#syntax = syntax;
  }

  get connection(): ClientConnection {
    return this.#connection;
  }

  get rawHead(): RawHead {
    const { method, target, fields } = this.#syntax;
    return { version: 1, method, target, fields };
  }

  get isClosed(): boolean {
    return this.#isClosed || this.#connection.socket.destroyed;
  }

  get answerStarted(): boolean {
    return this.#answerStarted;
  }

  /** Whether nothing more of this request can come. */
  get isBodyComplete(): boolean {
    return this.#reader?.isDone ?? !this.#hasBody();
  }

  /** Called when the connection is gone before the answer was complete. */
  onClose(callback: () => void): void {
    if (this.isClosed) callback();
    else this.#onClose = callback;
  }

  /** Called when the client can take more of the answer. */
  whenDrained(callback: () => void): void {
    this.#onDrain = callback;
  }

  /** Says that the body may come (RFC 9110 §10.1.1). */
  sendContinue(): void {
    if (this.#syntax.minor === 1) this.#connection.socket.write("HTTP/1.1 100 Continue\r\n\r\n");
  }

  /** Lets the body come. */
  readBody(framing: Framing, sink: BodySink): void {
    this.#reader = new BodyReader(framing, "request");
    this.#sink = sink;
    if (this.#reader.isDone) this.#bodyEnded();
    else this.resumeBody();
  }

  resumeBody(): void {
    this.#isPaused = false;
    this.#connection.socket.resume();
    this.#connection.advance();
  }

  /**
   * Takes what belongs to the body.
   * @throws Malformed
   */
  takeBody(bytes: Buffer): number {
    const reader = this.#reader;
    const sink = this.#sink;
    if (reader === undefined || sink === undefined || reader.isDone || this.#isPaused) return 0;
    const taken = reader.read(bytes, (data) => {
      if (!sink.onData(data)) this.#isPaused = true;
    });
    if (reader.isDone) this.#bodyEnded();
    else if (this.#isPaused) this.#connection.socket.pause();
    return taken;
  }

  /** The body is malformed. @returns whether an answer has begun */
  refuseBody(): boolean {
    this.onConnectionClosed();
    return this.#answerStarted;
  }

  /**
   * Begins the answer.
   * @param framing how the body comes; it goes on as the client can read it
   */
  writeHead(status: number, fields: Fields, framing: Framing["kind"]): void {
    if (this.#isClosed) return;
    this.#answerStarted = true;
    const { minor, fields: asked } = this.#syntax;
    const isEndless = framing === "chunked" || framing === "close";
    this.#answerFraming = isEndless ? (minor === 1 ? "chunked" : "close") : framing;
    this.#isReusable =
      minor === 1 &&
      !this.#connection.isLast &&
      this.isBodyComplete &&
      !closes(asked) &&
      this.#answerFraming !== "close";
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${fieldLines(fields)}`;
    if (!fields.some(([name]) => name === "date")) head += `date: ${httpDate()}\r\n`;
    if (this.#answerFraming === "chunked") head += "transfer-encoding: chunked\r\n";
    this.#held = `${head}${this.#isReusable ? "" : "connection: close\r\n"}\r\n`;
  }

  /** @returns false when the client should be waited for */
  write(data: Buffer): boolean {
    if (data.length === 0 || this.#isClosed) return true;
    return this.#send(this.#answerFraming === "chunked" ? chunkOf(data) : data);
  }

  /** Sends the head of the answer, if nothing came that it could go with. */
  flush(): void {
    if (this.#held !== undefined) this.#send(undefined);
  }

  /** Ends the answer. */
  end(trailers: Fields = []): void {
    if (this.#isAnswered || this.isClosed) return;
    this.#isAnswered = true;
    if (this.#answerFraming === "chunked") {
      this.#send(trailers.length === 0 ? LAST_CHUNK : Buffer.from(`0\r\n${fieldLines(trailers)}\r\n`, "latin1"));
    } else this.flush();
    this.#onClose = undefined;
    this.#connection.done(this.#isReusable && this.isBodyComplete);
  }

  /** Answers with a body of its own and ends the connection: what follows on it was written for somebody else. */
  refuse(status: number, fields: Fields, body: string): void {
    if (this.isClosed || this.#answerStarted) return;
    this.#isReusable = false;
    const text = Buffer.from(body);
    const framed: Fields = [...fields, ["content-length", String(text.length)]];
    this.#connection.finish();
    this.writeHead(status, framed, "length");
    if (this.#syntax.method !== "HEAD") this.write(text);
    this.end();
  }

  /** Ends the connection at once: an answer that is not complete must not look as if it were. */
  cut(): void {
    this.#connection.socket.destroy();
  }

  onDrain(): void {
    this.#onDrain?.();
  }

  onConnectionClosed(): void {
    this.#isClosed = true;
    this.#onClose?.();
    this.#onClose = undefined;
  }

  #bodyEnded(): void {
    this.#connection.waitForAnswer();
    this.#sink?.onEnd();
  }

  #hasBody(): boolean {
    return this.#syntax.fields.some(
      ([name, value]) => name === "transfer-encoding" || (name === "content-length" && value !== "0"),
    );
  }

  #send(data: Buffer | undefined): boolean {
    const { socket } = this.#connection;
    this.#connection.written();
    const head = this.#held;
    if (head === undefined) return data === undefined || socket.write(data);
    this.#held = undefined;
    if (data === undefined) return socket.write(head, "latin1");
    if (data.length > MERGE_BYTES) {
      socket.write(head, "latin1");
      return socket.write(data);
    }
    const merged = Buffer.allocUnsafe(head.length + data.length);
    data.copy(merged, merged.write(head, 0, "latin1"));
    return socket.write(merged);
  }
}

/** What ends a chunked body that has no trailers. */
export const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** Some of a body as one chunk (RFC 9112 §7.1). */
export function chunkOf(data: Buffer): Buffer {
  const size = `${data.length.toString(16)}\r\n`;
  const chunk = Buffer.allocUnsafe(size.length + data.length + 2);
  data.copy(chunk, chunk.write(size, 0, "latin1"));
  chunk.write("\r\n", size.length + data.length, "latin1");
  return chunk;
}

function closes(fields: Fields): boolean {
  return fields.some(([name, value]) => name === "connection" && /(?:^|,)\s*close\s*(?:,|$)/i.test(value));
}

let dateOf = 0;
let date = "";
/** The `Date` of answers that carry none (RFC 9110 §6.6.1). */
function httpDate(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateOf) {
    dateOf = second;
    date = new Date(second * 1000).toUTCString();
  }
  return date;
}
