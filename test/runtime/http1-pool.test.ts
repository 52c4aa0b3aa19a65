/** A destination with few connections, and clients and a workload that break off in every way: it serves on. */
import { connect, createServer, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { inbound, Mesh, outbound } from "./mesh.js";
import { random } from "./mutations.js";

const ROUNDS = Number(process.env.RINGFENCE_POOL ?? 300);
const SEED = Number(process.env.RINGFENCE_POOL_SEED ?? 20_261_125);
const AT_ONCE = 12;

let mesh: Mesh;
afterEach(() => mesh?.close());

async function met(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const body = (id: number): string => `answer ${id};`;

/** How a workload treats a request that it has got. */
const ANSWERS: ((socket: Socket, text: string) => void)[] = [
  (socket, text) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`),
  (socket, text) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}HTTP/1.1 200 OK\r\n`),
  (socket, text) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${text}`),
  (socket, text) => {
    socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n`);
    setTimeout(() => socket.write("0\r\n\r\n"), 3);
  },
  (socket) => socket.destroy(),
  (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\npart", () => socket.destroy()),
  (socket) => socket.write("no answer at all\r\n\r\n"),
  (socket) => setTimeout(() => socket.destroy(), 10),
];

it(`gives nobody another's answer and no connection away for ever (seed ${SEED})`, async () => {
  const pick = random(SEED);
  mesh = await Mesh.start({ limits: { upstreamConnections: 2 }, log: { append: async () => undefined } });
  const server = createServer((socket) => {
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      text += data.toString("latin1");
      // Some are answered before their body has come.
      for (
        let found = /GET|POST/.exec(text);
        found !== null && text.includes("\r\n\r\n");
        found = /GET|POST/.exec(text)
      ) {
        const [, id = "0", how = "0"] = /\/(\d+)\/(\d+) /.exec(text) ?? [];
        text = text.slice(text.indexOf("\r\n\r\n") + 4).replace(/^x*/, "");
        ANSWERS[Number(how)]?.(socket, body(Number(id)));
      }
    });
  });
  const own = await mesh.serve(server);
  await mesh.proxy("server", { inbound: [inbound(8080)] }, { 8080: own });
  const proxy = await mesh.proxy("client", { outbound: [outbound(8080, mesh.idOf("server"))] });
  const local = proxy.addressOf("workload server 8080");
  if (local === undefined) throw new Error("no listener");

  /** @returns what came back until the connection ended, or until the answer was whole */
  const ask = (id: number, how: number, leaves: boolean, lacks: number, size: number): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect({ host: local.host, port: local.port });
      let got = "";
      socket.on("error", () => undefined);
      socket.on("data", (data) => {
        got += data.toString("latin1");
        if (got.includes(body(id)) || got.includes("unreachable")) socket.destroy();
      });
      socket.on("close", () => resolve(got));
      const head = `${size > 0 ? "POST" : "GET"} /${id}/${how} HTTP/1.1\r\nHost: server\r\n`;
      socket.write(`${head}${size > 0 ? `Content-Length: ${size}\r\n` : ""}\r\n${"x".repeat(size - lacks)}`);
      if (leaves || lacks > 0) setTimeout(() => socket.resetAndDestroy(), pick(20));
    });

  let id = 0;
  const worker = async (): Promise<void> => {
    while (id < ROUNDS) {
      const mine = ++id;
      const size = [0, 5, 100_000][pick(3)] ?? 0;
      const leaves = pick(4) === 0;
      const lacks = size > 0 && pick(4) === 0 ? 1 : 0;
      const got = await ask(mine, pick(ANSWERS.length), leaves, lacks, size);
      expect((got.match(/answer \d+;/g) ?? []).filter((answer) => answer !== body(mine))).toEqual([]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await met(() => [...mesh.proxies.values()].every(({ flows }) => flows.size === 0));
  for (let honest = 0; honest < 5; honest++) {
    expect(await ask(1_000_000 + honest, 0, false, 0, 0)).toContain(body(1_000_000 + honest));
  }
}, 60_000);
