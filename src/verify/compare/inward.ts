/**
 * What comes from outside. Users come through entrances, or straight to a pod that is published. Where an entrance is
 * not among the manifests, what it lets through cannot be looked at, and that is said.
 */
import { describeObject, type Protocol } from "../../cluster/index.js";
import type { Policy, Rule } from "../../policy/index.js";
import type { Connection } from "../layer.js";
import type { Network } from "../layers/network/index.js";
import { type Entrance, routeNotes } from "../routes/index.js";
import { directCourse, type Finding, type Place, type World } from "./finding.js";
import { OUTSIDE, publishedPorts, routeTables, waysTo } from "./outside.js";
import { comparePair } from "./pair.js";
import type { Seat } from "./seats.js";
import { throughCourse } from "./through.js";

export interface Inward {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  readonly compared: number;
}

export function compareInward(
  world: World,
  policy: Policy,
  network: Network,
  seats: readonly Seat[],
  entrances: ReadonlyMap<Rule, readonly (readonly Finding[])[]>,
): Inward {
  const zones = new Set(policy.zones.map(({ name }) => name));
  const found: Finding[] = [];
  /** what a rule of users lacks, by the way that they come */
  const lacking = new Map<Rule, (readonly Finding[])[]>();
  const lacks = (rule: Rule, list: readonly Finding[]): unknown =>
    lacking.set(rule, [...(lacking.get(rule) ?? []), list]);
  // What is declared sends on is its own flow.
  const tables = routeTables(world).filter(({ entrance: { gateway } }) => {
    const seat = seats.find(({ pod }) => pod === gateway?.pod);
    return seat === undefined || (seat.part !== "declared" && seat.part !== "exit");
  });
  const ways = tables.flatMap((table) => table.ways);
  let compared = 0;
  for (const seat of seats) {
    if (seat.part !== "declared" && (seat.part !== "undeclared" || !zones.has(seat.workload.namespace))) continue;
    const { workload, pod } = seat;
    for (const { protocol, port } of publishedPorts(world.cluster, seat, portsDeclared(policy, seat))) {
      compared++;
      const rules = protocol === "TCP" ? usersRules(policy, seat, port) : [];
      const connection: Connection = {
        from: { kind: "outside", name: OUTSIDE },
        to: { kind: "pod", workload, pod },
        port,
        protocol,
      };
      const all = comparePair(directCourse(world, connection), policy, placeOf(seat, protocol, port), rules);
      found.push(...all.filter(({ rule }) => rule === undefined));
      for (const rule of rules) lacks(rule, ofRule(all, rule));
    }
    for (const { protocol, port, present, absent } of waysTo(ways, seat.pod)) {
      const rules = protocol === "TCP" ? usersRules(policy, seat, port) : [];
      for (const own of [present, absent]) {
        if (own.length === 0) continue;
        compared++;
        const course = throughCourse(world, network, own);
        const all = comparePair(course, policy, placeOf(seat, protocol, port), rules);
        found.push(...all.filter(({ rule }) => rule === undefined));
        if (own === present) for (const rule of rules) lacks(rule, ofRule(all, rule));
      }
    }
  }
  const notes: string[] = [];
  const anywhere = tables.find(({ entrance }) => entrance.gateway !== undefined)?.entrance;
  for (const rule of policy.rules) {
    if (rule.from.kind !== "users") continue;
    const seat = seats.find(({ name }) => name !== undefined && name === rule.to.name);
    const absent = ways.filter(
      ({ entrance, to }) =>
        entrance.gateway === undefined && to.workload === seat?.workload && to.port === rule.port.port,
    );
    const own =
      lacking.get(rule) ?? (absent.length === 0 ? unrouted(world, network, policy, seat, rule, anywhere) : []);
    const judged = own.length > 0 ? own : absent.length === 0 ? (entrances.get(rule) ?? []) : [];
    const [least] = [...judged].sort((a, b) => a.length - b.length);
    if (least !== undefined && (least.length === 0 || absent.length === 0)) {
      found.push(...least.map((one) => ({ ...one, from: rule.from.name })));
    }
    if (least !== undefined && (own.length > 0 || anywhere !== undefined)) continue;
    const through =
      absent.length === 0
        ? "nothing in these manifests leads users there"
        : `it comes through ${[...new Set(absent.map(({ object }) => describeObject(object)))].join(", ")}`;
    notes.push(
      least === undefined
        ? `\`${rule.id}\`: ${through}, and no gateway's pods are in these manifests: what users can send was not looked at`
        : `\`${rule.id}\`: ${through}: what users can send was judged without routes`,
    );
  }
  return { findings: found, notes: [...notes, ...routeNotes(world.cluster)], compared };
}

function portsDeclared(policy: Policy, { name }: Seat): readonly number[] {
  return policy.workloads.find((one) => one.name === name)?.ports.map(({ port }) => port) ?? [];
}

const ofRule = (findings: readonly Finding[], rule: Rule): readonly Finding[] =>
  findings.filter((one) => one.rule === rule);

function placeOf({ id }: Seat, protocol: Protocol, port: number): Place {
  return { from: OUTSIDE, to: id, protocol, port, unnamed: false };
}

/** What a rule lacks where gateways have routes, and none that leads there. */
function unrouted(
  world: World,
  network: Network,
  policy: Policy,
  seat: Seat | undefined,
  rule: Rule,
  entrance: Entrance | undefined,
): readonly (readonly Finding[])[] {
  if (entrance === undefined || seat === undefined) return [];
  const { workload, pod } = seat;
  const course = throughCourse(world, network, [], { entrance, workload, pod, port: rule.port.port });
  return [ofRule(comparePair(course, policy, placeOf(seat, "TCP", rule.port.port), [rule]), rule)];
}

function usersRules(policy: Policy, { name }: Seat, port: number): readonly Rule[] {
  return policy.rules.filter(
    (rule) =>
      rule.from.kind === "users" && rule.to.kind === "workload" && rule.to.name === name && rule.port.port === port,
  );
}
