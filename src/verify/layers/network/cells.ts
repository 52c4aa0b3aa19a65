/**
 * The state of a decision for many points at once: disjoint sets of points, each with the ports that are allowed so far,
 * those that nothing has decided yet, and those that an admin policy handed on to the NetworkPolicies.
 *
 * The same steps are taken twice, once for what surely gets through (`must`) and once for what may (`may`). Where a rule
 * matches only perhaps, each reading takes the outcome that is safe for it.
 */
import type { Bits } from "./bits.js";
import type { PortSet, PortSets } from "./port-sets.js";
import type { Action } from "./rules.js";

export type Reading = "must" | "may";

export interface Cell {
  readonly points: Bits;
  readonly allowed: PortSet;
  /** undecided */
  readonly open: PortSet;
  /** handed on by a Pass */
  readonly passed: PortSet;
}

/** Points that have the same ports. */
export interface Group {
  readonly points: Bits;
  readonly ports: PortSet;
}

/** One rule as it applies to the points that vary: it surely matches `must` and perhaps the rest of `may`. */
export interface Step {
  readonly action: Action;
  readonly must: Bits;
  readonly may: Bits;
  readonly ports: PortSet;
}

/** Takes one step of an ordered tier. */
export function step(
  cells: readonly Cell[],
  { action, must, may, ports }: Step,
  reading: Reading,
  table: PortSets,
): Cell[] {
  const act = (cell: Cell, how: Action): Cell => {
    const matched = table.intersect(ports, cell.open);
    return {
      points: cell.points,
      allowed: how === "Allow" ? table.union(cell.allowed, matched) : cell.allowed,
      passed: how === "Pass" ? table.union(cell.passed, matched) : cell.passed,
      open: table.minus(cell.open, matched),
    };
  };
  const touched = (cell: Cell) => table.intersect(ports, cell.open) !== table.none;
  switch (action) {
    case "Allow":
      return split(cells, reading === "must" ? must : may, touched, (cell) => act(cell, "Allow"));
    case "Deny":
      return split(cells, reading === "must" ? may : must, touched, (cell) => act(cell, "Deny"));
    case "Pass": {
      const certain = split(cells, must, touched, (cell) => act(cell, "Pass"));
      if (must === may) return certain;
      // Perhaps handed on, perhaps left to the next rule: both ends of that are not known here.
      const safe: Action = reading === "must" ? "Deny" : "Allow";
      return split(certain, may.minus(must), touched, (cell) => act(cell, safe));
    }
  }
}

/** Cuts the cells along `points` and changes what lies inside. */
function split(
  cells: readonly Cell[],
  points: Bits,
  touched: (cell: Cell) => boolean,
  change: (cell: Cell) => Cell,
): Cell[] {
  const out: Cell[] = [];
  for (const cell of cells) {
    if (!touched(cell) || !cell.points.meets(points)) {
      out.push(cell);
      continue;
    }
    const outside = cell.points.minus(points);
    if (!outside.isEmpty) out.push({ ...cell, points: outside });
    out.push(change({ ...cell, points: cell.points.and(points) }));
  }
  return out;
}

/** What rules allow together: groups of points with the union of the ports of all that hold them. */
export function unite(terms: Iterable<Group>, table: PortSets): Group[] {
  let groups: Group[] = [];
  for (const term of terms) {
    if (term.ports === table.none) continue;
    const next: Group[] = [];
    let rest = term.points;
    for (const group of groups) {
      if (!group.points.meets(rest)) {
        next.push(group);
        continue;
      }
      const ports = table.union(group.ports, term.ports);
      const shared = group.points.and(rest);
      rest = rest.minus(group.points);
      if (ports === group.ports) {
        next.push(group);
        continue;
      }
      const own = group.points.minus(term.points);
      if (!own.isEmpty) next.push({ points: own, ports: group.ports });
      next.push({ points: shared, ports });
    }
    if (!rest.isEmpty) next.push({ points: rest, ports: term.ports });
    groups = next;
  }
  return groups;
}

/** The ports that both sides allow; points without any are left out, equal ports are one group. */
export function meet(left: readonly Group[], right: readonly Group[], table: PortSets): Group[] {
  const byPorts = new Map<PortSet, Bits>();
  for (const a of left) {
    for (const b of right) {
      const ports = table.intersect(a.ports, b.ports);
      if (ports === table.none || !a.points.meets(b.points)) continue;
      const points = a.points.and(b.points);
      byPorts.set(ports, byPorts.get(ports)?.or(points) ?? points);
    }
  }
  return [...byPorts].map(([ports, points]) => ({ points, ports }));
}
