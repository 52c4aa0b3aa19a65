/**
 * A small workflow that the command line runs, for tests of what happens to real processes: a gateway with an edge for
 * users, and a model behind it. Each test file has one at a time.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { DecisionEvent, Status } from "../../src/runtime/index.js";

const BIN = resolve(import.meta.dirname, "../../bin/ringfence.js");
const PATIENCE_MS = 50_000;

const SERVICE = `
import { createServer } from "node:http";
import { readdirSync, readFileSync } from "node:fs";
let handled = 0;
const { RINGFENCE_WORKLOAD: name, PORT, HOST, MODEL_URL, RINGFENCE_SECRETS } = process.env;
createServer(async (request, response) => {
  const headers = request.headers.authorization === undefined ? {} : { authorization: request.headers.authorization };
  if (request.url === "/count") return void response.end(String(handled));
  handled++;
  if (request.url === "/infer") console.log("inferred");
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

export const workflow = (flows: string): string => `
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

export const USERS = (paths: string): string =>
  `  - { from: users, to: gateway, data: [q], returns: [q], allow: [{ method: GET, path: [${paths}], roles: [asker] }] }\n`;
export const MODEL =
  "  - { from: gateway, to: model, data: [q], allow: [{ method: POST, path: /infer, roles: [asker] }] }\n";
export const ALL = USERS("/ask, /count, /other, /stream, /secrets, /peek, /hello, /pid") + MODEL;

export let folder = "";
/** enters the namespaces in which the workflow runs, where it runs in some of its own */
let entering: readonly string[] = [];
export let env: NodeJS.ProcessEnv = {};
const started: ChildProcess[] = [];

/** Whether requests take a certificate only while it is valid by this process's clock. */
export const client = { checksTimes: true };

/** Ends whatever still runs and removes its files. */
export async function cleanUp(): Promise<void> {
  run("down");
  entering = [];
  client.checksTimes = true;
  for (const child of started.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((done) => child.once("exit", done));
      child.kill("SIGKILL");
      await ended;
    }
  }
  rmSync(folder, { recursive: true, force: true });
}

export function prepare(flows = ALL): void {
  folder = mkdtempSync(join(tmpdir(), "ringfence-up-"));
  env = { ...process.env, XDG_CONFIG_HOME: join(folder, "config"), NODE_OPTIONS: "", LD_PRELOAD: "" };
  writeFileSync(join(folder, "service.mjs"), SERVICE);
  writeFileSync(join(folder, "ringfence.yaml"), workflow(flows));
  mkdirSync(join(folder, "own-secrets"));
  writeFileSync(join(folder, "own-secrets/model-key"), "for the model");
  writeFileSync(join(folder, "own-secrets/gateway-key"), "for the gateway");
}

export function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return inside(process.execPath, BIN, ...args);
}

/** Runs a program where the workflow runs. */
export function inside(...command: string[]): { status: number | null; stdout: string; stderr: string } {
  const [program = "", ...args] = [...entering, ...command];
  return spawnSync(program, args, { cwd: folder, env, encoding: "utf8", timeout: PATIENCE_MS });
}

export interface Up {
  /** the root of its file system, as seen from here */
  readonly root: string;
  readonly child: ChildProcess;
  readonly status: Status;
  readonly said: () => string;
}

export function up(...args: string[]): Promise<Up> {
  return start(spawn(process.execPath, [BIN, "up", "--json", ...args], { cwd: folder, env }));
}

/** Namespaces in which mounts are this test's own. */
const OWN_MOUNTS = ["--user", "--map-root-user", "--mount", "--"];
export const canMount = spawnSync("unshare", [...OWN_MOUNTS, "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;

/** Runs the workflow in a mount namespace of its own, after the commands of `setup`. */
export async function upWith(setup: string): Promise<Up> {
  const script = `set -e\n${setup}\nexec "$@"`;
  const command = ["sh", "-c", script, "sh", process.execPath, BIN, "up", "--json"];
  const running = await start(spawn("unshare", [...OWN_MOUNTS, ...command], { cwd: folder, env }));
  const pid = String(running.child.pid);
  entering = ["nsenter", "--preserve-credentials", "--user", "--mount", "--target", pid, "--"];
  // The folder as it is in there, with what is mounted in it.
  entering = [...entering, "sh", "-c", `cd ${folder} && exec "$@"`, "sh"];
  return { ...running, root: `/proc/${pid}/root` };
}

async function start(child: ChildProcess): Promise<Up> {
  started.push(child);
  let out = "";
  let said = "";
  child.stdout?.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  await met(() => {
    if (child.exitCode !== null) throw new Error(`up ended: ${said}`);
    return out.endsWith("}\n");
  });
  return { child, status: JSON.parse(out), said: () => said, root: "" };
}

export async function met(condition: () => boolean | Promise<boolean>): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > until) throw new Error("it did not come to that");
    await new Promise((done) => setTimeout(done, 50));
  }
}

export function open({ status, root }: Up, path: string, token?: string): Promise<IncomingMessage> {
  const edge = new URL(status.workloads.flatMap(({ edges }) => edges)[0] ?? "");
  return new Promise((done, fail) => {
    const outgoing = request(new URL(path, edge), {
      ca: readFileSync(root + status.authority),
      rejectUnauthorized: client.checksTimes,
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

export async function get(running: Up, path: string, token?: string): Promise<{ status: number; body: string }> {
  try {
    const response = await open(running, path, token);
    let body = "";
    for await (const chunk of response) body += chunk;
    return { status: response.statusCode ?? 0, body };
  } catch {
    return { status: 0, body: "" };
  }
}

export const token = (...args: string[]): string => run("token", "--role", "asker", ...args).stdout.trim();

export function decisions(root = ""): DecisionEvent[] {
  const records = join(root || "/", folder, ".ringfence/faults/decisions");
  return readdirSync(records).flatMap((file) =>
    readFileSync(join(records, file), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line)),
  );
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Every process that descends from one, itself included. */
export function tree(root: number): number[] {
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
