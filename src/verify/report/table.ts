/** The list of connections that get through, as columns; with a workflow, what it makes of each. */
import { plain } from "../../markup/index.js";
import type { Finding } from "../compare/index.js";
import type { Edge } from "../edges.js";

const HEADS = ["source", "destination", "port", "requests", "verdict"] as const;

export function tableReport(edges: readonly Edge[], findings: readonly Finding[] | undefined): string {
  const rows = edges.map((edge) => [
    edge.from.id,
    edge.to.id,
    portText(edge),
    edge.partly ? "some" : "all",
    verdictOf(edge, findings),
  ]);
  const others = (findings ?? []).filter((finding) => !edges.some((edge) => isAbout(finding, edge)));
  for (const finding of others) {
    const { from, to, kind } = finding;
    rows.push([from, to, portText(finding), kind === "blockage" ? "none" : "some", kind]);
  }
  const cells = [[...HEADS], ...rows.map((row) => row.map(plain))];
  const widths = HEADS.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return `${cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n")}\n`;
}

function portText({ protocol, port, unnamed }: Pick<Edge, "protocol" | "port" | "unnamed">): string {
  return `${unnamed ? "other, as " : ""}${protocol} ${port}`;
}

/** What is said of the very connection; the worst, where there is more. */
export function verdictOf(edge: Edge, findings: readonly Finding[] | undefined): string {
  if (findings === undefined) return edge.outcome;
  const about = findings.filter((finding) => isAbout(finding, edge)).map(({ kind }) => kind);
  return (["leak", "blockage", "unknown"] as const).find((kind) => about.includes(kind)) ?? "as declared";
}

function isAbout({ from, to, protocol, port }: Finding, edge: Edge): boolean {
  return from === edge.from.id && to === edge.to.id && protocol === edge.protocol && port === edge.port;
}
