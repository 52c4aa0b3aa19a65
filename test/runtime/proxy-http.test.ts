/** HTTP/1.1 through two real proxies with mutual TLS 1.3 between them. */
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from "node:http";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import type { Address } from "../../src/runtime/pep/index.js";
import { inbound, Mesh, type MeshOptions, outbound } from "./mesh.js";

/** How many idle connections the proxy is flooded with; 10000 where the system allows that many files. */
const FLOOD = Number(process.env.RINGFENCE_FLOOD ?? 150);

let mesh: Mesh;
afterEach(() => mesh?.close());

interface Pair {
  /** where the client workload speaks to its proxy */
  readonly local: Address;
  readonly seen: IncomingMessage[];
}

async function pair(answer: RequestListener, options: MeshOptions & { upgrades?: boolean } = {}): Promise<Pair> {
  mesh = await Mesh.start(options);
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  server.on("upgrade", (_request, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    socket.on("data", (data: Buffer) => socket.write(`echo ${data}`));
    socket.on("error", () => undefined);
  });
  const own = await mesh.serve(server);
  mesh.onClose(() => server.closeAllConnections());
  const upgrades = options.upgrades ?? false;
  await mesh.proxy("server", { inbound: [inbound(8080, { upgrades })] }, { 8080: own });
  const client = await mesh.proxy("client", { outbound: [outbound(8080, mesh.idOf("server"), { upgrades })] });
  const local = client.addressOf("workload server 8080");
  if (local === undefined) throw new Error("the outbound listener does not listen");
  return { local, seen };
}

interface Got {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
  readonly trailers: IncomingMessage["trailers"];
}

function send(
  { host, port }: Address,
  path: string,
  options: { method?: string; headers?: Record<string, string | string[]>; body?: string | Buffer } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host, port, path, method: options.method ?? "GET", headers: options.headers ?? {}, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString(),
            headers: response.headers,
            trailers: response.trailers,
          }),
        );
      },
    );
    request.on("error", reject);
    request.end(options.body);
  });
}

/** Sends bytes as they are and returns everything that comes back until the connection closes. */
function sendRaw({ host, port }: Address, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => socket.write(text, "latin1"));
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString("latin1");
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
    setTimeout(() => socket.end(), 400);
  });
}

