/**
 * The policy against what the cluster really lets through: leaks (reachable, not declared), blockages (declared, not
 * reachable) and what cannot be told. A leak is only called one when its witness was replayed by the concrete
 * evaluators; everything else that might get through is unknown, and unknown is a finding.
 */
import { formatAddress } from "../../cluster/index.js";
import type { Policy } from "../../policy/index.js";
import type { Layer } from "../layer.js";
import type { Network } from "../layers/network/index.js";
import { layersOf } from "../reach.js";
import type { Finding, World } from "./finding.js";
import { compareInward } from "./inward.js";
import { compareOutward } from "./outward.js";
import { seatsOf } from "./seats.js";
import { compareWithin } from "./within.js";

export interface Comparison {
  /** sorted by source, destination, port and kind */
  readonly findings: readonly Finding[];
  /** connections between workloads that a flow declares, by `connectionKey` */
  readonly declared: ReadonlySet<string>;
  /** how many (source, destination, port) were compared */
  readonly compared: number;
  /** connections for the controls themselves, which no flow declares */
  readonly controls: number;
  /** workloads of the policy that the cluster does not run */
  readonly missing: readonly string[];
  /** what was not looked at because a part of it is not in the manifests, a sentence each */
  readonly notes: readonly string[];
}

export function compare(policy: Policy, network: Network, layers: readonly Layer[] = layersOf(network)): Comparison {
  const { cluster } = network;
  const seats = seatsOf(policy, cluster);
  const outside = network.points.outside.flatMap(({ ranges }) =>
    ranges.slice(0, 1).map(({ low }) => formatAddress(low)),
  );
  const world: World = { cluster, layers, outside };
  const within = compareWithin(world, policy, network, seats);
  const outward = compareOutward(world, policy, network, seats);
  const inward = compareInward(world, policy, network, seats, within.entrances);
  const running = new Set(seats.flatMap(({ name }) => name ?? []));
  return {
    findings: [...within.findings, ...outward.findings, ...inward.findings].sort(byPlace),
    declared: within.declared,
    compared: within.compared + outward.compared + inward.compared,
    controls: within.controls,
    missing: policy.workloads.map(({ name }) => name).filter((name) => !running.has(name)),
    notes: [...inward.notes, ...outward.notes],
  };
}

function byPlace(a: Finding, b: Finding): number {
  const key = (one: Finding): string =>
    JSON.stringify([one.from, one.to, one.protocol, String(one.port).padStart(5, "0"), one.kind]);
  return key(a) < key(b) ? -1 : 1;
}
