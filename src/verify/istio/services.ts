/** What the Services say about a pod's port: which protocol its proxy speaks there, and by which hosts clients call it. */
import type { Cluster, Pod, Service, ServicePort, Workload } from "../../cluster/index.js";
import { endpointsOf, podsMatching, selectorOfLabels } from "../../cluster/index.js";

/** `http`: requests are parsed; `tcp`: bytes; `sniff`: whichever the first bytes look like. */
export type Chain = "http" | "tcp" | "sniff";

export interface Exposure {
  readonly service: Service;
  readonly port: ServicePort;
}

const HTTP = new Set(["http", "http2", "grpc", "grpc-web"]);
const TCP = new Set(["tcp", "tls", "https", "mongo", "mysql", "redis", "udp"]);
const APP_PROTOCOLS: ReadonlyMap<string, Chain> = new Map<string, Chain>([
  ["kubernetes.io/h2c", "http"],
  ["kubernetes.io/ws", "http"],
  ["kubernetes.io/wss", "tcp"],
]);

function chainOfName(name: string): Chain {
  const word = name.toLowerCase();
  // `grpc-web` is a name of its own; otherwise only what stands before the first dash counts.
  const prefix = word === "grpc-web" || word.startsWith("grpc-web-") ? "grpc-web" : (word.split("-", 1)[0] ?? "");
  return HTTP.has(prefix) ? "http" : TCP.has(prefix) ? "tcp" : "sniff";
}

/** The protocol of a Service port: `appProtocol`, else the prefix of its name, else found out from the bytes. */
export function chainOf({ appProtocol, name, protocol }: ServicePort): Chain {
  if (protocol !== "TCP") return "tcp";
  if (appProtocol !== undefined) return APP_PROTOCOLS.get(appProtocol) ?? chainOfName(appProtocol);
  return name === undefined ? "sniff" : chainOfName(name);
}

type Table = ReadonlyMap<Pod, ReadonlyMap<number, readonly Exposure[]>>;
/** by the lists that they are made of, which an edit of something else leaves as they are */
const tables = new WeakMap<Cluster["services"], WeakMap<Cluster["workloads"], Table>>();

function tableOf(cluster: Cluster): Table {
  const { services, workloads } = cluster;
  const known = tables.get(services)?.get(workloads);
  if (known !== undefined) return known;
  const table = new Map<Pod, Map<number, Exposure[]>>();
  for (const service of cluster.services) {
    for (const { pod, servicePort, port } of endpointsOf(cluster, service)) {
      if (port === undefined) continue;
      let ports = table.get(pod);
      if (ports === undefined) {
        ports = new Map();
        table.set(pod, ports);
      }
      const exposures = ports.get(port);
      if (exposures === undefined) ports.set(port, [{ service, port: servicePort }]);
      else exposures.push({ service, port: servicePort });
    }
  }
  const ofServices = tables.get(services) ?? new WeakMap<Cluster["workloads"], Table>();
  tables.set(services, ofServices.set(workloads, table));
  return table;
}

/** The Service ports that lead to this port of the pod. */
export function exposuresOf(cluster: Cluster, pod: Pod, port: number): readonly Exposure[] {
  return tableOf(cluster).get(pod)?.get(port) ?? [];
}

/**
 * How the destination's proxy may treat the port. Several Services that disagree leave it open which one wins; a port
 * without Service is found out from the bytes.
 */
export function inboundChains(cluster: Cluster, pod: Pod, port: number): readonly Chain[] {
  const chains = new Set(exposuresOf(cluster, pod, port).map((exposure) => chainOf(exposure.port)));
  // What an entry of the registry says beside the Services may count, or not.
  for (const protocol of registeredProtocols(cluster, pod, port)) {
    if (chains.size === 0) chains.add("sniff");
    chains.add(chainOfName(protocol));
  }
  return chains.size === 0 ? ["sniff"] : [...chains].sort();
}

/** The protocols that ServiceEntries with a `workloadSelector` give the port. */
function registeredProtocols(cluster: Cluster, pod: Pod, port: number): readonly string[] {
  return cluster.serviceEntries.flatMap(({ selector, namespace, ports }) => {
    const own = ports.filter(({ number, targetPort }) => (targetPort ?? number) === port);
    if (selector === undefined || own.length === 0) return [];
    const selected = podsMatching(cluster, namespace, selectorOfLabels(selector)).some((one) => one.pod === pod);
    return selected ? own.map(({ protocol }) => protocol) : [];
  });
}

/** `name.namespace.svc.cluster.local`. */
export function serviceHost(service: { readonly namespace: string; readonly name: string }): string {
  return `${service.name}.${service.namespace}.svc.cluster.local`;
}

/** The workload's principal, as its certificate names it. */
export function principalOf(workload: Workload, pod: Pod, trustDomain: string): string {
  return `spiffe://${trustDomain}/ns/${workload.namespace}/sa/${pod.serviceAccount}`;
}
