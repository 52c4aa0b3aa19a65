/** What the marks of the diagram mean; only those that it uses. */

import { element, type Markup, number } from "../markup/index.js";
import { TRUST_LEVELS, type Transport } from "../policy/index.js";
import { SEVERITIES } from "../threats/index.js";
import type { FlowMap, NodeKind } from "./flow-map.js";
import { CAPTION_SIZE } from "./labels.js";
import { crossingMark, drawBadges, text } from "./marks.js";
import { FAINT, INK, PAPER, TRANSPORT_COLORS, TRUST_COLORS } from "./palette.js";
import { shape } from "./shapes.js";
import { textWidth } from "./text-size.js";

const ROW = 26;
const MARK = 30;
const KINDS: readonly (readonly [NodeKind, string])[] = [
  ["users", "users"],
  ["api", "outside API"],
  ["gateway", "gateway"],
  ["service", "service"],
  ["model", "model"],
  ["store", "store"],
  ["queue", "queue"],
  ["job", "job"],
];
const TRANSPORTS: readonly (readonly [Transport, string])[] = [
  ["mtls", "in mutual TLS"],
  ["tls", "in TLS"],
  ["plaintext", "in plaintext"],
];

interface Entry {
  readonly label: string;
  readonly draw: (x: number, y: number) => Markup | readonly Markup[];
}

export function legend(map: FlowMap, left: number, top: number, width: number): { markup: Markup; bottom: number } {
  const entries = entriesOf(map);
  let [x, y] = [left, top + 6];
  const drawn = entries.flatMap((entry) => {
    const size = MARK + textWidth(entry.label, CAPTION_SIZE) + 20;
    if (x + size > left + width && x > left) [x, y] = [left, y + ROW];
    const here = { x, y };
    x += size;
    return [
      entry.draw(here.x, here.y),
      text({ x: here.x + MARK + 4, y: here.y + 4 }, entry.label, CAPTION_SIZE, { fill: INK }),
    ];
  });
  return { markup: element("g", {}, drawn), bottom: y + 14 };
}

function entriesOf(map: FlowMap): Entry[] {
  const entries: Entry[] = [];
  for (const trust of TRUST_LEVELS) {
    if (!map.zones.some((zone) => zone.trust === trust)) continue;
    const { fill, line } = TRUST_COLORS[trust];
    const paint = { fill, stroke: line, "stroke-width": 2, "stroke-dasharray": "5 3" };
    entries.push({
      label: `${trust} zone`,
      draw: (x, y) => element("rect", { x, y: y - 8, width: 26, height: 16, rx: 3, ...paint }),
    });
  }
  for (const [kind, label] of KINDS) {
    if (!map.nodes.some((node) => node.kind === kind)) continue;
    const paint = { fill: PAPER, stroke: FAINT };
    entries.push({
      label,
      // The person of the users is drawn for a box of their size.
      draw: (x, y) =>
        kind === "users"
          ? element("rect", { x, y: y - 8, width: 26, height: 16, rx: 8, ...paint, "stroke-width": 1.5 })
          : shape(kind, { x, y: y - 9, width: 26, height: 18 }, paint),
    });
  }
  for (const [transport, label] of TRANSPORTS) {
    if (!map.edges.some((edge) => edge.transport === transport)) continue;
    const stroke = TRANSPORT_COLORS[transport];
    const dashes = transport === "plaintext" ? "6 4" : undefined;
    entries.push({
      label,
      draw: (x, y) => [
        element("path", {
          d: `M ${number(x)} ${number(y)} H ${number(x + 20)}`,
          stroke,
          "stroke-width": 1.6,
          "stroke-dasharray": dashes,
        }),
        element("polygon", { points: [x + 27, y, x + 18, y - 4, x + 18, y + 4].map(number).join(","), fill: stroke }),
      ],
    });
  }
  if (map.boundaries.length > 0)
    entries.push({ label: "crosses a trust boundary", draw: (x, y) => crossingMark({ x: x + 14, y }) });
  if (map.edges.some((edge) => edge.data.length > 0))
    entries.push({ label: "data sent", draw: (x, y) => text({ x: x + 8, y: y + 5 }, "→", 14) });
  if (map.edges.some((edge) => edge.returns.length > 0))
    entries.push({ label: "data returned", draw: (x, y) => text({ x: x + 8, y: y + 5 }, "←", 14) });
  for (const severity of SEVERITIES) {
    const finding = map.findings.find((candidate) => candidate.severity === severity);
    if (finding === undefined) continue;
    entries.push({
      label: `${severity} finding`,
      draw: (x, y) => drawBadges([{ tag: finding.tag, severity, accepted: false }], x, y - 8),
    });
  }
  if (map.findings.some((finding) => finding.places.some((place) => place.accepted !== undefined))) {
    entries.push({
      label: "accepted risk",
      draw: (x, y) => drawBadges([{ tag: "n", severity: "info", accepted: true }], x, y - 8),
    });
  }
  return entries;
}
