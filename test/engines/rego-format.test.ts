/** `rego fmt` against the real `opa fmt`, byte by byte, over every module at hand. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { format } from "../../src/rego/index.js";
import { corpus, engine } from "../engine.js";
import { modulesAtHand } from "../rego/modules.js";

const opa = engine("opa");
const root = corpus();
const folder = mkdtempSync(join(tmpdir(), "opa-fmt-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Sample {
  readonly name: string;
  readonly file: string;
  readonly ours: string;
}

/** Where our text differs on purpose: `opa fmt` would write another program, or none. */
const EXCEPTIONS: readonly { readonly reason: string; readonly of: (name: string) => boolean }[] = [
  { reason: "opa drops the parentheses of a nested `in`", of: (name) => name.includes("aggregates/test-membership") },
  {
    reason: "opa takes names that begin with __local for its own",
    of: (name) => name.includes("reachable/test-reachable-032"),
  },
  {
    reason: "opa writes `{ not` where a comment stands in a call, and refuses its own result",
    of: (name) => name.includes("noupdateserviceaccount"),
  },
  {
    reason: "opa writes `:= true` before an `if` that says it, and drops it the next time",
    of: (name) => name.includes("type/test-regressions"),
  },
];

/** Formats files in place; a file that opa refuses is left out, and named with what it says. */
function opaFormat(files: readonly string[], flags: readonly string[]): Map<string, string> {
  const refused = new Map<string, string>();
  let rest = [...files];
  while (rest.length > 0) {
    const batch = rest.slice(0, 300);
    const { status, stderr } = spawnSync(opa ?? "", ["fmt", "-w", ...flags, ...batch], { encoding: "utf8" });
    if (status === 0) {
      rest = rest.slice(batch.length);
      continue;
    }
    const at = batch.findIndex((file) => stderr.includes(`${file}:`) || stderr.includes(`${file} `));
    if (at === -1) throw new Error(stderr);
    refused.set(batch[at] as string, stderr);
    rest = rest.slice(at + 1);
  }
  return refused;
}

function differences(samples: readonly Sample[], flags: readonly string[]): string[] {
  const refused = opaFormat(
    samples.map(({ file }) => file),
    flags,
  );
  return samples
    .filter(({ file, ours }) => refused.has(file) || readFileSync(file, "utf8") !== ours)
    .map(({ name, file }) => `${name}${refused.has(file) ? `: ${refused.get(file)?.split("\n")[0]}` : ""}`)
    .filter((name) => !EXCEPTIONS.some(({ of }) => of(name)));
}

describe.skipIf(opa === undefined)("opa fmt", () => {
  const modules = modulesAtHand(root);

  it.each([
    { version: "v1" as const, flags: [] },
    { version: "v0" as const, flags: ["--v0-compatible"] },
  ])("writes modules of $version as we do", { timeout: 300_000 }, ({ version, flags }) => {
    const samples = modules
      .filter((module) => module.version === version)
      .map(({ name, text }, at): Sample => {
        const file = join(folder, `${version}-${at}.rego`);
        writeFileSync(file, text);
        return { name, file, ours: format(text, file, { version }) };
      });
    expect(differences(samples, flags)).toEqual([]);
    console.log(`${samples.length} modules of ${version} formatted as by opa fmt`);
  });

  it("writes v0 templates for both versions as we do", { timeout: 300_000 }, () => {
    const samples = modules
      .filter(({ version, name }) => version === "v0" && name.includes("gatekeeper"))
      .map(({ name, text }, at): Sample => {
        const file = join(folder, `both-${at}.rego`);
        writeFileSync(file, text);
        return { name, file, ours: format(text, file, { bothVersions: true }) };
      });
    expect(differences(samples, ["--v0-v1"])).toEqual([]);
  });
});
