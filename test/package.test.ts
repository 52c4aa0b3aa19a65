/**
 * The packed package, installed into an empty folder as a user would: what `files` forgets, a dependency that only the
 * checkout has, or a bin that does not start can be seen nowhere else. Packages come from npm's cache where it has them.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { built } from "./built.js";

const ROOT = resolve(import.meta.dirname, "..");
const UNREACHABLE = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED)\b/;
const scratch = mkdtempSync(join(tmpdir(), "ringfence-package-"));
const app = join(scratch, "app");

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function run(command: string, args: readonly string[], cwd: string) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8", timeout: 150_000 });
  return { status, stdout, stderr: error === undefined ? stderr : `${stderr}${error.message}` };
}

/** Packs and installs; answers why it could not where the registry cannot be reached, and throws on anything else. */
function install(): string | undefined {
  built("index.js");
  const packed = run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", scratch], ROOT);
  expect(packed.status, packed.stderr).toBe(0);
  const [archive] = JSON.parse(packed.stdout) as { readonly filename: string }[];
  mkdirSync(app);
  writeFileSync(join(app, "package.json"), '{ "name": "empty", "private": true }\n');
  const options = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0"];
  const done = run("npm", ["install", ...options, join(scratch, archive?.filename ?? "")], app);
  const reason = UNREACHABLE.exec(done.stderr)?.[0];
  if (done.status !== 0 && reason !== undefined) return `the registry cannot be reached (${reason})`;
  expect(done.status, done.stderr).toBe(0);
  return undefined;
}

describe("the packed package", () => {
  it("works where nothing else is installed", { timeout: 400_000 }, ({ skip }) => {
    const reason = install();
    if (reason !== undefined) {
      console.log(`not run: ${reason}`);
      skip(reason);
    }
    const ringfence = (...args: string[]) => run("npx", ["--no-install", "ringfence", ...args], app);
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };

    expect(ringfence("--version")).toMatchObject({ status: 0, stdout: `${version}\n` });
    expect(ringfence("init")).toMatchObject({ status: 0 });
    expect(ringfence("check")).toMatchObject({ status: 0 });
    expect(ringfence("compile", "-o", "controls")).toMatchObject({ status: 0 });
    expect(readFileSync(join(app, "controls/CONTROLS.md"), "utf8")).toContain("| ");
    const faces = 'await import("ringfence"); await import("ringfence/rego"); console.log("loaded")';
    expect(run(process.execPath, ["--input-type=module", "-e", faces], app)).toMatchObject({ stdout: "loaded\n" });
  });
});
