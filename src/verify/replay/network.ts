/**
 * One packet, one answer: what the network policies of a cluster do with it. Written straight from the rules' text and
 * sharing nothing with the symbolic engine but the cluster itself, so that a mistake in one is not the other's as well.
 * Slow on purpose: it looks at every policy every time.
 */
import {
  type AddressRange,
  type AdminNetworkPolicy,
  type AdminPeer,
  type AdminPort,
  type AdminRule,
  type AdminSubject,
  type BaselineAdminNetworkPolicy,
  type Cluster,
  isV4,
  type KubeObject,
  type LabelSelector,
  matches,
  type NetworkPolicy,
  type Pod,
  type PolicyPeer,
  type PolicyPort,
  type Protocol,
  parseAddress,
  type Workload,
} from "../../cluster/index.js";

export interface PodEnd {
  readonly workload: Workload;
  readonly pod: Pod;
  /** the pod's address; without one no address block holds it */
  readonly address?: string;
}

export type PacketEnd = PodEnd | { readonly address: string };

export interface Packet {
  readonly from: PacketEnd;
  readonly to: PacketEnd;
  readonly protocol: Protocol;
  readonly port: number;
}

/** How one concrete cluster behaves where network plugins differ. */
export interface NetworkBehaviour {
  /** address blocks hold pods too */
  readonly blocksMatchPods: boolean;
  /** policies treat pods on the host's network as pods; otherwise as the node that they run on */
  readonly hostPodsArePods: boolean;
  /** pods of different primary user-defined networks do not reach each other; absent: they do */
  readonly networksAreApart?: boolean;
}

/** Whether the packet arrives. */
export function packetArrives(cluster: Cluster, packet: Packet, behaviour: NetworkBehaviour): boolean {
  const world = { cluster, packet, behaviour };
  if (behaviour.networksAreApart === true && isPod(packet.from) && isPod(packet.to)) {
    const [one, other] = [packet.from, packet.to].map(({ workload }) => primaryNetwork(cluster, workload.namespace));
    if (one !== other) return false;
  }
  const leaves = asPod(packet.from, behaviour);
  if (leaves !== undefined && !allowedBy("egress", leaves, packet.to, world)) return false;
  const arrives = asPod(packet.to, behaviour);
  if (arrives === undefined) return true;
  // A node reaches the pods that it runs; the sender may well run beside this one.
  if (isPod(packet.from) && asPod(packet.from, behaviour) === undefined) return true;
  return allowedBy("ingress", arrives, packet.from, world);
}

function primaryNetwork(cluster: Cluster, namespace: string): KubeObject | undefined {
  const labels = cluster.namespaces.get(namespace)?.labels;
  if (labels === undefined || !labels.has("k8s.ovn.org/primary-user-defined-network")) return undefined;
  for (const { object, role, namespaces } of cluster.userNetworks) {
    if (role !== "Primary") continue;
    if (typeof namespaces === "string" ? namespaces === namespace : matches(namespaces, labels)) return object;
  }
  return undefined;
}

interface World {
  readonly cluster: Cluster;
  readonly packet: Packet;
  readonly behaviour: NetworkBehaviour;
}

function isPod(end: PacketEnd): end is PodEnd {
  return "pod" in end;
}

function asPod(end: PacketEnd, { hostPodsArePods }: NetworkBehaviour): PodEnd | undefined {
  return isPod(end) && (hostPodsArePods || !end.pod.hostNetwork) ? end : undefined;
}

/** The three tiers, for the pod that is bound and the other end of the packet. */
function allowedBy(direction: "ingress" | "egress", bound: PodEnd, other: PacketEnd, world: World): boolean {
  const admin = firstRule(world.cluster.adminNetworkPolicies, direction, bound, other, world);
  if (admin === "Allow") return true;
  if (admin === "Deny") return false;

  const selecting = world.cluster.networkPolicies.filter(
    (policy) =>
      policy.namespace === bound.workload.namespace &&
      matches(policy.podSelector, bound.pod.labels) &&
      (direction === "ingress" ? policy.isolatesIngress : policy.isolatesEgress),
  );
  if (selecting.length > 0) return selecting.some((policy) => policyAllows(policy, direction, other, world));

  return firstRule(world.cluster.baselineAdminNetworkPolicies, direction, bound, other, world) !== "Deny";
}

