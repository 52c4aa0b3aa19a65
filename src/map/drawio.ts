/**
 * The map for draw.io (diagrams.net): an uncompressed mxfile. Zones are containers that move with what is in them, arrows
 * are joined to their ends and keep their way as waypoints, labels belong to their arrows: all of it can be edited.
 */

import { type Child, element, escapeXml, type Markup } from "../markup/index.js";
import type { Badge, FlowMap, MapNode, NodeKind } from "./flow-map.js";
import { type Box, type Point, sample } from "./geometry.js";
import { BADGE, LABEL_SIZE, shownBadges } from "./labels.js";
import { type Arrow, type Layout, layoutOf } from "./layout.js";
import { BOUNDARY, FAINT, INK, PAPER, SEVERITY_COLORS, TRANSPORT_COLORS, TRUST_COLORS } from "./palette.js";
import { clip } from "./text-size.js";
import { badgeText } from "./wording.js";

const MARGIN = 40;
/** Waypoints a piece of curve: enough for draw.io to bend the arrow as the SVG does, few enough to edit by hand. */
const STEPS = 3;
const FINDING_WIDTH = 800;
const FINDING_LINE = 26;

const SHAPES: Readonly<Record<NodeKind, Style>> = {
  service: { rounded: 1, arcSize: 12 },
  gateway: { shape: "hexagon", perimeter: "hexagonPerimeter2", fixedSize: 1, size: 14 },
  model: { shape: "cube", size: 9, darkOpacity: 0.05 },
  store: { shape: "cylinder3", boundedLbl: 1, backgroundOutline: 1, size: 8 },
  queue: { shape: "mxgraph.flowchart.direct_data" },
  job: { shape: "process", backgroundOutline: 1, fixedSize: 1, size: 8 },
  users: { rounded: 1, arcSize: 50 },
  api: { shape: "cloud", perimeter: "ellipsePerimeter" },
};

