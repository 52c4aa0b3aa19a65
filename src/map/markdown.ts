/** The data-flow table as GitHub-flavoured Markdown. Names are data: nothing in them becomes a link, an image or a tag. */
import { plain } from "../markup/index.js";
import type { FlowMap } from "./flow-map.js";
import { COLUMNS, cells, rowOf } from "./wording.js";

export function renderMarkdown(map: FlowMap): string {
  const lines = [
    `# ${escaped(map.workflow)}: data flows`,
    "",
    `Trust domain ${escaped(map.trustDomain)}. What is not listed here is denied.`,
    "",
    "## Zones",
    "",
    "| Zone | Trust | Workloads |",
    "|-|-|-|",
    ...map.zones.map((zone) => row([zone.name, zone.trust, zone.workloads.join(", ") || "-"].map(escaped))),
    "",
    "## Flows",
    "",
    row(COLUMNS),
    `|${"-|".repeat(COLUMNS.length)}`,
    ...map.edges.map((edge) => row(cells(rowOf(edge)).map((texts) => texts.map(escaped).join("<br>")))),
  ];
  if (map.boundaries.length > 0) {
    lines.push("", "## Trust boundaries", "", "| Boundary | From | To | Flows |", "|-|-|-|-|");
    for (const { kind, from, to, flows } of map.boundaries) {
      lines.push(row([kind, from, to].map(escaped).concat(flows.map(escaped).join("<br>"))));
    }
  }
  if (map.findings.length > 0) {
    lines.push("", "## Findings", "", "| | Severity | Finding | Where | Remedy |", "|-|-|-|-|-|");
    for (const { tag, severity, title, rule, places } of map.findings) {
      for (const { where, place, remedy, accepted } of places) {
        const mend = accepted === undefined ? remedy : `accepted until ${accepted.until}: ${accepted.reason}`;
        lines.push(row([tag, severity, `${title} (${rule})`, `${where} at ${place}`, mend].map(escaped)));
      }
    }
  }
  return `${lines.join("\n")}\n`;
}

function row(texts: readonly string[]): string {
  return `| ${texts.join(" | ")} |`;
}

/** Backslash escapes for ASCII punctuation (CommonMark §2.4), and entities for what HTML would see. */
function escaped(text: string): string {
  return plain(text)
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/[\\`*_[\]()|~!#]/g, (character) => `\\${character}`)
    .replace(/(https?|ftp|mailto):|www\./gi, (start) => start.replace(/[:.]/, (mark) => `&#${mark.charCodeAt(0)};`));
}
