/**
 * OPA's own suite. `passing.txt` names every case that passes and may only grow; `failing.txt` names the others, each
 * with its reason. Both are rewritten by UPDATE_CONFORMANCE=1, which refuses to drop a case that passed before.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { corpus } from "../engine.js";
import { type Case, loadCases, type Outcome, runCase, runCompileCase } from "./suite.js";

const CORPUS = corpus("rego");
const PASSING = join(import.meta.dirname, "passing.txt");
const FAILING = join(import.meta.dirname, "failing.txt");

/** Share of the suite that has to pass. */
const LEAST = 0.97;

function lines(path: string): string[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** One line for each folder with its count, and the total. */
function table(outcomes: readonly Outcome[]): string {
  const folders = new Map<string, { passed: number; all: number }>();
  for (const { folder, passed } of outcomes) {
    const row = folders.get(folder) ?? { passed: 0, all: 0 };
    folders.set(folder, { passed: row.passed + (passed ? 1 : 0), all: row.all + 1 });
  }
  const rows = [...folders].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, row]) => tableRow(name, row));
  const passed = outcomes.filter((outcome) => outcome.passed).length;
  const differing = outcomes.filter((outcome) => outcome.messageDiffers).length;
  return [
    ...rows,
    tableRow("all", { passed, all: outcomes.length }),
    `of these with another message: ${differing}`,
  ].join("\n");
}

function tableRow(name: string, { passed, all }: { passed: number; all: number }): string {
  return `${name.padEnd(44)}${String(passed).padStart(6)} /${String(all).padStart(6)}  ${((100 * passed) / all).toFixed(1).padStart(5)} %`;
}

if (CORPUS === undefined) console.log("not run: RINGFENCE_CORPUS is not set");

describe.skipIf(CORPUS === undefined)("OPA's suite", () => {
  it("gives the wanted results and error codes", { timeout: 300_000 }, () => {
    const cases = loadCases(join(CORPUS ?? "", "cases"));
    const outcomes = cases.map(runCase);
    if (process.env.REGO_TABLE !== undefined) console.log(table(outcomes));
    const known = new Set(lines(PASSING));
    const reasons = new Map(lines(FAILING).map((line) => line.split("\t") as [string, string]));
    const regressions = outcomes.filter(({ id, passed }) => known.has(id) && !passed);
    expect(regressions.map(({ id, reason }) => `${id}: ${reason}`)).toEqual([]);
    if (process.env.UPDATE_CONFORMANCE !== undefined) rewrite(cases, outcomes, reasons);
    const passing = new Set(lines(PASSING));
    const failing = new Set(lines(FAILING).map((line) => line.split("\t")[0] ?? ""));
    expect(outcomes.filter(({ id, passed }) => passed && !passing.has(id)).map(({ id }) => id)).toEqual([]);
    expect(
      outcomes.filter(({ id, passed }) => !passed && !failing.has(id)).map(({ id, reason }) => `${id}: ${reason}`),
    ).toEqual([]);
    expect(passing.size / cases.length).toBeGreaterThanOrEqual(LEAST);
  });

  it("reports the wanted compile errors", () => {
    const outcomes = loadCases(join(CORPUS ?? "", "compile-cases")).map(runCompileCase);
    expect(outcomes.length).toBeGreaterThan(0);
    expect(outcomes.filter(({ passed }) => !passed).map(({ id, reason }) => `${id}: ${reason}`)).toEqual([]);
  });
});

function rewrite(cases: readonly Case[], outcomes: readonly Outcome[], reasons: ReadonlyMap<string, string>): void {
  const sorted = [...outcomes].sort((a, b) => (a.id < b.id ? -1 : 1));
  const passing = sorted.filter(({ passed }) => passed).map(({ id }) => id);
  writeFileSync(
    PASSING,
    `# Cases of OPA's suite that pass: file, and position in it from 0. This list may only grow.\n${passing.join("\n")}\n`,
  );
  const failing = sorted
    .filter(({ passed }) => !passed)
    .map(({ id, reason }) => `${id}\t${reasons.get(id) ?? reason.replace(/\s+/g, " ")}`);
  const title = `# Cases of OPA's suite that don't pass, each with its reason (${failing.length} of ${cases.length}).`;
  writeFileSync(FAILING, `${[title, ...failing].join("\n")}\n`);
}
