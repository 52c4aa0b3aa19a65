/**
 * The map as one SVG that needs nothing else: no font, script, style sheet or image from anywhere. Presentation
 * attributes only, so that it also stands in a page whose content security policy forbids inline styles.
 */

import { element, type Markup, number, plain } from "../markup/index.js";
import type { FlowMap, MapFinding, MapZone } from "./flow-map.js";
import type { Box, Point } from "./geometry.js";
import { badgesWidth, CAPTION_SIZE, LABEL_SIZE, LINE_HEIGHT, NAME_SIZE, ZONE_LABEL } from "./labels.js";
import { type Arrow, layoutOf, type PlacedNode } from "./layout.js";
import { legend } from "./legend.js";
import { crossingMark, drawBadges, text } from "./marks.js";
import { FAINT, INK, PAPER, TRANSPORT_COLORS, TRUST_COLORS } from "./palette.js";
import { shape } from "./shapes.js";
import { clip, FONT, textWidth } from "./text-size.js";

const PAD = 24;
const HEADER = 52;
const LEAST_WIDTH = 760;
const FINDING_COLUMN = 520;
const FINDING_LINE = 22;

export async function renderSvg(map: FlowMap): Promise<string> {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${(await diagram(map)).markup.text}\n`;
}

/** The `svg` element: heading, zones, arrows, boxes, legend and list of findings. */
export async function diagram(map: FlowMap): Promise<{ readonly markup: Markup; readonly width: number }> {
  const layout = await layoutOf(map);
  const width = Math.max(LEAST_WIDTH, layout.width) + 2 * PAD;
  const left = PAD + Math.max(0, (width - 2 * PAD - layout.width) / 2);
  const top = PAD + HEADER;
  const key = legend(map, PAD, top + layout.height + 24, width - 2 * PAD);
  const list = findingList(map.findings, key.bottom + 20, width);
  const height = list.bottom + PAD;
  const counts = `${count(map.zones.length, "zone")}, ${count(map.nodes.length, "party", "parties")}, ${count(map.edges.length, "flow")}`;
  const markup = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width: number(width),
      height: number(height),
      viewBox: `0 0 ${number(width)} ${number(height)}`,
      role: "img",
      "aria-labelledby": "map-title map-desc",
      "font-family": FONT,
      fill: INK,
    },
    element("title", { id: "map-title" }, `${map.workflow}: data flows and trust boundaries`),
    element("desc", { id: "map-desc" }, describe(map)),
    element("rect", { width, height, fill: PAPER }),
    text({ x: PAD, y: PAD + 18 }, map.workflow, 20, { bold: true }),
    text({ x: PAD, y: PAD + 38 }, `${counts}. Trust domain ${map.trustDomain}. What is not drawn is denied.`, 12, {
      fill: FAINT,
    }),
    element(
      "g",
      { transform: `translate(${number(left)} ${number(top)})` },
      layout.zones.map(({ zone, box }) => drawZone(zone, box)),
      layout.arrows.map(drawLine),
      layout.zones.map(({ zone, box }) => drawZoneTitle(zone, box)),
      layout.arrows.map(drawLabel),
      layout.nodes.map(drawNode),
    ),
    key.markup,
    list.markup,
  );
  return { markup, width };
}

function describe(map: FlowMap): string {
  const flows = map.edges.map((edge) => `${edge.from.name} to ${edge.to.name}, ${edge.wire}, port ${edge.port}`);
  return `${flows.join("; ") || "no flows"}.`;
}

function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}

function drawZone(zone: MapZone, box: Box): Markup {
  const { fill, line } = TRUST_COLORS[zone.trust];
  return element("rect", { ...box, rx: 8, fill, stroke: line, "stroke-width": 2, "stroke-dasharray": "7 4" });
}

/** Over the arrows, so that none crosses it out. */
function drawZoneTitle(zone: MapZone, box: Box): Markup {
  const { ink, fill } = TRUST_COLORS[zone.trust];
  const trust = zone.trust.toUpperCase();
  const y = box.y + ZONE_LABEL.height;
  const chip = { x: box.x + 12, width: textWidth(trust, 10, true) + 12 };
  const at = { x: chip.x + chip.width + 8, y };
  return element(
    "g",
    { "data-zone": zone.name },
    element("title", {}, `zone ${zone.name}, trust ${zone.trust}`),
    element("rect", { x: chip.x, y: y - 13, width: chip.width, height: 16, rx: 8, fill: ink }),
    text({ x: chip.x + chip.width / 2, y: y - 1.5 }, trust, 10, { bold: true, fill: PAPER, anchor: "middle" }),
    text(at, zone.name, ZONE_LABEL.size, { bold: true, fill: ink, halo: fill }),
    drawBadges(zone.badges, at.x + textWidth(zone.name, ZONE_LABEL.size, true) + 4, y - 12),
  );
}

function drawLine(arrow: Arrow): Markup {
  const transport =
    arrow.edges.find((edge) => edge.transport === "plaintext")?.transport ?? arrow.edges[0]?.transport ?? "mtls";
  const color = TRANSPORT_COLORS[transport];
  const last = arrow.after.at(-1) ?? arrow.tip;
  const d = `${pathOf(arrow.before)} ${pathOf(arrow.after)}`;
  return element(
    "g",
    { "data-from": arrow.edges[0]?.from.name, "data-to": arrow.edges[0]?.to.name },
    element("title", {}, arrow.edges.map(flowTitle).join("\n")),
    // A pale edge keeps crossing arrows apart.
    element("path", { d, fill: "none", stroke: PAPER, "stroke-width": 4.5, "stroke-opacity": 0.75 }),
    element("path", {
      d,
      fill: "none",
      stroke: color,
      "stroke-width": 1.6,
      "stroke-dasharray": transport === "plaintext" ? "6 4" : undefined,
    }),
    element("polygon", { points: head(last, arrow.tip).map(pair).join(" ").replaceAll(" ", ","), fill: color }),
    arrow.crossings.map((at) => crossingMark(at)),
  );
}

function pathOf([start, ...rest]: readonly Point[]): string {
  return start === undefined ? "" : `M ${pair(start)} C ${rest.map(pair).join(" ")}`;
}

function flowTitle(edge: Arrow["edges"][number]): string {
  const sent = edge.data.length > 0 ? `, sends ${edge.data.join(", ")}` : "";
  const back = edge.returns.length > 0 ? `, gets back ${edge.returns.join(", ")}` : "";
  return `${edge.id}: ${edge.wire}${sent}${back}, trust ${edge.trust}`;
}

function head(from: Point, tip: Point): Point[] {
  const length = Math.hypot(tip.x - from.x, tip.y - from.y) || 1;
  const [dx, dy] = [(tip.x - from.x) / length, (tip.y - from.y) / length];
  const back = { x: tip.x - dx * 9, y: tip.y - dy * 9 };
  return [tip, { x: back.x - dy * 4, y: back.y + dx * 4 }, { x: back.x + dy * 4, y: back.y - dx * 4 }];
}

function pair({ x, y }: Point): string {
  return `${number(x)} ${number(y)}`;
}

function drawLabel({ label, edges }: Arrow): Markup {
  const { box, lines } = label;
  return element(
    "g",
    { "data-from": edges[0]?.from.name, "data-to": edges[0]?.to.name },
    element("title", {}, edges.map(flowTitle).join("\n")),
    element("rect", { ...box, rx: 4, fill: PAPER, "fill-opacity": 0.92, stroke: "#c5ccd3", "stroke-width": 0.8 }),
    lines.map((line, index) => {
      const y = box.y + 13 + index * LINE_HEIGHT;
      const bold = line.kind === "wire";
      const badges = drawBadges(line.badges, box.x + 4, y - 11);
      const at = { x: box.x + 4 + badgesWidth(line.badges), y };
      return line.text === ""
        ? badges
        : [badges, text(at, line.text, LABEL_SIZE, bold ? { bold } : { fill: "#37424d" })];
    }),
  );
}

function drawNode({ node, box, text: { name, caption } }: PlacedNode): Markup {
  const outside = node.zone === undefined;
  const stroke = outside ? FAINT : TRUST_COLORS[node.trust].line;
  // The lid of a cylinder or cube and the person of the users take room at one side.
  const down = node.kind === "store" ? 6 : node.kind === "model" ? 4 : 0;
  const aside = node.kind === "users" ? 12 : node.kind === "model" ? -4 : 0;
  const x = box.x + box.width / 2 + aside;
  const first = box.y + box.height / 2 - (name.length * 16 + LINE_HEIGHT) / 2 + 12 + down;
  return element(
    "g",
    { "data-node": node.name },
    element("title", {}, `${node.name}: ${node.kind}, ${node.identity}`),
    shape(node.kind, box, { fill: outside ? "#f1f3f5" : PAPER, stroke }),
    name.map((line, index) => text({ x, y: first + index * 16 }, line, NAME_SIZE, { bold: true, anchor: "middle" })),
    text({ x, y: first + name.length * 16 - 1 }, caption, CAPTION_SIZE, { fill: FAINT, anchor: "middle" }),
    drawBadges(node.badges, box.x + 10, box.y - 8),
  );
}

/** Each badge explained once, in columns. */
function findingList(
  findings: readonly MapFinding[],
  top: number,
  width: number,
): { markup: Markup[]; bottom: number } {
  if (findings.length === 0) return { markup: [], bottom: top };
  const columns = Math.max(1, Math.floor((width - 2 * PAD) / FINDING_COLUMN));
  const space = (width - 2 * PAD) / columns;
  const rows = Math.ceil(findings.length / columns);
  const entries = findings.map((finding, index) => {
    const x = PAD + Math.floor(index / rows) * space;
    const y = top + 26 + (index % rows) * FINDING_LINE;
    const accepted = finding.places.every((place) => place.accepted !== undefined);
    const places = [...new Set(finding.places.map((place) => place.where))];
    const where = `${places.slice(0, 2).join(", ")}${places.length > 2 ? ` and ${places.length - 2} more` : ""}`;
    const line = `${finding.title}${accepted ? " (accepted)" : ""}: ${plain(where)}`;
    return element(
      "g",
      {},
      element("title", {}, `${finding.rule}: ${places.join(", ")}`),
      drawBadges([{ tag: finding.tag, severity: finding.severity, accepted }], x, y - 12),
      text({ x: x + 42, y }, clip(line, space - 62, 12), 12),
    );
  });
  const markup = [text({ x: PAD, y: top }, "Findings", 13, { bold: true }), ...entries];
  return { markup, bottom: top + 26 + rows * FINDING_LINE - 8 };
}
