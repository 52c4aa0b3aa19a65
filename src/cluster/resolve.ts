/** From a Service to the pods and container ports that answer for it. */
import type { Cluster } from "./cluster.js";
import { podsMatching } from "./pod-index.js";
import { type Pod, servingContainers } from "./pods.js";
import type { Service, ServicePort } from "./services.js";
import type { Workload } from "./workloads.js";

export interface Endpoint {
  readonly workload: Workload;
  readonly pod: Pod;
  readonly servicePort: ServicePort;
  /** the pod's port; `undefined` where the Service names a port that this pod does not have */
  readonly port: number | undefined;
}

/** Every pod and port behind a Service. A Service without selector or of type ExternalName has none here. */
export function endpointsOf(cluster: Cluster, service: Service): readonly Endpoint[] {
  const selector = service.selector;
  if (selector === undefined) return [];
  return podsMatching(cluster, service.namespace, selector).flatMap(({ workload, pod }) =>
    service.ports.map((servicePort) => ({ workload, pod, servicePort, port: targetOf(pod, servicePort) })),
  );
}

/** A port name stands for the first container port of that name and protocol, in the order of the containers. */
function targetOf(pod: Pod, { targetPort, protocol }: ServicePort): number | undefined {
  if (typeof targetPort === "number") return targetPort;
  for (const container of servingContainers(pod)) {
    for (const port of container.ports) if (port.name === targetPort && port.protocol === protocol) return port.port;
  }
  return undefined;
}
