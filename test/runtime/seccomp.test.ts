/**
 * The filter of system calls, from inside: each refused call, tried in the same sandbox without the filter (the control:
 * it is let through, or fails on its own arguments) and with it. What Node and Python need works in both.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bubblewrapArguments, INSIDE_PATH } from "../../src/runtime/sandbox/bubblewrap.js";
import { detectIsolation } from "../../src/runtime/sandbox/index.js";
import { withSeccompFile } from "../../src/runtime/sandbox/seccomp.js";

interface Findings {
  readonly refused: Record<string, string>;
  readonly needed: Record<string, string>;
  readonly seccomp: string;
}

const PYTHON = "/usr/bin/python3";
const isolation = detectIsolation();
const absent =
  isolation.kind === "advisory" ? isolation.reason : existsSync(PYTHON) ? undefined : `${PYTHON} is not installed`;
if (absent !== undefined) console.log(`not run: ${absent}`);

/** A service as workloads write them: HTTP, a thread pool, another process, files, timers. */
const SERVICE = `
import { createServer } from "node:http";
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { lookup } from "node:dns/promises";
import { networkInterfaces } from "node:os";
import { scryptSync } from "node:crypto";
import { Worker } from "node:worker_threads";
import { gzip } from "node:zlib";
import { promisify } from "node:util";
const server = createServer((_request, response) => response.end("served")).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const text = await (await fetch("http://127.0.0.1:" + server.address().port)).text();
await writeFile("/data/file", text);
scryptSync("a", "b", 16);
const worker = new Worker("require('worker_threads').parentPort.postMessage(1)", { eval: true });
const worked = await new Promise((resolve) => worker.once("message", resolve));
const { address } = await lookup("localhost");
console.log([
  await readFile("/data/file", "utf8"),
  execFileSync("/bin/echo", ["-n", "child"]).toString(),
  worked,
  address,
  Object.keys(networkInterfaces()).includes("lo"),
  (await promisify(gzip)("x".repeat(1000))).length < 100,
].join(" "));
process.exit(0);
`;

describe.skipIf(absent !== undefined)("the filter of system calls", () => {
  let folder = "";
  let without: Findings;
  let filtered: Findings;

  function runInside(isFiltered: boolean, command: readonly string[]): string {
    if (isolation.kind === "advisory") throw new Error(isolation.reason);
    const enclosure = {
      bwrap: isolation.bwrap,
      name: "probe",
      folder,
      data: join(folder, "data"),
      etc: { hosts: join(folder, "hosts") },
      secrets: {},
      hidden: [],
      inside: join(folder, "service.mjs"),
    };
    const run = withSeccompFile((filter) => {
      if (filter === undefined) throw new Error(`there is no filter for ${process.arch}`);
      return spawnSync(isolation.bwrap, [...bubblewrapArguments(enclosure, isFiltered), ...command], {
        env: {},
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe", "ignore", filter],
      });
    });
    if (run.status !== 0) throw new Error(`it ended with ${run.status ?? run.signal}: ${run.stderr}`);
    return run.stdout.trim();
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "ringfence-seccomp-"));
    spawnSync("mkdir", [join(folder, "data")]);
    writeFileSync(join(folder, "hosts"), "127.0.0.1 localhost\n");
    writeFileSync(join(folder, "service.mjs"), SERVICE);
    copyFileSync(join(import.meta.dirname, "system-calls.py"), join(folder, "system-calls.py"));
    const probe = [PYTHON, join(folder, "system-calls.py")];
    without = JSON.parse(runInside(false, probe));
    filtered = JSON.parse(runInside(true, probe));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("is in force", () => {
    expect([without.seccomp, filtered.seccomp]).toEqual(["0", "2"]);
  });

  it("refuses what no workload needs", () => {
    const { io_uring_setup, clone3, "newer than the list": newer, ...others } = filtered.refused;
    expect([io_uring_setup, clone3, newer]).toEqual(["ENOSYS", "ENOSYS", "ENOSYS"]);
    for (const [call, error] of Object.entries(others)) {
      expect([call, error]).toEqual([call, /^(?:AF_|UDP)/.test(call) ? "EAFNOSUPPORT" : "EPERM"]);
    }
  });

  it("is what refuses it: without the filter the same sandbox lets most of it through", () => {
    const same = Object.keys(filtered.refused).filter((call) => filtered.refused[call] === without.refused[call]);
    // What this kernel's own settings refuse as well says nothing about the filter.
    expect(same.every((call) => ["bpf", "userfaultfd", "kcmp", "process_vm_readv", "ptrace"].includes(call))).toBe(
      true,
    );
    const through = Object.values(without.refused).filter((outcome) => outcome === "done");
    expect(through.length).toBeGreaterThanOrEqual(6);
  });

  it("leaves Python and Node what they need", () => {
    for (const findings of [without, filtered]) {
      expect(new Set(Object.values(findings.needed))).toEqual(new Set(["done"]));
    }
    expect(runInside(true, [process.execPath, INSIDE_PATH])).toBe("served child 1 127.0.0.1 true true");
  });
});
