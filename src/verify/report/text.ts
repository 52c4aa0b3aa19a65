/** For people in a terminal: the worst first, each with what shows it and how to mend it, and one line that counts. */
import { formatSpan, type Palette, PLAIN } from "../../diagnostics/index.js";
import { plain } from "../../markup/index.js";
import type { Verification } from "../verify.js";
import { type Issue, type IssueKind, issuesOf } from "./issue.js";

export function textReport(verification: Verification, palette: Palette = PLAIN): string {
  const { comparison, size, workflow } = verification;
  const issues = issuesOf(verification);
  const shown = issues.map((issue) => render(issue, palette));
  const notes = verification.notes.map((note) => `${palette.dim("note:")} ${plain(note)}`);
  const controls =
    comparison === undefined || comparison.controls === 0
      ? ""
      : `, ${comparison.controls} of them for the controls themselves`;
  const compared =
    comparison === undefined
      ? "no workflow to compare with (--workflow FILE)"
      : `${comparison.compared} connections compared with \`${workflow}\`${controls}`;
  const counted = `${count(size.workloads, "workload")}, ${compared}: ${summaryOf(issues)}`;
  return [...shown, ...(notes.length === 0 ? [] : [notes.join("\n")]), counted].join("\n\n");
}

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? "" : "s"}`;

const ORDER: readonly IssueKind[] = ["leak", "disclosure", "blockage", "missing", "unknown", "gap"];
const WORDS: Readonly<Record<IssueKind, string>> = {
  leak: "leak",
  disclosure: "disclosure",
  blockage: "blockage",
  missing: "missing workload",
  unknown: "unknown",
  gap: "gap",
};

/** `2 leaks, 1 blockage, 7 gaps (3 high, 4 medium)`. */
export function summaryOf(issues: readonly Issue[]): string {
  const parts = ORDER.flatMap((kind) => {
    const own = issues.filter((issue) => issue.kind === kind);
    if (own.length === 0) return [];
    const severities = (["high", "medium", "low"] as const).flatMap((severity) => {
      const number = own.filter((issue) => issue.severity === severity).length;
      return number === 0 ? [] : [`${number} ${severity}`];
    });
    return [`${count(own.length, WORDS[kind])}${kind === "gap" ? ` (${severities.join(", ")})` : ""}`];
  });
  return parts.length === 0 ? "nothing found" : parts.join(", ");
}

function render({ kind, id, severity, title, lines, command, replayed, mend }: Issue, palette: Palette): string {
  const tint = severity === "high" ? palette.red : severity === "medium" ? palette.yellow : palette.dim;
  const head =
    kind === "gap" ? `${tint(`${severity}:`)} ${title} ${palette.dim(`[${id}]`)}` : `${tint(`${kind}:`)} ${title}`;
  return [
    head,
    ...lines.map(
      ({ text, span }) =>
        `  ${text}${span === undefined || text.includes(formatSpan(span)) ? "" : ` (${formatSpan(span)})`}`,
    ),
    ...(replayed === undefined ? [] : [`  ${palette.dim("replayed:")} ${replayed}`]),
    ...(command === undefined ? [] : [`  ${palette.dim("try:")}      ${plain(command)}`]),
    `  ${palette.cyan("mend:")}     ${mend}`,
  ].join("\n");
}
