/**
 * Tests that start real processes need the compiled package. `npm test` has just built it; a single test file that is
 * run on its own builds it here when a source is newer than what stands in dist/.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "..");
const LOCK = join(ROOT, ".ringfence", "build-lock");

/** The absolute path of a compiled module, e.g. `built("files/index.js")`. */
export function built(module: string): string {
  if (!isFresh()) buildOnce();
  return join(ROOT, "dist", module);
}

function buildOnce(): void {
  for (;;) {
    try {
      mkdirSync(join(ROOT, ".ringfence"), { recursive: true });
      mkdirSync(LOCK);
      break;
    } catch {
      // Another test file builds: wait for it, then look again.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      if (isFresh()) return;
    }
  }
  try {
    if (isFresh()) return;
    const done = spawnSync(process.execPath, [join(ROOT, "scripts/build.js")], { cwd: ROOT, encoding: "utf8" });
    if (done.status !== 0) throw new Error(`the build failed:\n${done.stdout}${done.stderr}`);
  } finally {
    rmdirSync(LOCK);
  }
}

function isFresh(): boolean {
  const output = statSync(join(ROOT, "dist/index.js"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return output > newest(join(ROOT, "src"));
}

function newest(folder: string): number {
  return Math.max(
    0,
    ...readdirSync(folder, { withFileTypes: true }).map((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return newest(path);
      return entry.name.endsWith(".test.ts") ? 0 : statSync(path).mtimeMs;
    }),
  );
}
