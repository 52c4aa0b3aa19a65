/** The small marks that the diagram and its legend share: text, badges, and the diamond at a trust boundary. */

import { element, type Markup, number } from "../markup/index.js";
import type { Badge } from "./flow-map.js";
import type { Point } from "./geometry.js";
import { BADGE, shownBadges } from "./labels.js";
import { BOUNDARY, FAINT, PAPER, SEVERITY_COLORS } from "./palette.js";

interface TextStyle {
  readonly bold?: boolean;
  readonly fill?: string;
  readonly anchor?: "middle";
  /** a broad outline in this colour, behind the letters */
  readonly halo?: string;
}

export function text(at: Point, value: string, size: number, style: TextStyle = {}): Markup {
  const attributes = {
    x: at.x,
    y: at.y,
    "font-size": size,
    "font-weight": style.bold ? "bold" : undefined,
    fill: style.fill,
    "text-anchor": style.anchor,
    ...(style.halo === undefined ? {} : { stroke: style.halo, "stroke-width": 4, "paint-order": "stroke" }),
  };
  return element("text", attributes, value);
}

export function crossingMark({ x, y }: Point): Markup {
  const points = [x, y - 5, x + 5, y, x, y + 5, x - 5, y].map(number).join(",");
  return element("polygon", { points, fill: PAPER, stroke: BOUNDARY, "stroke-width": 2 });
}

export function drawBadges(badges: readonly Badge[], x: number, y: number): Markup[] {
  let at = x;
  return shownBadges(badges).map(({ text: tag, badge, width }) => {
    const { fill, ink } = SEVERITY_COLORS[badge?.severity ?? "info"];
    const box = { x: at, y, width, height: BADGE.height, rx: 3 };
    const accepted = badge?.accepted === true;
    at += width + BADGE.gap;
    return element(
      "g",
      {},
      element("rect", {
        ...box,
        fill: accepted ? PAPER : fill,
        stroke: accepted ? FAINT : PAPER,
        "stroke-dasharray": accepted ? "2 2" : undefined,
      }),
      text({ x: box.x + width / 2, y: y + 11 }, tag, BADGE.size, {
        bold: true,
        fill: accepted ? FAINT : ink,
        anchor: "middle",
      }),
    );
  });
}
