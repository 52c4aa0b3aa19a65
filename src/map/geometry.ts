/** Points, boxes and curves of the diagram; `y` grows downwards, the unit is the pixel. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** Points along a curve of cubic pieces, `steps` a piece, start and end included. */
export function sample(curve: readonly Point[], steps: number): Point[] {
  const [start] = curve;
  if (start === undefined) return [];
  const points = [start];
  for (let at = 0; at + 3 < curve.length; at += 3) {
    const [a, b, c, d] = [curve[at], curve[at + 1], curve[at + 2], curve[at + 3]];
    if (a === undefined || b === undefined || c === undefined || d === undefined) break;
    for (let step = 1; step <= steps; step++) {
      const t = step / steps;
      const u = 1 - t;
      const mix = (p: number, q: number, r: number, s: number): number =>
        u * u * u * p + 3 * u * u * t * q + 3 * u * t * t * r + t * t * t * s;
      points.push({ x: mix(a.x, b.x, c.x, d.x), y: mix(a.y, b.y, c.y, d.y) });
    }
  }
  return points;
}

/** Where a way first goes through a frame, from either side. */
export function crossing(way: readonly Point[], frame: Box): Point | undefined {
  const inside = ({ x, y }: Point): boolean =>
    x > frame.x && x < frame.x + frame.width && y > frame.y && y < frame.y + frame.height;
  for (const [index, point] of way.entries()) {
    const next = way[index + 1];
    if (next === undefined || inside(point) === inside(next)) continue;
    let [near, far] = [point, next];
    for (let step = 0; step < 12; step++) {
      const half = { x: (near.x + far.x) / 2, y: (near.y + far.y) / 2 };
      if (inside(half) === inside(point)) near = half;
      else far = half;
    }
    return { x: round(far.x), y: round(far.y) };
  }
  return undefined;
}

/** A tenth of a pixel: finer is not seen, and would differ between machines. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
