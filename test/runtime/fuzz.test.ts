/**
 * Malformed requests and TLS hellos at a proxy. Whatever is sent, the proxy lives, and what arrives behind it is what was
 * decided on: as many requests as there were permits, each for the one path that is allowed.
 *
 * `npm run fuzz` sends many (a million requests, a hundred thousand hellos, ten minutes each at most), cut off from every
 * network. RINGFENCE_FUZZ_REQUESTS, _HELLOS and _SECONDS set the bounds; RINGFENCE_FUZZ_SEED repeats a run.
 */
import { createServer } from "node:http";
import { connect, createServer as createTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, expect, it } from "vitest";
import { type Address, dialTcp } from "../../src/runtime/pep/index.js";
import { inbound, Mesh } from "./mesh.js";
import { mutate, random } from "./mutations.js";

const REQUESTS = Number(process.env.RINGFENCE_FUZZ_REQUESTS ?? 3000);
const HELLOS = Number(process.env.RINGFENCE_FUZZ_HELLOS ?? 300);
const SECONDS = Number(process.env.RINGFENCE_FUZZ_SECONDS ?? 600);
const SEED = Number(process.env.RINGFENCE_FUZZ_SEED ?? 20_261_124);
const AT_ONCE = 32;
const LONG_MS = 3 * 3_600_000;

let mesh: Mesh;
afterEach(() => mesh?.close());

const SEEDS = [
  "GET /ok HTTP/1.1\r\nHost: outside.test\r\n\r\n",
  "GET /denied HTTP/1.1\r\nHost: outside.test\r\nX-A: b\r\n\r\n",
  "POST /ok HTTP/1.1\r\nHost: outside.test\r\nContent-Length: 5\r\n\r\nhello",
  "POST /ok HTTP/1.1\r\nHost: outside.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  "DELETE /ok HTTP/1.1\r\nHost: outside.test\r\nTransfer-Encoding: chunked\r\n\r\n21\r\nGET /denied HTTP/1.1\r\nHost: x\r\n\r\n\r\n0\r\n\r\n",
  "GET /ok HTTP/1.1\r\nHost: outside.test\r\nConnection: close, X-B\r\nX-B: 1\r\n\r\n",
  "OPTIONS /ok/../denied HTTP/1.1\r\nHost: outside.test\r\n\r\n",
];
function send({ host, port }: Address, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
    socket.on("data", () => undefined);
    socket.setTimeout(2000, () => socket.destroy());
    socket.end(bytes);
  });
}

/** @returns how many there were until the time was over */
async function inParallel(count: number, one: (index: number) => Promise<void>): Promise<number> {
  let next = 0;
  const until = performance.now() + SECONDS * 1000;
  const worker = async (): Promise<void> => {
    while (next < count && performance.now() < until) await one(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return next;
}

it(
  "forwards only what was parsed, decided and recorded, whatever is sent",
  async () => {
    let forwarded = 0;
    const wrong: string[] = [];
    const upstream = createServer({ requireHostHeader: false }, (request, response) => {
      forwarded++;
      const path = (request.url ?? "").split("?")[0];
      if (path !== "/ok" || request.headers.host !== "outside.test") wrong.push(`${request.method} ${request.url}`);
      request.resume();
      request.on("end", () => response.end("served"));
      request.on("error", () => undefined);
    });
    // Bytes that are no request to a strict parser behind the proxy would have been forwarded unparsed.
    upstream.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      if (error.code?.startsWith("HPE") && error.code !== "HPE_INVALID_EOF_STATE") wrong.push(String(error.code));
      socket.destroy();
    });
    let permitted = 0;
    const outer = await Mesh.start();
    const at = await outer.serve(upstream);
    mesh = await Mesh.start({
      allow: ({ http }) => http?.path === "/ok",
      limits: { headMs: 1000, keepAliveMs: 100 },
      standIns: new Map([["outside", at]]),
      log: {
        append: async ({ outcome }) => {
          if (outcome === "allow") permitted++;
        },
      },
    });
    mesh.onClose(() => outer.close());
    const proxy = await mesh.proxy("client", {
      outbound: [
        {
          key: "api outside 80",
          kind: "api",
          name: "outside",
          host: "outside.test",
          port: 80,
          tls: false,
          protocol: "http",
          upgrades: false,
          identities: [],
          hosts: ["outside.test"],
        },
      ],
    });
    const local = proxy.addressOf("api outside 80");
    if (local === undefined) throw new Error("no listener");
    const pick = random(SEED);
    const sent = await inParallel(REQUESTS, async () => {
      mesh.asked.length = 0;
      const seed = Buffer.from(SEEDS[pick(SEEDS.length)] ?? "", "latin1");
      await send(local, mutate(seed, pick));
    });
    console.log(`${sent} requests (seed ${SEED}): ${permitted} permitted, ${forwarded} arrived`);
    expect(wrong).toEqual([]);
    expect(forwarded).toBeGreaterThan(0);
    expect(forwarded).toBeLessThanOrEqual(permitted);
    const stillThere = await dialTcp(local, 1000)();
    stillThere.destroy();
  },
  LONG_MS,
);

it(
  "outlives TLS hellos of every shape, and none of them reaches a workload",
  async () => {
    const hello = await captureHello();
    mesh = await Mesh.start({ limits: { handshakeMs: 500, connections: 4096 } });
    let reached = 0;
    const own = await mesh.serve(
      createServer((_request, response) => {
        reached++;
        response.end();
      }),
    );
    const proxy = await mesh.proxy("server", { inbound: [inbound(8080)] }, { 8080: own });
    const address = proxy.addressOf("workloads 8080");
    if (address === undefined) throw new Error("no listener");
    const pick = random(SEED);
    const sent = await inParallel(HELLOS, async () => {
      mesh.events.length = 0;
      await send(address, mutate(hello, pick));
    });
    console.log(`${sent} TLS hellos (seed ${SEED}): ${reached} reached the workload`);
    expect(reached).toBe(0);
    const tls = await mesh.mutualTls("client");
    const socket = await tls.connect(address, mesh.idOf("server"), "http/1.1");
    socket.destroy();
  },
  LONG_MS,
);

/** The first flight of a real client. */
async function captureHello(): Promise<Buffer> {
  let server: ReturnType<typeof createTcp> | undefined;
  const captured = await new Promise<Buffer>((resolve) => {
    server = createTcp((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", (bytes) => {
        resolve(bytes);
        socket.destroy();
      });
    }).listen(0, "127.0.0.1", () => {
      const address = server?.address();
      const port = typeof address === "object" ? address?.port : undefined;
      const client = connectTls({
        port: port ?? 0,
        host: "127.0.0.1",
        ALPNProtocols: ["http/1.1"],
        rejectUnauthorized: false,
      });
      client.on("error", () => undefined);
    });
  });
  server?.close();
  return captured;
}
