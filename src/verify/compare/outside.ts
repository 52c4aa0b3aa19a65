/** The outside as a source: where it comes in, by routes through gateways and by what is published itself. */
import {
  type Cluster,
  endpointsOf,
  type Pod,
  type Protocol,
  servingContainers,
  type Workload,
} from "../../cluster/index.js";
import { type Connection, combine, outcome } from "../layer.js";
import { type Reaches, type Routed, routedFrom, type Way } from "../routes/index.js";
import { withinLimits } from "../space/index.js";
import type { World } from "./finding.js";

export const OUTSIDE = "outside";

/** Every route table of the manifests, each with its entrance. */
export function routeTables({ cluster, layers }: World): readonly Routed[] {
  const reaches: Reaches = (from, to, port) => {
    const connection: Connection = {
      from: { kind: "pod", ...from },
      to: { kind: "pod", ...to },
      port,
      protocol: "TCP",
    };
    return withinLimits(() => outcome(combine(layers.map((layer) => layer.judge(connection))))) ?? "unknown";
  };
  return routedFrom(cluster, reaches);
}

export interface Ways {
  readonly protocol: Protocol;
  readonly port: number;
  /** through gateways whose pods are in the manifests, and through others */
  readonly present: readonly Way[];
  readonly absent: readonly Way[];
}

export function waysTo(ways: readonly Way[], pod: Pod): readonly Ways[] {
  const own = ways.filter(({ to }) => to.pod === pod);
  const keys = new Map(own.map(({ to: { protocol, port } }) => [`${protocol} ${port}`, { protocol, port }]));
  return [...keys.values()].map(({ protocol, port }) => {
    const there = own.filter(({ to }) => to.protocol === protocol && to.port === port);
    const present = there.filter(({ entrance }) => entrance.gateway !== undefined);
    return { protocol, port, present, absent: there.filter((one) => !present.includes(one)) };
  });
}

/**
 * Ports that a node or a load balancer gives to the outside; on the host's network those that somebody speaks of.
 * @param more ports that others speak of
 */
export function publishedPorts(
  cluster: Cluster,
  { workload, pod }: { readonly workload: Workload; readonly pod: Pod },
  more: readonly number[],
): readonly Published[] {
  const ports = new Map<string, Published>();
  const add = (protocol: Protocol, port: number): unknown => ports.set(`${protocol} ${port}`, { protocol, port });
  for (const { ports: declared } of servingContainers(pod)) {
    for (const { port, protocol, hostPort } of declared)
      if (hostPort !== undefined || pod.hostNetwork) add(protocol, port);
  }
  if (pod.hostNetwork) for (const port of more) add("TCP", port);
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

export interface Published {
  readonly protocol: Protocol;
  readonly port: number;
}
