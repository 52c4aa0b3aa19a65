/**
 * Policies to rectangles: every rule, in either direction, says "these sources to these destinations on these ports".
 * What differs is when it is asked: rules of admin policies in order, until one decides; those of NetworkPolicies
 * together, for the pods that any of them isolates; those of the baseline in order, for what is still undecided.
 */
import {
  type AdminNetworkPolicy,
  type AdminPeer,
  type AdminPort,
  type AdminRule,
  type AdminSubject,
  type BaselineAdminNetworkPolicy,
  type Cluster,
  EVERYTHING,
  type KubeObject,
  type NetworkPolicy,
  type PolicyPeer,
  type PolicyPort,
  PROTOCOLS,
  type Protocol,
} from "../../../cluster/index.js";
import { rangesOfBlock, rangesOfNetwork } from "./blocks.js";
import { either, type Match, type Matcher } from "./match.js";
import type { PortRange } from "./port-sets.js";

export type Direction = "ingress" | "egress";
export type Action = "Allow" | "Deny" | "Pass";

/** Ports of a rule; `named` ones are looked up on the destination pod. */
export interface PortSpec {
  readonly key: string;
  readonly ranges: readonly PortRange[];
  readonly named: readonly { readonly name: string; readonly protocol: Protocol }[];
}

export interface Rule {
  readonly object: KubeObject;
  readonly direction: Direction;
  /** stands at `spec.<direction>[index]` */
  readonly index: number;
  readonly action: Action;
  /** the pods that the policy is for: destinations of an ingress rule, sources of an egress rule */
  readonly subjects: Match;
  /** the other side, peer by peer */
  readonly peers: readonly Match[];
  readonly ports: PortSpec;
}

/** What one NetworkPolicy does in one direction; without rules it only isolates. */
export interface Isolation {
  readonly object: KubeObject;
  readonly direction: Direction;
  readonly subjects: Match;
  readonly rules: readonly Rule[];
}

export interface Tiers {
  /** in the order in which they decide */
  readonly admin: readonly Rule[];
  readonly network: Isolation[];
  /** in the order in which they decide */
  readonly baseline: readonly Rule[];
}

const EVERY_PORT: PortSpec = {
  key: "*",
  ranges: PROTOCOLS.map((protocol) => ({ protocol, low: 1, high: 65_535 })),
  named: [],
};

export function tiersOf(cluster: Cluster, matcher: Matcher): Tiers {
  return {
    admin: cluster.adminNetworkPolicies.flatMap((policy) => adminRules(policy, matcher)),
    network: cluster.networkPolicies.flatMap((policy) => isolationsOf(policy, matcher)),
    baseline: cluster.baselineAdminNetworkPolicies.flatMap((policy) => adminRules(policy, matcher)),
  };
}

export function isolationsOf(policy: NetworkPolicy, matcher: Matcher): readonly Isolation[] {
  const subjects = matcher.subjects(policy.namespace, policy.podSelector);
  const { object } = policy;
  const make = (direction: Direction): Isolation => ({
    object,
    direction,
    subjects,
    rules: policy[direction].map(({ peers, ports }, index) => {
      const others = peers?.map((peer) => networkPeer(peer, policy.namespace, matcher)) ?? [matcher.everything];
      return { object, direction, index, action: "Allow", subjects, peers: others, ports: networkPorts(ports) };
    }),
  });
  return [...(policy.isolatesIngress ? [make("ingress")] : []), ...(policy.isolatesEgress ? [make("egress")] : [])];
}

function networkPeer(peer: PolicyPeer, namespace: string, matcher: Matcher): Match {
  if (peer.ipBlock !== undefined) return matcher.block(rangesOfBlock(peer.ipBlock));
  return matcher.peers(peer.namespaceSelector ?? namespace, peer.podSelector ?? EVERYTHING);
}

function networkPorts(ports: readonly PolicyPort[] | undefined): PortSpec {
  if (ports === undefined) return EVERY_PORT;
  return portSpec(
    ports.flatMap(({ protocol, port, endPort }) => {
      if (port === undefined) return [{ protocol, low: 1, high: 65_535 }];
      return typeof port === "number" ? [{ protocol, low: port, high: endPort ?? port }] : [];
    }),
    ports.flatMap(({ protocol, port }) => (typeof port === "string" ? [{ name: port, protocol }] : [])),
  );
}

function portSpec(ranges: readonly PortRange[], named: PortSpec["named"]): PortSpec {
  const key = [
    ...ranges.map(({ protocol, low, high }) => `${protocol} ${low}-${high}`),
    ...named.map(({ protocol, name }) => `${protocol} ${name}`),
  ];
  return { key: key.sort().join(), ranges, named };
}

function adminRules(policy: AdminNetworkPolicy | BaselineAdminNetworkPolicy, matcher: Matcher): readonly Rule[] {
  const subjects = matcher.subjects(policy.subject.namespaces, policy.subject.pods);
  return (["ingress", "egress"] as const).flatMap((direction) => {
    const written: readonly AdminRule[] = policy[direction];
    return written.map(({ action, peers, ports }, index) => {
      const others = peers.map((peer) => adminPeer(peer, matcher));
      return { object: policy.object, direction, index, action, subjects, peers: others, ports: adminPorts(ports) };
    });
  });
}

function adminPeer({ pods, networks, nodes }: AdminPeer, matcher: Matcher): Match {
  if (pods !== undefined) return podsOf(pods, matcher);
  if (networks !== undefined) return networks.map((network) => matcher.block(rangesOfNetwork(network))).reduce(either);
  return nodes === undefined ? matcher.domainNames() : matcher.nodes();
}

function podsOf({ namespaces, pods }: AdminSubject, matcher: Matcher): Match {
  return matcher.peers(namespaces, pods);
}

function adminPorts(ports: readonly AdminPort[] | undefined): PortSpec {
  if (ports === undefined) return EVERY_PORT;
  return portSpec(
    ports.flatMap(({ range }) => (range === undefined ? [] : [range])),
    // A port name of an admin policy says no protocol: it stands for every port of that name.
    ports.flatMap(({ name }) => (name === undefined ? [] : PROTOCOLS.map((protocol) => ({ name, protocol })))),
  );
}
