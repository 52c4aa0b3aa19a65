/**
 * The proxies' reading of HTTP/1.1 against another: whatever they take for a request, Node's own strict parser takes for
 * the same request, with the same fields and the same body. The other way round need not hold: they take less.
 *
 * RINGFENCE_ORACLE sets the number of texts, RINGFENCE_ORACLE_SEED repeats a run.
 */
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ClientConnection, type ClientExchange, deadlinesFor } from "../../src/runtime/pep/http1/index.js";
import { DEFAULT_LIMITS } from "../../src/runtime/pep/index.js";
import { judgeHead } from "../../src/runtime/pep/request-head.js";
import { mutate, random } from "./mutations.js";

const TEXTS = Number(process.env.RINGFENCE_ORACLE ?? 600);
const SEED = Number(process.env.RINGFENCE_ORACLE_SEED ?? 20_261_124);
const AT_ONCE = 12;

interface Reading {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly (readonly [string, string])[];
  body: string;
  isWhole: boolean;
}

const SEEDS = [
  "GET /a HTTP/1.1\r\nHost: x.test\r\n\r\n",
  "POST /a HTTP/1.1\r\nHost: x.test\r\nContent-Length: 5\r\n\r\nhello",
  "POST /a HTTP/1.1\r\nHost: x.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  "PUT /a HTTP/1.1\r\nHost: x.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n00002\r\nde\r\n0\r\nX-T: 1\r\n\r\n",
  "GET /a HTTP/1.0\r\nHost: x.test\r\nX-A:   b \t\r\nX-A: c\r\nX-\u00e9: d\r\n\r\n",
  "GET /a HTTP/1.1\r\nHost: x.test\r\n\r\nGET /b HTTP/1.1\r\nHost: x.test\r\n\r\n",
];

/** What one connection brought, complete when it is closed. */
interface Arrival {
  readonly readings: Reading[];
  readonly closed: Promise<void>;
}
/** Open connections of a server, by the port that they came from. */
class Arrivals {
  readonly #byPort = new Map<number, Arrival>();
  readonly #bySocket = new WeakMap<Socket, Arrival>();

  watch(server: Server): void {
    server.on("connection", (socket: Socket) => {
      const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
      const arrival = { readings: [], closed };
      this.#byPort.set(socket.remotePort ?? 0, arrival);
      this.#bySocket.set(socket, arrival);
    });
  }

  note(socket: Socket, reading: Reading): Reading {
    this.#bySocket.get(socket)?.readings.push(reading);
    return reading;
  }

  has(port: number): boolean {
    return this.#byPort.has(port);
  }

  async from(port: number): Promise<readonly Reading[]> {
    const arrival = this.#byPort.get(port);
    this.#byPort.delete(port);
    await arrival?.closed;
    return arrival?.readings ?? [];
  }
}
const ours = new Arrivals();
const nodes = new Arrivals();
const servers: Server[] = [];
let ports: number[] = [];

function take(client: ClientExchange): void {
  const { method, target, fields } = client.rawHead;
  const judged = judgeHead(client.rawHead);
  if ("refused" in judged) {
    client.refuse(400, [], judged.refused);
    return;
  }
  const reading = ours.note(client.connection.socket, { method, target, fields, body: "", isWhole: false });
  const length = judged.contentLength ?? 0;
  client.readBody(judged.isChunked ? { kind: "chunked" } : { kind: "length", bytes: length }, {
    onData: (data) => {
      reading.body += data.toString("latin1");
      return true;
    },
    onEnd: () => {
      reading.isWhole = true;
      client.writeHead(204, [], "none");
      client.end();
    },
  });
}

beforeAll(async () => {
  const deadlines = deadlinesFor(DEFAULT_LIMITS);
  const own = createServer({ allowHalfOpen: true }, (socket) => {
    const nothing = (): void => undefined;
    // Asynchronous, as a decision is.
    const onRequest = (client: ClientExchange): void => queueMicrotask(() => take(client));
    new ClientConnection(socket, DEFAULT_LIMITS, deadlines, {
      onRequest,
      onMalformed: nothing,
      onCrowd: nothing,
      onClose: nothing,
    });
  });
  const onNodeRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const fields: [string, string][] = [];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      fields.push([(request.rawHeaders[at] ?? "").toLowerCase(), request.rawHeaders[at + 1] ?? ""]);
    }
    const { method = "", url: target = "", socket } = request;
    const reading = nodes.note(socket, { method, target, fields, body: "", isWhole: false });
    request.on("data", (data: Buffer) => {
      reading.body += data.toString("latin1");
    });
    request.on("end", () => {
      reading.isWhole = true;
      response.writeHead(204).end();
    });
    request.on("error", () => undefined);
  };
  const node = createHttp({ requireHostHeader: false }, onNodeRequest);
  // What is expected is judged with the decision, not by the parser.
  node.on("checkExpectation", onNodeRequest);
  node.on("clientError", (_error, socket) => socket.destroy());
  ours.watch(own);
  nodes.watch(node);
  for (const server of [own, node]) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push(server);
  }
  ports = servers.map((server) => (server.address() as AddressInfo).port);
});
afterAll(() => {
  for (const server of servers) server.close();
});

/** Whether both took the same; of a body that was refused half-way, what came before must be the same. */
function isSame(mine: Reading, theirs: Reading | undefined): boolean {
  if (theirs === undefined) return false;
  if (!mine.isWhole && !theirs.body.startsWith(mine.body)) return false;
  const { body, isWhole } = mine.isWhole ? theirs : mine;
  return JSON.stringify(mine) === JSON.stringify({ ...theirs, body, isWhole });
}

/** Sends bytes once the server has the connection, and ends it when nothing more comes back. @returns what arrived */
async function send(port: number, bytes: Buffer, arrivals: Arrivals): Promise<readonly Reading[]> {
  const socket = connect(port, "127.0.0.1");
  socket.on("data", () => undefined);
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  const from = socket.localPort ?? 0;
  while (!arrivals.has(from)) await new Promise((resolve) => setTimeout(resolve, 1));
  socket.write(bytes);
  socket.setTimeout(60, () => socket.end());
  await closed;
  return arrivals.from(from);
}

it("takes nothing for a request that Node takes for another one, or for none", { timeout: 3_600_000 }, async () => {
  const pick = random(SEED);
  let next = 0;
  let taken = 0;
  let takenByNode = 0;
  const wrong: string[] = [];
  const worker = async (): Promise<void> => {
    while (next < TEXTS) {
      next++;
      const bytes = mutate(Buffer.from(SEEDS[pick(SEEDS.length)] ?? "", "latin1"), pick);
      const [mine = [], theirs = []] = await Promise.all([
        send(ports[0] ?? 0, bytes, ours),
        send(ports[1] ?? 0, bytes, nodes),
      ]);
      taken += mine.length;
      takenByNode += theirs.length;
      for (const [at, reading] of mine.entries()) {
        if (!isSame(reading, theirs[at])) {
          wrong.push(
            `${JSON.stringify(bytes.toString("latin1"))}\n${JSON.stringify(reading)}\n${JSON.stringify(theirs[at])}`,
          );
        }
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  console.log(`${TEXTS} texts (seed ${SEED}): ${taken} requests taken, ${takenByNode} by Node's parser`);
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(taken).toBeGreaterThan(TEXTS / 10);
});
