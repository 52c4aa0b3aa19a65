/**
 * Where a pod can be called: the ports that somebody speaks of, and one for all others. What listens there nobody can
 * tell from manifests, so a port without a name is as open as the policies leave it.
 */
import type { Cluster, Labels, Pod, Protocol, Workload } from "../../cluster/index.js";
import { PROTOCOLS, servingContainers } from "../../cluster/index.js";
import { exposuresOf } from "../istio/services.js";
import type { Network } from "../layers/network/index.js";

export interface CalledPort {
  readonly protocol: Protocol;
  readonly port: number;
  /** nobody speaks of it: it stands for every port that the network treats alike */
  readonly unnamed: boolean;
}

/** @param more ports that others speak of, such as rules of the policy */
export function portsOf(
  network: Network,
  { workload, pod }: { readonly workload: Workload; readonly pod: Pod },
  more: readonly number[],
): readonly CalledPort[] {
  const named = namedPorts(network.cluster, workload, pod);
  for (const port of more) named.add(key("TCP", port));
  const listed = [...named].map(read).sort(byPort);
  return [...listed, ...unnamedPorts(network, pod, named)];
}

const key = (protocol: Protocol, port: number): string => `${protocol} ${port}`;

function read(text: string): CalledPort {
  const [protocol = "TCP", port = "0"] = text.split(" ");
  return { protocol: PROTOCOLS.find((one) => one === protocol) ?? "TCP", port: Number(port), unnamed: false };
}

function byPort(a: CalledPort, b: CalledPort): number {
  return PROTOCOLS.indexOf(a.protocol) - PROTOCOLS.indexOf(b.protocol) || a.port - b.port;
}

function namedPorts(cluster: Cluster, workload: Workload, pod: Pod): Set<string> {
  const named = new Set<string>();
  for (const { ports } of servingContainers(pod))
    for (const { protocol, port } of ports) named.add(key(protocol, port));
  for (const service of cluster.services) {
    if (service.namespace !== workload.namespace) continue;
    for (const { protocol, targetPort } of service.ports) {
      if (typeof targetPort === "number" && exposuresOf(cluster, pod, targetPort).length > 0)
        named.add(key(protocol, targetPort));
    }
  }
  const selects = (selector: Labels | undefined): boolean =>
    [...(selector ?? [])].every(([label, value]) => pod.labels.get(label) === value);
  for (const { namespace, selector, portModes } of cluster.peerAuthentications) {
    if (namespace !== workload.namespace || !selects(selector)) continue;
    for (const port of portModes.keys()) named.add(key("TCP", port));
  }
  for (const { namespace, selector, rules } of cluster.authorizationPolicies) {
    if (namespace !== workload.namespace && namespace !== cluster.mesh.rootNamespace) continue;
    if (!selects(selector)) continue;
    const conditions = rules.flatMap(({ when }) => when.filter((one) => one.key === "destination.port"));
    const spoken = [
      ...rules.flatMap(({ to = [] }) => to.flatMap(({ ports, notPorts }) => [...ports, ...notPorts])),
      ...conditions.flatMap(({ values, notValues }) => [...values, ...notValues]),
    ];
    for (const port of spoken) {
      if (/^\d+$/.test(port)) named.add(key("TCP", Number(port)));
    }
  }
  for (const [name, value] of pod.annotations) {
    if (!/^traffic\.sidecar\.istio\.io\/(in|ex)cludeInboundPorts$/.test(name)) continue;
    for (const port of value.split(",")) if (/^\s*\d+\s*$/.test(port)) named.add(key("TCP", Number(port)));
  }
  return named;
}

/** One port of every range that the network lets somebody through to, where no named one stands for it. */
function unnamedPorts(network: Network, pod: Pod, named: ReadonlySet<string>): readonly CalledPort[] {
  const point = network.points.byPod.get(pod);
  if (point === undefined) return [];
  const found = new Map<string, CalledPort>();
  for (const { ports } of network.to(point.index).may) {
    for (const { protocol, low, high } of network.ports.ranges(ports)) {
      // High ones first: where a range is wide, what is low in it is rather somebody's.
      let port = Math.min(high, Math.max(low, FREE_PORT));
      while (port <= high && named.has(key(protocol, port))) port++;
      if (port > high) port = low;
      while (port <= high && named.has(key(protocol, port))) port++;
      if (port <= high) found.set(key(protocol, port), { protocol, port, unnamed: true });
    }
  }
  return [...found.values()].sort(byPort);
}

const FREE_PORT = 20_000;
