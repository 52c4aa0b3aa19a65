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

/** The pod's port behind the gateway's: by the Service before it, which has the listener's number as its own. */
export function podPortOf(cluster: Cluster, { pod, workload }: GatewayPod, port: number): number {
  const behind = cluster.services
    .filter(({ namespace }) => namespace === workload.namespace)
    .flatMap((service) => endpointsOf(cluster, service))
    .filter((endpoint) => endpoint.pod === pod && endpoint.port !== undefined);
  const found = behind.find(({ servicePort }) => servicePort.port === port);
  return found?.port ?? port;
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
