/** Clients and workloads that mean no good, or are broken, at both ends of two real proxies. */
import { connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { DecisionEvent } from "../../src/runtime/decision/index.js";
import type { Address, TokenIssuer } from "../../src/runtime/pep/index.js";
import { inbound, Mesh, type MeshOptions, outbound } from "./mesh.js";

let mesh: Mesh;
afterEach(() => mesh?.close());

interface Pair {
  readonly local: Address;
  /** everything that arrived at the workload */
  readonly arrived: () => string;
}

/** A workload on a bare socket behind two proxies. */
async function pair(
  onData: (socket: Socket, data: string) => void,
  options: MeshOptions & { upgrades?: boolean; identities?: string[] } = {},
): Promise<Pair> {
  mesh = await Mesh.start(options);
  let arrived = "";
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      arrived += data.toString("latin1");
      onData(socket, data.toString("latin1"));
    });
  });
  const own = await mesh.serve(server);
  mesh.onClose(() => {
    for (const socket of sockets) socket.destroy();
  });
  const changes = { upgrades: options.upgrades ?? false };
  const plan = inbound(8080, { ...changes, identities: options.identities ?? [] });
  await mesh.proxy("server", { inbound: [plan] }, { 8080: own });
  const client = await mesh.proxy("client", { outbound: [outbound(8080, mesh.idOf("server"), changes)] });
  const local = client.addressOf("workload server 8080");
  if (local === undefined) throw new Error("no listener");
  return { local, arrived: () => arrived };
}

