/**
 * Where everything goes. Graphviz ranks and routes; it is told the size of every box and label, since it knows no font
 * of ours, and keeps them from overlapping. SVG and draw.io draw the same layout, so they agree.
 */
import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { type ArrowText, dotOf, hasSiblings, MANY_ARROWS } from "./dot.js";
import type { FlowMap, MapEdge, MapNode, MapZone } from "./flow-map.js";
import { type Box, crossing, type Point, round, sample } from "./geometry.js";
import { type LabelLine, labelLines, labelSize, type NodeText, nodeText } from "./labels.js";

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly zones: readonly { readonly zone: MapZone; readonly box: Box }[];
  readonly nodes: readonly PlacedNode[];
  readonly arrows: readonly Arrow[];
}

export interface PlacedNode {
  readonly node: MapNode;
  readonly text: NodeText;
  readonly box: Box;
}

/** All flows from one party to another: one arrow, one label. */
export interface Arrow {
  readonly edges: readonly MapEdge[];
  /** two cubic Béziers, to the label and on from it: a start, then three points a piece */
  readonly before: readonly Point[];
  readonly after: readonly Point[];
  readonly tip: Point;
  readonly label: { readonly box: Box; readonly lines: readonly LabelLine[] };
  /** where it passes the frame of a zone */
  readonly crossings: readonly Point[];
}

/** A page may be so many times as long as wide before that counts against it. */
const LONGEST_STRIP = 2;

/** What follows each other stands in a row up to this width; where it is more, workloads may stand in columns. */
const WIDEST_ROWS = 2400;

/** A way round to the label that is as bad as twice the area, in pixels. */
const USUAL_DETOUR = 300;

/** The map's layout: of those that Graphviz makes of it, the one that fits a page best. */
export async function layoutOf(map: FlowMap): Promise<Layout> {
  const arrows = arrowsOf(map);
  if (map.nodes.length === 0 && map.zones.length === 0)
    return { width: 0, height: 0, zones: [], nodes: [], arrows: [] };
  const graphviz = await Graphviz.load();
  const many = arrows.length > MANY_ARROWS;
  const stacking = !hasSiblings(map) ? [false] : many ? [true] : [false, true];
  const bestOf = (columns: boolean) =>
    stacking
      .map((stacked) => {
        const output = JSON.parse(graphviz.layout(dotOf(map, arrows, { stacked, columns }), "json", "dot")) as Output;
        return read(map, arrows, output);
      })
      .reduce(better);
  const rows = bestOf(false);
  return rows.width <= WIDEST_ROWS ? rows : better(rows, bestOf(true));
}

function better(best: Layout, other: Layout): Layout {
  return cost(other) < cost(best) ? other : best;
}

/** The area, and more for a strip and for labels far from the ends of their arrows. */
function cost(layout: Layout): number {
  const { width, height } = layout;
  const strip = Math.max(1, width / height / LONGEST_STRIP, height / width / LONGEST_STRIP);
  return width * height * strip * (1 + detour(layout) / USUAL_DETOUR);
}

/** How much longer the way through an arrow's label is than the straight one, on the average. */
function detour({ nodes, arrows }: Layout): number {
  const centers = new Map(nodes.map(({ node, box }) => [node.name, centerOf(box)]));
  const ways = arrows.map(({ edges, label }) => {
    const [from, to] = [centers.get(edges[0]?.from.name ?? ""), centers.get(edges[0]?.to.name ?? "")];
    if (from === undefined || to === undefined) return 0;
    const middle = centerOf(label.box);
    return distance(from, middle) + distance(middle, to) - distance(from, to);
  });
  return ways.reduce((sum, way) => sum + way, 0) / Math.max(1, ways.length);
}

