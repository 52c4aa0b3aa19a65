/**
 * What VirtualServices make of calls between workloads: the caller's own sidecar sends them where the routes of the host
 * say. A call to a pod's address has no host, and is none of theirs.
 */
import type {
  Cluster,
  GatewayRoute,
  Pod,
  Service,
  ServicePort,
  VirtualService,
  Workload,
} from "../../cluster/index.js";
import { type Chain, chainOf, serviceHost } from "../istio/services.js";
import { imports, sidecarFor } from "../layers/egress/registry.js";
import { type Bounds, both, either, exactly, MAYBE, NO, YES } from "../space/bounds.js";
import { dimension, only, RequestSet } from "../space/index.js";
import { destinationOf } from "./backends.js";
import type { Asker } from "./condition.js";
import type { Entry, Resolved } from "./table.js";
import { type Bound, byteEntries, httpEntries } from "./virtual-service.js";

export interface MeshCaller {
  readonly workload: Workload;
  readonly pod: Pod;
}

/** A call through a Service's port. */
export interface MeshCall {
  readonly service: Service;
  readonly port: ServicePort;
}

const HTTP = exactly(RequestSet.where(dimension.protocol, only("http")));
const BYTES = exactly(RequestSet.where(dimension.protocol, only("tcp")));
const ANY_HOST = dimension.host.full.present;

/** Whether anything says where calls between workloads go. */
export function routesMesh({ virtualServices, gatewayRoutes }: Cluster): boolean {
  return virtualServices.some(isForMesh) || gatewayRoutes.some((route) => route.parents.some(isService));
}

const isForMesh = ({ gateways, hosts }: VirtualService): boolean =>
  hosts.length > 0 && (gateways.length === 0 || gateways.includes("mesh"));
const isService = ({ kind, group }: GatewayRoute["parents"][number]): boolean => kind === "Service" && group === "";

function isVisible({ exportTo, namespace }: VirtualService, caller: string): boolean {
  return (
    exportTo.length === 0 || exportTo.some((to) => to === "*" || to === caller || (to === "." && namespace === caller))
  );
}

function names({ hosts, namespace }: VirtualService, host: string): boolean {
  return hosts.some((written) => {
    const full = written.includes(".") || written.includes("*") ? written : `${written}.${namespace}.svc.cluster.local`;
    const short = host.replace(/\.svc\.cluster\.local$/, "");
    if (full === host || full === "*" || full === short || full === `${short}.svc`) return true;
    return full.startsWith("*") && host.endsWith(full.slice(1));
  });
}

/** The VirtualServices, and the routes of the Gateway API, that a caller's proxy has for a Service. */
export function meshRoutesOf(
  cluster: Cluster,
  { workload }: MeshCaller,
  service: Service,
): { readonly virtual: readonly VirtualService[]; readonly other: readonly GatewayRoute[] } {
  const host = serviceHost(service);
  return {
    virtual: cluster.virtualServices.filter(
      (one) => isForMesh(one) && isVisible(one, workload.namespace) && names(one, host),
    ),
    other: cluster.gatewayRoutes.filter(({ parents }) =>
      parents.some((one) => isService(one) && one.name === service.name && one.namespace === service.namespace),
    ),
  };
}

export interface MeshRoute {
  /** the requests that get to the pod's port, as it sees them */
  readonly gets: Bounds;
  /** the entries that lead there; none where another one takes them */
  readonly entries: readonly Entry[];
  readonly objects: readonly (VirtualService | GatewayRoute)[];
}

/** What a call to the Service gets to this port of the pod with; undefined where no route concerns it. */
export function meshRoute(
  cluster: Cluster,
  caller: MeshCaller,
  { service, port }: MeshCall,
  to: { readonly pod: Pod; readonly port: number },
): MeshRoute | undefined {
  const { virtual, other } = meshRoutesOf(cluster, caller, service);
  if (virtual.length + other.length === 0) return undefined;
  const objects = [...virtual, ...other];
  // Routes of the Gateway API for a Service are not followed.
  if (other.length > 0) return { gets: MAYBE, entries: [], objects };
  const rows = tablesOf(cluster, caller, virtual, port);
  const leading = [...(rows.http ?? []), ...(rows.bytes ?? [])].filter((row) => leadsTo(row, to));
  const http = rows.http === undefined ? HTTP : both(HTTP, reaching(rows.http, to));
  const bytes = rows.bytes === undefined ? BYTES : both(BYTES, reaching(rows.bytes, to));
  const certain = virtual.every((one) => surelyCounts(cluster, caller, one, service, port));
  const chain = chainOf(port);
  const sets: Record<Chain, Bounds> = {
    http,
    tcp: rows.bytes === undefined ? YES : bytes,
    sniff: either([http, bytes]),
  };
  const gets = certain ? sets[chain] : either([sets[chain], MAYBE]);
  return { gets, entries: leading.map(({ entry }) => entry), objects };
}

