/** The offline fuzzer on few inputs: that it runs, counts them all and finds nothing. Needs a build. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");

describe.skipIf(!existsSync(join(ROOT, "dist/rego/index.js")))("the offline fuzzer", () => {
  it("gives an outcome for every input", { timeout: 120_000 }, () => {
    const out = mkdtempSync(join(tmpdir(), "fuzz-"));
    try {
      const args = ["--inputs", "3000", "--seed", "5", "--workers", "2", "--hang", "60", "--out", out];
      const run = spawnSync(process.execPath, ["scripts/fuzz-rego.js", ...args], { cwd: ROOT, encoding: "utf8" });
      expect(run.stdout + run.stderr).toContain("3000 inputs in");
      expect(run.stdout).toContain("prototypes unchanged: true");
      expect(readdirSync(out)).toEqual([]);
      expect(run.status).toBe(0);
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  });

  it("makes an input again from its seed and number", { timeout: 60_000 }, () => {
    const replay = (): string =>
      spawnSync(process.execPath, ["scripts/fuzz-rego.js", "--seed", "5", "--replay", "17"], {
        cwd: ROOT,
        encoding: "utf8",
        env: { ...process.env, RINGFENCE_CORPUS: "" },
      }).stdout.replace(/[\d.]+ ms/, "");
    expect(replay()).toContain('"kind"');
    expect(replay()).toBe(replay());
  });
});
