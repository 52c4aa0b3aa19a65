/** What users may reach, workload by workload: the part of the policy that a gateway sees. */
import type { Method, Operation, PathPattern, Policy, Rule, Workload } from "../../policy/index.js";
import { seesRequests, shapeOf } from "../shape.js";

export interface Entrance {
  readonly workload: Workload;
  readonly port: number;
  readonly servicePort: number;
  readonly protocol: string;
  readonly rules: readonly Rule[];
  readonly openings: readonly Opening[];
}

/** One way of a request through the gateway; `undefined`: any. */
export interface Opening {
  readonly method: Method | undefined;
  readonly path: PathPattern | undefined;
  /** the flow's own hosts; empty: those of the gateway */
  readonly hosts: readonly string[];
}

/** Entrances in the order of their workloads and ports; those that are not about requests are `connections`. */
export function entrancesOf(policy: Policy): { requests: Entrance[]; connections: Rule[] } {
  const groups = new Map<string, { workload: Workload; rules: Rule[] }>();
  const connections: Rule[] = [];
  for (const rule of policy.rules) {
    const workload = shapeOf(policy).workloads.get(rule.to.name);
    if (rule.from.kind !== "users" || workload === undefined) continue;
    if (!seesRequests(rule)) {
      connections.push(rule);
      continue;
    }
    const key = `${workload.name}:${rule.port.port}`;
    const group = groups.get(key) ?? { workload, rules: [] };
    group.rules.push(rule);
    groups.set(key, group);
  }
  const requests = [...groups.values()].map(({ workload, rules }) => ({
    workload,
    port: rules[0]?.port.port ?? 0,
    servicePort: rules[0]?.port.servicePort ?? 0,
    protocol: rules[0]?.port.protocol ?? "http",
    rules,
    openings: distinct(rules.flatMap(({ operations }) => operations.flatMap(openingsOf))),
  }));
  return { requests, connections };
}

function openingsOf({ methods, paths, hosts }: Operation): Opening[] {
  const own = hosts === "any" ? [] : hosts;
  return (methods === "any" ? [undefined] : methods).flatMap((method) =>
    (paths === "any" ? [undefined] : paths).map((path) => ({ method, path, hosts: own })),
  );
}

function distinct(openings: readonly Opening[]): Opening[] {
  const byText = new Map(
    openings.map((opening) => [`${opening.hosts.join()} ${opening.path?.text ?? ""} ${opening.method ?? ""}`, opening]),
  );
  return [...byText.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, opening]) => opening);
}
