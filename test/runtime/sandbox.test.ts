/**
 * The sandbox against a workload that tries to get out. Everything runs inside a network namespace that this test makes
 * and that holds nothing but its own loopback, the control run without sandbox included.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { detectIsolation } from "../../src/runtime/sandbox/index.js";
import { built } from "../built.js";

interface Findings {
  readonly isolation: string;
  readonly reached: Record<string, boolean>;
  readonly read: Record<string, boolean>;
  readonly signalled: Record<string, boolean>;
  readonly ownCode: string;
  readonly ownData: boolean;
  readonly writesCode: boolean;
  readonly newNamespace: boolean;
  readonly capabilities: string;
  readonly environment: string[];
  readonly processes: number;
  readonly outward: string;
  readonly inward: string;
  readonly code: number;
}

const closed = ["--user", "--map-root-user", "--net", "--"];
const canClose =
  spawnSync("unshare", [...closed, "ip", "link", "set", "lo", "up"]).status === 0 &&
  spawnSync("python3", ["-V"]).status === 0;
const isolation = detectIsolation();
if (!canClose) console.log("not run: unshare, ip or python3 is missing or not permitted");
if (isolation.kind === "advisory") console.log(`not run: ${isolation.reason}`);

describe.skipIf(!canClose || isolation.kind === "advisory")("a workload in its sandbox", () => {
  let control: Findings;
  let enclosed: Findings;
  let victimLives: boolean;

  beforeAll(() => {
    const sandbox = built("runtime/sandbox/index.js");
    const inside = built("runtime/sandbox/inside.js");
    const driver = join(import.meta.dirname, "enclosure.mjs");
    const run = spawnSync("unshare", [...closed, process.execPath, driver, sandbox, inside], {
      encoding: "utf8",
      timeout: 50_000,
    });
    if (run.status !== 0) throw new Error(`the driver failed (${run.status}):\n${run.stdout}${run.stderr}`);
    ({ control, enclosed, victimLives } = JSON.parse(run.stdout));
  });

  it("would have reached everything without it", () => {
    expect(control.isolation).toBe("advisory");
    expect(control.reached).toEqual({
      otherWorkload: true,
      outside: true,
      metadata: true,
      otherSocket: true,
      abstractSocket: true,
    });
    const readable = { keyFile: true, envFile: true, nestedEnvFile: true, othersSecret: true, hostHome: true };
    expect(control.read).toMatchObject(readable);
    expect(control.signalled).toEqual({ VICTIM: true, SUPERVISOR: true });
    expect(control.writesCode).toBe(true);
  });

  it("reaches no other workload, no host, nothing outside and no socket of others", () => {
    expect(enclosed.isolation).toBe("enforced");
    expect(Object.values(enclosed.reached)).toEqual([false, false, false, false, false]);
  });

  it("reads no key, no environment file, no secret of others, no home", () => {
    expect(Object.values(enclosed.read)).toEqual([false, false, false, false, false, false]);
  });

  it("signals and sees nobody outside", () => {
    expect(enclosed.signalled).toEqual({ VICTIM: false, SUPERVISOR: false });
    expect(enclosed.processes).toBeLessThan(10);
    expect(victimLives).toBe(true);
  });

  it("has no capability and no way to get one", () => {
    expect(enclosed.capabilities).toMatch(/^0+$/);
    expect(enclosed.newNamespace).toBe(false);
  });

  it("has its code to read, its data to write, and the environment that it was given", () => {
    expect(enclosed).toMatchObject({ ownCode: "own code", ownData: true, writesCode: false });
    expect(enclosed.environment.filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name))).toEqual([
      "DATA",
      "FILES",
      "PATH",
      "PROBE",
      "SUPERVISOR",
      "TARGETS",
      "VICTIM",
    ]);
  });

  it("goes out and is reached through its proxy's sockets", () => {
    for (const findings of [control, enclosed]) {
      expect(findings).toMatchObject({ outward: "through the proxy", inward: "inward", code: 0 });
    }
  });
});

describe("isolation that cannot be had", () => {
  it("is said with its reason", () => {
    expect(detectIsolation({ PATH: "/nonexistent" })).toEqual({
      kind: "advisory",
      reason: "bubblewrap (bwrap) is not installed",
    });
    expect(detectIsolation({ PATH: process.env.PATH, RINGFENCE_SANDBOX: "off" }).kind).toBe("advisory");
  });
});
