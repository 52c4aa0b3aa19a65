/** Runs every threat rule over a policy. */
import type { Policy } from "../policy/index.js";
import { applyAcceptance } from "./accepted.js";
import { type Finding, SEVERITIES, type ThreatRule } from "./rule.js";
import { ACCESS_RULES } from "./rules/access.js";
import { DATA_RULES } from "./rules/data.js";
import { EXPOSURE_RULES } from "./rules/exposure.js";
import { IDENTITY_RULES } from "./rules/identity.js";
import { RESILIENCE_RULES } from "./rules/resilience.js";
import { SECRET_RULES } from "./rules/secrets.js";
import { WORKLOAD_RULES } from "./rules/workload.js";

/** All threat rules, in the order in which the documentation lists them. */
export const THREAT_RULES: readonly ThreatRule[] = [
  ...DATA_RULES,
  ...EXPOSURE_RULES,
  ...ACCESS_RULES,
  ...IDENTITY_RULES,
  ...WORKLOAD_RULES,
  ...SECRET_RULES,
  ...RESILIENCE_RULES,
];

/**
 * What a reviewer would find in a policy, the worst first, then by place in the file.
 * @param options.today `YYYY-MM-DD`, by which accepted risks expire; without it none does
 */
export function findThreats(policy: Policy, options: { readonly today?: string } = {}): readonly Finding[] {
  const found = THREAT_RULES.flatMap(({ id, severity, title, why, evaluate }) =>
    evaluate(policy).map((hit): Finding => ({ rule: id, severity, title, why, ...hit })),
  );
  const ids = THREAT_RULES.map((rule) => rule.id);
  return applyAcceptance(policy, found, ids, options.today).sort(compareFindings);
}

function compareFindings(a: Finding, b: Finding): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    a.span.start - b.span.start ||
    compareText(a.rule, b.rule) ||
    compareText(a.where, b.where) ||
    compareText(a.evidence.join("\n"), b.evidence.join("\n"))
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
