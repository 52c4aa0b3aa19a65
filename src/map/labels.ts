/** What is written on boxes and arrows, and how much room it takes. */
import { plain } from "../markup/index.js";
import type { Badge, MapEdge, MapNode } from "./flow-map.js";
import { clip, inTwoLines, textWidth } from "./text-size.js";
import { badgeText } from "./wording.js";

export const ZONE_LABEL = { size: 14, height: 24 } as const;
export const NAME_SIZE = 13;
export const CAPTION_SIZE = 11;
export const LABEL_SIZE = 11;
export const LINE_HEIGHT = 14;
const WIDEST_NAME = 216;
const WIDEST_LABEL = 220;
export const BADGE = { height: 15, gap: 3, size: 10 } as const;
/** More badges than these on one thing are counted, not shown. */
const MOST_BADGES = 4;
/** More than these stand on a line of their own. */
const MOST_BADGES_BESIDE_TEXT = 2;

export interface NodeText {
  readonly name: readonly string[];
  readonly caption: string;
  readonly width: number;
  readonly height: number;
}

/** A box's name, caption and size; shapes with slanted or round ends get room for them. */
export function nodeText(node: MapNode): NodeText {
  const name = inTwoLines(plain(node.name), WIDEST_NAME, NAME_SIZE, true);
  const caption = clip(captionOf(node), WIDEST_NAME + 20, CAPTION_SIZE);
  const text = Math.max(...name.map((line) => textWidth(line, NAME_SIZE, true)), textWidth(caption, CAPTION_SIZE));
  const ends = { gateway: 44, api: 56, users: 56, queue: 44, model: 40, store: 28, job: 40, service: 28 }[node.kind];
  const caps = { gateway: 20, api: 36, users: 20, queue: 20, model: 26, store: 36, job: 20, service: 20 }[node.kind];
  return {
    name,
    caption,
    width: Math.ceil(Math.max(96, text + ends, badgesWidth(node.badges) + 20)),
    height: Math.ceil(name.length * 16 + LINE_HEIGHT + caps),
  };
}

function captionOf(node: MapNode): string {
  switch (node.kind) {
    case "users":
      return node.identity === "anonymous" ? "users, anonymous" : `users of ${plain(node.identity)}`;
    case "api":
      return plain(node.identity);
    default:
      return [node.kind, ...node.ports.map((port) => `:${port.port}`)].join(" ");
  }
}

export interface LabelLine {
  readonly kind: "wire" | "data";
  readonly text: string;
  readonly badges: readonly Badge[];
}

/** For each flow of an arrow: protocol and port, then what is sent and what comes back. */
export function labelLines(edges: readonly MapEdge[]): LabelLine[] {
  return edges.flatMap((edge): LabelLine[] => {
    const apart = edge.badges.length > MOST_BADGES_BESIDE_TEXT;
    const badges: LabelLine[] = apart ? [{ kind: "wire", text: "", badges: edge.badges }] : [];
    const text = clip(`${edge.wire} :${edge.port}`, WIDEST_LABEL, LABEL_SIZE, true);
    const wire: LabelLine = { kind: "wire", text, badges: apart ? [] : edge.badges };
    const line = (arrow: string, names: readonly string[]): LabelLine[] =>
      names.length === 0
        ? []
        : [{ kind: "data", text: clip(`${arrow} ${plain(names.join(", "))}`, WIDEST_LABEL, LABEL_SIZE), badges: [] }];
    return [...badges, wire, ...line("→", edge.data), ...line("←", edge.returns)];
  });
}

export function labelSize(lines: readonly LabelLine[]): { width: number; height: number } {
  const widths = lines.map((line) => textWidth(line.text, LABEL_SIZE, line.kind === "wire") + badgesWidth(line.badges));
  return { width: Math.ceil(Math.max(20, ...widths) + 8), height: lines.length * LINE_HEIGHT + 6 };
}

export interface ShownBadge {
  readonly text: string;
  readonly badge: Badge | undefined;
  readonly width: number;
}

/** The badges that are drawn: the worst, and how many more there are. */
export function shownBadges(badges: readonly Badge[]): ShownBadge[] {
  const few = badges.length <= MOST_BADGES ? badges : badges.slice(0, MOST_BADGES - 1);
  const shown = few.map((badge) => ({ text: badgeText(badge).replace(/[()]/g, ""), badge }));
  const all =
    few.length === badges.length ? shown : [...shown, { text: `+${badges.length - few.length}`, badge: undefined }];
  return all.map(({ text, badge }) => ({ text, badge, width: Math.ceil(textWidth(text, BADGE.size, true) + 8) }));
}

/** With a gap in front; nothing without badges. */
export function badgesWidth(badges: readonly Badge[]): number {
  return shownBadges(badges).reduce((sum, { width }) => sum + width + BADGE.gap, badges.length === 0 ? 0 : BADGE.gap);
}
