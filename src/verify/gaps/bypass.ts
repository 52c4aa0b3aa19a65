/**
 * Ways around a proxy. What a pod sends past its sidecar is still held by the network, so that is only a gap where the
 * network lets it go anywhere; what comes in past the sidecar meets no policy of the mesh.
 */
import {
  ALL_V4,
  type Cluster,
  endpointsOf,
  isV4,
  type Pod,
  servingContainers,
  type Workload,
} from "../../cluster/index.js";
import { speaksOfIstio } from "../istio/presence.js";
import type { Network } from "../layers/network/index.js";
import { at, type Check, listed } from "./check.js";

const INCLUDED = "traffic.sidecar.istio.io/includeInboundPorts";
const PORTS_OUT = "traffic.sidecar.istio.io/excludeOutboundPorts";
const BYPASSES = [
  "traffic.sidecar.istio.io/excludeInboundPorts",
  PORTS_OUT,
  "traffic.sidecar.istio.io/excludeOutboundIPRanges",
  "traffic.sidecar.istio.io/excludeInterfaces",
];

/** The proxy takes in no connection, so it only speaks for what the pod sends: as that of an ingress controller. */
export function guardsNothing(pod: Pod): boolean {
  return pod.annotations.get(INCLUDED)?.trim() === "";
}

export const proxyBypassed: Check = {
  id: "proxy-bypassed",
  severity: "high",
  title: "a workload opts out of its proxy",
  remedy: "remove the label or annotation, and forbid it by an admission policy: whoever may deploy may set it",
  *find({ cluster, network }) {
    if (!speaksOfIstio(cluster)) return;
    for (const workload of cluster.workloads) {
      const [pod] = workload.pods;
      if (pod === undefined) continue;
      const metadata = [...pod.path, "metadata"];
      if ([pod.labels, pod.annotations].some((map) => map.get("sidecar.istio.io/inject") === "false")) {
        const evidence = [at(workload.object, metadata, '`sidecar.istio.io/inject: "false"`')];
        yield { subject: workload.id, text: "no sidecar is injected, so no policy of the mesh holds for it", evidence };
      }
      for (const name of BYPASSES) {
        const value = pod.annotations.get(name);
        if (value === undefined || value === "") continue;
        if (name === PORTS_OUT && !portsOf(value).some((port) => reachesAnything(network, pod, port))) continue;
        const evidence = [at(workload.object, [...metadata, "annotations", name], "this annotation")];
        yield { subject: workload.id, text: `\`${name}\` takes traffic past the sidecar`, evidence };
      }
      const left = leftOut(cluster, workload, pod);
      if (left.length === 0) continue;
      const evidence = [at(workload.object, [...metadata, "annotations", INCLUDED], "this annotation")];
      const text = `\`${INCLUDED}\` takes port ${listed(left.map(String))} past the sidecar`;
      yield { subject: workload.id, text, evidence };
    }
  },
};

function portsOf(list: string): readonly number[] {
  return list.split(",").flatMap((part) => (/^\s*\d{1,5}\s*$/.test(part) ? [Number(part)] : []));
}

/**
 * Ports that the sidecar does not take in because it is told which ones to take in. A port that is published to the
 * outside is no gap: who calls there has no identity of the mesh that the sidecar could ask for.
 */
function leftOut(cluster: Cluster, { namespace }: Workload, pod: Pod): readonly number[] {
  const list = pod.annotations.get(INCLUDED);
  if (list === undefined || list.split(",").some((part) => part.trim() === "*")) return [];
  const taken = new Set(portsOf(list));
  const open = new Set(
    servingContainers(pod).flatMap(({ ports }) => ports.flatMap((one) => (one.protocol === "TCP" ? [one.port] : []))),
  );
  const published = new Set<number>();
  for (const service of cluster.services) {
    if (service.namespace !== namespace) continue;
    const outside = service.type === "LoadBalancer" || service.type === "NodePort";
    for (const { pod: behind, port, servicePort } of endpointsOf(cluster, service)) {
      if (behind !== pod || port === undefined || servicePort.protocol !== "TCP") continue;
      (outside ? published : open).add(port);
    }
  }
  return [...open].filter((port) => !taken.has(port) && !published.has(port)).sort((a, b) => a - b);
}

const HALF = (ALL_V4.high - ALL_V4.low) / 2n;

/** Whether the network lets the pod reach the better part of all addresses outside, or any pod there may be. */
function reachesAnything(network: Network, pod: Pod, port: number): boolean {
  const { byPod, outside, stranger } = network.points;
  const source = byPod.get(pod);
  if (source === undefined) return true;
  const permits = (destination: number) => network.permits(source.index, destination, "TCP", port);
  if (permits(stranger.index) === "allowed") return true;
  const reached = outside
    .filter(({ index }) => permits(index) !== "denied")
    .flatMap(({ ranges }) => ranges)
    .filter(({ low }) => isV4(low))
    .reduce((sum, { low, high }) => sum + high - low + 1n, 0n);
  return reached > HALF;
}
