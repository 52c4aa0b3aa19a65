/**
 * What comes from outside. Users come through entrances, or straight to a pod that is published. Where an entrance is
 * not among the manifests, what it lets through cannot be looked at, and that is said.
 */
import { type Cluster, describeObject, endpointsOf, type Protocol, servingContainers } from "../../cluster/index.js";
import type { Policy, Rule } from "../../policy/index.js";
import type { Connection } from "../layer.js";
import { type Network, waysIn } from "../layers/network/index.js";
import type { Finding, Place, World } from "./finding.js";
import { comparePair } from "./pair.js";
import type { Seat } from "./seats.js";

export interface Inward {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  readonly compared: number;
}

const OUTSIDE = "outside";

export function compareInward(
  world: World,
  policy: Policy,
  network: Network,
  seats: readonly Seat[],
  entrances: ReadonlyMap<Rule, readonly (readonly Finding[])[]>,
): Inward {
  const zones = new Set(policy.zones.map(({ name }) => name));
  const found: Finding[] = [];
  const lacking = new Map(entrances);
  let compared = 0;
  for (const seat of seats) {
    if (seat.part !== "declared" && (seat.part !== "undeclared" || !zones.has(seat.workload.namespace))) continue;
    for (const { protocol, port } of publishedPorts(world.cluster, policy, seat)) {
      compared++;
      const rules = protocol === "TCP" ? usersRules(policy, seat, port) : [];
      const { workload, pod } = seat;
      const connection: Connection = {
        from: { kind: "outside", name: OUTSIDE },
        to: { kind: "pod", workload, pod },
        port,
        protocol,
      };
      const place: Place = { from: OUTSIDE, to: seat.id, protocol, port, unnamed: false };
      const all = comparePair(world, policy, connection, place, rules);
      found.push(...all.filter(({ rule }) => rule === undefined));
      for (const rule of rules) {
        lacking.set(rule, [...(lacking.get(rule) ?? []), all.filter((one) => one.rule === rule)]);
      }
    }
  }
  const leads = waysIn(network);
  const notes: string[] = [];
  for (const rule of policy.rules) {
    if (rule.from.kind !== "users") continue;
    const ways = lacking.get(rule) ?? [];
    const [least] = [...ways].sort((a, b) => a.length - b.length);
    if (least !== undefined) {
      found.push(...least.map((one) => ({ ...one, from: rule.from.name })));
      continue;
    }
    const seat = seats.find(({ name }) => name === rule.to.name);
    const way = leads.find(({ destination }) => destination === seat?.workload);
    const through =
      way === undefined
        ? "nothing in these manifests leads users there"
        : `it comes through ${way.through.map(describeObject).join(", ")}`;
    notes.push(
      `\`${rule.id}\`: ${through}, and no gateway's pods are in these manifests: what users can send was not looked at`,
    );
  }
  found.push(...undeclaredWays(policy, network, seats, leads));
  return { findings: found, notes, compared };
}

/** Objects that lead from outside to a port where no flow of users is declared. */
function undeclaredWays(
  policy: Policy,
  { ports }: Network,
  seats: readonly Seat[],
  leads: ReturnType<typeof waysIn>,
): readonly Finding[] {
  const zones = new Set(policy.zones.map(({ name }) => name));
  return leads.flatMap(({ destination, through, may }) => {
    const seat = seats.find(({ workload }) => workload === destination);
    if (seat === undefined || (seat.name === undefined && !zones.has(destination.namespace))) return [];
    return ports.ranges(may).flatMap(({ protocol, low }): Finding[] => {
      if (protocol === "TCP" && usersRules(policy, seat, low).length > 0) return [];
      const mend = `declare the flow of users if it is meant; otherwise remove ${through.map(describeObject).join(", ")}, which leads there`;
      const place: Place = { from: OUTSIDE, to: seat.id, protocol, port: low, unnamed: false };
      return [{ kind: "unknown", ...place, rule: undefined, witness: undefined, evidence: [], mend }];
    });
  });
}

function usersRules(policy: Policy, { name }: Seat, port: number): readonly Rule[] {
  return policy.rules.filter(
    (rule) =>
      rule.from.kind === "users" && rule.to.kind === "workload" && rule.to.name === name && rule.port.port === port,
  );
}

/** Ports that a node or a load balancer gives to the outside; on the host's network those that somebody speaks of. */
function publishedPorts(cluster: Cluster, policy: Policy, { name, workload, pod }: Seat): readonly Published[] {
  const ports = new Map<string, Published>();
  const add = (protocol: Protocol, port: number): unknown => ports.set(`${protocol} ${port}`, { protocol, port });
  for (const { ports: declared } of servingContainers(pod)) {
    for (const { port, protocol, hostPort } of declared)
      if (hostPort !== undefined || pod.hostNetwork) add(protocol, port);
  }
  const own = policy.workloads.find((one) => one.name === name);
  if (pod.hostNetwork) for (const { port } of own?.ports ?? []) add("TCP", port);
  for (const service of cluster.services) {
    if (service.namespace !== workload.namespace) continue;
    const isPublished =
      service.type === "LoadBalancer" || service.type === "NodePort" || service.externalAddresses.length > 0;
    if (!isPublished && !pod.hostNetwork) continue;
    for (const { pod: behind, port, servicePort } of endpointsOf(cluster, service)) {
      if (behind === pod && port !== undefined) add(servicePort.protocol, port);
    }
  }
  return [...ports.values()].sort((a, b) =>
    a.protocol === b.protocol ? a.port - b.port : a.protocol < b.protocol ? -1 : 1,
  );
}

interface Published {
  readonly protocol: Protocol;
  readonly port: number;
}
