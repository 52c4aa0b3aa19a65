/**
 * What leaves the cluster: each declared API, directly or through a gateway, and one host that nobody declares, since
 * what reaches that reaches anything.
 */
import type { Cluster } from "../../cluster/index.js";
import { endpointsOf } from "../../cluster/index.js";
import type { Policy, Rule } from "../../policy/index.js";
import { type Connection, combine, type LayerVerdict, outcome, verdict } from "../layer.js";
import { matchesName } from "../layers/egress/registry.js";
import type { Network } from "../layers/network/index.js";
import { dimension, only, RequestSet, withinLimits } from "../space/index.js";
import { concerns } from "./concern.js";
import { directCourse, type Finding, type Place, type World } from "./finding.js";
import { comparePair } from "./pair.js";
import { type Probe, probesOf } from "./probes.js";
import type { Seat } from "./seats.js";

export interface Outward {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  readonly compared: number;
}

export function compareOutward(world: World, policy: Policy, network: Network, seats: readonly Seat[]): Outward {
  const exits = seats.filter(({ part }) => part === "exit");
  const hosts = new Set(policy.outside.flatMap((party) => (party.kind === "api" ? [party.host] : [])));
  const findings: Finding[] = [];
  const notes: string[] = [];
  let compared = 0;
  for (const from of seats) {
    if (from.part === "exit" || from.part === "entrance" || !concerns(policy, world.cluster, from)) continue;
    const probes = probesOf(network, from, hosts).map((one) => ({ ...one, rules: [] as readonly Rule[] }));
    for (const { host, protocol, port, rules } of [...apisOf(policy, from.name), ...probes]) {
      compared++;
      const connection: Connection = { from: endOf(from), to: { kind: "outside", name: host }, port, protocol };
      const place: Place = { from: from.id, to: host, protocol, port, unnamed: false };
      const found = comparePair(directCourse(world, connection), policy, place, rules);
      findings.push(...found.filter(({ rule }) => rule === undefined));
      const lacks = found.filter(({ rule }) => rule !== undefined);
      if (lacks.length === 0) continue;
      const through = lacks.some(({ kind }) => kind === "blockage") ? throughExit(world, exits, from, host) : "denied";
      if (through === "allowed") continue;
      if (through === "unknown") {
        findings.push(...lacks.map((one) => ({ ...one, kind: "unknown" as const })));
        continue;
      }
      const [absent] = exits.length > 0 ? [] : gatewaysFor(world.cluster, host);
      if (absent === undefined) findings.push(...lacks);
      else {
        for (const { id } of rules)
          notes.push(
            `\`${id}\` goes out through ${absent}, whose pods are not in these manifests: what it lets through was not looked at`,
          );
      }
    }
  }
  return { findings, notes, compared };
}

const endOf = ({ workload, pod }: Seat) => ({ kind: "pod", workload, pod }) as const;

/** Every declared API, with the rules that let this workload call it. */
function apisOf(policy: Policy, from: string | undefined): readonly (Probe & { readonly rules: readonly Rule[] })[] {
  return policy.outside.flatMap((party) => {
    if (party.kind !== "api") return [];
    const rules = policy.rules.filter(
      (rule) =>
        rule.from.kind === "workload" &&
        rule.from.name === from &&
        rule.to.kind === "api" &&
        rule.to.name === party.name,
    );
    return [{ host: party.host, protocol: "TCP" as const, port: party.port, rules }];
  });
}

/** Whether any exit takes some request of the caller's, which asks it for the host by name. */
function throughExit(world: World, exits: readonly Seat[], from: Seat, host: string): "allowed" | "denied" | "unknown" {
  const answers = exits.flatMap((exit) =>
    servedPorts(world.cluster, exit).map((port) => {
      const connection: Connection = { from: endOf(from), to: endOf(exit), port, protocol: "TCP" };
      const judged = withinLimits(() =>
        combine([...world.layers.map((layer) => layer.judge(connection)), asking(host)]),
      );
      return judged === undefined ? "unknown" : outcome(judged);
    }),
  );
  return answers.find((one) => one === "allowed") ?? answers.find((one) => one === "unknown") ?? "denied";
}

function asking(host: string): LayerVerdict {
  return verdict(RequestSet.full, RequestSet.full, undefined, [{ dimension: dimension.sni, each: only(host) }]);
}

function servedPorts(cluster: Cluster, { pod }: Seat): readonly number[] {
  const ports = cluster.services.flatMap((service) =>
    endpointsOf(cluster, service).flatMap((endpoint) =>
      endpoint.pod === pod && endpoint.port !== undefined ? [endpoint.port] : [],
    ),
  );
  return [...new Set(ports)];
}

/** Services of gateways that VirtualServices of the mesh send calls to this host to. */
function gatewaysFor(cluster: Cluster, host: string): readonly string[] {
  return cluster.virtualServices.flatMap(({ hosts, gateways, http, tls, tcp }) => {
    if (!hosts.some((one) => matchesName(one, host))) return [];
    if (gateways.length > 0 && !gateways.includes("mesh")) return [];
    const leads = [...http, ...tls, ...tcp].flatMap(({ destinations }) => destinations.map((one) => one.host));
    return leads.filter((one) => one !== host);
  });
}
