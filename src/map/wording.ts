/** Words for the parts of a map that the table, Markdown, CSV and the page share. */
import type { Badge, MapEdge, MapOperation } from "./flow-map.js";

export const COLUMNS = [
  "Source",
  "Destination",
  "Port",
  "Protocol",
  "Data",
  "Trust",
  "Boundary",
  "Who may",
  "Findings",
] as const;

export interface Row {
  readonly source: string;
  readonly destination: string;
  readonly port: string;
  readonly protocol: string;
  /** one line for what is sent, one for what comes back */
  readonly data: readonly string[];
  readonly trust: string;
  readonly boundary: string;
  /** one line an operation */
  readonly who: readonly string[];
  readonly findings: string;
}

/** The cells of a flow, in words; a cell that has nothing to say is a dash. */
export function rowOf(edge: MapEdge): Row {
  const data = [
    ...(edge.data.length > 0 ? [`→ ${edge.data.join(", ")}`] : []),
    ...(edge.returns.length > 0 ? [`← ${edge.returns.join(", ")}`] : []),
  ];
  return {
    source: edge.from.name,
    destination: edge.to.name,
    port: String(edge.port),
    protocol: edge.wire,
    data: data.length > 0 ? data : ["-"],
    trust: edge.trust,
    boundary: boundaryText(edge),
    who: edge.operations.map((operation) => operationText(edge, operation)),
    findings: edge.badges.map(badgeText).join(" ") || "-",
  };
}

export function cells(row: Row): readonly (readonly string[])[] {
  return [
    [row.source],
    [row.destination],
    [row.port],
    [row.protocol],
    row.data,
    [row.trust],
    [row.boundary],
    row.who,
    [row.findings],
  ];
}

function boundaryText({ boundary }: MapEdge): string {
  return boundary === undefined ? "-" : `${boundary.kind}: ${boundary.from} → ${boundary.to}`;
}

/** `POST /v1/claims as adjuster (corp)`: methods, paths and hosts, then the roles that the caller's user must hold. */
function operationText(edge: MapEdge, operation: MapOperation): string {
  const web = edge.protocol !== "tcp" && edge.protocol !== "tls";
  const parts: string[] = [];
  if (!web) parts.push("any connection");
  else if (operation.methods === "any" && operation.paths === "any") parts.push("any request");
  else {
    parts.push(operation.methods === "any" ? "any method" : operation.methods.join("/"));
    parts.push(operation.paths === "any" ? "any path" : operation.paths.join(" or "));
  }
  if (operation.hosts !== "any") parts.push(`at ${operation.hosts.join(" or ")}`);
  if (operation.roles !== "none") {
    const whose = operation.identity === undefined ? "" : ` (${operation.identity})`;
    parts.push(`as ${operation.roles.join(" or ")}${whose}`);
  }
  const who = edge.from.kind === "workload" ? "" : operation.roles === "none" ? "anyone: " : "";
  return `${who}${parts.join(" ")}`;
}

/** `H2`, in brackets where the risk is accepted. */
export function badgeText(badge: Badge): string {
  return badge.accepted ? `(${badge.tag})` : badge.tag;
}
