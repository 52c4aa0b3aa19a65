/** HTTP/2 with gRPC's use of it, and TCP, through two real proxies. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, createServer } from "node:http2";
import { connect, createServer as createTcp, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Address } from "../../src/runtime/pep/index.js";
import { inbound, Mesh, type MeshOptions, outbound } from "./mesh.js";

let mesh: Mesh;
afterEach(() => mesh?.close());

async function met(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function joinProxies(protocol: "grpc" | "tcp", port: number, own: Address): Promise<Address> {
  await mesh.proxy("server", { inbound: [inbound(port, { protocol })] }, { [port]: own });
  const client = await mesh.proxy("client", { outbound: [outbound(port, mesh.idOf("server"), { protocol })] });
  const local = client.addressOf(`workload server ${port}`);
  if (local === undefined) throw new Error("the outbound listener does not listen");
  return local;
}

describe("gRPC", () => {
  async function grpc(options: MeshOptions = {}): Promise<{ session: ClientHttp2Session; paths: string[] }> {
    mesh = await Mesh.start(options);
    const paths: string[] = [];
    const server = createServer();
    server.on("stream", (stream, headers) => {
      paths.push(String(headers[":path"]));
      stream.on("error", () => undefined);
      if (headers[":path"] === "/model.Infer/Fails") {
        stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "5" }, { endStream: true });
        return;
      }
      stream.respond(
        { ":status": 200, "content-type": "application/grpc", "x-caller": headers["x-forwarded-client-cert"] },
        { waitForTrailers: true },
      );
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "grpc-message": "fine" }));
      stream.pipe(stream);
    });
    const own = await mesh.serve(server);
    const local = await joinProxies("grpc", 9090, own);
    const session = connectHttp2(`http://${local.host}:${local.port}`);
    session.on("error", () => undefined);
    mesh.onClose(() => session.destroy());
    return { session, paths };
  }

  const call = (session: ClientHttp2Session, path: string): ClientHttp2Stream =>
    session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
    });

  async function answer(stream: ClientHttp2Stream): Promise<Record<string, unknown>> {
    const all: Record<string, unknown> = {};
    let body = "";
    stream.on("response", (headers) => Object.assign(all, headers));
    stream.on("trailers", (headers) => Object.assign(all, headers));
    stream.on("data", (chunk: Buffer) => {
      body += chunk;
    });
    await new Promise((resolve) => stream.on("close", resolve).on("error", resolve));
    return { ...all, body };
  }

  it("passes messages both ways at once, with its trailers and the caller's identity", async () => {
    const { session } = await grpc();
    const stream = call(session, "/model.Infer/Stream");
    let body = "";
    const got = answer(stream);
    stream.on("data", (chunk: Buffer) => {
      body += chunk;
    });
    stream.write("one ");
    await met(() => body === "one ");
    stream.end("two");
    expect(await got).toMatchObject({ ":status": 200, "grpc-status": "0", "grpc-message": "fine", body: "one two" });
    expect((await got)["x-caller"]).toMatch(/URI=spiffe:\/\/test\.example\/ns\/z\/sa\/client$/);
    expect(mesh.asked.map(({ http }) => http?.path)).toEqual(["/model.Infer/Stream", "/model.Infer/Stream"]);
    await met(() => mesh.proxies.get("server")?.flows.size === 0);
  });

  it("passes answers that are trailers alone", async () => {
    const { session } = await grpc();
    expect(await answer(call(session, "/model.Infer/Fails").end())).toMatchObject({ "grpc-status": "5", body: "" });
  });

  it("hears of a denial and of a missing decision in gRPC's words", async () => {
    const { session, paths } = await grpc({ allow: ({ http }) => http?.path !== "/model.Infer/Denied" });
    expect(await answer(call(session, "/model.Infer/Denied").end())).toMatchObject({ "grpc-status": "7" });
    mesh.allow = () => {
      throw new Error("broken");
    };
    expect(await answer(call(session, "/model.Infer/Any").end())).toMatchObject({ "grpc-status": "14" });
    expect(paths).toEqual([]);
  });

  it("refuses paths that are read in two ways and pseudo-header fields that are not a request's", async () => {
    const { session, paths } = await grpc();
    for (const path of ["/a/../b", "/a%2fb", "//a", "/a\\b", "/a/."]) {
      expect(await answer(call(session, path).end())).toMatchObject({ "grpc-status": "3" });
    }
    expect(paths).toEqual([]);
  });

  it("cuts a stream when it is no longer allowed", async () => {
    const { session } = await grpc();
    const stream = call(session, "/model.Infer/Stream");
    stream.on("error", () => undefined);
    let started = false;
    stream.on("data", () => {
      started = true;
    });
    stream.write("x");
    await met(() => started);
    const closed = new Promise((resolve) => stream.on("close", resolve));
    mesh.allow = () => false;
    await mesh.proxies.get("server")?.recheck();
    await closed;
    expect(stream.rstCode).not.toBe(0);
  });

  it("carries many streams at once, each to its own end", async () => {
    const { session } = await grpc();
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        const stream = call(session, "/model.Infer/Stream");
        const got = answer(stream);
        stream.end(`${n} `.repeat(2000));
        return got;
      }),
    );
    for (const [n, { body }] of answers.entries()) expect(body).toBe(`${n} `.repeat(2000));
  });
});

describe("TCP", () => {
  async function tcp(onSocket: (socket: Socket) => void, options: MeshOptions = {}): Promise<Address> {
    mesh = await Mesh.start(options);
    const server = createTcp({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => undefined);
      onSocket(socket);
    });
    return joinProxies("tcp", 5432, await mesh.serve(server));
  }

  it("is decided once for a connection and passes bytes and half-closes both ways", async () => {
    const local = await tcp((socket) => {
      const chunks: Buffer[] = [];
      socket.on("data", (chunk: Buffer) => chunks.push(chunk));
      // Answers only after the client has ended: a relay that closes both directions at once would lose it.
      socket.on("end", () => socket.end(Buffer.concat(chunks).toString("utf8").toUpperCase()));
    });
    const socket = connect({ ...local, allowHalfOpen: true });
    socket.end("select 1");
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    await new Promise((resolve) => socket.on("close", resolve));
    expect(answer).toBe("SELECT 1");
    expect(mesh.events.map(({ direction, outcome, path }) => ({ direction, outcome, path }))).toEqual([
      { direction: "outbound", outcome: "allow", path: undefined },
      { direction: "inbound", outcome: "allow", path: undefined },
    ]);
    await met(() => mesh.proxies.get("server")?.flows.size === 0);
  });

  it("does not reach the workload when it is denied", async () => {
    let reached = 0;
    const local = await tcp(() => reached++, { allow: ({ direction }) => direction === "outbound" });
    const socket = connect(local);
    socket.on("error", () => undefined).resume();
    await new Promise((resolve) => socket.on("close", resolve));
    expect(reached).toBe(0);
    expect(mesh.events.at(-1)).toMatchObject({ at: "server", outcome: "deny" });
  });

  it("passes much in both directions with back-pressure", async () => {
    const local = await tcp((socket) => socket.pipe(socket));
    const socket = connect({ ...local, allowHalfOpen: true });
    const sent = Buffer.alloc(6 * 1024 * 1024, "0123456789");
    socket.end(sent);
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    await new Promise((resolve) => socket.on("close", resolve));
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  });

  it("is cut when the identity is withdrawn", async () => {
    const local = await tcp((socket) => socket.write("hello"));
    const socket = connect(local);
    socket.on("error", () => undefined);
    await new Promise((resolve) => socket.once("data", resolve));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await mesh.authority.withdraw(mesh.idOf("client"));
    mesh.tls.get("server")?.trust({ authorities: mesh.authority.bundle, withdrawals: mesh.authority.withdrawals });
    await closed;
  });
});
