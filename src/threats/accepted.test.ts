import { describe, expect, it } from "vitest";
import { CLEAN, policyOf } from "../../test/threats/workflow.js";
import { findThreats } from "./index.js";

const RISKY = CLEAN.replace("mesh: istio", "admission: []\n  mesh: istio").replace(
  "rotate: 30d }\n  alert",
  "rotate: 91d }\n  alert",
);

function findings(accept: string, today?: string) {
  const policy = policyOf(`${RISKY}accept:\n${accept}\n`);
  return findThreats(policy, today === undefined ? {} : { today }).map(
    ({ rule, where, accepted, remedy }) =>
      `${rule} ${where}${accepted === undefined ? "" : ` until ${accepted.until}: ${accepted.reason}`} | ${remedy}`,
  );
}

const OPEN = "no-admission-control workflow | set `targets.admission: [validating-admission-policy]`";
const SECRET = "secret-rotated-rarely db-password";
const PASSWORD = "  - { rule: secret-rotated-rarely, where: db-password, reason: vendor limit, until: 2026-06-30 }";

describe("accepted risks", () => {
  it("mark the finding they name and leave the others open", () => {
    expect(findings(PASSWORD, "2026-06-30")).toEqual([
      OPEN,
      `${SECRET} until 2026-06-30: vendor limit | write \`rotate: 90d\`, or less`,
    ]);
  });

  it("open it again on the day after, and say so", () => {
    expect(findings(PASSWORD, "2026-07-01")).toEqual([
      OPEN,
      "accepted-risk-expired db-password | mend the risk, or have it decided anew with a new date",
      `${SECRET} | write \`rotate: 90d\`, or less`,
    ]);
  });

  it("cover the whole workflow when they name no place", () => {
    expect(findings("  - { rule: secret-rotated-rarely, reason: x, until: 2026-06-30 }", "2026-01-01")[1]).toContain(
      "until 2026-06-30: x",
    );
  });

  it("are findings themselves when nothing needs them", () => {
    expect(
      findings("  - { rule: secret-rotated-rarely, where: alert-key, reason: x, until: 2026-06-30 }", "2026-01-01"),
    ).toContain("accepted-risk-unused alert-key | remove it");
    const [finding] = findThreats(
      policyOf(`${RISKY}accept: [{ rule: secret-rotated-rarely, where: alert-key, reason: x, until: 2026-06-30 }]\n`),
    ).filter((one) => one.rule === "accepted-risk-unused");
    expect(finding?.evidence).toEqual(["`secret-rotated-rarely` for `alert-key`: the rule finds `db-password`"]);
  });

  it("are findings themselves when they name no rule", () => {
    expect(findings("  - { rule: no-admision-control, reason: x, until: 2026-06-30 }", "2026-01-01")).toContain(
      "accepted-risk-unknown-rule workflow | did you mean `no-admission-control`?",
    );
  });

  it("cannot be accepted for ever, nor accepted in turn", () => {
    const forever = "  - { rule: no-admission-control, reason: x, until: 2030-01-01 }";
    expect(findings(forever, "2026-01-01").map((line) => line.split(" | ")[0])).toEqual([
      "no-admission-control workflow until 2030-01-01: x",
      "secret-rotated-rarely db-password",
      "accepted-risk-too-long workflow",
    ]);
    expect(
      findings("  - { rule: accepted-risk-too-long, reason: x, until: 2026-06-30 }", "2026-01-01").join(),
    ).toContain("accepted-risk-unknown-rule");
  });

  it("do not expire without a day to compare with", () => {
    expect(findings(PASSWORD)[1]).toContain("until 2026-06-30");
  });
});
