/**
 * What breaks around a running workflow, with real processes: in each case nothing is forwarded that was not decided and
 * recorded, and everything serves again when the fault is over.
 *
 * RINGFENCE_FLOOD says how many half-open and slow connections are held (10000 in a nightly run).
 */
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { order } from "../../src/runtime/index.js";
import { built } from "../built.js";
import {
  canMount,
  cleanUp,
  client,
  decisions,
  folder,
  get,
  inside,
  met,
  prepare,
  run,
  token,
  type Up,
  up,
  upWith,
} from "./workflow.js";

const FLOOD = Number(process.env.RINGFENCE_FLOOD ?? 600);
const hasCompiler = spawnSync("cc", ["--version"]).status === 0;
if (!canMount) console.log("not run: mount namespaces of one's own are not permitted (full disk, clock)");
else if (!hasCompiler) console.log("not run: there is no C compiler (clock)");

beforeAll(() => {
  built("cli/main.js");
});
afterEach(cleanUp);

const serves = (running: Up, bearer: string): Promise<void> =>
  met(async () => (await get(running, "/ask", bearer)).status === 200);

describe("a fault", () => {
  it.skipIf(!canMount)(
    "of the disk, which is full: nothing passes unrecorded, and who is cut off stays so",
    async () => {
      prepare();
      mkdirSync(join(folder, ".ringfence"));
      const running = await upWith("mount -t tmpfs -o size=4m none .ringfence");
      const asker = token();
      await serves(running, asker);
      const handled = Number((await get(running, "/count", asker)).body);

      const fill = (): unknown => inside("sh", "-c", "cat /dev/zero >> .ringfence/fill");
      fill();
      // The last block of the record has room for a few more.
      let before = 0;
      await met(async () => {
        before++;
        return (await get(running, "/hello", asker)).status === 503;
      });
      for (let tries = 0; tries < 10; tries++) expect((await get(running, "/ask", asker)).status).toBe(503);
      // A workload that ends now cannot start again, because its files cannot be written; the others go on.
      const files = ".ringfence/faults/run/etc/model";
      inside("sh", "-c", `rm -r ${files} && touch ${files}`);
      process.kill(running.status.workloads.find(({ name }) => name === "model")?.pid ?? 0, "SIGKILL");
      await met(() => running.said().includes("model: EEXIST"));
      const socket = join(running.root, folder, ".ringfence/faults/run/control.sock");
      fill();
      await expect(order(socket, "withdraw", { workload: "model" })).rejects.toThrow();

      inside("rm", ".ringfence/fill", files);
      await met(async () => (await get(running, "/hello", asker)).status === 200);
      expect(Number((await get(running, "/count", asker)).body)).toBe(handled + before);
      for (let tries = 0; tries < 5; tries++) expect((await get(running, "/ask", asker)).status).not.toBe(200);
      await order(socket, "restore", { workload: "model" });
      await serves(running, asker);
    },
  );

  it.skipIf(!canMount || !hasCompiler)(
    "of the clock, which jumps: expired is expired, and all is renewed",
    async () => {
      prepare();
      const offset = join(folder, "offset");
      writeFileSync(offset, Buffer.alloc(8));
      const library = join(folder, "clock.so");
      const source = join(import.meta.dirname, "clock-offset.c");
      const compiled = spawnSync("cc", [
        "-shared",
        "-fPIC",
        `-DOFFSET_FILE="${offset}"`,
        "-o",
        library,
        source,
        "-ldl",
      ]);
      expect(compiled.status, String(compiled.stderr)).toBe(0);
      // Every process of the workflow loads it, whatever its environment, because the system says so.
      mkdirSync(join(folder, "etc"));
      const running = await upWith(
        `mount -t tmpfs none etc && mkdir etc/upper etc/work
       mount -t overlay overlay -o lowerdir=/etc,upperdir=etc/upper,workdir=etc/work /etc
       echo ${library} > /etc/ld.so.preload`,
      );
      const jump = (hours: number): void => {
        const seconds = Buffer.alloc(8);
        seconds.writeBigInt64LE(BigInt(Math.round(hours * 3600)));
        const file = openSync(offset, "r+");
        writeSync(file, seconds, 0, 8, 0);
        closeSync(file);
      };
      client.checksTimes = false;
      const early = token();
      await serves(running, early);
      const now = Date.now();

      jump(3);
      // The token has expired with everything else; so have the certificates, until they are renewed by themselves.
      await met(async () => (await get(running, "/ask", early)).status === 401);
      await serves(running, token());
      const late = decisions(running.root).find(({ time }) => Date.parse(time) > now + 2 * 3_600_000);
      expect(late).toBeDefined();

      jump(-12);
      // A token from the future is not valid yet.
      await serves(running, token());

      jump(-72);
      // Before the authority's own certificate there is nothing that could be trusted.
      await met(async () => (await get(running, "/ask", token())).status !== 200);
      jump(0);
      await serves(running, token());
      for (const { restarts } of (JSON.parse(run("status", "--json").stdout) as Up["status"]).workloads) {
        expect(restarts).toBe(0);
      }
    },
  );

  it("of the decision point, which is silent, broken or gone: no decision, nothing forwarded", async () => {
    prepare();
    let mode: "allow" | "silent" | "broken" | "another shape" = "allow";
    const answer = { result: { allow: true, rules: ["stand-in"], flows: [], reasons: [] } };
    const standIn = createServer((_request, response) => {
      if (mode === "silent") return;
      if (mode === "broken") return void response.writeHead(500).end();
      response.end(mode === "allow" ? JSON.stringify(answer) : '{"result":{"allow":"yes"}}');
    });
    const listen = (port: number): Promise<void> => new Promise((done) => standIn.listen(port, "127.0.0.1", done));
    await listen(0);
    const { port } = standIn.address() as AddressInfo;
    try {
      const running = await up("--opa", `http://127.0.0.1:${port}`);
      await serves(running, token());
      const asker = token();
      const handled = Number((await get(running, "/count", asker)).body);
      for (mode of ["silent", "broken", "another shape"] as const) {
        const answers = await Promise.all(Array.from({ length: 5 }, () => get(running, "/ask", asker)));
        expect([mode, ...answers.map(({ status }) => status)]).toEqual([mode, 503, 503, 503, 503, 503]);
      }
      standIn.closeAllConnections();
      await new Promise((done) => standIn.close(done));
      expect((await get(running, "/ask", asker)).status).toBe(503);
      mode = "allow";
      await listen(port);
      await serves(running, asker);
      expect(Number((await get(running, "/count", asker)).body)).toBeLessThanOrEqual(handled + 2);
    } finally {
      standIn.closeAllConnections();
      standIn.close();
    }
  });

  it("of any process, under load: what a workload got was decided and recorded before", async () => {
    prepare();
    const running = await up();
    const asker = token();
    await serves(running, asker);
    let isOver = false;
    const load = Array.from({ length: 4 }, async () => {
      while (!isOver) await get(running, "/ask", asker);
    });
    for (const name of ["model", "gateway", "model"]) {
      await new Promise((done) => setTimeout(done, 300));
      const status = JSON.parse(run("status", "--json").stdout) as Up["status"];
      const pid = status.workloads.find((workload) => workload.name === name)?.pid;
      if (pid !== undefined) process.kill(pid, "SIGKILL");
      await serves(running, asker);
    }
    running.child.kill("SIGKILL");
    await met(async () => (await get(running, "/ask", asker)).status === 0);
    isOver = true;
    await Promise.all(load);
    const inferred = readFileSync(join(folder, ".ringfence/faults/logs/model.log"), "utf8").match(/^inferred$/gm) ?? [];
    const permitted = decisions().filter(
      ({ at, path, outcome }) => at === "model" && path === "/infer" && outcome === "allow",
    );
    expect(inferred.length).toBeGreaterThan(3);
    expect(permitted.length).toBeGreaterThanOrEqual(inferred.length);
  });

  it("of clients that open connections and say nothing, or little: they end, and the edge serves", async () => {
    prepare();
    const running = await up();
    const asker = token();
    await serves(running, asker);
    const handled = Number((await get(running, "/count", asker)).body);
    const edge = new URL(running.status.workloads.flatMap(({ edges }) => edges)[0] ?? "");
    const at = { port: Number(edge.port), host: "127.0.0.1" };
    const hello = Buffer.from("16030100c8010000c40303", "hex");
    const held = new Set<Socket>();
    let closed = 0;
    for (let index = 0; index < FLOOD; index++) {
      // In turn: nothing at all, half a TLS hello, a whole handshake and half a request.
      const kind = index % 4;
      const socket = kind < 3 ? connect(at) : connectTls({ ...at, rejectUnauthorized: false });
      socket.on("error", () => undefined).resume();
      socket.on("close", () => {
        closed++;
        held.delete(socket);
      });
      if (kind === 2) socket.once("connect", () => socket.write(hello));
      if (kind === 3) socket.once("secureConnect", () => socket.write("GET /ask HTTP/1.1\r\nHost: localhost\r\nX-"));
      held.add(socket);
      if (index % 200 === 199) await new Promise((done) => setTimeout(done, 20));
    }
    // Those that are left are ended by the edge, not by their own side; one that is honest is served then at the latest.
    await serves(running, asker);
    await met(() => closed === FLOOD);
    await serves(running, asker);
    const status = JSON.parse(run("status", "--json").stdout) as Up["status"];
    expect(status.workloads.map(({ restarts }) => restarts)).toEqual([0, 0]);
    const count = Number((await get(running, "/count", asker)).body);
    expect(count).toBeLessThan(handled + 500);
    const gateway = status.workloads.find(({ name }) => name === "gateway")?.pid ?? 0;
    const kib = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway}/status`, "utf8"))?.[1] ?? 0);
    console.log(
      `${FLOOD} half-open and slow connections; the edge's process has ${Math.round(kib / 1024)} MiB after them`,
    );
    expect(kib).toBeLessThan(600 * 1024);
  });
});
