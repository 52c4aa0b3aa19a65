/**
 * HTTP/2 for gRPC: streams in both directions at once, trailers, and answers that consist of trailers alone. One session
 * to a destination carries the streams of all clients, bounded by what both ends allow.
 *
 * @see RFC 9113; gRPC over HTTP/2 (status codes in trailers)
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { spend } from "../decision/index.js";
import type { ActiveFlows } from "./active-flows.js";
import { type Admitted, type Answer, refusalBody } from "./admission.js";
import { type Fields, pairsOf, passableAnswer, passableTrailer } from "./header-fields.js";
import type { RawHead } from "./request-head.js";
import type { Dial } from "./upstream.js";

/** Bounds of every session, in both roles (RFC 9113 §6.5.2). */
export const SESSION_OPTIONS = {
  maxSessionMemory: 16,
  maxHeaderListPairs: 120,
  maxOutstandingPings: 4,
  maxOutstandingSettings: 4,
  maxSettings: 16,
  maxSessionInvalidFrames: 32,
  maxSessionRejectedStreams: 64,
  peerMaxConcurrentStreams: 128,
  settings: { maxConcurrentStreams: 128, maxHeaderListSize: 32 * 1024, enablePush: false },
} as const;

/** gRPC's code for a refusal (google.rpc.Code). */
const GRPC_CODE: Record<Answer["status"], number> = {
  400: 3,
  401: 16,
  403: 7,
  413: 8,
  421: 3,
  502: 14,
  503: 14,
};

export function rawStreamHead(rawHeaders: readonly string[]): RawHead {
  const pseudo = new Map<string, string>();
  const fields: (readonly [string, string])[] = [];
  for (const [name, value] of pairsOf(rawHeaders)) {
    if (!name.startsWith(":")) fields.push([name, value]);
    // A pseudo-header field that stands twice, or that is not one of a request, makes the target unreadable.
    else if (pseudo.has(name) || ![":method", ":path", ":authority", ":scheme"].includes(name)) pseudo.set(":path", "");
    else pseudo.set(name, value);
  }
  return {
    version: 2,
    method: pseudo.get(":method") ?? "",
    target: pseudo.get(":path") ?? "",
    authority: pseudo.get(":authority"),
    fields,
  };
}

/** Refuses a stream, in gRPC's own words where gRPC was spoken. */
export function refuseStream(stream: ServerHttp2Stream, head: RawHead, answer: Answer): void {
  if (stream.destroyed) return;
  const isGrpc = head.fields.some(([name, value]) => name === "content-type" && value.startsWith("application/grpc"));
  if (isGrpc) {
    const fields = {
      ":status": 200,
      "content-type": "application/grpc",
      "grpc-status": GRPC_CODE[answer.status],
      "grpc-message": `decision ${answer.id}`,
    };
    stream.respond(fields, { endStream: true });
  } else {
    stream.respond({ ":status": answer.status, "content-type": "application/json" });
    stream.end(refusalBody(answer));
  }
  // What the client still sends is not read.
  stream.close(constants.NGHTTP2_NO_ERROR);
}

/** The sessions of a proxy, one for each way to a destination. */
export class SessionPool {
  readonly #sessions = new Map<Dial, Promise<ClientHttp2Session>>();
  #isClosed = false;

