import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, type Limits } from "../limits.js";
import { ClientConnection } from "./client-connection.js";
import type { ClientExchange } from "./client-exchange.js";
import { deadlinesFor } from "./deadlines.js";

const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

let server: Server | undefined;
let client: Socket | undefined;
afterEach(() => {
  client?.destroy();
  server?.close();
});

async function met(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

interface Serving {
  readonly client: Socket;
  readonly connection: () => ClientConnection;
  /** bytes that came back */
  readonly received: () => number;
  readonly isClosed: () => boolean;
}

/** A connection of which every request is answered with so many bytes at once, to a client that reads when it is told. */
async function serve(answerBytes: number, limits: Partial<Limits>, onAnswer: () => void): Promise<Serving> {
  const all = { ...DEFAULT_LIMITS, ...limits };
  const deadlines = deadlinesFor(all);
  let connection: ClientConnection | undefined;
  const answer = (exchange: ClientExchange): void => {
    const onEnd = (): void => undefined;
    exchange.readBody({ kind: "none" }, { onData: () => true, onEnd });
    exchange.writeHead(200, [["content-length", String(answerBytes)]], "length");
    exchange.write(Buffer.alloc(answerBytes, "x"));
    exchange.end();
    onAnswer();
  };
  const nothing = (): void => undefined;
  const made = createServer({ allowHalfOpen: true }, (socket) => {
    const onRequest = (exchange: ClientExchange): void => queueMicrotask(() => answer(exchange));
    const handlers = { onRequest, onMalformed: nothing, onCrowd: nothing, onClose: nothing };
    connection = new ClientConnection(socket, all, deadlines, handlers);
  });
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  const socket = connect((made.address() as AddressInfo).port, "127.0.0.1");
  let received = 0;
  socket.on("data", (data) => {
    received += data.length;
  });
  socket.on("error", nothing);
  socket.pause();
  server = made;
  client = socket;
  await met(() => connection !== undefined);
  return {
    client: socket,
    connection: () => connection as ClientConnection,
    received: () => received,
    isClosed: () => socket.destroyed,
  };
}

describe("a client that does not read", () => {
  it("gets no more answers than its connection holds, and all of them when it reads", async () => {
    let answers = 0;
    let most = 0;
    const running = await serve(12_000, {}, () => {
      answers++;
      most = Math.max(most, running.connection().socket.writableLength);
    });
    let sent = 0;
    for (let quiet = 0; sent < 1500 && quiet < 100; quiet++) {
      for (; sent < answers + 8; sent++, quiet = 0) running.client.write(REQUEST);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(most).toBeLessThan(100_000);
    running.client.resume();
    await met(() => answers === sent && running.received() > sent * 12_000);
  });

  it("has the time to take an answer that an idle connection does not have", async () => {
    const running = await serve(8_000_000, { keepAliveMs: 50 }, () => undefined);
    running.client.write(REQUEST);
    await met(() => running.connection().socket.writableLength > 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    running.client.resume();
    await met(() => running.isClosed());
    expect(running.received()).toBeGreaterThan(8_000_000);
  });

  it("is idle when it has taken it", async () => {
    const running = await serve(8_000_000, { keepAliveMs: 400 }, () => undefined);
    running.client.write(REQUEST);
    await met(() => running.connection().socket.writableLength > 0);
    running.client.resume();
    // Far below what one that streams may be silent.
    await met(() => running.isClosed());
    expect(running.received()).toBeGreaterThan(8_000_000);
  });

  it("gets the rest of its answer when the connection is to end", async () => {
    const running = await serve(8_000_000, {}, () => undefined);
    running.client.write(REQUEST);
    await met(() => running.connection().socket.writableLength > 0);
    running.connection().finish();
    running.client.resume();
    await met(() => running.isClosed());
    expect(running.received()).toBeGreaterThan(8_000_000);
  });
});

it("a slow head has its own time, whatever of an answer is still on its way", async () => {
  const running = await serve(8_000_000, { headMs: 300 }, () => undefined);
  running.client.write(REQUEST);
  await met(() => running.connection().socket.writableLength > 0);
  running.client.write(REQUEST.slice(0, 10));
  running.client.resume();
  await met(() => running.isClosed());
  expect(running.received()).toBeGreaterThan(8_000_000);
});