/** Named in full, and not left out by what the caller's Sidecar imports. */
function surelyCounts(
  cluster: Cluster,
  { workload, pod }: MeshCaller,
  { hosts, namespace }: VirtualService,
  service: Service,
  { port }: ServicePort,
): boolean {
  const host = serviceHost(service);
  const whole = hosts.some(
    (written) =>
      written === host ||
      `${written}.${namespace}.svc.cluster.local` === host ||
      (written.startsWith("*") && host.endsWith(written.slice(1))),
  );
  const caller = { namespace: workload.namespace, labels: pod.labels };
  return whole && imports(sidecarFor(cluster, caller), caller, host, namespace, port);
}

interface Tables {
  readonly http: readonly Resolved[] | undefined;
  readonly bytes: readonly Resolved[] | undefined;
}

const tables = new WeakMap<Cluster, Map<string, Tables>>();

/** The tables that a caller's proxy has for a host: the same for all that a route cannot tell apart. */
function tablesOf(cluster: Cluster, caller: MeshCaller, virtual: readonly VirtualService[], port: ServicePort): Tables {
  let known = tables.get(cluster);
  if (known === undefined) {
    known = new Map();
    tables.set(cluster, known);
  }
  const labels = virtual.some(({ http, tcp, tls }) =>
    [...http, ...tcp, ...tls].some(({ conditions }) => conditions.some(({ sourceLabels }) => sourceLabels.size > 0)),
  );
  const key = JSON.stringify([
    caller.workload.namespace,
    labels ? [...caller.pod.labels].sort() : [],
    virtual.map(({ namespace, name }) => `${namespace}/${name}`),
    port.port,
  ]);
  let found = known.get(key);
  if (found === undefined) {
    found = makeTables(cluster, caller, virtual, port);
    known.set(key, found);
  }
  return found;
}

/** Undefined where no route of the kind is there, so that the proxy does what it would do anyway. */
function makeTables(
  cluster: Cluster,
  { workload, pod }: MeshCaller,
  virtual: readonly VirtualService[],
  { port }: ServicePort,
): Tables {
  const asker: Asker = { gateway: "mesh", namespace: workload.namespace, labels: pod.labels, port };
  const bound = virtual.map(
    (service): Bound => ({ service, hosts: [{ pattern: "", language: ANY_HOST }], doubts: [] }),
  );
  const bytes = virtual.some(({ tcp, tls }) => tcp.length + tls.length > 0);
  return {
    http: virtual.some(({ http }) => http.length > 0) ? httpEntries(cluster, bound, asker) : undefined,
    bytes: bytes
      ? [...byteEntries(cluster, bound, asker, "tcp"), ...byteEntries(cluster, bound, asker, "tls")]
      : undefined,
  };
}

function leadsTo({ entry, gets }: Resolved, { pod, port }: { readonly pod: Pod; readonly port: number }): boolean {
  return !gets.may.isEmpty && entry.targets.some((one) => one.pod === pod && one.port === port);
}

function reaching(rows: readonly Resolved[], to: { readonly pod: Pod; readonly port: number }): Bounds {
  const parts = rows
    .filter((row) => leadsTo(row, to))
    .map(({ entry, gets }): Bounds => {
      const targets = entry.targets.filter(({ pod, port }) => pod === to.pod && port === to.port);
      const { path, host, set, added, removed } = targets[0]?.change ?? {};
      const same =
        path === undefined &&
        host === undefined &&
        (set?.size ?? 0) + (added?.size ?? 0) + (removed?.length ?? 0) === 0;
      // What the pod sees of a request that is changed on the way could be anything.
      if (!same) return MAYBE;
      const certain = entry.doubts.length === 0 && targets.some((one) => one.certain);
      return certain ? gets : { may: gets.may, must: RequestSet.empty };
    });
  return parts.length === 0 ? NO : either(parts);
}

/** VirtualServices of hosts that are none of the pod's own Services, by which a caller is led to it all the same. */
export function meshLeads(
  cluster: Cluster,
  caller: MeshCaller,
  to: { readonly pod: Pod; readonly port: number },
  own: readonly Service[],
): readonly VirtualService[] {
  return cluster.virtualServices.filter((one) => {
    if (!isForMesh(one) || !isVisible(one, caller.workload.namespace)) return false;
    if (own.some((service) => names(one, serviceHost(service)))) return false;
    const routes = [...one.http, ...one.tcp, ...one.tls];
    if (routes.some(({ delegate }) => delegate !== undefined)) return true;
    return routes.some(({ destinations, mirrors }) =>
      [...destinations, ...mirrors].some((leading) =>
        destinationOf(cluster, leading, one.namespace).targets.some(
          ({ pod, port }) => pod === to.pod && port === to.port,
        ),
      ),
    );
  });
}
