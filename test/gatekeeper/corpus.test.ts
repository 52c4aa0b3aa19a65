/** Suites of Gatekeeper's library and of the compiled examples: every assertion on Rego must hold. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { type CaseResult, runSuite } from "../../src/gatekeeper/index.js";
import { corpus } from "../engine.js";

const GOLDEN = resolve(import.meta.dirname, "../golden");

/** OPA lets `f()` read a rule without arguments where the rule's type is open; the engine refuses to compile it. */
const KNOWN_GAP = /rego_type_error: undefined function data\.\w+\.\w+\n.*\w+\(\)/;

function suitesIn(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => /(^|\/)suite\.yaml$/.test(path))
    .map((path) => join(root, path))
    .sort();
}

function run(root: string): CaseResult[] {
  return suitesIn(root).flatMap((path) => runSuite(path, (file) => readFileSync(file, "utf8")));
}

function summary(results: readonly CaseResult[]): string {
  const ran = results.filter(({ state }) => state !== "not run");
  const assertions = ran.reduce((sum, result) => sum + result.assertions, 0);
  const passed = ran.filter(({ state }) => state === "passed").length;
  return `${passed} of ${ran.length} cases pass (${assertions} assertions); not run: ${results.length - ran.length}`;
}

describe("gatekeeper suites", () => {
  const library = corpus("gatekeeper");
  it.skipIf(library === undefined)("of the library pass", () => {
    const results = run(library ?? "");
    console.log(`gatekeeper library: ${summary(results)}`);
    const failed = results.filter(({ state }) => state === "failed");
    const known = failed.filter(({ reasons }) => reasons.every((reason) => KNOWN_GAP.test(reason)));
    console.log(`failing for a known gap of the engine (a rule called as \`f()\`): ${known.length}`);
    expect(failed.filter((result) => !known.includes(result))).toEqual([]);
    expect(known.length, "cases of the known gap; may only fall").toBeLessThanOrEqual(15);
    expect(results.some(({ state }) => state === "passed")).toBe(true);
  });

  it("of the compiled examples pass", () => {
    const results = run(GOLDEN);
    console.log(`compiled examples: ${summary(results)}`);
    expect(results.filter(({ state }) => state !== "passed")).toEqual([]);
    expect(results.length).toBeGreaterThan(0);
  });
});
