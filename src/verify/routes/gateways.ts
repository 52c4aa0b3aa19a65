/** The pods of a gateway, and on which of their ports it is asked. */
import type { Cluster, Labels, Pod, Workload } from "../../cluster/index.js";
import { endpointsOf, servingContainers } from "../../cluster/index.js";

export interface GatewayPod {
  readonly workload: Workload;
  readonly pod: Pod;
}

/** One pod for each workload that carries all the labels, in one namespace or in any. */
export function podsWith(cluster: Cluster, labels: Labels, namespace?: string): readonly GatewayPod[] {
  if (labels.size === 0) return [];
  return cluster.workloads.flatMap((workload) => {
    if (namespace !== undefined && workload.namespace !== namespace) return [];
    const pod = workload.pods.find((one) => [...labels].every(([key, value]) => one.labels.get(key) === value));
    return pod === undefined ? [] : [{ workload, pod }];
  });
}

/** The pod's ports behind the gateway's: by the Services before it, which have the listener's number as their own. */
export function podPortsOf(cluster: Cluster, { pod, workload }: GatewayPod, port: number): readonly number[] {
  const behind = cluster.services
    .filter(({ namespace }) => namespace === workload.namespace)
    .flatMap((service) => endpointsOf(cluster, service))
    .filter((endpoint) => endpoint.pod === pod && endpoint.servicePort.port === port);
  const found = new Set(behind.flatMap((endpoint) => endpoint.port ?? []));
  return found.size === 0 ? [port] : [...found];
}

/** What the Services before a pod, else its own containers, say is called: (port outside, port of the pod). */
export function servedPorts(
  cluster: Cluster,
  { pod, workload }: GatewayPod,
): readonly { readonly port: number; readonly podPort: number; readonly name: string | undefined }[] {
  const behind = cluster.services
    .filter(({ namespace }) => namespace === workload.namespace)
    .flatMap((service) => endpointsOf(cluster, service))
    .flatMap((one) =>
      one.pod === pod && one.port !== undefined && one.servicePort.protocol === "TCP"
        ? [{ port: one.servicePort.port, podPort: one.port, name: one.servicePort.name }]
        : [],
    );
  if (behind.length > 0) return behind;
  return servingContainers(pod).flatMap(({ ports }) =>
    ports
      .filter(({ protocol }) => protocol === "TCP")
      .map(({ port, hostPort, name }) => ({ port: hostPort ?? port, podPort: port, name })),
  );
}
