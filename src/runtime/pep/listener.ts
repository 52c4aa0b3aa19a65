/**
 * A listener of a proxy: what accepts connections for one route, proves who is at their other end, and hands requests,
 * upgrades, streams or whole connections to the admission. Inside mutual TLS between workloads, in the clear only where
 * the other end is the proxy's own workload.
 */
import { createHash } from "node:crypto";
import { createServer as createHttp2, createSecureServer, type ServerHttp2Stream } from "node:http2";
import { createServer as createTcp, type Server, type Socket } from "node:net";
import { createServer as createTls, TLSSocket } from "node:tls";
import { type Caller, type Gate, Permit, spend } from "../decision/index.js";
import type { ActiveFlows } from "./active-flows.js";
import { Admission, type ConnectionFacts, type Route } from "./admission.js";
import {
  ClientConnection,
  type ClientExchange,
  deadlinesFor,
  forwardRequest,
  forwardUpgrade,
  refuseRequest,
} from "./http1/index.js";
import { forwardStream, rawStreamHead, refuseStream, SESSION_OPTIONS, type SessionPool } from "./http2.js";
import type { Limits } from "./limits.js";
import type { MutualTls } from "./mutual-tls.js";
import { join } from "./upstream.js";

/** The names under which proxies speak to each other inside TLS (ALPN). */
const ALPN = { http: "http/1.1", grpc: "h2", tcp: "ringfence-tcp/1" } as const;

export function alpnOf(protocol: Route["protocol"]): string {
  if (protocol === "grpc") return ALPN.grpc;
  return protocol === "tcp" || protocol === "tls" ? ALPN.tcp : ALPN.http;
}

export interface ListenerParts {
  readonly gate: Gate;
  readonly flows: ActiveFlows;
  readonly sessions: SessionPool;
  readonly limits: Limits;
  /** the name of the workload with an identity; undefined when the workflow has none with it */
  readonly nameOf: (spiffeId: string) => string | undefined;
}

/** How the other end of a listener's connections is known. */
export type Entrance =
  /** another workload's proxy: mutual TLS */
  | { readonly kind: "workloads"; readonly tls: MutualTls }
  /** people: TLS, a client certificate where a token is bound to one */
  | { readonly kind: "users"; readonly tls: MutualTls }
  /** the proxy's own workload: only it can reach the socket */
  | { readonly kind: "own"; readonly spiffeId: string; readonly name: string };

export interface Listener {
  readonly server: Server;
  /** Accepts no more; kept connections end as soon as nothing is under way on them. */
  readonly close: () => void;
}

/** Makes the server for a route; the caller lets it listen. */
export function newListener(route: Route, entrance: Entrance, parts: ListenerParts): Listener {
  const listener = makeListener(route, entrance, parts);
  listener.server.maxConnections = parts.limits.connections;
  // One connection that the system would not hand over must not end those that it did.
  listener.server.on("error", () => undefined);
  return listener;
}

function makeListener(route: Route, entrance: Entrance, parts: ListenerParts): Listener {
  const connections = new Connections(route, entrance, parts);
  const { protocol } = route;
  const newServer = protocol === "grpc" ? grpcServer : protocol === "tcp" || protocol === "tls" ? tcpServer : undefined;
  if (newServer === undefined) return httpListener(route, entrance, parts, connections);
  const server = newServer(route, entrance, parts, connections);
  return { server, close: () => server.close() };
}

const UNKNOWN: ConnectionFacts = {
  caller: { kind: "unknown" },
  svid: undefined,
  certificateThumbprint: undefined,
  remoteAddress: undefined,
};

/** What is known about open connections, and the refusal of those whose other end is not proven. */
class Connections {
  readonly #route: Route;
  readonly #entrance: Entrance;
  readonly #parts: ListenerParts;
  /** the same for every connection of the proxy's own workload */
  readonly #own: ConnectionFacts | undefined;

  constructor(route: Route, entrance: Entrance, parts: ListenerParts) {
    if (entrance.kind === "own") {
      const { spiffeId, name } = entrance;
      this.#own = { ...UNKNOWN, caller: { kind: "workload", spiffeId, name } };
    }
    this.#route = route;
    this.#entrance = entrance;
    this.#parts = parts;
  }

