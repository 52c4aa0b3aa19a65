/**
 * The graph as Graphviz reads it. The label of an arrow is a box of its own on the way, so that arrows go through their
 * labels and nothing overlaps; names are ours alone, so that nothing of the map can be read as Graphviz's language.
 */
import type { FlowMap, MapEdge, MapNode } from "./flow-map.js";
import { badgesWidth, type LabelLine, labelSize, nodeText, ZONE_LABEL } from "./labels.js";
import { textWidth } from "./text-size.js";

/** Above this many arrows the search for few crossings is cut short: it grows faster than what it brings. */
export const MANY_ARROWS = 250;
const POINTS_PER_INCH = 72;

/** Flows from one party to another, and the lines of their label. */
export interface ArrowText {
  readonly edges: readonly MapEdge[];
  readonly lines: readonly LabelLine[];
}

export interface Way {
  /** flows between zones of the same trust don't push their ends apart, so that such zones stand in a column */
  readonly stacked: boolean;
  /** neither do flows within a zone, so that its workloads stand in a column; their labels stand beside them */
  readonly columns: boolean;
}

/**
 * The map in DOT: workload `n<index>`, zone `cluster_<index>`, label `l<index>`, its two edges `b<index>` and `a<index>`.
 */
export function dotOf(map: FlowMap, arrows: readonly ArrowText[], way: Way): string {
  const many = arrows.length > MANY_ARROWS;
  const ids = new Map(map.nodes.map((node, index) => [node.name, `n${index}`]));
  const zoneOf = zonesOf(map);
  const lines = [
    "digraph map {",
    `  rankdir=LR; newrank=true; nodesep=0.4; ranksep=0.35; splines=${many ? "polyline" : "spline"};`,
    many ? "  nslimit=1; nslimit1=1; mclimit=0.3;" : "  remincross=true; mclimit=2;",
    '  node [shape=box, fixedsize=true, label=""];',
  ];
  for (const [index, zone] of map.zones.entries()) {
    const inside = map.nodes.flatMap((node, at) => (node.zone === zone.name ? [boxOf(node, at)] : []));
    const boxes = inside.length > 0 ? inside : [`e${index} [width=1.2, height=0.4, style=invis];`];
    const width = textWidth(zone.name, ZONE_LABEL.size, true) + textWidth(zone.trust.toUpperCase(), 10, true) + 44;
    const label = sized(width + badgesWidth(zone.badges), ZONE_LABEL.height);
    lines.push(`  subgraph cluster_${index} { margin=18; labeljust=l; label=${label};`, ...boxes, "  }");
  }
  for (const [index, node] of map.nodes.entries()) if (node.zone === undefined) lines.push(boxOf(node, index));
  for (const [index, arrow] of arrows.entries()) {
    const [edge] = arrow.edges;
    const [from, to] = [ids.get(edge?.from.name ?? ""), ids.get(edge?.to.name ?? "")];
    if (edge === undefined || from === undefined || to === undefined) continue;
    const { width, height } = labelSize(arrow.lines);
    const label = `l${index} [width=${inches(width)}, height=${inches(height)}];`;
    const [a, b] = [zoneOf(edge.from.name), zoneOf(edge.to.name)];
    const inside = a === b && a !== -1;
    const pushes = (inside && way.columns) || (way.stacked && areSiblings(map, a, b)) ? ", constraint=false" : "";
    lines.push(inside ? `  subgraph cluster_${a} { ${label} }` : `  ${label}`);
    lines.push(
      `  ${from} -> l${index} [id=b${index}, arrowhead=none];`,
      `  l${index} -> ${to} [id=a${index}${pushes}];`,
    );
  }
  return `${lines.join("\n")}\n}\n`;
}

/** Whether stacking would make a difference. */
export function hasSiblings(map: FlowMap): boolean {
  const zoneOf = zonesOf(map);
  return map.edges.some((edge) => areSiblings(map, zoneOf(edge.from.name), zoneOf(edge.to.name)));
}

function zonesOf(map: FlowMap): (name: string) => number {
  const zones = new Map(map.zones.map((zone, index) => [zone.name, index]));
  const nodes = new Map(
    map.nodes.map((node) => [node.name, node.zone === undefined ? -1 : (zones.get(node.zone) ?? -1)]),
  );
  return (name) => nodes.get(name) ?? -1;
}

function areSiblings(map: FlowMap, a: number, b: number): boolean {
  const trust = map.zones[a]?.trust;
  return a !== b && trust !== undefined && trust === map.zones[b]?.trust;
}

function boxOf(node: MapNode, index: number): string {
  const { width, height } = nodeText(node);
  return `  n${index} [width=${inches(width)}, height=${inches(height)}];`;
}

function inches(pixels: number): string {
  return (pixels / POINTS_PER_INCH).toFixed(3);
}

/** An empty label of exactly this size. */
function sized(width: number, height: number): string {
  const size = `WIDTH="${Math.ceil(width)}" HEIGHT="${Math.ceil(height)}"`;
  return `<<TABLE FIXEDSIZE="TRUE" BORDER="0" CELLBORDER="0" CELLPADDING="0" CELLSPACING="0" ${size}><TR><TD></TD></TR></TABLE>>`;
}
