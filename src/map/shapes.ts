/** One outline for each kind of party, so that a store is known as a store without reading. */

import { element, type Markup, number } from "../markup/index.js";
import type { NodeKind } from "./flow-map.js";
import type { Box } from "./geometry.js";

export interface Stroke {
  readonly fill: string;
  readonly stroke: string;
}

/** The outline of a kind in a box, with what is drawn over it. */
export function shape(kind: NodeKind, box: Box, { fill, stroke }: Stroke): Markup[] {
  const paint = { fill, stroke, "stroke-width": 1.5 };
  const { x, y, width, height } = box;
  const path = (...parts: readonly (string | number)[]): Markup =>
    element("path", { d: parts.map(number).join(" "), ...paint });
  const line = (...parts: readonly (string | number)[]): Markup =>
    element("path", { d: parts.map(number).join(" "), fill: "none", stroke, "stroke-width": 1.5 });
  const [right, bottom] = [x + width, y + height];
  switch (kind) {
    case "service":
      return [element("rect", { x, y, width, height, rx: 6, ...paint })];
    case "job":
      return [
        element("rect", { x, y, width, height, ...paint }),
        line("M", x + 8, y, "V", bottom, "M", right - 8, y, "V", bottom),
      ];
    case "gateway": {
      const point = Math.min(14, width / 4);
      const middle = y + height / 2;
      return [
        path(
          "M",
          x + point,
          y,
          "H",
          right - point,
          "L",
          right,
          middle,
          "L",
          right - point,
          bottom,
          "H",
          x + point,
          "L",
          x,
          middle,
          "Z",
        ),
      ];
    }
    case "model": {
      const depth = 9;
      return [
        path(
          "M",
          x,
          y + depth,
          "L",
          x + depth,
          y,
          "H",
          right,
          "V",
          bottom - depth,
          "L",
          right - depth,
          bottom,
          "H",
          x,
          "Z",
        ),
        line("M", x, y + depth, "H", right - depth, "V", bottom, "M", right - depth, y + depth, "L", right, y),
      ];
    }
    case "store": {
      const cap = 8;
      const arc = ["A", width / 2, cap, 0, 0] as const;
      return [
        path("M", x, y + cap, ...arc, 1, right, y + cap, "V", bottom - cap, ...arc, 1, x, bottom - cap, "Z"),
        line("M", x, y + cap, ...arc, 0, right, y + cap),
      ];
    }
    case "queue": {
      const cap = 8;
      const arc = ["A", cap, height / 2, 0, 0] as const;
      return [
        path(
          "M",
          x + cap,
          y,
          "H",
          right - cap,
          ...arc,
          1,
          right - cap,
          bottom,
          "H",
          x + cap,
          ...arc,
          1,
          x + cap,
          y,
          "Z",
        ),
        line("M", right - cap, y, ...arc, 0, right - cap, bottom),
      ];
    }
    case "users":
      return [
        element("rect", { x, y, width, height, rx: height / 2, ...paint }),
        element("circle", { cx: x + 21, cy: y + height / 2 - 7, r: 5, fill: stroke }),
        element("path", { d: `M ${number(x + 12)} ${number(y + height / 2 + 11)} a 9 11 0 0 1 18 0 Z`, fill: stroke }),
      ];
    case "api":
      return [path(...cloud(box))];
  }
}

/** Bumps along an ellipse: wide enough that text inside never meets them. */
function cloud({ x, y, width, height }: Box): (string | number)[] {
  const at = (fx: number, fy: number): [number, number] => [x + fx * width, y + fy * height];
  const bump = (c1: [number, number], c2: [number, number], to: [number, number]): (string | number)[] => [
    "C",
    ...c1,
    ...c2,
    ...to,
  ];
  return [
    "M",
    ...at(0.12, 0.86),
    ...bump(at(-0.03, 0.84), at(-0.04, 0.4), at(0.08, 0.36)),
    ...bump(at(0.09, 0.1), at(0.25, 0.05), at(0.33, 0.14)),
    ...bump(at(0.42, -0.06), at(0.62, -0.06), at(0.68, 0.12)),
    ...bump(at(0.8, 0.02), at(0.95, 0.12), at(0.92, 0.36)),
    ...bump(at(1.04, 0.42), at(1.03, 0.84), at(0.88, 0.86)),
    ...bump(at(0.75, 1.05), at(0.25, 1.05), at(0.12, 0.86)),
    "Z",
  ];
}
