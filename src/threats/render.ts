/** Findings as people read them in a terminal: the worst first, evidence below, accepted ones last and short. */
import { formatSpan, locate, type Palette, PLAIN } from "../diagnostics/index.js";
import { type Finding, SEVERITIES, type Severity } from "./rule.js";

/** One finding, several lines: place and severity, why, evidence, remedy. */
function renderFinding(finding: Finding, palette: Palette = PLAIN): string {
  const word = tint(finding.severity, palette)(`${finding.severity}:`);
  const head = `${palette.bold(clean(formatSpan(finding.span)))}: ${word} ${finding.title} ${palette.dim(`[${finding.rule}]`)}`;
  if (finding.accepted !== undefined) {
    return `${head}\n  ${palette.dim(`accepted until ${finding.accepted.until}:`)} ${clean(finding.accepted.reason)}`;
  }
  return [
    head,
    `  ${palette.dim("where:")}    ${clean(finding.where)}`,
    `  ${palette.dim("why:")}      ${finding.why}`,
    ...finding.evidence.map(
      (line, index) => `  ${palette.dim(index === 0 ? "evidence:" : "         ")} ${clean(line)}`,
    ),
    `  ${palette.cyan("mend:")}     ${clean(finding.remedy)}`,
  ].join("\n");
}

/** All findings, open ones first, and a last line that counts them. */
export function renderFindings(findings: readonly Finding[], palette: Palette = PLAIN): string {
  const open = findings.filter((finding) => finding.accepted === undefined);
  const accepted = findings.filter((finding) => finding.accepted !== undefined);
  return [...open, ...accepted]
    .map((finding) => renderFinding(finding, palette))
    .concat(summarize(findings))
    .join("\n\n");
}

/** `2 critical, 1 high, 3 low; 1 accepted`, or `no findings`. */
export function summarize(findings: readonly Finding[]): string {
  const open = findings.filter((finding) => finding.accepted === undefined);
  const counts = SEVERITIES.flatMap((severity) => {
    const count = open.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}`];
  });
  const accepted = findings.length - open.length;
  return `${counts.length === 0 ? "no findings" : counts.join(", ")}${accepted === 0 ? "" : `; ${accepted} accepted`}`;
}

/** The data of a finding for `--json`: the place as path, line and column. */
export function findingToJson(finding: Finding): Record<string, unknown> {
  const { span, ...rest } = finding;
  return { ...rest, path: span.source.path, ...locate(span) };
}

function tint(severity: Severity, palette: Palette): (text: string) => string {
  if (severity === "critical" || severity === "high") return palette.red;
  return severity === "medium" ? palette.yellow : palette.dim;
}

function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is the place that removes them
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "·");
}
