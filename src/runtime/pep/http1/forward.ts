/**
 * An admitted request on its way to the destination, and the answer on its way back. Bodies and answers stream with
 * back-pressure in both directions; an answer whose length is unknown leaves as soon as its head is there, so that
 * server-sent events arrive when they are sent.
 */
import { type DecisionRequest, spend } from "../../decision/index.js";
import type { ActiveFlows } from "../active-flows.js";
import { type Admitted, type Answer, refusalBody } from "../admission.js";
import { type Fields, passableAnswer, passableTrailer } from "../header-fields.js";
import type { Framing } from "./body-reader.js";
import { type BodySink, type ClientExchange, chunkOf, LAST_CHUNK } from "./client-exchange.js";
import { fieldLines } from "./field-lines.js";
import type { AnswerSyntax } from "./syntax.js";
import type { AnswerSink, UpstreamConnection } from "./upstream-connection.js";

/** Bodies up to this size are collected before they are forwarded, in one piece with their head. */
const COLLECT_BYTES = 64 * 1024;
const JSON_BODY: Fields = [["content-type", "application/json"]];
/** Methods whose requests say so when they have no body (RFC 9110 §8.6). */
const USUALLY_WITH_BODY = new Set(["POST", "PUT", "PATCH"]);

export interface ForwardOptions {
  readonly flows: ActiveFlows;
  readonly bodyBytes: number;
  readonly silenceMs: number;
}

/** Answers a refusal and ends the connection. */
export function refuseRequest(client: ClientExchange, answer: Answer): void {
  const challenge: Fields = answer.status === 401 ? [["www-authenticate", 'Bearer error="invalid_token"']] : [];
  client.refuse(answer.status, [...JSON_BODY, ...challenge], refusalBody(answer));
}

/** Answers that the destination could not be reached, and ends the connection. */
export function refuseUnreachable(client: ClientExchange): void {
  client.refuse(502, JSON_BODY, '{"error":"unreachable"}\n');
}

/** Forwards an admitted request and its answer. */
export function forwardRequest(client: ClientExchange, admitted: Admitted, options: ForwardOptions): void {
  const permitted = spend(admitted.permit);
  // Whoever left while it was decided gets nothing done any more.
  if (client.isClosed) return;
  if (admitted.head.expectsContinue) client.sendContinue();
  new Forwarding(client, admitted, options).start(permitted);
}

class Forwarding implements AnswerSink {
  readonly #client: ClientExchange;
  readonly #admitted: Admitted;
  readonly #options: ForwardOptions;
  #done = (): void => undefined;
  #withdraw = (): void => undefined;
  #upstream: UpstreamConnection | undefined;
  #isOver = false;
  #size = 0;

  constructor(client: ClientExchange, admitted: Admitted, options: ForwardOptions) {
    this.#client = client;
    this.#admitted = admitted;
    this.#options = options;
  }

  start(permitted: DecisionRequest): void {
    this.#done = this.#options.flows.add(permitted, this.#admitted.asOf, () => {
      this.#stop();
      this.#client.cut();
    });
    this.#client.onClose(() => this.#stop());
    this.#client.whenDrained(() => this.#upstream?.resumeAnswer());
    const { isChunked, contentLength = 0 } = this.#admitted.head;
    if (isChunked || contentLength > COLLECT_BYTES) this.#acquire((upstream) => this.#stream(upstream));
    else if (contentLength > 0) this.#collect(contentLength);
    else {
      this.#client.readBody({ kind: "none" }, { onData: () => true, onEnd: () => undefined });
      this.#acquire((upstream) => upstream.send(this.#method, this.#head(""), true, this));
    }
  }

  // The request.

  /** Small bodies go out with their head: one write instead of several. */
  #collect(bytes: number): void {
    // One place for all of it: a body may come in as many pieces as it has bytes, each with a buffer around it.
    let body: Buffer | undefined;
    let size = 0;
    const onData = (data: Buffer): boolean => {
      if (data.length === bytes) body = data;
      else {
        body ??= Buffer.allocUnsafeSlow(bytes);
        data.copy(body, size);
      }
      size += data.length;
      return true;
    };
    const onEnd = (): void =>
      this.#acquire((upstream) => {
        const whole = Buffer.concat([this.#head(""), ...(body === undefined ? [] : [body])]);
        upstream.send(this.#method, whole, true, this);
      });
    this.#client.readBody({ kind: "length", bytes }, { onData, onEnd });
  }

  #stream(upstream: UpstreamConnection): void {
    const { isChunked, contentLength = 0 } = this.#admitted.head;
    upstream.send(this.#method, this.#head(isChunked ? "transfer-encoding: chunked\r\n" : ""), false, this);
    const body: BodySink = {
      onData: (data) => {
        this.#size += data.length;
        if (this.#isOver) return true;
        if (this.#size > this.#options.bodyBytes) return this.#tooLarge();
        return upstream.write(isChunked ? chunkOf(data) : data);
      },
      onEnd: () => {
        if (this.#isOver) return;
        if (isChunked) upstream.write(LAST_CHUNK);
        upstream.sent();
      },
    };
    this.#client.readBody(isChunked ? { kind: "chunked" } : { kind: "length", bytes: contentLength }, body);
  }

  #tooLarge(): boolean {
    this.#stop();
    if (this.#client.answerStarted) this.#client.cut();
    else this.#client.refuse(413, JSON_BODY, '{"error":"refused"}\n');
    return true;
  }

  #acquire(ready: (upstream: UpstreamConnection) => void): void {
    // FAIL CLOSED: nothing leaves for a client that is gone, or under a permission that was taken back.
    if (this.#isOver) return;
    this.#withdraw = this.#admitted.target.pool.acquire(
      (upstream) => {
        this.#upstream = upstream;
        ready(upstream);
      },
      () => this.onError(),
    );
  }

  get #method(): string {
    return this.#admitted.head.facts.method;
  }

  #head(framing: string): Buffer {
    const { head, fields } = this.#admitted;
    const needsLength = framing === "" && head.contentLength === undefined && USUALLY_WITH_BODY.has(this.#method);
    const lines = fieldLines(fields) + framing + (needsLength ? "content-length: 0\r\n" : "");
    return Buffer.from(`${this.#method} ${head.forwardTarget} HTTP/1.1\r\n${lines}\r\n`, "latin1");
  }

  onDrain(): void {
    if (!this.#isOver) this.#client.resumeBody();
  }

  // The answer.

  onData(data: Buffer): boolean {
    return this.#client.write(data);
  }

  onHead(answer: AnswerSyntax, framing: Framing["kind"]): void {
    const passed = passableAnswer(answer.fields);
    const fields = answer.status === 204 ? passed.filter(([name]) => name !== "content-length") : passed;
    this.#client.writeHead(answer.status, fields, framing);
  }

  onPause(): void {
    this.#client.flush();
  }

  onEnd(trailers: Fields = []): void {
    this.#over();
    this.#client.end(trailers.filter(([name]) => passableTrailer(name)));
  }

  onError(): void {
    if (this.#isOver) return;
    this.#over();
    // A cut answer must not look complete: without its end, the client knows.
    if (this.#client.answerStarted) this.#client.cut();
    else refuseUnreachable(this.#client);
  }

  #over(): void {
    this.#isOver = true;
    this.#done();
    this.#withdraw();
    this.#upstream = undefined;
  }

  /** The client is gone, or the flow is no longer allowed. */
  #stop(): void {
    if (this.#isOver) return;
    const upstream = this.#upstream;
    this.#over();
    upstream?.abort();
  }
}
