/** Suites of Gatekeeper's library and of the compiled examples: every assertion on Rego must hold. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { type CaseResult, runSuite } from "../../src/gatekeeper/index.js";
import { corpus } from "../engine.js";

const GOLDEN = resolve(import.meta.dirname, "../golden");

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
    expect(results.filter(({ state }) => state === "failed")).toEqual([]);
    expect(results.some(({ state }) => state === "passed")).toBe(true);
  });

  it("of the compiled examples pass", () => {
    const results = run(GOLDEN);
    console.log(`compiled examples: ${summary(results)}`);
    expect(results.filter(({ state }) => state !== "passed")).toEqual([]);
    expect(results.length).toBeGreaterThan(0);
  });
});
