/** Sources down, destinations across: one square for each pair, its colour and letter the worst that holds of it. */
import { type Child, element, type Markup } from "../../markup/index.js";
import type { Edge } from "../edges.js";
import { type Compared, verdictOf } from "./table.js";

const CELL = 22;
const PAD = 16;
const CHAR = 5.9;

/** In rising order: of what holds of a pair, the last is shown. After Okabe and Ito's colours, each with its letter. */
const KINDS = [
  { verdict: "allowed", letter: "a", fill: "#cfe6f5", text: "some request gets through" },
  { verdict: "no flow", letter: "o", fill: "#eef0dc", text: "gets through, no flow of the workflow" },
  { verdict: "as declared", letter: "d", fill: "#bfe3d0", text: "reachable as declared" },
  { verdict: "unknown", letter: "?", fill: "#e3e3e3", text: "cannot be told" },
  { verdict: "blockage", letter: "B", fill: "#e6bcd6", text: "declared, does not get through" },
  { verdict: "leak", letter: "L", fill: "#f0a06a", text: "gets through, not declared" },
] as const;

export function matrixReport(
  edges: readonly Edge[],
  comparison: Compared | undefined,
  ids: readonly string[],
  title: string,
): string {
  const findings = comparison?.findings ?? [];
  const parties = [...new Set([...ids, ...findings.flatMap(({ from, to }) => [from, to])])];
  const worst = new Map<string, number>();
  const put = (from: string, to: string, verdict: string): void => {
    const rank = KINDS.findIndex((kind) => kind.verdict === verdict);
    const key = JSON.stringify([from, to]);
    worst.set(key, Math.max(worst.get(key) ?? -1, rank));
  };
  for (const edge of edges) put(edge.from.id, edge.to.id, verdictOf(edge, comparison));
  for (const { from, to, kind } of findings) put(from, to, kind);

  const label = Math.max(...parties.map((id) => id.length), 8) * CHAR + 12;
  const legend = KINDS.filter((_, rank) => [...worst.values()].includes(rank));
  const left = PAD + label;
  const top = PAD + 28 + label;
  const width = Math.max(left + parties.length * CELL + PAD + label / 3, 420);
  const height = top + parties.length * CELL + PAD + legend.length * 20 + 12;
  const cells = parties.flatMap((from, row) =>
    parties.map((to, column) =>
      cellOf(
        worst.get(JSON.stringify([from, to])),
        from,
        to,
        ids.includes(from) && ids.includes(to) ? "denied" : "nothing found",
        left + column * CELL,
        top + row * CELL,
      ),
    ),
  );
  const body: Child[] = [
    element("rect", { width, height, fill: "#ffffff" }),
    text(PAD, PAD + 12, title, { size: 14, bold: true }),
    ...parties.map((id, row) => text(left - 6, top + row * CELL + 15, id, { anchor: "end" })),
    ...parties.map((id, column) => {
      const [x, y] = [left + column * CELL + 15, top - 6];
      return text(x, y, id, { turn: `rotate(-90 ${x} ${y})` });
    }),
    ...cells,
    ...legend.flatMap(({ letter, fill, text: meaning }, index) => {
      const y = top + parties.length * CELL + PAD + index * 20;
      return [
        element("rect", { x: PAD, y, width: 16, height: 16, fill, stroke: "#5b6670" }),
        text(PAD + 8, y + 12, letter, { anchor: "middle" }),
        text(PAD + 24, y + 12, meaning),
      ];
    }),
  ];
  const svg = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      "font-family": "sans-serif",
      role: "img",
    },
    element("title", {}, title),
    ...body,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${svg.text}\n`;
}

/** @param otherwise what it means that there is nothing: only between workloads was every connection judged */
function cellOf(rank: number | undefined, from: string, to: string, otherwise: string, x: number, y: number): Markup {
  const kind = rank === undefined ? undefined : KINDS[rank];
  const fill = from === to ? "#f4f4f4" : (kind?.fill ?? "#ffffff");
  return element(
    "g",
    {},
    element("title", {}, `${from} → ${to}: ${kind?.text ?? (from === to ? "itself" : otherwise)}`),
    element("rect", { x, y, width: CELL, height: CELL, fill, stroke: "#c9ced3" }),
    ...(kind === undefined ? [] : [text(x + CELL / 2, y + 15, kind.letter, { anchor: "middle" })]),
  );
}

interface TextStyle {
  readonly size?: number;
  readonly bold?: true;
  readonly anchor?: string;
  readonly turn?: string;
}

function text(x: number, y: number, content: string, { size = 11, bold, anchor, turn }: TextStyle = {}): Markup {
  return element(
    "text",
    {
      x,
      y,
      "font-size": size,
      "font-weight": bold === true ? "bold" : undefined,
      "text-anchor": anchor,
      transform: turn,
      fill: "#1f2933",
    },
    content,
  );
}
