/** For every check manifests that have its gap, and the same mended. */
import { describe, expect, it } from "vitest";
import { readCluster } from "../../src/cluster/index.js";
import { formatSpan } from "../../src/diagnostics/index.js";
import { CHECKS, findGaps, type Gap } from "../../src/verify/gaps/index.js";
import { CASES } from "./gap-cases.js";
import { VARIANTS } from "./gap-variants.js";

function gapsOf(text: string): readonly Gap[] {
  const { cluster, problems } = readCluster([{ path: "m.yaml", text }]);
  expect(problems).toEqual([]);
  return findGaps(cluster);
}
describe("gaps", () => {
  it("has a case for every check", () => {
    expect(CASES.map(({ id }) => id)).toEqual(CHECKS.map(({ id }) => id));
  });

  it.each(CASES)("finds $id, with evidence, and is silent once it is mended", ({ id, bad, good }) => {
    const found = gapsOf(bad).filter((gap) => gap.id === id);
    expect(found).not.toEqual([]);
    for (const { text, remedy, subject, evidence } of found) {
      expect([text, remedy, subject].every((words) => words.length > 0)).toBe(true);
      expect(evidence).not.toEqual([]);
      for (const { span } of evidence) expect(span && formatSpan(span)).toMatch(/^m\.yaml:\d+:\d+$/);
      expect(text).not.toContain("hunter2");
      for (const { text: words, span, withhold } of evidence) {
        expect(words).not.toContain("hunter2");
        const line = span?.source.text.slice(0, span.end).split("\n").at(-1) ?? "";
        if (id.startsWith("secret-in-") && line.includes("hunter2")) expect(withhold).toBe(true);
      }
    }
    expect(gapsOf(good).filter((gap) => gap.id === id)).toEqual([]);
  });

  it.each(VARIANTS)("$note", ({ id, text, found }) => {
    expect(gapsOf(text).filter((gap) => gap.id === id).length).toBe(found);
  });

  it("sorts by severity", () => {
    const severities = gapsOf(
      CASES.map(({ bad }) => bad.replace(/---\s*$/, ""))
        .slice(0, 1)
        .join(""),
    ).map(({ severity }) => severity);
    expect(severities).toEqual(
      [...severities].sort((a, b) => "high medium low".indexOf(a) - "high medium low".indexOf(b)),
    );
  });

  it("uses every id once", () => {
    expect(new Set(CHECKS.map(({ id }) => id)).size).toBe(CHECKS.length);
  });
});
