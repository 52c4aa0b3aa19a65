/** What holds for pictures of every size: nothing overlaps, marks stand where they belong, nothing is loaded or too small to read. */
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { describe, expect, it } from "vitest";
import { renderMap } from "../../src/map/index.js";
import { layoutOf } from "../../src/map/layout.js";
import { mapOf } from "./map-of.js";
import { mxfileProblems } from "./mxfile.js";
import { workflowOf } from "./workflows.js";

const SIZES = [1, 6, 12, 60];

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function contains(outer: Box, inner: Box): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

describe.each(SIZES)("a diagram of %i workloads", (size) => {
  const map = mapOf(workflowOf(size));

  it("lets no box, label or zone overlap another, and keeps each in its zone", async () => {
    const { zones, nodes, arrows, width, height } = await layoutOf(map);
    const boxes = [
      ...nodes.map(({ node, box }) => ({ what: node.name, box })),
      ...arrows.map(({ edges, label }) => ({ what: edges[0]?.id ?? "", box: label.box })),
    ];
    const hits = boxes.flatMap((a, index) =>
      boxes.slice(index + 1).flatMap((b) => (overlap(a.box, b.box) ? [`${a.what} over ${b.what}`] : [])),
    );
    expect(hits).toEqual([]);
    const frames = zones.flatMap((a, index) =>
      zones.slice(index + 1).flatMap((b) => (overlap(a.box, b.box) ? [`${a.zone.name} over ${b.zone.name}`] : [])),
    );
    expect(frames).toEqual([]);
    for (const { node, box } of nodes) {
      const zone = zones.find((candidate) => candidate.zone.name === node.zone);
      expect(contains(zone?.box ?? { x: 0, y: 0, width, height }, box), node.name).toBe(true);
      for (const other of zones) if (other !== zone) expect(overlap(other.box, box), node.name).toBe(false);
    }
  });

  it("marks each boundary that an arrow crosses on the frame of its zone", async () => {
    const { zones, arrows } = await layoutOf(map);
    for (const { edges, crossings } of arrows) {
      const crossed = edges[0]?.boundary;
      const ends = crossed === undefined ? 0 : crossed.kind === "ingress" || crossed.kind === "egress" ? 1 : 2;
      expect(crossings, edges[0]?.id).toHaveLength(ends);
      for (const point of crossings) {
        const onFrame = zones.some(({ box }) => distanceToFrame(point, box) < 1);
        expect(onFrame, edges[0]?.id).toBe(true);
      }
    }
  });

  it("is well-formed SVG that refers to nothing outside itself", async () => {
    const svg = await renderMap(map, "svg");
    expect(XMLValidator.validate(svg)).toBe(true);
    expect(svg).not.toMatch(/<(?:script|style|image|use|foreignObject|a)\b|\son\w+=|href=|url\(/);
    expect(svg.match(/https?:\/\/[^"]*/g)).toEqual(["http://www.w3.org/2000/svg"]);
    const { svg: root } = new XMLParser({ ignoreAttributes: false }).parse(svg) as {
      svg: { title: { "#text": string } };
    };
    expect(root.title["#text"]).toContain("data flows and trust boundaries");
    expect(svg.match(/font-size="([\d.]+)"/g)?.every((found) => Number(found.slice(11, -1)) >= 10)).toBe(true);
    for (const node of map.nodes) expect(svg).toContain(`data-node="${node.name}"`);
  });
});

function distanceToFrame(point: { x: number; y: number }, { x, y, width, height }: Box): number {
  const dx = Math.max(x - point.x, 0, point.x - x - width);
  const dy = Math.max(y - point.y, 0, point.y - y - height);
  const inside = Math.min(point.x - x, x + width - point.x, point.y - y, y + height - point.y);
  return dx === 0 && dy === 0 ? Math.max(0, inside) : Math.hypot(dx, dy);
}

it("draws a map with nothing on it", async () => {
  const empty = { workflow: "w", trustDomain: "d", zones: [], nodes: [], edges: [], boundaries: [], findings: [] };
  expect(XMLValidator.validate(await renderMap(empty, "svg"))).toBe(true);
  expect(mxfileProblems(await renderMap(empty, "drawio"))).toEqual([]);
  expect(await renderMap(empty, "table")).toBe("no flows: everything is denied\n");
});

describe.each([12, 60])("a diagram of %i workloads that call each other in rings", (size) => {
  const zones = ["pub", "mid", "core", "other"];
  const trusts = ["public", "internal", "restricted", "internal"];
  const name = (index: number) => `svc-number-${index % size}`;
  const text = [
    "apiVersion: ringfence.dev/v1\nworkflow: dense",
    `zones: { ${zones.map((zone, i) => `${zone}: { trust: ${trusts[i]} }`).join(", ")} }`,
    "data: { cust: { sensitivity: restricted } }\nworkloads:",
    ...Array.from({ length: size }, (_, i) => {
      return `  ${name(i)}: { zone: ${zones[Math.floor((i * zones.length) / size)]}, port: ${8000 + i} }`;
    }),
    "flows:",
    ...Array.from({ length: size }, (_, i) =>
      [1, 2].map((step) => `  - { from: ${name(i)}, to: ${name(i + step)}, data: [cust] }`).join("\n"),
    ),
  ].join("\n");

  it("is of a size that a screen shows, each label near its arrow's ends", async () => {
    const { width, height, nodes, arrows } = await layoutOf(mapOf(text));
    expect(width).toBeLessThan(3000);
    expect(width * height).toBeLessThan(250_000 * size + 2_000_000);
    const center = (box: Box) => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
    const places = new Map(nodes.map(({ node, box }) => [node.name, center(box)]));
    const apart = (a?: { x: number; y: number }, b?: { x: number; y: number }) =>
      Math.hypot((a?.x ?? 0) - (b?.x ?? 0), (a?.y ?? 0) - (b?.y ?? 0));
    const far = arrows.filter(({ edges, label }) => {
      const [from, to] = [places.get(edges[0]?.from.name ?? ""), places.get(edges[0]?.to.name ?? "")];
      const at = center(label.box);
      return Math.min(apart(from, at), apart(at, to)) > 700;
    });
    expect(far.map(({ edges }) => edges[0]?.id)).toEqual([]);
  });
});
