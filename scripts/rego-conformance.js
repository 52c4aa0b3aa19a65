// Runs OPA's suite and prints a table by folder: RINGFENCE_CORPUS=… node scripts/rego-conformance.js [--update]
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const update = process.argv.includes("--update") ? { UPDATE_CONFORMANCE: "1" } : {};
const run = spawnSync(process.execPath, [vitest, "run", "test/rego/conformance.test.ts", "--silent=false"], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, REGO_TABLE: "1", ...update },
});
process.exit(run.status ?? 1);