function centerOf({ x, y, width, height }: Box): Point {
  return { x: x + width / 2, y: y + height / 2 };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function arrowsOf(map: FlowMap): ArrowText[] {
  const groups = new Map<string, MapEdge[]>();
  for (const edge of map.edges) {
    const key = JSON.stringify([edge.from.name, edge.to.name]);
    groups.set(key, [...(groups.get(key) ?? []), edge]);
  }
  return [...groups.values()].map((edges) => ({ edges, lines: labelLines(edges) }));
}

interface Output {
  readonly bb: string;
  readonly objects?: readonly { readonly name: string; readonly bb?: string; readonly pos?: string }[];
  readonly edges?: readonly { readonly id: string; readonly pos: string }[];
}

function read(map: FlowMap, groups: readonly ArrowText[], output: Output): Layout {
  const [, , width = 0, height = 0] = numbers(output.bb);
  const flip = (x: number, y: number): Point => ({ x: round(x), y: round(height - y) });
  const objects = new Map((output.objects ?? []).map((object) => [object.name, object]));
  const zones = map.zones.map((zone, index) => {
    const [left = 0, bottom = 0, right = 0, top = 0] = numbers(objects.get(`cluster_${index}`)?.bb ?? "");
    return { zone, box: { ...flip(left, top), width: round(right - left), height: round(top - bottom) } };
  });
  const nodes = map.nodes.map((node, index): PlacedNode => {
    const text = nodeText(node);
    const [x = 0, y = 0] = numbers(objects.get(`n${index}`)?.pos ?? "");
    const center = flip(x, y);
    const box = {
      x: round(center.x - text.width / 2),
      y: round(center.y - text.height / 2),
      width: text.width,
      height: text.height,
    };
    return { node, text, box };
  });
  const frames = new Map(zones.map(({ zone, box }) => [zone.name, box]));
  const zoneOf = new Map(map.nodes.map((node) => [node.name, node.zone]));
  const drawn = new Map((output.edges ?? []).map((edge) => [edge.id, edge]));
  const arrows = groups.flatMap((group, index): Arrow[] => {
    const [before, after] = [drawn.get(`b${index}`), drawn.get(`a${index}`)];
    const first = group.edges[0];
    if (before === undefined || after === undefined || first === undefined) return [];
    const end = curveOf(after.pos, flip);
    const start = curveOf(before.pos, flip).curve;
    const size = labelSize(group.lines);
    const [x = 0, y = 0] = numbers(objects.get(`l${index}`)?.pos ?? "");
    const center = flip(x, y);
    const box = { x: round(center.x - size.width / 2), y: round(center.y - size.height / 2), ...size };
    const [from, to] = [zoneOf.get(first.from.name), zoneOf.get(first.to.name)];
    const passed = from === to ? [] : [from, to].flatMap((name) => frames.get(name ?? "") ?? []);
    const way = [...sample(start, 24), ...sample(end.curve, 24), end.tip];
    const crossings = passed.flatMap((frame) => crossing(way, frame) ?? []);
    return [
      {
        edges: group.edges,
        before: start,
        after: end.curve,
        tip: end.tip,
        label: { box, lines: group.lines },
        crossings,
      },
    ];
  });
  return { width: Math.ceil(width), height: Math.ceil(height), zones, nodes, arrows };
}

function numbers(text: string): number[] {
  return text === "" ? [] : text.split(/[ ,]/).map(Number);
}

/** Graphviz's `pos` of an edge: `e,x,y` is the tip, the rest the curve. */
function curveOf(pos: string, flip: (x: number, y: number) => Point): { curve: Point[]; tip: Point } {
  const curve: Point[] = [];
  let tip: Point | undefined;
  for (const part of pos.split(" ")) {
    const [x = 0, y = 0] = numbers(part.replace(/^[es],/, ""));
    if (part.startsWith("e,")) tip = flip(x, y);
    else if (!part.startsWith("s,")) curve.push(flip(x, y));
  }
  return { curve, tip: tip ?? curve.at(-1) ?? { x: 0, y: 0 } };
}
