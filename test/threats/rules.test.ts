/** Every threat rule: a workflow that it objects to, with place and evidence, and the nearest one that it does not. */
import { describe, expect, it } from "vitest";
import { lineOf, locate } from "../../src/diagnostics/index.js";
import { findThreats, renderFindings, THREAT_RULES } from "../../src/threats/index.js";
import { CONTROL_CASES } from "./control-cases.js";
import { DATA_CASES } from "./data-cases.js";
import { CLEAN, edited, policyOf } from "./workflow.js";

const CASES = [...DATA_CASES, ...CONTROL_CASES];

describe("threat rules", () => {
  it("have nothing to say about a careful workflow", () => {
    expect(renderFindings(findThreats(policyOf(CLEAN), { today: "2026-01-01" }))).toBe("no findings");
  });

  it("are all tried here, and have distinct, stable ids", () => {
    const ids = THREAT_RULES.map((rule) => rule.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[a-z]+(-[a-z]+)+$/.test(id))).toEqual([]);
    expect([...new Set(CASES.map((one) => one.rule))].sort()).toEqual([...ids].sort());
    expect(ids.length).toBeGreaterThanOrEqual(25);
  });

  it.each(CASES.map((one) => [one.rule, one] as const))("%s", (rule, { yes, no, where, says, modules }) => {
    const found = findThreats(policyOf(edited(yes), modules)).filter((finding) => finding.rule === rule);
    expect(found.map((finding) => finding.where)).toEqual(where);
    expect(found.flatMap((finding) => finding.evidence).join("\n")).toContain(says);
    for (const finding of found) {
      expect(finding.remedy).not.toBe("");
      expect(locate(finding.span).line).toBeGreaterThan(0);
      expect(lineOf(finding.span)).not.toBe("");
    }
    const near = findThreats(policyOf(edited(no))).filter((finding) => finding.rule === rule);
    expect(near).toEqual([]);
  });

  it("say where and why in one line each, and never propose a wider policy", () => {
    for (const { id, title, why } of THREAT_RULES) {
      expect(title, id).toMatch(/^[^\n]*[^.\n]$/);
      expect(why, id).toMatch(/^[^\n]*[^.\n]$/);
    }
    for (const { yes, modules } of CASES) {
      for (const { remedy } of findThreats(policyOf(edited(yes), modules))) {
        expect(remedy).not.toMatch(/allow (?:any|all|every)|\*\*|anonymous: true|leave `allow` out/);
      }
    }
  });
});