async function met(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

interface Client {
  readonly write: (text: string) => void;
  readonly got: () => string;
  readonly isClosed: () => boolean;
}

function dial({ host, port }: Address): Client {
  const socket = connect({ host, port, noDelay: true });
  let got = "";
  let isClosed = false;
  socket.on("data", (data) => {
    got += data.toString("latin1");
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    isClosed = true;
  });
  mesh.onClose(() => socket.destroy());
  return { write: (text) => void socket.write(text, "latin1"), got: () => got, isClosed: () => isClosed };
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const UPGRADE =
  "Host: server\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

describe("what a client sends", () => {
  it("may come line by line", async () => {
    const { local } = await pair((socket) => socket.write(OK));
    const client = dial(local);
    for (const line of ["GET / HTTP/1.1\r\n", "Host: server\r\n", "X-A: 1\r", "\n", "\r\n"]) {
      client.write(line);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    await met(() => client.got().endsWith("ok"));
  });

  it.each([
    ["another method", `POST /a HTTP/1.1\r\n${UPGRADE}\r\n`],
    ["a body", `GET /a HTTP/1.1\r\n${UPGRADE}Content-Length: 3\r\n\r\nabc`],
    ["a body in chunks", `GET /a HTTP/1.1\r\n${UPGRADE}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ])("is no upgrade with %s", async (_what, text) => {
    const { local, arrived } = await pair((socket) => socket.write(OK), { upgrades: true });
    const client = dial(local);
    client.write(text);
    await met(() => client.isClosed() || client.got().includes("\r\n\r\n"));
    expect(client.got()).toMatch(/^HTTP\/1\.1 400 /);
    expect(arrived()).toBe("");
    expect(mesh.asked).toEqual([]);
  });
});

describe("what a workload answers", () => {
  it("keeps its length, whatever its `Connection` names", async () => {
    const { local } = await pair((socket) =>
      socket.write("HTTP/1.1 200 OK\r\nConnection: content-length, content-type\r\nContent-Length: 3\r\n\r\nabc"),
    );
    const client = dial(local);
    client.write("GET / HTTP/1.1\r\nHost: server\r\n\r\n");
    await met(() => client.got().endsWith("abc"));
    expect(client.got()).toContain("\r\ncontent-length: 3\r\n");
  });

  it.each([
    ["more than it says", `${OK}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen`],
    ["two answers, the second later", OK],
    ["a body where none is", "HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\nstolen"],
    [
      "an end and more behind it",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
  ])("does not reach who did not ask: %s", async (what, answer) => {
    let asked = 0;
    const { local } = await pair((socket, data) => {
      if (!data.startsWith("GET /first")) return void socket.write(OK.replace("ok", "no"));
      asked++;
      socket.write(answer);
      if (what.includes("later")) setTimeout(() => socket.write(OK.replace("ok", "st")), 20);
      return undefined;
    });
    const first = dial(local);
    first.write("GET /first HTTP/1.1\r\nHost: server\r\n\r\n");
    await met(() => first.got().includes("\r\n\r\n"));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = dial(local);
    second.write("GET /second HTTP/1.1\r\nHost: server\r\n\r\n");
    await met(() => second.got().endsWith("no"));
    expect(second.got()).not.toMatch(/st(olen)?$/);
    expect(first.got()).not.toContain("stolen");
    expect(asked).toBe(1);
  });
});

describe("an upgrade", () => {
  it("loses nothing that was written early, at either end", async () => {
    const switched =
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly answer.";
    const { local, arrived } = await pair(
      (socket, data) => {
        if (data.startsWith("GET")) socket.write(switched);
        else if (arrived().endsWith("end")) socket.write("late");
      },
      { upgrades: true },
    );
    const client = dial(local);
    const early = "x".repeat(200_000);
    client.write(`GET /a HTTP/1.1\r\n${UPGRADE}\r\n${early}`);
    await met(() => arrived().endsWith(early));
    client.write("end");
    await met(() => client.got().endsWith("early answer.late"));
  });
});

describe("a policy that changes", () => {
  it("while a request is recorded cuts what the request began", async () => {
    let record = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      record = resolve;
    });
    const log = { append: (_event: DecisionEvent) => held };
    const { local } = await pair((socket) => socket.write("HTTP/1.1 200 OK\r\n\r\nevent"), { log });
    const client = dial(local);
    client.write("GET / HTTP/1.1\r\nHost: server\r\n\r\n");
    await met(() => mesh.asked.length === 1);
    mesh.allow = ({ direction }) => direction === "inbound";
    await mesh.proxies.get("client")?.recheck();
    record();
    await met(() => client.isClosed());
    expect(mesh.proxies.get("client")?.flows.size).toBe(0);
  });

  it("cuts what is not allowed, even where the rest of its plan cannot be applied", async () => {
    const { local } = await pair((socket) => socket.write("HTTP/1.1 200 OK\r\n\r\nevent"));
    const client = dial(local);
    client.write("GET / HTTP/1.1\r\nHost: server\r\n\r\n");
    await met(() => client.got().includes("event"));
    mesh.allow = () => false;
    const broken = Object.defineProperty(inbound(8081), "protocol", {
      get: () => {
        throw new Error("no such protocol");
      },
    });
    const workload = { name: "server", zone: "z", spiffeId: mesh.idOf("server") };
    const plan = { workflow: "test", workload, inbound: [inbound(8080), broken], outbound: [] };
    await expect(mesh.proxies.get("server")?.apply(plan)).rejects.toThrow("no such protocol");
    await met(() => client.isClosed());
  });
});

it("a proxy that has closed forwards nothing that it was still deciding", async () => {
  let verified = (): void => undefined;
  const verifying = new Promise<void>((resolve) => {
    verified = resolve;
  });
  const issuer: TokenIssuer = {
    identity: "corp",
    issuer: "https://login.example.com",
    verifier: {
      verifiedBefore: () => undefined,
      verify: () =>
        verifying.then(() => ({ issuer: "https://login.example.com", subject: "ada", expiresAt: 1, claims: {} })),
    },
  };
  const { local, arrived } = await pair((socket) => socket.write(OK), { issuers: [issuer], identities: ["corp"] });
  const claims = Buffer.from(JSON.stringify({ iss: issuer.issuer })).toString("base64url");
  const client = dial(local);
  client.write(`GET / HTTP/1.1\r\nHost: server\r\nAuthorization: Bearer e30.${claims}.AA\r\n\r\n`);
  const server = mesh.proxies.get("server");
  await met(() => server?.flows.size === 1);
  await server?.close();
  verified();
  await met(() => client.got().includes("\r\n\r\n"));
  expect(client.got()).not.toContain("200");
  expect(arrived()).toBe("");
});

it("bytes pass in one direction when the other has ended", async () => {
  mesh = await Mesh.start();
  let arrived = "";
  const own = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      arrived += data;
      if (arrived === "hello") socket.end("bye");
    });
    socket.on("end", () => socket.destroy());
  });
  const address = await mesh.serve(own);
  await mesh.proxy("server", { inbound: [inbound(9000, { protocol: "tcp" })] }, { 9000: address });
  const proxy = await mesh.proxy("client", { outbound: [outbound(9000, mesh.idOf("server"), { protocol: "tcp" })] });
  const local = proxy.addressOf("workload server 9000");
  if (local === undefined) throw new Error("no listener");
  const socket = connect({ ...local, allowHalfOpen: true });
  socket.on("error", () => undefined);
  let ended = false;
  let got = "";
  socket.on("data", (data) => {
    got += data;
  });
  socket.on("end", () => {
    ended = true;
  });
  socket.write("hello");
  await met(() => ended);
  expect(got).toBe("bye");
  socket.write(" and more");
  await new Promise((resolve) => setTimeout(resolve, 200));
  socket.end();
  await met(() => arrived === "hello and more");
});
