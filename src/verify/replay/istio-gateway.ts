/** Where a Gateway of Istio's sends one request. */
import type { Cluster, IstioGateway, VirtualService } from "../../cluster/index.js";
import type { HttpRequest } from "../request.js";
import type { Place } from "./istio-wire.js";
import { normalizedPath } from "./match.js";
import { hostFits } from "./route-match.js";
import { type Sent, sentBy } from "./virtual-service.js";

export function sentByGateway(
  cluster: Cluster,
  gateway: IstioGateway,
  at: Place,
  port: number,
  http: HttpRequest,
): Sent {
  const path = normalizedPath(http.target, cluster.mesh.pathNormalization);
  if (path === undefined) return nowhere("the gateway refuses the path");
  const open = gateway.servers.filter((one) => one.port === port && !one.httpsRedirect);
  if (open.length === 0) return nowhere("the gateway does not listen for it");
  if (open.some(({ tlsMode }) => /^(MUTUAL|ISTIO_MUTUAL)$/.test(tlsMode ?? "")))
    return { hits: [], reason: "the gateway asks for a client's certificate", known: false };
  const named = `${gateway.namespace}/${gateway.name}`;
  const bound = cluster.virtualServices.flatMap((service) => {
    const refers = service.gateways.some(
      (one) => one === named || (one === gateway.name && service.namespace === gateway.namespace),
    );
    if (!refers || !open.some(({ hosts }) => hosts.some((entry) => takes(entry, gateway, service, http.host))))
      return [];
    return service.hosts.filter((host) => hostFits(host, http.host)).map((host) => ({ service, host }));
  });
  if (bound.length === 0) return nowhere("no VirtualService has the host there");
  // The narrowest name has the table.
  const weight = (host: string): number => (host === "*" ? 0 : host.startsWith("*") ? host.length : 10_000);
  const most = Math.max(...bound.map(({ host }) => weight(host)));
  const tables = bound.filter(({ host }) => weight(host) === most).map(({ service }) => service);
  const asking = {
    http,
    path,
    gateway: named,
    namespace: at.workload.namespace,
    labels: at.pod.labels,
    port,
  };
  const answers = [...new Set(tables)].flatMap((service) => sentBy(cluster, service, asking) ?? []);
  const [first] = answers;
  if (first === undefined) return nowhere("no route matches it");
  if (answers.length === 1 && tables.every((one) => isShown(one, at))) return first;
  return {
    hits: answers.flatMap(({ hits }) => hits.map((hit) => ({ ...hit, sure: undefined }))),
    reason: "which of several VirtualServices has the host is not known",
    known: false,
  };
}

const nowhere = (reason: string): Sent => ({ hits: [], reason, known: true });

function isShown({ exportTo, namespace }: VirtualService, { workload }: Place): boolean {
  return (
    exportTo.length === 0 ||
    exportTo.includes("*") ||
    exportTo.includes(workload.namespace) ||
    (exportTo.includes(".") && namespace === workload.namespace)
  );
}

function takes(entry: string, gateway: IstioGateway, service: VirtualService, host: string): boolean {
  const [space, name] = entry.includes("/") ? entry.split("/", 2) : ["*", entry];
  const fits =
    space === "*" || space === service.namespace || (space === "." && gateway.namespace === service.namespace);
  return fits && hostFits(name ?? "*", host);
}
