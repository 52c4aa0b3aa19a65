/** Where a client outside finds a pod that a node or a load balancer gives to the outside, as far as manifests can say. */
import {
  type Cluster,
  endpointsOf,
  type Pod,
  type Protocol,
  type ServicePort,
  servingContainers,
  type Workload,
} from "../../cluster/index.js";

/** What only the cluster knows, as the shell puts it in. */
const [NODE, LOAD_BALANCER, NODE_PORT] = ["$NODE_IP", "$LOAD_BALANCER", "$NODE_PORT"];

export interface PublishedAddress {
  /** host and port */
  readonly address: string;
  readonly scheme: "http" | "https";
}

/** Undefined where nothing publishes the port. */
export function publishedAddress(
  cluster: Cluster,
  { workload, pod }: { readonly workload: Workload; readonly pod: Pod },
  protocol: Protocol,
  port: number,
): PublishedAddress | undefined {
  for (const service of cluster.services) {
    if (service.namespace !== workload.namespace) continue;
    const [external] = service.externalAddresses;
    const behind = endpointsOf(cluster, service).find(
      (one) => one.pod === pod && one.port === port && one.servicePort.protocol === protocol,
    );
    if (behind === undefined) continue;
    const { servicePort } = behind;
    const at = (host: string, number: number | string): PublishedAddress => ({
      address: `${host.includes(":") ? `[${host}]` : host}:${number}`,
      scheme: schemeOf(servicePort),
    });
    if (external !== undefined) return at(external, servicePort.port);
    if (service.type === "LoadBalancer") return at(LOAD_BALANCER, servicePort.port);
    if (service.type === "NodePort") return at(NODE, servicePort.nodePort ?? NODE_PORT);
  }
  const declared = servingContainers(pod)
    .flatMap(({ ports }) => ports)
    .find((one) => one.port === port && one.protocol === protocol);
  const onNode = pod.hostNetwork ? port : declared?.hostPort;
  return onNode === undefined ? undefined : { address: `${NODE}:${onNode}`, scheme: onNode === 443 ? "https" : "http" };
}

function schemeOf({ port, name, appProtocol }: ServicePort): "http" | "https" {
  return port === 443 || /^https/i.test(appProtocol ?? name ?? "") ? "https" : "http";
}