function firstRule(
  policies: readonly (AdminNetworkPolicy | BaselineAdminNetworkPolicy)[],
  direction: "ingress" | "egress",
  bound: PodEnd,
  other: PacketEnd,
  world: World,
): AdminRule["action"] | undefined {
  for (const policy of policies) {
    if (!subjectHolds(policy.subject, bound, world.cluster)) continue;
    for (const rule of policy[direction]) {
      const peer = rule.peers.some((one) => adminPeerHolds(one, other, world));
      if (peer && (rule.ports === undefined || rule.ports.some((port) => adminPortHolds(port, world.packet)))) {
        return rule.action;
      }
    }
  }
  return undefined;
}

function namespaceHolds(selector: LabelSelector, namespace: string, cluster: Cluster): boolean {
  const found = cluster.namespaces.get(namespace);
  return found !== undefined && matches(selector, found.labels);
}

function subjectHolds({ namespaces, pods }: AdminSubject, { workload, pod }: PodEnd, cluster: Cluster): boolean {
  return namespaceHolds(namespaces, workload.namespace, cluster) && matches(pods, pod.labels);
}

function adminPeerHolds({ pods, networks }: AdminPeer, other: PacketEnd, world: World): boolean {
  if (pods !== undefined) {
    const pod = asPod(other, world.behaviour);
    return pod !== undefined && subjectHolds(pods, pod, world.cluster);
  }
  return networks?.some((network) => addressLiesIn(other, network, world)) ?? false;
}

function adminPortHolds({ range, name }: AdminPort, packet: Packet): boolean {
  if (range !== undefined) {
    return packet.protocol === range.protocol && range.low <= packet.port && packet.port <= range.high;
  }
  return name !== undefined && hasNamedPort(packet, name);
}

function policyAllows(policy: NetworkPolicy, direction: "ingress" | "egress", other: PacketEnd, world: World): boolean {
  return policy[direction].some(
    ({ peers, ports }) =>
      (peers === undefined || peers.some((peer) => peerHolds(peer, policy.namespace, other, world))) &&
      (ports === undefined || ports.some((port) => portHolds(port, world.packet))),
  );
}

function peerHolds(peer: PolicyPeer, namespace: string, other: PacketEnd, world: World): boolean {
  const { ipBlock, namespaceSelector, podSelector } = peer;
  if (ipBlock !== undefined) {
    return (
      addressLiesIn(other, ipBlock.range, world) &&
      !ipBlock.except.some((exception) => addressLiesIn(other, exception, world))
    );
  }
  const pod = asPod(other, world.behaviour);
  if (pod === undefined) return false;
  const inNamespace =
    namespaceSelector === undefined
      ? pod.workload.namespace === namespace
      : namespaceHolds(namespaceSelector, pod.workload.namespace, world.cluster);
  return inNamespace && (podSelector === undefined || matches(podSelector, pod.pod.labels));
}

function addressLiesIn(end: PacketEnd, range: AddressRange, { behaviour }: World): boolean {
  if (asPod(end, behaviour) !== undefined && !behaviour.blocksMatchPods) return false;
  const address = end.address === undefined ? undefined : parseAddress(end.address);
  if (address === undefined || isV4(address) !== (isV4(range.low) && isV4(range.high))) return false;
  return range.low <= address && address <= range.high;
}

function portHolds({ protocol, port, endPort }: PolicyPort, packet: Packet): boolean {
  if (packet.protocol !== protocol) return false;
  if (port === undefined) return true;
  if (typeof port === "string") return hasNamedPort(packet, port);
  return endPort === undefined ? packet.port === port : port <= packet.port && packet.port <= endPort;
}

/** Names are the destination pod's. */
function hasNamedPort({ to, protocol, port }: Packet, name: string): boolean {
  if (!isPod(to)) return false;
  return to.pod.containers.some(
    (container) =>
      (container.role === "main" || container.role === "sidecar") &&
      container.ports.some((one) => one.name === name && one.protocol === protocol && one.port === port),
  );
}