export async function renderDrawio(map: FlowMap): Promise<string> {
  const layout = await layoutOf(map);
  const [width, height] = [layout.width + 2 * MARGIN, layout.height + 2 * MARGIN];
  const page = {
    pageWidth: Math.max(850, width),
    pageHeight: Math.max(1100, height + map.findings.length * FINDING_LINE),
  };
  const cells = [
    element("mxCell", { id: "0" }),
    element("mxCell", { id: "1", parent: "0" }),
    ...layout.zones.map(zoneCell),
    ...layout.nodes.flatMap((placed, index) => [nodeCell(placed, index, map, layout), ...badgeCells(placed, index)]),
    ...layout.arrows.flatMap((arrow, index) => [arrowCell(arrow, index, layout), ...crossingCells(arrow, index)]),
    ...map.findings.map((finding, index) => {
      const { fill, ink } = SEVERITY_COLORS[finding.severity];
      const where = [...new Set(finding.places.map((place) => place.where))].join(", ");
      const style = styleOf({ ...TEXT, align: "left", spacingLeft: 8, rounded: 1, fillColor: fill, fontColor: ink });
      const value = label(
        clip(`${finding.tag} ${finding.severity}: ${finding.title} (${where})`, FINDING_WIDTH - 24, 12),
      );
      const box = { x: MARGIN, y: height + index * FINDING_LINE, width: FINDING_WIDTH, height: FINDING_LINE - 4 };
      return vertex(`f${index}`, value, style, box, "1");
    }),
  ];
  const model = element(
    "mxGraphModel",
    {
      dx: 0,
      dy: 0,
      grid: 0,
      gridSize: 10,
      guides: 1,
      tooltips: 1,
      connect: 1,
      arrows: 1,
      fold: 1,
      page: 1,
      pageScale: 1,
      ...page,
      math: 0,
      shadow: 0,
    },
    element("root", {}, cells),
  );
  const file = element(
    "mxfile",
    { host: "ringfence", compressed: "false" },
    element("diagram", { id: "map", name: map.workflow }, model),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${file.text.replaceAll("><mxCell", ">\n<mxCell")}\n`;
}

type Style = Readonly<Record<string, string | number>>;

const TEXT: Style = { html: 1, whiteSpace: "wrap", fontFamily: "Helvetica", fontSize: 12 };

/** Keys and values are ours, never the map's: a style has no escapes. */
function styleOf(style: Style): string {
  return Object.entries(style)
    .map(([key, value]) => `${key}=${value};`)
    .join("");
}

/** draw.io shows labels as HTML: what is text must be escaped once for that, and the attribute once more. */
function label(...lines: readonly string[]): string {
  return lines.map((line) => escapeXml(line)).join("<br>");
}

function vertex(id: string, value: string, style: string, box: Box, parent: string): Markup {
  return element("mxCell", { id, value, style, vertex: 1, parent }, geometry({ ...box }));
}

function geometry(attributes: Readonly<Record<string, number>>, ...children: readonly Child[]): Markup {
  return element("mxGeometry", { ...attributes, as: "geometry" }, ...children);
}

function zoneCell({ zone, box }: Layout["zones"][number], index: number): Markup {
  const { fill, line, ink } = TRUST_COLORS[zone.trust];
  const style = styleOf({
    swimlane: "",
    ...TEXT,
    startSize: 34,
    horizontal: 1,
    container: 1,
    collapsible: 0,
    rounded: 1,
    arcSize: 4,
    dashed: 1,
    dashPattern: "7 4",
    strokeWidth: 2,
    fillColor: fill,
    swimlaneFillColor: fill,
    swimlaneLine: 0,
    strokeColor: line,
    fontColor: ink,
    fontStyle: 1,
    fontSize: 14,
    align: "left",
    spacingLeft: 12,
  }).replace("swimlane=;", "swimlane;");
  const value = `${label(`${zone.name} (${zone.trust})`)} ${zone.badges.map(mark).join("")}`.trim();
  return vertex(`z${index}`, value, style, moved(box, { x: MARGIN, y: MARGIN }), "1");
}

/** A badge inside a label. */
function mark(badge: Badge): string {
  const { fill, ink } = badge.accepted ? { fill: PAPER, ink: FAINT } : SEVERITY_COLORS[badge.severity];
  return `<span style="background-color: ${fill}; color: ${ink}; font-size: ${BADGE.size}px"><b>&nbsp;${label(badgeText(badge))}&nbsp;</b></span> `;
}

function nodeCell({ node, box, text }: Layout["nodes"][number], index: number, map: FlowMap, layout: Layout): Markup {
  const outside = node.zone === undefined;
  const style = styleOf({
    ...SHAPES[node.kind],
    ...TEXT,
    collapsible: 0,
    strokeWidth: 1.5,
    fillColor: outside ? "#f1f3f5" : PAPER,
    strokeColor: outside ? FAINT : TRUST_COLORS[node.trust].line,
    fontColor: INK,
    fontSize: 13,
  });
  const zone = map.zones.findIndex((candidate) => candidate.name === node.zone);
  const frame = layout.zones[zone]?.box;
  const at = frame === undefined ? moved(box, { x: MARGIN, y: MARGIN }) : moved(box, { x: -frame.x, y: -frame.y });
  return vertex(`n${index}`, nodeLabel(node, text.caption), style, at, frame === undefined ? "1" : `z${zone}`);
}

function nodeLabel(node: MapNode, caption: string): string {
  return `<b>${label(node.name)}</b><br><font style="font-size: 11px">${label(caption)}</font>`;
}

/** On the upper edge of their box, and moved with it. */
function badgeCells({ node }: Layout["nodes"][number], index: number): Markup[] {
  let x = 10;
  return shownBadges(node.badges).map(({ text, badge, width }, at) => {
    const { fill, ink } = SEVERITY_COLORS[badge?.severity ?? "info"];
    const accepted = badge?.accepted === true;
    const colors = accepted
      ? { fillColor: PAPER, fontColor: FAINT, strokeColor: FAINT, dashed: 1 }
      : { fillColor: fill, fontColor: ink, strokeColor: PAPER };
    const style = styleOf({ ...TEXT, rounded: 1, fontSize: BADGE.size, fontStyle: 1, ...colors });
    const cell = vertex(`n${index}b${at}`, label(text), style, { x, y: -8, width, height: BADGE.height }, `n${index}`);
    x += width + BADGE.gap;
    return cell;
  });
}

/** A diamond on the arrow at each trust boundary that it crosses. */
function crossingCells(arrow: Arrow, index: number): Markup[] {
  const style = styleOf({
    shape: "rhombus",
    perimeter: "rhombusPerimeter",
    fillColor: PAPER,
    strokeColor: BOUNDARY,
    strokeWidth: 2,
  });
  const way = wayOf(arrow);
  return arrow.crossings.map((crossing, at) => {
    const position = nearest(way, crossing);
    const offset = element("mxPoint", { x: -5, y: -5, as: "offset" });
    const place = geometry({ x: relative(position), y: 0, width: 10, height: 10, relative: 1 }, offset);
    return element(
      "mxCell",
      { id: `a${index}c${at}`, value: "", style, vertex: 1, connectable: 0, parent: `a${index}` },
      place,
    );
  });
}

/** The share of a way at which it is nearest to a point. */
function nearest(way: readonly Point[], { x, y }: Point): number {
  let [best, share, walked] = [Number.POSITIVE_INFINITY, 0, 0];
  const total = lengthOf(way) || 1;
  for (const [index, to] of way.slice(1).entries()) {
    const from = way[index] ?? to;
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const length = Math.hypot(dx, dy);
    const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - from.x) * dx + (y - from.y) * dy) / length ** 2));
    const distance = Math.hypot(from.x + along * dx - x, from.y + along * dy - y);
    if (distance < best) [best, share] = [distance, (walked + along * length) / total];
    walked += length;
  }
  return share;
}

function lengthOf(way: readonly Point[]): number {
  return way
    .slice(1)
    .reduce((sum, to, index) => sum + Math.hypot(to.x - (way[index]?.x ?? to.x), to.y - (way[index]?.y ?? to.y)), 0);
}

/** A share of the way as draw.io counts it: from -1 at the source to 1 at the target. */
function relative(position: number): number {
  return Math.round((2 * position - 1) * 1000) / 1000;
}

/** The way as draw.io has it: from box to box by the waypoints. */
function wayOf({ before, after, label: { box }, tip }: Arrow): Point[] {
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  return [...sample(before, STEPS).slice(0, -1), middle, ...sample(after, STEPS).slice(1, -1), tip];
}

function arrowCell(arrow: Arrow, index: number, layout: Layout): Markup {
  const [first] = arrow.edges;
  const ends = [first?.from.name, first?.to.name].map((name) =>
    layout.nodes.findIndex(({ node }) => node.name === name),
  );
  const [source = -1, target = -1] = ends;
  const [from, to] = [layout.nodes[source]?.box, layout.nodes[target]?.box];
  const [start, tip] = [arrow.before[0] ?? arrow.tip, arrow.tip];
  const way = wayOf(arrow);
  const middle = sample(arrow.before, STEPS).length;
  const plaintext = arrow.edges.some((edge) => edge.transport === "plaintext");
  const style = styleOf({
    html: 1,
    fontFamily: "Helvetica",
    fontSize: LABEL_SIZE,
    fontColor: INK,
    align: "center",
    labelBackgroundColor: PAPER,
    labelBorderColor: "#c5ccd3",
    curved: 1,
    rounded: 0,
    endArrow: "block",
    endFill: 1,
    strokeWidth: 1.5,
    strokeColor: TRANSPORT_COLORS[plaintext ? "plaintext" : (first?.transport ?? "mtls")],
    dashed: plaintext ? 1 : 0,
    ...fixed("exit", from, start),
    ...fixed("entry", to, tip),
  });
  const value = arrow.label.lines
    .map((line) =>
      line.kind === "wire" ? `${line.badges.map(mark).join("")}<b>${label(line.text)}</b>` : label(line.text),
    )
    .join("<br>");
  const points = way.slice(1, -1).map(({ x, y }) => element("mxPoint", { x: x + MARGIN, y: y + MARGIN }));
  const position = lengthOf(way.slice(0, middle)) / (lengthOf(way) || 1);
  return element(
    "mxCell",
    { id: `a${index}`, value, style, edge: 1, parent: "1", source: `n${source}`, target: `n${target}` },
    geometry({ x: relative(position), y: 0, relative: 1 }, element("Array", { as: "points" }, points)),
  );
}

/** Where on a box an arrow starts or ends, as shares of its width and height. */
function fixed(end: "exit" | "entry", box: Box | undefined, at: Point): Style {
  if (box === undefined) return {};
  const part = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * 1000) / 1000;
  return {
    [`${end}X`]: part((at.x - box.x) / box.width),
    [`${end}Y`]: part((at.y - box.y) / box.height),
    [`${end}Dx`]: 0,
    [`${end}Dy`]: 0,
    [`${end}Perimeter`]: 0,
  };
}

function moved(box: Box, by: Point): Box {
  return { ...box, x: box.x + by.x, y: box.y + by.y };
}
