/** A workflow run by the command line: real processes, real sandboxes where the system has them, real faults. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Status } from "../../src/runtime/index.js";
import { built } from "../built.js";
import {
  ALL,
  cleanUp,
  decisions,
  env,
  folder,
  get,
  isAlive,
  MODEL,
  met,
  open,
  prepare,
  run,
  token,
  tree,
  USERS,
  up,
  workflow,
} from "./workflow.js";

beforeAll(() => {
  built("cli/main.js");
});
afterEach(cleanUp);

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
