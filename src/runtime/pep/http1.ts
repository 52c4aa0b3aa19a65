/**
 * HTTP/1.1: requests from Node's strict parser, through the admission, to an undici pool. Bodies and answers stream with
 * back-pressure in both directions; an answer whose length is unknown leaves as soon as its head is there, so that
 * server-sent events arrive when they are sent.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Duplex, Transform } from "node:stream";
import type { Dispatcher } from "undici";
import { spend } from "../decision/index.js";
import type { ActiveFlows } from "./active-flows.js";
import { type Admitted, type Answer, refusalBody } from "./admission.js";
import { type Fields, pairsOf, passableAnswer, passableTrailer } from "./header-fields.js";
import type { RawHead } from "./request-head.js";
import { join } from "./upstream.js";

/** How much of a refused request's body is read and thrown away before its connection is closed. */
const DISCARD_BYTES = 256 * 1024;
/** Bodies up to this size are collected before they are forwarded. */
const COLLECT_BYTES = 64 * 1024;

export function rawHeadOf(request: IncomingMessage): RawHead {
  return {
    version: 1,
    method: request.method ?? "",
    target: request.url ?? "",
    fields: pairsOf(request.rawHeaders),
  };
}

/** Answers a refusal and closes the connection: what follows on it was written for somebody else. */
export function refuseRequest(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.destroyed) return;
  const body = refusalBody(answer);
  response.writeHead(answer.status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    connection: "close",
    ...(answer.status === 401 ? { "www-authenticate": 'Bearer error="invalid_token"' } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : body);
  let discarded = 0;
  request.on("data", (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > DISCARD_BYTES) request.destroy();
  });
}

export interface ForwardOptions {
  readonly flows: ActiveFlows;
  readonly bodyBytes: number;
  readonly silenceMs: number;
}

/** Forwards an admitted request and its answer. */
export function forwardRequest(
  request: IncomingMessage,
  response: ServerResponse,
  { permit, head, target, fields }: Admitted,
  { flows, bodyBytes }: ForwardOptions,
): void {
  const permitted = spend(permit);
  // Whoever left while it was decided gets nothing done any more.
  if (response.closed) return;
  if (head.expectsContinue) response.writeContinue();
  const answering = new Answering(response);
  const done = flows.add(permitted, () => answering.cut());
  response.once("close", () => {
    done();
    answering.cut();
  });
  const dispatch = (body: Buffer | Transform | null): void => {
    const method = head.facts.method as Dispatcher.HttpMethod;
    target.pool.dispatch({ path: head.forwardTarget, method, headers: flat(fields), body }, answering);
  };
  const length = head.contentLength ?? 0;
  if (head.isChunked || length > COLLECT_BYTES) dispatch(streamed(request, bodyBytes));
  else if (length > 0) collect(request, length, dispatch);
  else dispatch(null);
}

/** Small bodies go out in one piece with their head: one write instead of a stream's machinery. */
function collect(request: IncomingMessage, length: number, dispatch: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  // A body that ends early never comes here: Node's parser reports the request as aborted.
  request.once("end", () =>
    dispatch(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length)),
  );
}

/** A body of unknown or large size, counted on its way. The request itself stays whole when the destination fails. */
function streamed(request: IncomingMessage, bodyBytes: number): Transform {
  let size = 0;
  const body = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      size += chunk.length;
      next(size > bodyBytes ? new Error("the body is too large") : null, chunk);
    },
  });
  // Who forwards the body learns of its failure from the pipe; an error without a listener would end the process.
  body.on("error", () => undefined);
  request.once("close", () => {
    if (!request.complete) body.destroy(new Error("the request was cut"));
  });
  return request.pipe(body);
}

/** The answer of the destination, passed on as it comes. */
class Answering implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  #controller: Dispatcher.DispatchController | undefined;
  #isCut = false;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.on("drain", () => this.#controller?.resume());
  }

  /** Stops both sides, unless the answer is complete. */
  cut(): void {
    if (this.#isCut || this.#response.writableFinished) return;
    this.#isCut = true;
    this.#controller?.abort(new Error("the flow was cut"));
    this.#response.destroy();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isCut) controller.abort(new Error("the flow was cut"));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: object): void {
    if (status < 200) return;
    const fields = passableAnswer(fieldsOf(controller.rawHeaders, headers));
    this.#response.writeHead(status, flat(fields));
    if (!fields.some(([name]) => name === "content-length")) this.#response.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#response.write(chunk)) controller.pause();
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: object): void {
    const passed = Object.entries(trailers).filter(([name]) => passableTrailer(name.toLowerCase()));
    if (passed.length > 0 && !this.#response.hasHeader("content-length")) this.#response.addTrailers(passed as never);
    this.#response.end();
  }

  onResponseError(): void {
    if (this.#response.headersSent || this.#response.destroyed) {
      // A cut answer must not look complete: without its end, the client knows.
      this.#response.destroy();
      return;
    }
    this.#response.writeHead(502, { "content-type": "application/json", connection: "close" });
    this.#response.end('{"error":"unreachable"}\n');
  }
}

/** Forwards a request to upgrade and, once the destination agrees, joins the two connections. */
export function forwardUpgrade(
  client: Duplex,
  early: Buffer,
  { permit, head, target, fields }: Admitted,
  { flows, silenceMs }: ForwardOptions,
): void {
  const permitted = spend(permit);
  if (client.destroyed) return;
  const done = flows.add(permitted, () => client.destroy());
  client.once("close", done);
  client.on("error", () => client.destroy());
  target.pool.dispatch(
    {
      path: head.forwardTarget,
      method: "GET",
      headers: flat(fields),
      upgrade: "websocket",
    },
    {
      onRequestStart(controller) {
        client.once("close", () => controller.abort(new Error("the client is gone")));
      },
      onRequestUpgrade(controller, status, headers, socket) {
        if (client.destroyed) {
          socket.destroy();
          return;
        }
        const answer = passableAnswer(fieldsOf(controller.rawHeaders, headers));
        client.write(
          headOf(status, "Switching Protocols", [...answer, ["connection", "Upgrade"], ["upgrade", "websocket"]]),
        );
        if (early.length > 0) socket.write(early);
        join(client, socket, silenceMs);
      },
      onResponseStart(_controller, status) {
        if (status >= 200) client.end(headOf(502, "Bad Gateway", [["connection", "close"]]));
      },
      onResponseError() {
        if (client.writable) client.end(headOf(502, "Bad Gateway", [["connection", "close"]]));
      },
    },
  );
}

/** Refuses a request to upgrade, on the bare connection. */
export function refuseUpgrade(client: Duplex, answer: Answer): void {
  if (client.destroyed) return;
  const body = refusalBody(answer);
  const fields: Fields = [
    ["content-type", "application/json"],
    ["content-length", String(Buffer.byteLength(body))],
    ["connection", "close"],
  ];
  client.end(`${headOf(answer.status, "Refused", fields)}${body}`);
}

function headOf(status: number, phrase: string, fields: Fields): string {
  return `HTTP/1.1 ${status} ${phrase}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

function flat(fields: Fields): string[] {
  return fields.flat();
}

/** Fields as they came, where undici has them raw; a value that is a list is several fields. */
function fieldsOf(raw: Dispatcher.DispatchController["rawHeaders"], parsed: object): Fields {
  if (Array.isArray(raw))
    return pairsOf(raw.map((part) => (typeof part === "string" ? part : part.toString("latin1"))));
  return Object.entries(parsed).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => [name.toLowerCase(), String(one)] as const),
  );
}
