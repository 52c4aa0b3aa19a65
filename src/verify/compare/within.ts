/**
 * Connections between pods. Pairs that the layers deny without looking at a request are passed over at once: only those
 * that a rule declares, or that stand in a group which may get through, are compared request by request.
 */
import type { Protocol } from "../../cluster/index.js";
import type { Policy, Rule } from "../../policy/index.js";
import { type Connection, combine, outcome } from "../layer.js";
import { Bits } from "../layers/network/bits.js";
import type { Network, PodPoint } from "../layers/network/index.js";
import { Reachability } from "../reach.js";
import { sourcesTo } from "../sources.js";
import { withinLimits } from "../space/index.js";
import { concerns } from "./concern.js";
import { AUTHORIZER, asksAuthorizer, controlOf } from "./control.js";
import { directCourse, type Finding, findingOf, type Place, type World } from "./finding.js";
import { comparePair } from "./pair.js";
import { type CalledPort, portsOf } from "./ports.js";
import type { Seat } from "./seats.js";

export interface Within {
  readonly findings: readonly Finding[];
  /** what entrances let users do, by the rule that declares it: each has to hold at one of them */
  readonly entrances: ReadonlyMap<Rule, readonly (readonly Finding[])[]>;
  readonly compared: number;
  /** those that a flow declares, or a flow of users by way of their entrance, by {@link connectionKey} */
  readonly declared: ReadonlySet<string>;
  /** connections for the controls themselves, or to a gateway on the way out: no flow declares them as such */
  readonly controls: number;
}

export function compareWithin(world: World, policy: Policy, network: Network, seats: readonly Seat[]): Within {
  const { cluster } = network;
  const concerned = new Set(seats.filter((seat) => concerns(policy, cluster, seat)));
  const reach = new Reachability(network);
  const findings: Finding[] = [];
  const entrances = new Map<Rule, (readonly Finding[])[]>();
  const declared = new Set<string>();
  let [compared, controls] = [0, 0];
  for (const to of seats) {
    const destination = network.points.byPod.get(to.pod);
    const into = policy.rules.filter((rule) => rule.to.kind === "workload" && rule.to.name === to.name);
    const spoken = new Set<string>();
    for (const called of portsOf(
      network,
      to,
      into.map(({ port }) => port.port),
    )) {
      const candidates = destination === undefined ? undefined : sourcesOf(network, reach, destination, called);
      for (const from of seats) {
        // Whoever gets into a gateway to the outside goes out under the policy's name.
        const governed = concerned.has(from) || concerned.has(to) || (to.part === "exit" && isServed(called));
        if (from.workload === to.workload || !governed) continue;
        compared++;
        const rules = rulesBetween(into, from).filter(
          (rule) => called.protocol === "TCP" && rule.port.port === called.port,
        );
        if (rules.length > 0) declared.add(connectionKey(from.id, to.id, called.protocol, called.port));
        const source = network.points.byPod.get(from.pod);
        const passes = source === undefined || candidates === undefined || candidates.has(source.index);
        // What the policy declares it also says the callers of.
        const control = to.name === undefined ? controlOf(cluster, from, to, called) : undefined;
        const asks = control === AUTHORIZER && asksAuthorizer(cluster, from);
        if (asks) findings.push(...unanswered(world, from, to, called));
        if (!passes && rules.length === 0) continue;
        // Who never asks has no business at an authorizer.
        if (
          asks ||
          (control !== undefined && control !== AUTHORIZER) ||
          (isServed(called) && isOnItsWayOut(policy, from, to))
        ) {
          controls++;
          continue;
        }
        // What every port has in common was said of a named one already.
        const pair = `${from.id} ${called.protocol === "TCP" ? "proxied" : "bare"}`;
        if (called.unnamed && spoken.has(pair)) continue;
        const found = comparePair(
          directCourse(world, connectionOf(from, to, called)),
          policy,
          placeOf(from, to, called),
          rules,
        );
        if (found.some(({ rule }) => rule === undefined)) spoken.add(pair);
        findings.push(...(from.part === "entrance" ? perEntrance(found, rules, entrances) : found));
      }
    }
  }
  return { findings, entrances, declared, compared, controls };
}

/** One connection between two workloads, as a text. */
export function connectionKey(from: string, to: string, protocol: Protocol, port: number): string {
  return JSON.stringify([from, to, protocol, port]);
}

const isServed = ({ protocol, unnamed }: CalledPort): boolean => protocol === "TCP" && !unnamed;

/** What a rule of users lacks at one entrance is kept for later: another entrance may have it. */
function perEntrance(
  found: readonly Finding[],
  rules: readonly Rule[],
  entrances: Map<Rule, (readonly Finding[])[]>,
): readonly Finding[] {
  for (const rule of rules) {
    const lacks = found.filter((finding) => finding.rule === rule);
    entrances.set(rule, [...(entrances.get(rule) ?? []), lacks]);
  }
  return found.filter(({ rule }) => rule === undefined);
}

/** An entrance does for users what their flows declare. */
function rulesBetween(into: readonly Rule[], from: Seat): readonly Rule[] {
  if (from.part === "entrance") return into.filter((rule) => rule.from.kind === "users");
  return into.filter(
    (rule) => rule.from.kind === "workload" && from.name !== undefined && rule.from.name === from.name,
  );
}

/** A proxy that cannot ask its authorizer denies what it would ask about. */
function unanswered(world: World, from: Seat, to: Seat, called: CalledPort): readonly Finding[] {
  const connection = connectionOf(from, to, called);
  const judged = withinLimits(() => outcome(combine(world.layers.map((layer) => layer.judge(connection)))));
  if (judged === "allowed") return [];
  const kind = judged === "denied" ? "blockage" : "unknown";
  const mend = "let the proxy ask its authorizer: what it cannot ask about it denies";
  return [findingOf(directCourse(world, connection), placeOf(from, to, called), { kind, witness: undefined, mend })];
}

/** Whoever has a flow to the outside may call the gateway that leads there. */
function isOnItsWayOut({ rules }: Policy, { name }: Seat, { part }: Seat): boolean {
  if (part !== "exit" || name === undefined) return false;
  return rules.some((rule) => rule.from.kind === "workload" && rule.from.name === name && rule.to.kind === "api");
}

function sourcesOf(network: Network, reach: Reachability, to: PodPoint, called: CalledPort): Bits {
  const groups = sourcesTo(network, reach, to, called);
  return groups.reduce((sum, { points }) => sum.or(points), Bits.none(network.points.all.length));
}

function connectionOf(from: Seat, to: Seat, { protocol, port }: CalledPort): Connection {
  const end = ({ workload, pod }: Seat) => ({ kind: "pod", workload, pod }) as const;
  return { from: end(from), to: end(to), port, protocol };
}

function placeOf(from: Seat, to: Seat, { protocol, port, unnamed }: CalledPort): Place {
  return { from: from.id, to: to.id, protocol, port, unnamed };
}