  /** @throws when the destination cannot be reached */
  session(dial: Dial): Promise<ClientHttp2Session> {
    if (this.#isClosed) return Promise.reject(new Error("the proxy is closing"));
    const known = this.#sessions.get(dial);
    if (known !== undefined) return known;
    const opened = this.#open(dial);
    this.#sessions.set(dial, opened);
    opened.catch(() => this.#sessions.delete(dial));
    return opened;
  }

  /** Lets the streams of a destination end and opens a new session for the next. */
  async retire(dial: Dial): Promise<void> {
    const known = this.#sessions.get(dial);
    this.#sessions.delete(dial);
    (await known?.catch(() => undefined))?.close();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const session of this.#sessions.values()) (await session.catch(() => undefined))?.destroy();
    this.#sessions.clear();
  }

  async #open(dial: Dial): Promise<ClientHttp2Session> {
    const socket = await dial();
    const session = connect("http://upstream", { ...SESSION_OPTIONS, createConnection: () => socket });
    const forget = (): void => {
      this.#sessions.delete(dial);
    };
    session.once("close", forget);
    session.once("goaway", forget);
    session.on("error", forget);
    return session;
  }
}

export interface StreamForwardOptions {
  readonly flows: ActiveFlows;
  readonly sessions: SessionPool;
  readonly bodyBytes: number;
  readonly silenceMs: number;
}

/** Forwards an admitted stream and its answer. */
export async function forwardStream(
  stream: ServerHttp2Stream,
  { permit, head, target, fields, asOf }: Admitted,
  { flows, sessions, silenceMs }: StreamForwardOptions,
): Promise<void> {
  const permitted = spend(permit);
  if (stream.closed || stream.destroyed) return;
  let upstream: ClientHttp2Stream | undefined;
  const cut = (): void => {
    upstream?.close(constants.NGHTTP2_CANCEL);
    if (!stream.destroyed) stream.close(constants.NGHTTP2_CANCEL);
  };
  const done = flows.add(permitted, asOf, cut);
  stream.once("close", () => {
    done();
    // RFC 9113 §8.1: whoever stopped, the other side must not wait for it.
    if (upstream !== undefined && !upstream.closed) upstream.close(constants.NGHTTP2_CANCEL);
  });
  stream.on("error", cut);
  let session: ClientHttp2Session;
  try {
    session = await sessions.session(target.dial);
  } catch {
    unreachable(stream, head.forward);
    return;
  }
  if (stream.destroyed) return;
  const [[, authority] = ["", ""]] = fields;
  const headers = outgoing(fields.slice(1));
  headers[":method"] = head.facts.method;
  headers[":path"] = head.forwardTarget;
  headers[":scheme"] = "http";
  headers[":authority"] = authority;
  if (head.wantsTrailers) headers.te = "trailers";
  upstream = session.request(headers);
  relay(stream, upstream, head.forward, silenceMs);
}

function relay(stream: ServerHttp2Stream, upstream: ClientHttp2Stream, fields: Fields, silenceMs: number): void {
  let trailers: OutgoingHttpHeaders = {};
  upstream.on("trailers", (received: IncomingHttpHeaders) => {
    trailers = Object.fromEntries(Object.entries(received).filter(([name]) => passableTrailer(name)));
  });
  upstream.on("response", (_headers, flags, raw?: string[]) => {
    if (stream.destroyed) return;
    const pairs = pairsOf(raw ?? []);
    const status = Number(pairs.find(([name]) => name === ":status")?.[1] ?? 502);
    const answer = { ...outgoing(passableAnswer(pairs)), ":status": status };
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) {
      stream.respond(answer, { endStream: true });
      return;
    }
    stream.respond(answer, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    upstream.pipe(stream);
  });
  upstream.on("error", () => {
    if (stream.headersSent) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    else unreachable(stream, fields);
  });
  upstream.on("close", () => {
    if (upstream.rstCode !== constants.NGHTTP2_NO_ERROR && !stream.destroyed) stream.close(upstream.rstCode);
  });
  upstream.setTimeout(silenceMs, () => upstream.close(constants.NGHTTP2_CANCEL));
  stream.pipe(upstream);
}

function unreachable(stream: ServerHttp2Stream, fields: Fields): void {
  if (stream.destroyed) return;
  const isGrpc = fields.some(([name, value]) => name === "content-type" && value.startsWith("application/grpc"));
  if (isGrpc)
    stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": 14 }, { endStream: true });
  else stream.respond({ ":status": 502 }, { endStream: true });
}

/** Fields as Node's HTTP/2 wants them: several of one name become a list. */
function outgoing(fields: Fields): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of fields) {
    const known = headers[name];
    if (known === undefined) headers[name] = value;
    else headers[name] = [...(Array.isArray(known) ? known : [known]), value];
  }
  return headers;
}
