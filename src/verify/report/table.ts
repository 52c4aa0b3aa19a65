/** The list of connections that get through, as columns; with a workflow, what it makes of each. */
import { plain } from "../../markup/index.js";
import { type Comparison, connectionKey, type Finding } from "../compare/index.js";
import type { Edge } from "../edges.js";

const HEADS = ["source", "destination", "port", "requests", "verdict"] as const;

/** What a table or picture needs to know of a comparison. */
export type Compared = Pick<Comparison, "findings" | "declared">;

export function tableReport(edges: readonly Edge[], comparison: Compared | undefined): string {
  const rows = edges.map((edge) => [
    edge.from.id,
    edge.to.id,
    portText(edge),
    edge.partly ? "some" : "all",
    verdictOf(edge, comparison),
  ]);
  const others = (comparison?.findings ?? []).filter((finding) => !edges.some((edge) => isAbout(finding, edge)));
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

/**
 * What is said of the very connection; the worst, where there is more. What gets through without a flow and without a
 * finding is nothing that a flow could declare: for the controls, on the way out, or between workloads of others.
 */
export function verdictOf(edge: Edge, comparison: Compared | undefined): string {
  if (comparison === undefined) return edge.outcome;
  const worst = worstOf(comparison.findings.filter((finding) => isAbout(finding, edge)));
  if (worst !== undefined) return worst;
  // What a port that nobody speaks of has in common with a named one was said of that one only.
  const alike = edge.unnamed ? worstOf(comparison.findings.filter((finding) => isAlike(finding, edge))) : undefined;
  if (alike !== undefined) return alike;
  const { from, to, protocol, port } = edge;
  return comparison.declared.has(connectionKey(from.id, to.id, protocol, port)) ? "as declared" : "no flow";
}

function worstOf(findings: readonly Finding[]): Finding["kind"] | undefined {
  return (["leak", "blockage", "unknown"] as const).find((kind) => findings.some((finding) => finding.kind === kind));
}

/** Whether a finding that no flow is about joins the same workloads, and comes to the proxies there or passes them by. */
function isAlike({ from, to, protocol, rule }: Finding, edge: Edge): boolean {
  return (
    rule === undefined &&
    workloadOf(from) === edge.from.id &&
    workloadOf(to) === edge.to.id &&
    (protocol === "TCP") === (edge.protocol === "TCP")
  );
}

function isAbout({ from, to, protocol, port }: Finding, edge: Edge): boolean {
  return (
    workloadOf(from) === edge.from.id &&
    workloadOf(to) === edge.to.id &&
    protocol === edge.protocol &&
    port === edge.port
  );
}

/** Further pods of a workload carry a number behind its id. */
function workloadOf(party: string): string {
  return party.replace(/#[0-9]+$/, "");
}
