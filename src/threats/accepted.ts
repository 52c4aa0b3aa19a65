/**
 * Accepted risks. A finding that somebody took on stays in the list, with the reason, until its day has passed; what is
 * expired, covers nothing or names no rule is a finding itself, so that the list of exceptions cannot rot.
 */

import { suggest } from "../diagnostics/index.js";
import type { AcceptedRisk, Policy } from "../policy/index.js";
import { type Finding, type Hit, type Severity, WHOLE } from "./rule.js";

interface Kind {
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  readonly why: string;
}

const EXPIRED: Kind = {
  id: "accepted-risk-expired",
  severity: "medium",
  title: "an accepted risk has expired",
  why: "the day until which somebody answered for it has passed; the risk is open again",
};
const UNUSED: Kind = {
  id: "accepted-risk-unused",
  severity: "low",
  title: "an accepted risk matches no finding",
  why: "an exception without a case waits for one: the next risk of that kind would be accepted unseen",
};
const UNKNOWN: Kind = {
  id: "accepted-risk-unknown-rule",
  severity: "medium",
  title: "an accepted risk names no threat rule",
  why: "it accepts nothing, though somebody believes that it does",
};
const DISTANT: Kind = {
  id: "accepted-risk-too-long",
  severity: "low",
  title: "a risk is accepted for more than a year",
  why: "an exception that nobody has to look at again is a change of policy",
};

/** The kinds of findings about accepted risks, for the documentation. They cannot be accepted themselves. */
export const ACCEPTANCE_KINDS: readonly Kind[] = [EXPIRED, UNUSED, UNKNOWN, DISTANT];

/**
 * Marks the findings that the policy accepts and adds those about the acceptances.
 * @param today `YYYY-MM-DD`; undefined: no acceptance is taken for expired or too long
 */
export function applyAcceptance(
  policy: Policy,
  findings: readonly Finding[],
  ruleIds: readonly string[],
  today: string | undefined,
): Finding[] {
  const about: Finding[] = [];
  const marked = findings.map((finding) => {
    const risk = policy.accepted.find((candidate) => !isExpired(candidate, today) && covers(candidate, finding));
    return risk === undefined ? finding : { ...finding, accepted: { reason: risk.reason, until: risk.until } };
  });
  for (const risk of policy.accepted) about.push(...judge(risk, findings, ruleIds, today));
  return [...marked, ...about];
}

function judge(
  risk: AcceptedRisk,
  findings: readonly Finding[],
  ruleIds: readonly string[],
  today: string | undefined,
): Finding[] {
  const where = risk.where ?? WHOLE;
  const said = `\`${risk.rule}\`${risk.where === undefined ? "" : ` for \`${risk.where}\``}`;
  const make = (kind: Kind, hit: Omit<Hit, "where" | "span">): Finding => {
    return { rule: kind.id, severity: kind.severity, title: kind.title, why: kind.why, where, span: risk.span, ...hit };
  };
  if (!ruleIds.includes(risk.rule)) {
    const near = suggest(risk.rule, ruleIds);
    const remedy =
      near === undefined ? "remove it, or write the id that `ringfence check` prints" : `did you mean \`${near}\`?`;
    return [make(UNKNOWN, { evidence: [`no rule is called \`${risk.rule}\``], remedy })];
  }
  const same = findings.filter((finding) => finding.rule === risk.rule);
  if (!same.some((finding) => covers(risk, finding))) {
    const places = [...new Set(same.map((finding) => finding.where))].sort().slice(0, 5);
    const evidence = [
      places.length === 0
        ? `${said}: the rule finds nothing`
        : `${said}: the rule finds ${places.map((place) => `\`${place}\``).join(", ")}`,
    ];
    return [make(UNUSED, { evidence, remedy: "remove it" })];
  }
  if (isExpired(risk, today)) {
    return [
      make(EXPIRED, {
        evidence: [`${said} was accepted until ${risk.until}: ${risk.reason}`],
        remedy: "mend the risk, or have it decided anew with a new date",
      }),
    ];
  }
  if (today !== undefined && risk.until > nextYear(today)) {
    return [
      make(DISTANT, {
        evidence: [`${said} is accepted until ${risk.until}`],
        remedy: "write a day within a year, and look at it again then",
      }),
    ];
  }
  return [];
}

function covers(risk: AcceptedRisk, finding: Finding): boolean {
  return risk.rule === finding.rule && (risk.where === undefined || risk.where === finding.where);
}

/** Days in this form are in the order of their text. */
function isExpired(risk: AcceptedRisk, today: string | undefined): boolean {
  return today !== undefined && risk.until < today;
}

function nextYear(today: string): string {
  return `${String(Number(today.slice(0, 4)) + 1).padStart(4, "0")}${today.slice(4)}`;
}
