/** A workflow run by the command line: real processes, real sandboxes where the system has them, real faults. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { DecisionEvent, Status } from "../../src/runtime/index.js";
import { built } from "../built.js";

const BIN = resolve(import.meta.dirname, "../../bin/ringfence.js");
const PATIENCE_MS = 50_000;

const SERVICE = `
import { createServer } from "node:http";
import { readdirSync, readFileSync } from "node:fs";
const { RINGFENCE_WORKLOAD: name, PORT, HOST, MODEL_URL, RINGFENCE_SECRETS } = process.env;
createServer(async (request, response) => {
  const headers = request.headers.authorization === undefined ? {} : { authorization: request.headers.authorization };
  if (request.url === "/stream") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const timer = setInterval(() => response.write("data: tick\\n\\n"), 50);
    response.on("close", () => clearInterval(timer));
  } else if (request.url === "/secrets") {
    const found = readdirSync(RINGFENCE_SECRETS).map((file) => [file, readFileSync(RINGFENCE_SECRETS + "/" + file, "utf8")]);
    response.end(JSON.stringify(Object.fromEntries(found)));
  } else if (request.url === "/peek") {
    const seen = ["own-secrets/model-key", "config/ringfence/authority.key", ".ringfence/faults/authority.json"].filter((path) => {
      try { return readFileSync(path).length > 0; } catch { return false; }
    });
    response.end(JSON.stringify(seen));
  } else if (request.url === "/pid") response.end(String(process.pid));
  else if (request.url === "/ask" || request.url === "/other") {
    const answer = await fetch(MODEL_URL + (request.url === "/ask" ? "/infer" : "/admin"), { method: "POST", body: "{}", headers });
    response.writeHead(answer.status).end(await answer.text());
  } else response.end(name + " served " + request.url);
}).listen(Number(PORT), HOST, () => console.log(name + " listens"));
`;

const workflow = (flows: string): string => `
apiVersion: ringfence.dev/v1
workflow: faults
trustDomain: test.example.com
zones: { front: { trust: internal }, back: { trust: internal } }
data: { q: { sensitivity: internal } }
identity: { corp: { issuer: "https://login.example.com", audience: api, roles: roles } }
workloads:
  gateway: { zone: front, kind: gateway, port: 8080, run: node service.mjs, env: { NODE_OPTIONS: --title=hidden } }
  model: { zone: back, kind: model, port: 8500, run: node service.mjs, ready: /healthz }
outside: { users: { kind: users, identity: corp } }
secrets: { model-key: { usedBy: [model] }, gateway-key: { usedBy: [gateway] } }
flows:
${flows}`;

const USERS = (paths: string): string =>
  `  - { from: users, to: gateway, data: [q], returns: [q], allow: [{ method: GET, path: [${paths}], roles: [asker] }] }\n`;
const MODEL = "  - { from: gateway, to: model, data: [q], allow: [{ method: POST, path: /infer, roles: [asker] }] }\n";
const ALL = USERS("/ask, /other, /stream, /secrets, /peek, /hello, /pid") + MODEL;

let folder = "";
let env: NodeJS.ProcessEnv = {};
const started: ChildProcess[] = [];

beforeAll(() => {
  built("cli/main.js");
});

afterEach(async () => {
  run("down");
  for (const child of started.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((done) => child.once("exit", done));
      child.kill("SIGKILL");
      await ended;
    }
  }
  rmSync(folder, { recursive: true, force: true });
});

function prepare(flows = ALL): void {
  folder = mkdtempSync(join(tmpdir(), "ringfence-up-"));
  env = { ...process.env, XDG_CONFIG_HOME: join(folder, "config"), NODE_OPTIONS: "", LD_PRELOAD: "" };
  writeFileSync(join(folder, "service.mjs"), SERVICE);
  writeFileSync(join(folder, "ringfence.yaml"), workflow(flows));
  mkdirSync(join(folder, "own-secrets"));
  writeFileSync(join(folder, "own-secrets/model-key"), "for the model");
  writeFileSync(join(folder, "own-secrets/gateway-key"), "for the gateway");
}

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [BIN, ...args], { cwd: folder, env, encoding: "utf8", timeout: PATIENCE_MS });
}

interface Up {
  readonly child: ChildProcess;
  readonly status: Status;
  readonly said: () => string;
}

async function up(...args: string[]): Promise<Up> {
  const child = spawn(process.execPath, [BIN, "up", "--json", ...args], { cwd: folder, env });
  started.push(child);
  let out = "";
  let said = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  await met(() => {
    if (child.exitCode !== null) throw new Error(`up ended: ${said}`);
    return out.endsWith("}\n");
  });
  return { child, status: JSON.parse(out), said: () => said };
}

async function met(condition: () => boolean | Promise<boolean>): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > until) throw new Error("it did not come to that");
    await new Promise((done) => setTimeout(done, 50));
  }
}

function open({ status }: Up, path: string, token?: string): Promise<IncomingMessage> {
  const edge = new URL(status.workloads.flatMap(({ edges }) => edges)[0] ?? "");
  return new Promise((done, fail) => {
    const outgoing = request(new URL(path, edge), {
      ca: readFileSync(status.authority),
      agent: false,
      timeout: 15_000,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    outgoing
      .on("response", done)
      .on("error", fail)
      .on("timeout", () => outgoing.destroy(new Error("no answer")))
      .end();
  });
}

async function get(running: Up, path: string, token?: string): Promise<{ status: number; body: string }> {
  try {
    const response = await open(running, path, token);
    let body = "";
    for await (const chunk of response) body += chunk;
    return { status: response.statusCode ?? 0, body };
  } catch {
    return { status: 0, body: "" };
  }
}

const token = (...args: string[]): string => run("token", "--role", "asker", ...args).stdout.trim();

function decisions(): DecisionEvent[] {
  const records = join(folder, ".ringfence/faults/decisions");
  return readdirSync(records).flatMap((file) =>
    readFileSync(join(records, file), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line)),
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Every process that descends from one, itself included. */
function tree(root: number): number[] {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return new RegExp(`^PPid:\\s+${root}$`, "m").test(readFileSync(`/proc/${name}/status`, "utf8"));
      } catch {
        return false;
      }
    })
    .map(Number);
  return [root, ...children.flatMap(tree)];
}

