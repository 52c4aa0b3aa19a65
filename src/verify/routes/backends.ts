/** From what a route names to the pods that answer there. */
import {
  type Cluster,
  endpointsOf,
  type Labels,
  podsMatching,
  type RouteChange,
  type RouteDestination,
  type Service,
  type ServicePort,
  selectorOfLabels,
} from "../../cluster/index.js";
import type { Target } from "./table.js";

export interface Backend {
  readonly targets: readonly Target[];
  /** why it cannot be told where it leads */
  readonly doubt: string | undefined;
}

const NOWHERE: Backend = { targets: [], doubt: undefined };

/** The pods and ports behind a Service; a Service that is another name is followed to the Service that it names. */
export function backendOf(
  cluster: Cluster,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  chooses: (port: ServicePort, podPort: number) => boolean,
  change: RouteChange,
  mirrored = false,
): Backend {
  const service = cluster.services.find((one) => one.namespace === namespace && one.name === name);
  if (service === undefined) return NOWHERE;
  if (service.type === "ExternalName") return aliased(cluster, service, change, mirrored);
  const targets = endpointsOf(cluster, service).flatMap(({ workload, pod, port, servicePort }): Target[] =>
    port === undefined || !chooses(servicePort, port)
      ? []
      : [{ workload, pod, port, protocol: servicePort.protocol, service, certain: true, mirrored, change }],
  );
  return { targets, doubt: undefined };
}

function aliased(cluster: Cluster, alias: Service, change: RouteChange, mirrored: boolean): Backend {
  const doubt = `Service ${alias.namespace}/${alias.name} is another name of \`${alias.externalName ?? "?"}\``;
  const named = namedService(alias.externalName ?? "", "");
  if (named === undefined) return { targets: [], doubt };
  const service = cluster.services.find((one) => one.namespace === named.namespace && one.name === named.name);
  if (service === undefined || service.type === "ExternalName") return { targets: [], doubt };
  const { targets } = backendOf(cluster, named, () => true, change, mirrored);
  return { targets: targets.map((one) => ({ ...one, certain: false })), doubt };
}

/** `name`, `name.namespace`, `name.namespace.svc…`; undefined for another host. */
export function namedService(host: string, namespace: string): { namespace: string; name: string } | undefined {
  const [name = "", given, svc, ...rest] = host.replace(/\.$/, "").split(".");
  if (given === undefined) return { namespace, name };
  if (svc === undefined) return { namespace: given, name };
  return svc === "svc" && (rest.length === 0 || isDomain(rest)) ? { namespace: given, name } : undefined;
}

/** A cluster may have another domain than `cluster.local`, which nothing in its manifests says. */
function isDomain(labels: readonly string[]): boolean {
  return labels.every((label) => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label));
}

export function byServicePort(port: number | string | undefined): (servicePort: ServicePort) => boolean {
  if (port === undefined) return () => true;
  return (servicePort) => (typeof port === "number" ? servicePort.port === port : servicePort.name === port);
}

/** The destination of a VirtualService's route, seen from the object's namespace. */
export function destinationOf(
  cluster: Cluster,
  { host, subset, port, change }: RouteDestination,
  namespace: string,
  mirrored = false,
): Backend {
  const registered = entryTargets(cluster, host, port, change, mirrored);
  if (registered.length > 0)
    return { targets: registered, doubt: `a ServiceEntry with a \`workloadSelector\` names \`${host}\`` };
  const named = namedService(host, namespace);
  if (named === undefined) return NOWHERE;
  const found = backendOf(cluster, named, byServicePort(port), change, mirrored);
  const service = found.targets[0]?.service;
  if (service === undefined) return found;
  // A host with one dot is taken as written, so that it is none of the mesh's Services.
  const written = host.includes(".") && !/\.svc(\.cluster\.local)?\.?$/.test(host);
  const several = port === undefined && service.ports.length > 1;
  const labels = subset === undefined ? [NO_LABELS] : subsetsOf(cluster, service, subset);
  const doubt =
    found.doubt ??
    (labels.length === 1
      ? several
        ? `\`${host}\` has several ports, and the route names none`
        : written
          ? `\`${host}\` is not the full name of a Service`
          : undefined
      : `which pods the subset \`${subset}\` of \`${host}\` has is not known`);
  const chosen = found.targets.filter(
    ({ pod }) =>
      labels.length === 0 ||
      labels.some((wanted) => [...wanted].every(([key, value]) => pod.labels.get(key) === value)),
  );
  const certain = doubt === undefined;
  return { targets: certain ? chosen : chosen.map((one) => ({ ...one, certain: false })), doubt };
}

const NO_LABELS: Labels = new Map();

/** The pods that a ServiceEntry puts behind a host. */
function entryTargets(
  cluster: Cluster,
  host: string,
  wanted: number | undefined,
  change: RouteChange,
  mirrored: boolean,
): readonly Target[] {
  return cluster.serviceEntries.flatMap(({ hosts, selector, namespace, ports }) => {
    if (selector === undefined || !hosts.includes(host)) return [];
    return podsMatching(cluster, namespace, selectorOfLabels(selector)).flatMap(({ workload, pod }) =>
      ports
        .filter(({ number }) => wanted === undefined || number === wanted)
        .map(
          ({ number, targetPort }): Target => ({
            ...{ workload, pod, port: targetPort ?? number, protocol: "TCP", service: undefined },
            ...{ certain: false, mirrored, change },
          }),
        ),
    );
  });
}

/** The labels of a subset, by every DestinationRule that defines it for the host. */
function subsetsOf(cluster: Cluster, service: Service, subset: string): readonly Labels[] {
  const full = `${service.name}.${service.namespace}.svc.cluster.local`;
  const found = cluster.destinationRules
    .filter(({ host, namespace }) => (host.includes(".") ? host : `${host}.${namespace}.svc.cluster.local`) === full)
    .flatMap(({ subsets }) => subsets.filter(({ name }) => name === subset).map(({ labels }) => labels));
  return found.filter((one, i) => found.findIndex((other) => sameLabels(one, other)) === i);
}

function sameLabels(a: Labels, b: Labels): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}
