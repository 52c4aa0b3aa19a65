/**
 * Clients that leave while their request is decided, and clients that write more than one request at once. Neither may
 * leave anything behind that counts against the others, and nobody gets more under way than one.
 */
import { createServer } from "node:http";
import { connect as connectHttp2, createServer as createHttp2 } from "node:http2";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Address } from "../../src/runtime/pep/index.js";
import { inbound, Mesh, type MeshOptions, outbound } from "./mesh.js";

const REQUEST = "GET /asked HTTP/1.1\r\nHost: server\r\n\r\n";
const LAST = "GET /asked HTTP/1.1\r\nHost: server\r\nConnection: close\r\n\r\n";
const UPGRADE =
  "GET /asked HTTP/1.1\r\nHost: server\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n";

let mesh: Mesh;
afterEach(() => mesh?.close());

interface Running {
  readonly local: Address;
  readonly served: string[];
  /** the most requests that were at the workload at once */
  readonly most: () => number;
}

async function pair(protocol: "http" | "grpc", options: MeshOptions): Promise<Running> {
  mesh = await Mesh.start(options);
  const served: string[] = [];
  let now = 0;
  let most = 0;
  const answer = (path: string, end: () => void): void => {
    served.push(path);
    most = Math.max(most, ++now);
    setTimeout(() => {
      now--;
      end();
    }, 5);
  };
  const server =
    protocol === "grpc"
      ? createHttp2().on("stream", (stream, headers) => {
          stream.on("error", () => undefined);
          answer(String(headers[":path"]), () => stream.end());
        })
      : createServer((request, response) => answer(request.url ?? "", () => response.end("served")));
  const own = await mesh.serve(server);
  const changes = { protocol, upgrades: protocol === "http" } as const;
  await mesh.proxy("server", { inbound: [inbound(8080, changes)] }, { 8080: own });
  const client = await mesh.proxy("client", { outbound: [outbound(8080, mesh.idOf("server"), changes)] });
  const local = client.addressOf("workload server 8080");
  if (local === undefined) throw new Error("no listener");
  return { local, served, most: () => most };
}

async function met(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const flows = (): number[] => [...mesh.proxies.values()].map((proxy) => proxy.flows.size);

/** Writes, waits until the proxy asks for a decision, and is gone. */
async function leave({ host, port }: Address, bytes: string): Promise<void> {
  const before = mesh.asked.length;
  const socket = connect(port, host, () => socket.write(bytes));
  socket.on("error", () => undefined);
  await met(() => mesh.asked.length > before);
  socket.resetAndDestroy();
}

/** Everything that comes back until the connection ends or nothing came for a while. */
async function write({ host, port }: Address, bytes: string, quietMs = 20_000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => socket.write(bytes));
    let answer = "";
    socket.setTimeout(quietMs, () => socket.destroy());
    socket.on("data", (data) => {
      answer += data;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
  });
}

describe("who leaves while a request is decided", () => {
  // Long enough for the proxy to have noticed, on a busy machine as well.
  const slow = { allow: () => pause(500).then(() => true) };

  it.each([
    ["a request", REQUEST],
    ["a request to upgrade", UPGRADE],
  ])("leaves nothing behind: %s", async (_what, bytes) => {
    const { local, served } = await pair("http", slow);
    for (let at = 0; at < 12; at++) await leave(local, bytes);
    await met(() => flows().every((size) => size === 0));
    expect(served).toEqual([]);
    mesh.allow = () => true;
    expect(await write(local, LAST)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("leaves nothing behind: a stream", async () => {
    const { local, served } = await pair("grpc", slow);
    const session = connectHttp2(`http://${local.host}:${local.port}`);
    session.on("error", () => undefined);
    mesh.onClose(() => session.destroy());
    for (let at = 0; at < 12; at++) {
      const before = mesh.asked.length;
      const stream = session.request({ ":method": "POST", ":path": "/a.B/C", ":authority": "server" });
      stream.on("error", () => undefined);
      await met(() => mesh.asked.length > before);
      stream.close(8);
    }
    await met(() => flows().every((size) => size === 0));
    expect(served).toEqual([]);
  });
});

describe("several requests written at once", () => {
  it("are decided and answered one after the other, in order", async () => {
    const { local, served, most } = await pair("http", {});
    const requests = Array.from({ length: 10 }, (_none, at) =>
      (at === 9 ? LAST : REQUEST).replace("/asked", `/${at}`),
    ).join("");
    const answer = await write(local, requests);
    expect(served).toEqual(Array.from({ length: 10 }, (_none, at) => `/${at}`));
    expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(10);
    expect(most()).toBe(1);
  });

  it("end with their connection when too many wait", async () => {
    const { local, served } = await pair("http", { allow: () => pause(50).then(() => true) });
    await write(local, REQUEST.repeat(100));
    await met(() => mesh.events.some(({ layer }) => layer === "limits"));
    expect(mesh.events.filter(({ outcome }) => outcome === "deny")[0]?.reason).toContain("wait on one connection");
    await met(() => flows().every((size) => size === 0));
    expect(served.length).toBeLessThanOrEqual(1);
  });

  it("do not go on behind a refusal", async () => {
    const { local, served } = await pair("http", { allow: ({ http }) => http?.path !== "/denied" });
    const answer = await write(local, REQUEST.replace("/asked", "/denied") + REQUEST);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 403"]);
    await pause(50);
    expect(served).toEqual([]);
  });

  it("do not hide an upgrade", async () => {
    const { local } = await pair("http", { allow: () => pause(20).then(() => true) });
    expect(await write(local, REQUEST + UPGRADE)).not.toContain("101");
    expect(mesh.events.some(({ reason }) => reason?.includes("upgrade"))).toBe(true);
  });
});

it("a burst does not get past the bound on requests that are under way", async () => {
  const { local, served } = await pair("http", {
    allow: () => pause(100).then(() => true),
    limits: { requestsUnderWay: 5 },
  });
  const answers = await Promise.all(Array.from({ length: 20 }, () => write(local, LAST)));
  expect(answers.filter((answer) => answer.startsWith("HTTP/1.1 503"))).toHaveLength(15);
  expect(served).toHaveLength(5);
});
