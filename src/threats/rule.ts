/**
 * A threat rule is a row of a table: what to look for in a policy, why it matters, how it is mended. Rules only look;
 * they share the indexes of facts.ts and nothing else, so each can be read, tested and argued about alone.
 */
import type { Span } from "../diagnostics/index.js";
import type { Policy } from "../policy/index.js";

/** In falling order: how soon somebody should act. */
export const SEVERITIES = ["critical", "high", "medium", "low", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One place at which a rule's pattern holds. */
export interface Hit {
  /** the name that a risk is accepted for: a workload, rule id, zone, secret, data class, identity or outside party; `workflow` */
  readonly where: string;
  readonly span: Span;
  /** what was seen, one fact a line; never the value of a secret */
  readonly evidence: readonly string[];
  /** what to write or do instead; never a wider policy */
  readonly remedy: string;
}

export interface ThreatRule {
  /** stable, kebab-case: accepted risks name it */
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  readonly why: string;
  readonly evaluate: (policy: Policy) => readonly Hit[];
}

/** The `where` of a finding about the workflow as a whole. */
export const WHOLE = "workflow";

export interface Finding extends Hit {
  readonly rule: string;
  readonly severity: Severity;
  readonly title: string;
  readonly why: string;
  /** set when the file accepts this risk and the day has not passed */
  readonly accepted?: { readonly reason: string; readonly until: string };
}
