/**
 * NetworkPolicies are additive and know no deny, so the zone's default deny selects every pod and permits nothing, and
 * what follows only opens: the engines' own needs for the zone, then each workload's flows, with both ends opened.
 */
import type { Policy, Workload } from "../../policy/index.js";
import { LABELS, namespaceIs } from "../names.js";
import { needsOf, WAYPOINT } from "../needs.js";
import { type KubeObject, kubeObject } from "../object.js";
import { type Shape, shapeOf } from "../shape.js";
import type { Artifact } from "../target.js";
import type { Value, ValueMap } from "../yaml.js";
import { hasWaypoint } from "../zone-labels.js";
import { fqdnPolicy } from "./cilium.js";
import { type Opening, peersOfWaypoint, peersOfWorkload } from "./peers.js";

export function emit(policy: Policy): readonly Artifact[] {
  const shape = shapeOf(policy);
  return policy.zones.map((zone) => ({
    kind: "manifests",
    path: `network-policy/${zone.name}.yaml`,
    objects: zoneObjects(shape, zone.name),
    comment: [`Zone \`${zone.name}\`: nothing in, nothing out, except what stands here.`],
  }));
}

function zoneObjects(shape: Shape, zone: string): KubeObject[] {
  const { policy } = shape;
  const workloads = policy.workloads.filter((workload) => workload.zone === zone);
  return [
    defaultDeny(policy, zone),
    ...needs(policy, zone, workloads),
    ...(hasWaypoint(policy, zone) ? [waypoint(shape, zone)] : []),
    ...workloads.flatMap((workload) => [workloadPolicy(shape, workload), ...fqdnPolicy(shape, workload)]),
  ];
}

function defaultDeny(policy: Policy, zone: string): KubeObject {
  return kubeObject(policy, {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    name: "zone.default-deny",
    namespace: zone,
    holds: ["default-deny"],
    body: { spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } },
  });
}

function needs(policy: Policy, zone: string, workloads: readonly Workload[]): KubeObject[] {
  return needsOf(policy).flatMap((need) => {
    const podSelector = selectorOf(need.pods, workloads, hasWaypoint(policy, zone));
    if (podSelector === undefined) return [];
    const peers =
      "addresses" in need.peer
        ? need.peer.addresses.map((cidr) => ({ ipBlock: { cidr } }))
        : [peer(need.peer.namespace, need.peer.labels)];
    const ports = need.ports === "any" ? undefined : need.ports.map(({ protocol, port }) => ({ protocol, port }));
    const rule = need.direction === "egress" ? { to: peers, ports } : { from: peers, ports };
    return [
      kubeObject(policy, {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        name: `zone.${need.name}`,
        namespace: zone,
        annotations: { "ringfence.dev/why": need.why },
        body: {
          spec: {
            podSelector,
            policyTypes: [need.direction === "egress" ? "Egress" : "Ingress"],
            [need.direction]: [rule],
          },
        },
      }),
    ];
  });
}

/** Undefined when no pod of the zone has the need. */
function selectorOf(
  pods: ReturnType<typeof needsOf>[number]["pods"],
  workloads: readonly Workload[],
  waypointHere: boolean,
): ValueMap | undefined {
  if (pods === "every") return {};
  if ("label" in pods) {
    const [key, value] = pods.label;
    if (key === LABELS.gatewayName && value === WAYPOINT && !waypointHere) return undefined;
    return { matchLabels: { [key]: value } };
  }
  const here = workloads.map(({ name }) => name).filter((name) => pods.workloads.includes(name));
  if (here.length === 0) return undefined;
  return { matchExpressions: [{ key: LABELS.workload, operator: "In", values: here.sort() }] };
}

function workloadPolicy(shape: Shape, workload: Workload): KubeObject {
  const { ingress, egress, rules } = peersOfWorkload(shape, workload);
  return openings(
    shape.policy,
    `workload.${workload.name}`,
    workload.zone,
    rules,
    { ingress, egress },
    {
      [LABELS.workload]: workload.name,
    },
  );
}

function waypoint(shape: Shape, zone: string): KubeObject {
  const { ingress, egress, rules } = peersOfWaypoint(shape, zone);
  return openings(shape.policy, "zone.waypoint", zone, rules, { ingress, egress }, { [LABELS.gatewayName]: WAYPOINT });
}

function openings(
  policy: Policy,
  name: string,
  namespace: string,
  rules: readonly string[],
  { ingress, egress }: { ingress: readonly Opening[]; egress: readonly Opening[] },
  pods: { readonly [key: string]: string },
): KubeObject {
  return kubeObject(policy, {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    name,
    namespace,
    rules,
    body: {
      spec: {
        podSelector: { matchLabels: pods },
        policyTypes: ["Ingress", "Egress"],
        ingress: some(byPorts(ingress).map(({ peers, ports }) => ({ from: peers, ports }))),
        egress: some(byPorts(egress).map(({ peers, ports }) => ({ to: peers, ports }))),
      },
    },
  });
}

/**
 * An empty list and a missing one open equally nothing where `policyTypes` names the direction; the API server stores
 * neither, so writing one would make each apply a change.
 */
function some(rules: readonly Value[]): readonly Value[] | undefined {
  return rules.length === 0 ? undefined : rules;
}

/** One rule for each set of ports, so that a file says each thing once. Every rule has peers and ports: neither is open. */
function byPorts(openings: readonly Opening[]): { peers: Value[]; ports: Value[] }[] {
  const groups = new Map<string, { ports: Value[]; peers: Map<string, Value> }>();
  for (const opening of openings) {
    const ports = opening.ports.map((port) => ({ protocol: "TCP", port }));
    const key = opening.ports.join(",");
    const group = groups.get(key) ?? { ports, peers: new Map<string, Value>() };
    const value = peer(opening.namespace, opening.labels);
    group.peers.set(JSON.stringify(value), value);
    groups.set(key, group);
  }
  return [...groups.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { ports, peers }]) => ({
      ports,
      peers: [...peers.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value),
    }));
}

function peer(namespace: string, labels: { readonly [key: string]: string } | undefined): ValueMap {
  return {
    namespaceSelector: namespaceIs(namespace),
    podSelector: labels === undefined ? undefined : { matchLabels: labels },
  };
}
