/** Workflow commands of GitHub Actions: an annotation at each place. */
import { locate } from "../../diagnostics/index.js";
import type { Verification } from "../verify.js";
import { issuesOf, spanOf } from "./issue.js";

const COMMANDS = { high: "error", medium: "warning", low: "notice" } as const;

export function githubReport(verification: Verification): string {
  const lines = issuesOf(verification).map((issue) => {
    const span = spanOf(issue);
    const place =
      span === undefined || span.source.path === "-"
        ? ""
        : `file=${property(span.source.path)},line=${locate(span).line},col=${locate(span).column},`;
    const said = [issue.title, ...issue.lines.map(({ text }) => text), `mend: ${issue.mend}`].join("\n");
    return `::${COMMANDS[issue.severity]} ${place}title=${property(`ringfence ${issue.id}`)}::${data(said)}`;
  });
  return `${lines.join("\n")}\n`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
