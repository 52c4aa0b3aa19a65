/** Where the caller's sidecar sends one request to a Service, by the VirtualServices that it has for the host. */
import type { Cluster, Service, VirtualService } from "../../cluster/index.js";
import type { Request } from "../request.js";
import { inRegistryOf } from "./istio.js";
import type { Place } from "./istio-wire.js";
import { normalizedPath } from "./match.js";
import { sentBy } from "./virtual-service.js";

export interface Routed {
  readonly outcome: "there" | "elsewhere" | "unknown";
  readonly reason: string;
}

/** Undefined where no route concerns the call. */
export function routedTo(
  cluster: Cluster,
  from: Place,
  service: Service,
  servicePort: number,
  to: Place,
  port: number,
  { http }: Request,
): Routed | undefined {
  const host = `${service.name}.${service.namespace}.svc.cluster.local`;
  const gamma = cluster.gatewayRoutes.find(({ parents }) =>
    parents.some((one) => one.kind === "Service" && one.name === service.name && one.namespace === service.namespace),
  );
  if (gamma !== undefined) return { outcome: "unknown", reason: `${gamma.kind} ${gamma.name} is not followed` };
  const own = cluster.virtualServices.filter((one) => concerns(one, host) && isShown(one, from.workload.namespace));
  if (own.length === 0) return undefined;
  if (own.length > 1) return { outcome: "unknown", reason: "which of several VirtualServices counts is not known" };
  const [only] = own;
  if (only === undefined) return undefined;
  const whole = only.hosts.some(
    (one) =>
      one === host ||
      `${one}.${only.namespace}.svc.cluster.local` === host ||
      (one.startsWith("*") && host.endsWith(one.substring(1))),
  );
  if (!whole || !inRegistryOf(cluster, from, host, only.namespace, servicePort))
    return { outcome: "unknown", reason: `whether VirtualService ${only.namespace}/${only.name} counts is not known` };
  if (http === undefined) {
    return only.tcp.length + only.tls.length === 0
      ? undefined
      : { outcome: "unknown", reason: "routes of bytes are not replayed" };
  }
  if (only.http.length === 0) return undefined;
  const path = normalizedPath(http.target, cluster.mesh.pathNormalization);
  if (path === undefined) return { outcome: "elsewhere", reason: "the caller's sidecar refuses the path" };
  const sent = sentBy(cluster, only, {
    http,
    path,
    gateway: "mesh",
    namespace: from.workload.namespace,
    labels: from.pod.labels,
    port: servicePort,
  });
  const title = `VirtualService ${only.namespace}/${only.name}`;
  if (sent === undefined) return { outcome: "elsewhere", reason: `no route of ${title} matches` };
  const there = sent.hits.filter((hit) => hit.pod === to.pod && hit.port === port);
  if (there.length === 0)
    return sent.known
      ? { outcome: "elsewhere", reason: `${title} sends it elsewhere` }
      : { outcome: "unknown", reason: sent.reason };
  const same = there.some(
    ({ sure, http: seen }) => sure === true && seen?.host === http.host && pathOf(seen.target) === path,
  );
  return same && sent.known
    ? { outcome: "there", reason: `${title} sends it there` }
    : { outcome: "unknown", reason: `what ${title} makes of it is not followed` };
}

const pathOf = (target: string): string => /^[^?#]*/.exec(target)?.[0] ?? target;

function concerns({ hosts, gateways, namespace }: VirtualService, host: string): boolean {
  if (gateways.length > 0 && !gateways.includes("mesh")) return false;
  const short = host.slice(0, -".svc.cluster.local".length);
  return hosts.some((written) => {
    const whole = /[.*]/.test(written) ? written : `${written}.${namespace}.svc.cluster.local`;
    return (
      [host, short, `${short}.svc`].includes(whole) || (whole.startsWith("*") && host.endsWith(whole.substring(1)))
    );
  });
}

function isShown({ exportTo, namespace }: VirtualService, reader: string): boolean {
  if (exportTo.length === 0 || exportTo.includes("*") || exportTo.includes(reader)) return true;
  return exportTo.includes(".") && namespace === reader;
}
