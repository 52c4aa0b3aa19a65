/**
 * Circles of calls. Two workloads are in one circle when each gets to the other along rules: a strongly connected part
 * (Tarjan, without recursion, since a workflow may be a chain of thousands). Of each part the shortest circle through
 * its first workload is shown, because a part as a whole is not something one can follow with a finger.
 */
import type { Rule } from "../../policy/index.js";

/** For each strongly connected part of two workloads or more, the rules of a shortest circle through its first name. */
export function circles(rules: readonly Rule[]): readonly (readonly Rule[])[] {
  const calls = rules.filter(
    (rule) => rule.from.kind === "workload" && rule.to.kind === "workload" && rule.from.name !== rule.to.name,
  );
  const outOf = new Map<string, Rule[]>();
  for (const rule of calls) outOf.set(rule.from.name, [...(outOf.get(rule.from.name) ?? []), rule]);
  return parts(outOf)
    .filter((part) => part.length > 1)
    .map((part) => shortest([...part].sort()[0] ?? "", new Set(part), outOf))
    .sort((a, b) => ((a[0]?.id ?? "") < (b[0]?.id ?? "") ? -1 : 1));
}

function shortest(
  start: string,
  part: ReadonlySet<string>,
  outOf: ReadonlyMap<string, readonly Rule[]>,
): readonly Rule[] {
  const seen = new Set([start]);
  let edge: { at: string; way: readonly Rule[] }[] = [{ at: start, way: [] }];
  while (edge.length > 0) {
    const next: { at: string; way: readonly Rule[] }[] = [];
    for (const { at, way } of edge) {
      for (const rule of outOf.get(at) ?? []) {
        if (rule.to.name === start) return [...way, rule];
        if (!part.has(rule.to.name) || seen.has(rule.to.name)) continue;
        seen.add(rule.to.name);
        next.push({ at: rule.to.name, way: [...way, rule] });
      }
    }
    edge = next;
  }
  return [];
}

interface Frame {
  readonly name: string;
  next: number;
}

function parts(outOf: ReadonlyMap<string, readonly Rule[]>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const found: string[][] = [];
  const enter = (name: string): Frame => {
    order.set(name, order.size);
    low.set(name, order.size - 1);
    open.push(name);
    isOpen.add(name);
    return { name, next: 0 };
  };
  const lower = (name: string, value: number): void => {
    low.set(name, Math.min(low.get(name) ?? value, value));
  };
  for (const root of [...outOf.keys()].sort()) {
    if (order.has(root)) continue;
    const stack = [enter(root)];
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const target = outOf.get(frame.name)?.[frame.next++]?.to.name;
      if (target !== undefined) {
        if (!order.has(target)) stack.push(enter(target));
        else if (isOpen.has(target)) lower(frame.name, order.get(target) ?? 0);
        continue;
      }
      stack.pop();
      const above = stack.at(-1);
      if (above !== undefined) lower(above.name, low.get(frame.name) ?? 0);
      if (low.get(frame.name) !== order.get(frame.name)) continue;
      const part = open.splice(open.indexOf(frame.name));
      for (const name of part) isOpen.delete(name);
      found.push(part);
    }
  }
  return found;
}
