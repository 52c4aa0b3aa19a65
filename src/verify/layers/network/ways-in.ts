/**
 * Workloads that an Ingress, Route, Gateway route or VirtualService makes reachable from outside, and on which of the
 * ports so named the policies let the controller through. The controller is usually no part of the manifests; then it
 * is the stranger, of whose labels nothing is known.
 */
import {
  type Cluster,
  type Endpoint,
  endpointsOf,
  type GatewayRoute,
  type KubeObject,
  matches,
  type Service,
  type ServicePort,
  type Workload,
} from "../../../cluster/index.js";
import type { Network } from "./network.js";
import type { PortSet } from "./port-sets.js";

export interface WayIn {
  readonly destination: Workload;
  /** the objects that lead there, in the order of the cluster */
  readonly through: readonly KubeObject[];
  readonly must: PortSet;
  readonly may: PortSet;
}

/** One Service port that an object leads to. */
interface Lead {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly service: string;
  readonly chooses: (port: ServicePort, endpoint: Endpoint) => boolean;
  /** false: it leads there only if something that is not in the manifests says so */
  readonly certain: boolean;
}

/** Sorted by destination; without those that no policy lets through. */
export function waysIn(network: Network): readonly WayIn[] {
  const { cluster, ports } = network;
  const services = new Map(cluster.services.map((service) => [`${service.namespace}/${service.name}`, service]));
  const found = new Map<Workload, { through: Set<KubeObject>; must: PortSet; may: PortSet }>();
  for (const lead of leadsOf(cluster)) {
    const service = services.get(`${lead.namespace}/${lead.service}`);
    if (service === undefined) continue;
    for (const { workload, must, may } of reach(network, service, lead)) {
      if (may === ports.none) continue;
      const held = found.get(workload) ?? { through: new Set(), must: ports.none, may: ports.none };
      held.through.add(lead.object);
      held.must = ports.union(held.must, lead.certain ? must : ports.none);
      held.may = ports.union(held.may, may);
      found.set(workload, held);
    }
  }
  return [...found]
    .map(([destination, { through, must, may }]) => ({ destination, through: [...through], must, may }))
    .sort((a, b) => (a.destination.id < b.destination.id ? -1 : 1));
}

function* reach(network: Network, service: Service, lead: Lead) {
  const { ports, points } = network;
  for (const endpoint of endpointsOf(network.cluster, service)) {
    const { workload, pod, port, servicePort } = endpoint;
    if (port === undefined || !lead.chooses(servicePort, endpoint)) continue;
    const wanted = ports.of([{ protocol: servicePort.protocol, low: port, high: port }]);
    const point = points.byPod.get(pod);
    if (point === undefined) continue;
    const { must, may } = network.between(points.stranger.index, point.index);
    yield { workload, must: ports.intersect(wanted, must), may: ports.intersect(wanted, may) };
  }
}

function leadsOf(cluster: Cluster): readonly Lead[] {
  return [
    ...cluster.ingresses.flatMap(({ object, namespace, defaultBackend, paths }) =>
      [defaultBackend, ...paths.map(({ backend }) => backend)].flatMap((backend): Lead[] =>
        backend === undefined
          ? []
          : [{ object, namespace, service: backend.service, chooses: byServicePort(backend.port), certain: true }],
      ),
    ),
    ...cluster.routes.flatMap(({ object, namespace, services, targetPort }) =>
      services.map((service): Lead => ({ object, namespace, service, chooses: byTarget(targetPort), certain: true })),
    ),
    ...cluster.gatewayRoutes.flatMap((route) => gatewayLeads(cluster, route)),
    ...cluster.virtualServices.flatMap(({ object, namespace, gateways, http, tls, tcp }): Lead[] => {
      if (gateways.every((gateway) => gateway === "mesh")) return [];
      return [...http, ...tls, ...tcp].flatMap(({ destinations }) =>
        destinations.flatMap(({ host, port }) => {
          const at = serviceOfHost(host, namespace);
          return at === undefined ? [] : [{ object, ...at, chooses: byServicePort(port), certain: true }];
        }),
      );
    }),
  ];
}

/** An Ingress names the Service's port, by number or name; without a port every one is meant. */
function byServicePort(port: number | string | undefined): Lead["chooses"] {
  if (port === undefined) return () => true;
  return (servicePort) => (typeof port === "number" ? servicePort.port === port : servicePort.name === port);
}

/** A Route names the pod's port by number, or the Service's port by name. */
function byTarget(port: number | string | undefined): Lead["chooses"] {
  if (port === undefined) return () => true;
  return (servicePort, endpoint) => (typeof port === "number" ? endpoint.port === port : servicePort.name === port);
}

function gatewayLeads(cluster: Cluster, route: GatewayRoute): Lead[] {
  const parents = route.parents.filter(({ kind }) => kind === "Gateway");
  const attachments = parents.map((parent) => {
    const gateway = cluster.gateways.find(
      ({ namespace, name }) => namespace === parent.namespace && name === parent.name,
    );
    if (gateway === undefined) return "unknown";
    const listeners = gateway.listeners.filter(({ name }) => (parent.sectionName ?? name) === name);
    const labels = cluster.namespaces.get(route.namespace)?.labels ?? new Map<string, string>();
    return listeners.some(({ from }) =>
      typeof from === "string"
        ? from === "All" || (from === "Same" && gateway.namespace === route.namespace)
        : matches(from, labels),
    )
      ? "attached"
      : "refused";
  });
  if (attachments.every((attachment) => attachment === "refused")) return [];
  const certain = attachments.includes("attached");
  return route.rules.flatMap(({ backends }) =>
    backends.flatMap(({ kind, group, namespace, name, port, weight }): Lead[] => {
      if (kind !== "Service" || group !== "" || weight === 0 || !granted(cluster, route, namespace, name)) return [];
      return [{ object: route.object, namespace, service: name, chooses: byServicePort(port), certain }];
    }),
  );
}

/** A backend in another namespace needs a ReferenceGrant there. */
export function granted(cluster: Cluster, route: GatewayRoute, namespace: string, service: string): boolean {
  if (namespace === route.namespace) return true;
  return cluster.referenceGrants.some(
    (grant) =>
      grant.namespace === namespace &&
      grant.from.some(({ kind, namespace: from }) => kind === route.kind && from === route.namespace) &&
      grant.to.some(({ kind, name }) => kind === "Service" && (name === undefined || name === service)),
  );
}

/** `reviews`, `reviews.shop`, `reviews.shop.svc.cluster.local`; undefined for a name outside the cluster. */
function serviceOfHost(host: string, namespace: string): { namespace: string; service: string } | undefined {
  const parts = host.split(".");
  const [service = "", given = namespace] = parts;
  if (parts.length <= 2) return { namespace: given, service };
  return parts[2] === "svc" ? { namespace: given, service } : undefined;
}
