/** The map as a Mermaid flowchart. Ids are made up and labels are entity-coded, so no name can become syntax. */
import { plain } from "../markup/index.js";
import type { FlowMap, MapEdge, MapNode, NodeKind } from "./flow-map.js";
import { TRUST_COLORS } from "./palette.js";
import { badgeText } from "./wording.js";

const SHAPES: Readonly<Record<NodeKind, readonly [string, string]>> = {
  service: ["[", "]"],
  gateway: ["{{", "}}"],
  model: ["[[", "]]"],
  store: ["[(", ")]"],
  queue: ["[/", "/]"],
  job: ["(", ")"],
  users: ["([", "])"],
  api: [">", "]"],
};

export function renderMermaid(map: FlowMap): string {
  const ids = new Map(map.nodes.map((node, index) => [node.name, `n${index}`]));
  const nodeLine = (node: MapNode): string => {
    const [open, close] = SHAPES[node.kind];
    return `${ids.get(node.name) ?? ""}${open}"${label(node)}"${close}`;
  };
  const lines = ["flowchart LR"];
  for (const [index, zone] of map.zones.entries()) {
    lines.push(`  subgraph z${index}["${text(`${zone.name} (${zone.trust})`)}"]`);
    for (const node of map.nodes) if (node.zone === zone.name) lines.push(`    ${nodeLine(node)}`);
    lines.push("  end");
  }
  for (const node of map.nodes) if (node.zone === undefined) lines.push(`  ${nodeLine(node)}`);
  for (const edge of map.edges) {
    const [from, to] = [ids.get(edge.from.name), ids.get(edge.to.name)];
    if (from === undefined || to === undefined) continue;
    lines.push(`  ${from} ${edge.transport === "plaintext" ? "-.->" : "-->"}|"${edgeLabel(edge)}"| ${to}`);
  }
  for (const [index, zone] of map.zones.entries()) {
    const { fill, line, ink } = TRUST_COLORS[zone.trust];
    lines.push(`  style z${index} fill:${fill},stroke:${line},color:${ink},stroke-width:2px,stroke-dasharray:6 4`);
  }
  return `${lines.join("\n")}\n`;
}

function label(node: MapNode): string {
  const detail = node.zone === undefined ? node.identity : node.ports.map((port) => `:${port.port}`).join(" ");
  const badges = node.badges.map(badgeText).join(" ");
  return [node.name, `${node.kind} ${detail}`.trim(), badges]
    .filter((line) => line !== "")
    .map(text)
    .join("<br/>");
}

function edgeLabel(edge: MapEdge): string {
  const lines = [`${edge.wire} :${edge.port}`];
  if (edge.data.length > 0) lines.push(`→ ${edge.data.join(", ")}`);
  if (edge.returns.length > 0) lines.push(`← ${edge.returns.join(", ")}`);
  if (edge.badges.length > 0) lines.push(edge.badges.map(badgeText).join(" "));
  return lines.map(text).join("<br/>");
}

/** Everything but letters, digits and a few marks as `#code;`, Mermaid's own form of entities. */
function text(value: string): string {
  return plain(value).replace(/[^\p{L}\p{N} .,:→←·()-]/gu, (character) => `#${character.codePointAt(0) ?? 32};`);
}