describe("ringfence up", () => {
  it("runs the workflow, decides every hop, and shows why", async () => {
    prepare();
    const running = await up("--secrets", "own-secrets");
    const asker = token();
    expect(await get(running, "/ask", asker)).toEqual({ status: 200, body: "model served /infer" });
    expect((await get(running, "/other", asker)).status).toBe(403);
    expect((await get(running, "/undeclared", asker)).status).toBe(403);
    expect((await get(running, "/ask")).status).toBe(403);
    expect(JSON.parse((await get(running, "/secrets", asker)).body)).toEqual({ "gateway-key": "for the gateway" });
    if (running.status.isolation.kind === "enforced") expect((await get(running, "/peek", asker)).body).toBe("[]");

    const other = decisions().find(({ path, outcome }) => path === "/admin" && outcome === "deny");
    expect(other).toMatchObject({ at: "gateway", caller: "gateway", callee: "model", rules: ["gateway>model:8500"] });
    const explained = run("explain", other?.id ?? "");
    expect(explained.stdout).toMatch(/denied/);
    expect(explained.stdout).toMatch(/gateway>model:8500/);
    expect(explained.stdout).toMatch(/path/);

    const status = run("status", "--json");
    expect(status.status).toBe(0);
    expect((JSON.parse(status.stdout) as Status).workloads.map(({ state }) => state)).toEqual(["ready", "ready"]);
    expect(run("logs", "model").stdout).toContain("model listens");
    const second = run("up");
    expect(second).toMatchObject({ status: 4, stderr: expect.stringContaining("is running already") });
    expect((await get(running, "/ask", asker)).status).toBe(200);

    const pids = tree(running.child.pid ?? 0);
    expect(pids.length).toBeGreaterThan(4);
    expect(run("down").status).toBe(0);
    await met(() => !pids.some(isAlive));
    expect(existsSync(join(folder, ".ringfence/faults/run"))).toBe(false);
    expect(run("status").status).toBe(1);
    expect(run("down", "--purge").status).toBe(0);
    expect(existsSync(join(folder, ".ringfence/faults"))).toBe(false);
  });

  it("recovers when a workload, a proxy, or the supervisor itself is killed", async () => {
    prepare();
    const running = await up();
    const asker = token();
    const recovers = (): Promise<void> => met(async () => (await get(running, "/ask", asker)).status === 200);
    await recovers();

    const model = running.status.workloads.find(({ name }) => name === "model")?.pid ?? 0;
    // The deepest process below the model's proxy is the workload itself.
    process.kill(tree(model).at(-1) ?? 0, "SIGKILL");
    await met(() => !isAlive(model));
    await recovers();

    const gateway = running.status.workloads.find(({ name }) => name === "gateway")?.pid ?? 0;
    const below = tree(gateway);
    process.kill(gateway, "SIGKILL");
    await met(() => !below.some(isAlive));
    await recovers();

    const all = tree(running.child.pid ?? 0);
    running.child.kill("SIGKILL");
    await met(() => !all.some(isAlive));
    expect((await get(running, "/ask", asker)).status).toBe(0);

    const again = await up();
    // The development issuer's key ended with its supervisor; the authority and its clients' trust did not.
    expect((await get(again, "/ask", asker)).status).toBe(401);
    expect(readFileSync(again.status.authority, "utf8")).toBe(readFileSync(running.status.authority, "utf8"));
    await met(async () => (await get(again, "/ask", token())).status === 200);
  });

  it("applies a changed file: a removed flow is cut, an unaffected connection goes on, a broken file changes nothing", async () => {
    prepare();
    const running = await up("--watch");
    const asker = token();
    const stream = await open(running, "/stream", asker);
    let ticks = 0;
    let isCut = false;
    stream.on("data", () => ticks++);
    stream.on("error", () => undefined);
    stream.on("close", () => {
      isCut = true;
    });
    await met(() => ticks > 2);

    writeFileSync(join(folder, "ringfence.yaml"), workflow(ALL).replace("roles: [asker]", "roles: [asker"));
    await met(() => running.said().includes("the last good workflow stays in force"));
    expect((await get(running, "/ask", asker)).status).toBe(200);

    writeFileSync(join(folder, "ringfence.yaml"), workflow(USERS("/stream, /hello, /ask") + MODEL));
    await met(async () => (await get(running, "/pid", asker)).status === 403);
    const before = ticks;
    await met(() => ticks > before + 2);
    expect(isCut).toBe(false);
    expect((await get(running, "/hello", asker)).status).toBe(200);

    writeFileSync(join(folder, "ringfence.yaml"), workflow(USERS("/hello, /ask") + MODEL));
    await met(() => isCut);
    expect((await get(running, "/ask", asker)).status).toBe(200);
  });

  it("forwards nothing when decisions cannot be recorded", async () => {
    prepare();
    mkdirSync(join(folder, ".ringfence/faults/decisions"), { recursive: true });
    // Every write there fails as on a full disk.
    symlinkSync("/dev/full", join(folder, ".ringfence/faults/decisions/model.jsonl"));
    const running = await up();
    const asker = token();
    expect((await get(running, "/hello", asker)).status).toBe(200);
    expect((await get(running, "/ask", asker)).status).toBe(503);
    expect(run("logs", "model").stdout).not.toContain("/infer");
  });

  it("says so where workloads cannot be isolated, and decides all the same", async () => {
    prepare();
    env.RINGFENCE_SANDBOX = "off";
    const running = await up();
    expect(running.said()).toContain("advisory: workloads run WITHOUT isolation here");
    expect(running.status.isolation).toMatchObject({ kind: "advisory", reason: expect.any(String) });
    const asker = token();
    expect((await get(running, "/ask", asker)).status).toBe(200);
    expect((await get(running, "/other", asker)).status).toBe(403);
    const all = tree(running.child.pid ?? 0);
    running.child.kill("SIGKILL");
    await met(() => !all.some(isAlive));
  });

  it("refuses what cannot run here, with every reason", () => {
    prepare();
    writeFileSync(
      join(folder, "ringfence.yaml"),
      workflow(ALL).replaceAll("run: node service.mjs,", "").replace(", env: { NODE_OPTIONS: --title=hidden }", ""),
    );
    const refused = run("up");
    expect(refused.status).toBe(3);
    expect(refused.stderr).toContain("workload `gateway` does not say how it is started here");
  });

  it("refuses secrets that every workload would read, a decision point in the open, a state folder that leads elsewhere", () => {
    prepare();
    const mixed = run("up", "--secrets", ".");
    expect(mixed).toMatchObject({ status: 2, stderr: expect.stringContaining("holds the workflow's folder") });
    const open = run("up", "--opa", "http://10.0.0.1:8181");
    expect(open).toMatchObject({ status: 2, stderr: expect.stringContaining("neither on this machine nor") });
    symlinkSync(join(folder, "own-secrets"), join(folder, ".ringfence"));
    const led = run("up");
    expect(led).toMatchObject({ status: 4, stderr: expect.stringContaining("is a link") });
    expect(readdirSync(join(folder, "own-secrets"))).toEqual(["gateway-key", "model-key"]);
  });
});