  /** Proves a new TLS connection, before any of its bytes are read. */
  accept(socket: TLSSocket): void {
    if (this.#entrance.kind !== "workloads") return;
    try {
      this.#entrance.tls.prove(socket, "clientAuth");
    } catch (error) {
      socket.destroy();
      void this.refuse("identity", error instanceof Error ? error.message : "the certificate cannot be judged");
    }
  }

  /** Records a connection that never became a request. */
  async refuse(layer: "identity" | "request" | "limits", reason: string): Promise<void> {
    const { direction, callee, protocol } = this.#route;
    const caller: Caller = this.#entrance.kind === "users" ? { kind: "outside" } : { kind: "unknown" };
    await this.#parts.gate.refuse({ direction, caller, callee, protocol, layer, reason });
  }

  /** Who is at the other end now. An identity that has expired or was withdrawn since is unknown. */
  facts(socket: Socket | TLSSocket | null | undefined): ConnectionFacts {
    const entrance = this.#entrance;
    if (this.#own !== undefined) return this.#own;
    if (!(socket instanceof TLSSocket)) return UNKNOWN;
    if (entrance.kind === "users") {
      const certificate = socket.getPeerX509Certificate();
      return {
        caller: { kind: "outside" },
        svid: undefined,
        certificateThumbprint:
          certificate === undefined ? undefined : createHash("sha256").update(certificate.raw).digest("base64url"),
        remoteAddress: socket.remoteAddress,
      };
    }
    const svid = entrance.kind === "workloads" ? entrance.tls.provenOf(socket) : undefined;
    if (svid === undefined) return UNKNOWN;
    const { uri } = svid.id;
    const caller: Caller = { kind: "workload", spiffeId: uri, name: this.#parts.nameOf(uri) };
    return { caller, svid, certificateThumbprint: undefined, remoteAddress: undefined };
  }
}

function httpListener(route: Route, entrance: Entrance, parts: ListenerParts, connections: Connections): Listener {
  const { limits, flows } = parts;
  const deadlines = deadlinesFor(limits);
  const open = new Set<ClientConnection>();
  const admission = new Admission(parts.gate, flows, limits);
  const forwarding = { flows, bodyBytes: limits.bodyBytes, silenceMs: limits.silenceMs };
  const serve = async (client: ClientExchange): Promise<void> => {
    const { rawHead } = client;
    if (client.isEarly && rawHead.fields.some(([name]) => name === "upgrade")) {
      client.cut();
      return connections.refuse("request", "a request to upgrade came before the answer to another");
    }
    const admitted = await admission.admit(route, rawHead, connections.facts(client.connection.socket));
    if (!("permit" in admitted)) refuseRequest(client, admitted);
    else if (admitted.head.upgrade === undefined) forwardRequest(client, admitted, forwarding);
    else await forwardUpgrade(client, admitted, forwarding);
  };
  const onConnection = (socket: Socket): void => {
    if (socket.destroyed) return;
    const connection = new ClientConnection(socket, limits, deadlines, {
      onRequest: (client) => void serve(client).catch(() => client.cut()),
      onMalformed: (reason) => void connections.refuse("request", `the request cannot be parsed (${reason})`),
      onCrowd: () => void connections.refuse("limits", "too many requests wait on one connection"),
      onClose: () => open.delete(connection),
    });
    open.add(connection);
  };
  const server = byteServer(entrance, ALPN.http, connections, onConnection);
  const close = (): void => {
    server.close();
    for (const connection of open) connection.finish();
  };
  return { server, close };
}

/** A server of connections that are proven, where that is to be done, before they are handed on. */
function byteServer(
  entrance: Entrance,
  alpn: string,
  connections: Connections,
  onConnection: (socket: Socket) => void,
): Server {
  if (entrance.kind === "own") return createTcp({ allowHalfOpen: true, noDelay: true }, onConnection);
  const options = entrance.tls.serverOptions(entrance.kind === "users" ? "optional" : "mutual", alpn);
  const server = createTls({ ...options, allowHalfOpen: true, noDelay: true } as Parameters<typeof createTls>[0]);
  watchTls(server, entrance.tls, connections);
  server.on("secureConnection", onConnection);
  return server;
}

function grpcServer(route: Route, entrance: Entrance, parts: ListenerParts, connections: Connections): Server {
  const { limits } = parts;
  const server =
    entrance.kind === "own"
      ? createHttp2(SESSION_OPTIONS)
      : createSecureServer({
          ...SESSION_OPTIONS,
          ...entrance.tls.serverOptions(entrance.kind === "users" ? "optional" : "mutual", ALPN.grpc),
          allowHTTP1: false,
        });
  if (entrance.kind !== "own") watchTls(server, entrance.tls, connections);
  const admission = new Admission(parts.gate, parts.flows, limits);
  const forwarding = {
    flows: parts.flows,
    sessions: parts.sessions,
    bodyBytes: limits.bodyBytes,
    silenceMs: limits.silenceMs,
  };
  const serve = async (stream: ServerHttp2Stream, rawHeaders: readonly string[]): Promise<void> => {
    const head = rawStreamHead(rawHeaders);
    const admitted = await admission.admit(route, head, connections.facts(stream.session?.socket));
    if ("permit" in admitted) await forwardStream(stream, admitted, forwarding);
    else refuseStream(stream, head, admitted);
  };
  const onStream = (stream: ServerHttp2Stream, _headers: object, _flags: number, rawHeaders: string[]): void => {
    stream.on("error", () => stream.destroy());
    serve(stream, rawHeaders).catch(() => stream.destroy());
  };
  server.on("stream", onStream as (stream: ServerHttp2Stream) => void);
  server.on("sessionError", () => undefined);
  server.setTimeout(limits.silenceMs);
  return server;
}

function tcpServer(route: Route, entrance: Entrance, parts: ListenerParts, connections: Connections): Server {
  const { gate, flows, limits } = parts;
  const serve = async (socket: Socket | TLSSocket): Promise<void> => {
    socket.on("error", () => socket.destroy());
    const { caller } = connections.facts(socket);
    const { direction, protocol, callee } = route;
    const refuse = (layer: "identity" | "limits" | "egress", reason: string): Promise<unknown> => {
      socket.destroy();
      return gate.refuse({ direction, caller, callee, protocol, layer, reason });
    };
    if (caller.kind === "unknown") return void (await refuse("identity", "the caller's identity is not proven"));
    if (flows.size >= limits.requestsUnderWay) return void (await refuse("limits", "too many flows are under way"));
    const [decided, target, asOf = 0] = await flows.deciding(async (began) => {
      let found: Awaited<ReturnType<Route["target"]>>;
      try {
        found = await route.target(undefined);
      } catch (error) {
        await refuse("egress", error instanceof Error ? error.message : "unknown error");
        return [];
      }
      const asked = { direction, caller, callee: found.callee, protocol, http: undefined, token: undefined };
      return [await gate.ask(asked), found, began];
    });
    if (!(decided instanceof Permit) || target === undefined || socket.destroyed) {
      socket.destroy();
      return;
    }
    const done = flows.add(spend(decided), asOf, () => socket.destroy());
    socket.once("close", done);
    const upstream = await target.dial();
    upstream.on("error", () => upstream.destroy());
    if (socket.destroyed) upstream.destroy();
    else join(socket, upstream, limits.silenceMs);
  };
  const onConnection = (socket: Socket): void => {
    serve(socket).catch(() => socket.destroy());
  };
  return byteServer(entrance, ALPN.tcp, connections, onConnection);
}

/** Keeps a TLS server's certificate current and proves each connection before anything else sees it. */
function watchTls(server: Server, tls: MutualTls, connections: Connections): void {
  // Each kind of TLS server inherits it from `tls.Server`; the declared types of two of them leave it out.
  server.once("close", tls.keepCurrent(server as Server & { setSecureContext(options: object): void }));
  server.prependListener("secureConnection", (socket: TLSSocket) => connections.accept(socket));
  server.on("tlsClientError", (_error: Error, socket: TLSSocket) => {
    socket.destroy();
    const reason = socket.authorizationError === undefined ? "" : `: ${String(socket.authorizationError)}`;
    void connections.refuse("identity", `the TLS handshake failed${reason}`);
  });
}
