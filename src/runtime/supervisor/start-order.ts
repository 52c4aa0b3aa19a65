import type { Policy } from "../../policy/index.js";

/**
 * The order in which workloads start: who is called before who calls, ties and cycles by name. They stop in the opposite
 * order, so that nobody loses what it calls before it has ended itself.
 */
export function startOrder(policy: Policy): readonly string[] {
  const callees = new Map<string, string[]>();
  for (const { from, to } of policy.rules) {
    if (from.kind !== "workload" || to.kind !== "workload") continue;
    callees.set(from.name, [...(callees.get(from.name) ?? []), to.name]);
  }
  const order: string[] = [];
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const callee of (callees.get(name) ?? []).sort()) visit(callee);
    order.push(name);
  };
  for (const name of policy.workloads.map((workload) => workload.name).sort()) visit(name);
  return order;
}

/**
 * Whether a workload may start: those that it calls no longer hold it up.
 * @param isOver whether a workload that is called is ready, or in trouble: it holds up nobody for long
 */
export function mayStart(name: string, policy: Policy, isOver: (callee: string) => boolean): boolean {
  const order = startOrder(policy);
  return policy.rules.every(({ from, to }) => {
    if (from.kind !== "workload" || from.name !== name || to.kind !== "workload") return true;
    // In a cycle somebody must be first: who comes earlier in the order does not wait for who comes later.
    return order.indexOf(to.name) > order.indexOf(name) || isOver(to.name);
  });
}