async function met(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("a request", () => {
  it("arrives with the caller's proven identity, after one decision at each end", async () => {
    const { local, seen } = await pair((request, response) => {
      response.setHeader("x-answer", "yes");
      request.pipe(response);
    });
    const got = await send(local, "/echo?q=1", {
      method: "POST",
      body: "hello",
      headers: { "x-forwarded-client-cert": "URI=spiffe://evil/x", "x-user": "root", "x-trace": "1" },
    });
    expect(got).toMatchObject({ status: 200, body: "hello", headers: { "x-answer": "yes" } });
    const [arrived] = seen;
    expect(arrived?.url).toBe("/echo?q=1");
    expect(arrived?.headers).toMatchObject({ host: "server.z:8080", "x-trace": "1" });
    expect(arrived?.headers["x-forwarded-client-cert"]).toMatch(
      /^By=spiffe:\/\/test\.example\/ns\/z\/sa\/server;Hash=[0-9a-f]{64};Subject="";URI=spiffe:\/\/test\.example\/ns\/z\/sa\/client$/,
    );
    expect(arrived?.headers["x-user"]).toBeUndefined();
    expect(mesh.events.map(({ at, direction, outcome, path }) => ({ at, direction, outcome, path }))).toEqual([
      { at: "client", direction: "outbound", outcome: "allow", path: "/echo" },
      { at: "server", direction: "inbound", outcome: "allow", path: "/echo" },
    ]);
    expect(JSON.stringify(mesh.events)).not.toContain("q=1");
    expect(mesh.asked[1]?.caller).toEqual({ kind: "workload", spiffeId: mesh.idOf("client"), name: "client" });
  });

  it("is refused with no more than a code and the decision's id, and never arrives", async () => {
    const { local, seen } = await pair((_request, response) => response.end("reached"), {
      allow: ({ direction, http }) => direction === "outbound" || http?.path === "/allowed",
    });
    expect((await send(local, "/allowed")).body).toBe("reached");
    const refused = await send(local, "/forbidden", { method: "POST", body: "x".repeat(200_000) });
    expect(refused.status).toBe(403);
    expect(JSON.parse(refused.body)).toEqual({ error: "denied", decision: mesh.events.at(-1)?.id });
    expect(seen).toHaveLength(1);
    expect(mesh.events.filter(({ outcome }) => outcome === "deny")).toHaveLength(1);
  });

  it("is not forwarded while there is no decision, nor without one", async () => {
    const { local, seen } = await pair((_request, response) => response.end(), {
      allow: () => new Promise<never>(() => undefined),
      limits: { decisionMs: 50 },
    });
    expect((await send(local, "/")).status).toBe(503);
    mesh.allow = () => {
      throw new Error("broken");
    };
    expect((await send(local, "/")).status).toBe(503);
    expect(seen).toHaveLength(0);
  });

  it("is not forwarded when the decision cannot be recorded", async () => {
    const { local, seen } = await pair((_request, response) => response.end(), {
      log: { append: () => Promise.reject(new Error("disk full")) },
    });
    expect((await send(local, "/")).status).toBe(503);
    expect(seen).toHaveLength(0);
  });

  it("streams a large body and a large answer with back-pressure", async () => {
    const { local } = await pair((request, response) => request.pipe(response));
    const body = Buffer.alloc(8 * 1024 * 1024, "ringfence ");
    const got = await send(local, "/", { method: "POST", body, headers: { "transfer-encoding": "chunked" } });
    expect(got.status).toBe(200);
    expect(got.body.length).toBe(body.length);
    expect(Buffer.from(got.body).equals(body)).toBe(true);
    const known = await send(local, "/", { method: "PUT", body });
    expect(known.body.length).toBe(body.length);
  });

  it("is bounded in size, whether it says so or not", async () => {
    const { local, seen } = await pair(
      (request, response) => {
        request.resume();
        request.on("end", () => response.end("whole"));
      },
      { limits: { bodyBytes: 100_000 } },
    );
    const big = "x".repeat(100_001);
    expect((await send(local, "/", { method: "POST", body: big })).status).toBe(413);
    expect(seen).toHaveLength(0);
    const chunked = send(local, "/", { method: "POST", body: big, headers: { "transfer-encoding": "chunked" } });
    expect(await chunked.then(({ body }) => body).catch(() => "cut")).not.toBe("whole");
  });

  it("carries trailers, and answers without a body", async () => {
    const { local } = await pair((request, response) => {
      if (request.url === "/trailers") {
        response.writeHead(200, { trailer: "x-checksum" });
        response.write("body");
        response.addTrailers({ "x-checksum": "abc" });
        response.end();
      } else response.writeHead(request.url === "/304" ? 304 : 204).end();
    });
    expect((await send(local, "/trailers")).trailers).toEqual({ "x-checksum": "abc" });
    expect((await send(local, "/204")).status).toBe(204);
    expect((await send(local, "/304")).status).toBe(304);
    expect((await send(local, "/204", { method: "HEAD" })).status).toBe(204);
  });

  it("is answered event by event", async () => {
    let next = (_text: string): void => undefined;
    const { local } = await pair((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      next = (text) => void response.write(`data: ${text}\n\n`);
    });
    const received: string[] = [];
    const events = httpRequest({ host: local.host, port: local.port, path: "/events", agent: false });
    const response = await new Promise<IncomingMessage>((resolve) => events.on("response", resolve).end());
    response.on("data", (chunk: Buffer) => received.push(chunk.toString()));
    for (const text of ["one", "two", "three"]) {
      next(text);
      await met(() => received.join("").includes(text));
    }
    expect(received).toHaveLength(3);
    events.destroy();
    await met(() => mesh.proxies.get("server")?.flows.size === 0);
  });

  it("says that the workload cannot be reached, and is not repeated", async () => {
    let calls = 0;
    const { local } = await pair((request) => {
      calls++;
      request.socket.destroy();
    });
    expect((await send(local, "/", { method: "POST", body: "x" })).status).toBe(502);
    expect((await send(local, "/")).status).toBe(502);
    expect(calls).toBe(2);
  });

  it("that is cut short is never taken for a whole answer", async () => {
    const { local } = await pair((request, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("part", () => request.socket.destroy());
    });
    await expect(send(local, "/")).rejects.toThrow();
  });
});

describe("forms that servers read in different ways", () => {
  it.each([
    ["two hosts", "GET / HTTP/1.1\r\nHost: server\r\nHost: server\r\n\r\n"],
    ["an underscore", "GET / HTTP/1.1\r\nHost: server\r\nX_User: a\r\n\r\n"],
    [
      "length and coding",
      "POST / HTTP/1.1\r\nHost: server\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["a dot segment", "GET /a/../admin HTTP/1.1\r\nHost: server\r\n\r\n"],
    ["an encoded slash", "GET /a%2fadmin HTTP/1.1\r\nHost: server\r\n\r\n"],
    ["a backslash", "GET /a\\admin HTTP/1.1\r\nHost: server\r\n\r\n"],
    ["an absolute target", "GET http://server/ HTTP/1.1\r\nHost: server\r\n\r\n"],
    ["CONNECT", "CONNECT server:80 HTTP/1.1\r\nHost: server\r\n\r\n"],
    ["a bare line feed", "GET / HTTP/1.1\nHost: server\n\n"],
    ["a folded field", "GET / HTTP/1.1\r\nHost: server\r\nX-A: 1\r\n 2\r\n\r\n"],
    ["a space before the colon", "GET / HTTP/1.1\r\nHost: server\r\nX-A : 1\r\n\r\n"],
    ["no host", "GET / HTTP/1.1\r\n\r\n"],
    ["another host", "GET / HTTP/1.1\r\nHost: other\r\n\r\n"],
    [
      "an upgrade that no flow declares",
      "GET / HTTP/1.1\r\nHost: server\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ],
    [
      "HTTP/2 in the clear",
      "GET / HTTP/1.1\r\nHost: server\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n",
    ],
    ["garbage", "\x16\x03\x01\x02\x00\x01\x00"],
  ])("are refused: %s", async (_case, text) => {
    const { local, seen } = await pair((_request, response) => response.end("reached"));
    const answer = await sendRaw(local, text);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).not.toContain("reached");
    expect(seen).toHaveLength(0);
    expect(mesh.events).toMatchObject([{ outcome: "deny", layer: "request" }]);
  });

  it("do not smuggle a second request in a body", async () => {
    const { local, seen } = await pair((request, response) => {
      request.resume();
      request.on("end", () => response.end("reached"));
    });
    for (const method of ["DELETE", "OPTIONS", "POST", "GET"]) {
      const inner = "GET /smuggled HTTP/1.1\r\nHost: server\r\n\r\n";
      await sendRaw(
        local,
        `${method} /outer HTTP/1.1\r\nHost: server\r\nTransfer-Encoding: chunked\r\n\r\n${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
      );
    }
    expect(seen.map(({ url }) => url)).toEqual(["/outer", "/outer", "/outer", "/outer"]);
  });
});

describe("a connection", () => {
  it("needs a certificate of the trust domain", async () => {
    const { seen } = await pair((_request, response) => response.end());
    const address = mesh.proxies.get("server")?.addressOf("workloads 8080");
    const foreign = await Mesh.start();
    const stranger = (await foreign.credential("client")).current;
    await foreign.close();
    for (const own of [{}, { cert: stranger.certificatePem, key: stranger.keyPem }]) {
      const refused = await new Promise<string>((resolve) => {
        const socket = connectTls({ ...address, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"], ...own }, () =>
          socket.write("GET / HTTP/1.1\r\nHost: server\r\n\r\n"),
        );
        let answer = "";
        socket.on("data", (data) => {
          answer += data;
        });
        socket.on("error", () => undefined);
        socket.on("close", () => resolve(answer));
      });
      expect(refused).toBe("");
    }
    expect(seen).toHaveLength(0);
    await met(() => mesh.events.length === 2);
    expect(mesh.events).toMatchObject([
      { outcome: "deny", layer: "identity" },
      { outcome: "deny", layer: "identity" },
    ]);
  });

  it("goes only to the workload that was meant", async () => {
    const { local, seen } = await pair((_request, response) => response.end("reached"));
    const impostor = await mesh.proxy("impostor", { inbound: [inbound(8080)] }, {});
    mesh.proxies.set("server", impostor);
    expect((await send(local, "/")).status).toBe(502);
    expect(seen).toHaveLength(0);
  });

  it("is refused and cut when the identity is withdrawn, at once", async () => {
    let opened: Socket | undefined;
    const { local } = await pair((request, response) => {
      opened = request.socket;
      response.writeHead(200).write("first");
    });
    const streaming = send(local, "/stream");
    await met(() => opened !== undefined);
    await mesh.authority.withdraw(mesh.idOf("client"));
    const trust = { authorities: mesh.authority.bundle, withdrawals: mesh.authority.withdrawals };
    mesh.tls.get("server")?.trust(trust);
    await expect(streaming).rejects.toThrow();
    expect((await send(local, "/")).status).toBe(502);
    await met(() => mesh.events.some(({ layer }) => layer === "identity"));
  });

  it("lives on while credentials are renewed", async () => {
    let write = (_text: string): void => undefined;
    const { local } = await pair((request, response) => {
      if (request.url !== "/stream") return response.end("new");
      response.writeHead(200);
      write = (text) => (text === "end" ? response.end(text) : void response.write(text));
      write("begin ");
      return undefined;
    });
    const before = mesh.credentials.get("client")?.current.certificatePem;
    const streaming = send(local, "/stream");
    await met(() => mesh.proxies.get("server")?.flows.size === 1);
    for (const name of ["client", "server"]) {
      const credential = mesh.credentials.get(name);
      await credential?.renew();
      if (credential !== undefined) mesh.tls.get(name)?.renew(credential.current);
      await mesh.proxies.get(name)?.renewed();
    }
    expect(mesh.credentials.get("client")?.current.certificatePem).not.toBe(before);
    expect((await send(local, "/")).body).toBe("new");
    write("middle ");
    write("end");
    expect((await streaming).body).toBe("begin middle end");
  });
});

describe("WebSocket", () => {
  const hello =
    "GET /socket HTTP/1.1\r\nHost: server\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n";

  it("passes where the flow declares it, in both directions", async () => {
    const { local } = await pair((_request, response) => response.end(), { upgrades: true });
    const socket = connect(local.port, local.host, () => socket.write(hello));
    let answer = "";
    socket.on("data", (data) => {
      answer += data;
    });
    await met(() => answer.includes("\r\n\r\n"));
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    socket.write("ping");
    await met(() => answer.includes("echo ping"));
    expect(mesh.asked.map(({ protocol }) => protocol)).toEqual(["websocket", "websocket"]);
    expect(mesh.proxies.get("server")?.flows.size).toBe(1);
    mesh.allow = () => false;
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await mesh.proxies.get("server")?.recheck();
    await closed;
  });

  it("is refused by the decision like any request", async () => {
    const { local } = await pair((_request, response) => response.end(), { upgrades: true, allow: () => false });
    expect(await sendRaw(local, hello)).toMatch(/^HTTP\/1\.1 403 /);
  });
});

describe("limits", () => {
  it("keep half-open and slow connections from piling up", async () => {
    const { local } = await pair((_request, response) => response.end("served"), {
      limits: { headMs: 200, handshakeMs: 200, connections: 200 },
      log: { append: async () => undefined },
    });
    const server = mesh.proxies.get("server")?.addressOf("workloads 8080");
    if (server === undefined) throw new Error("no listener");
    const idle = Array.from({ length: FLOOD }, () => connect(server.port, server.host));
    const slow = Array.from({ length: FLOOD / 3 }, () => {
      const socket = connect(local.port, local.host, () => socket.write("GET / HTTP/1.1\r\nHost: ser"));
      return socket;
    });
    for (const socket of [...idle, ...slow]) socket.on("error", () => undefined).resume();
    // Beyond the limit newcomers are refused, the honest one among them; below it, it is served beside the others.
    const during = await send(local, "/").catch(() => undefined);
    if (FLOOD <= 150) expect(during?.body).toBe("served");
    // With more than the system queues, some wait for the system itself and not for the proxy.
    if (FLOOD <= 150) await met(() => [...idle, ...slow].every(({ closed }) => closed));
    let after = await send(local, "/").catch(() => undefined);
    while (after?.body !== "served") after = await send(local, "/").catch(() => undefined);
    for (const socket of [...idle, ...slow]) socket.destroy();
  });

  it("refuse what would wait too long behind others", async () => {
    const waiting: (() => void)[] = [];
    const { local } = await pair((_request, response) => void waiting.push(() => response.end("served")), {
      limits: { requestsUnderWay: 3 },
    });
    const under = [1, 2, 3].map(() => send(local, "/"));
    await met(() => waiting.length === 3);
    expect((await send(local, "/")).status).toBe(503);
    for (const answer of waiting) answer();
    for (const one of under) expect((await one).body).toBe("served");
  });
});
