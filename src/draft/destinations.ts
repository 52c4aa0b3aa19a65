/** From a Service and a port, as a caller writes them, to workloads and the ports of their pods. */
import { type Cluster, endpointsOf, matches, type Service, type ServicePort } from "../cluster/index.js";
import { knownScheme, SCHEMES } from "./images.js";
import type { DraftWorkload, Inventory } from "./inventory.js";
import { wordsOf } from "./keys.js";

export interface Destination {
  readonly workload: DraftWorkload;
  readonly port: number;
}

export interface Destinations {
  readonly found: readonly Destination[];
  /** why a port was chosen that nobody wrote, or why there is none */
  readonly doubt: { readonly topic: "port" | "assumed" | "dangling"; readonly text: string } | undefined;
}

/**
 * @param port as the caller writes it: a number, or the name of the Service's port; undefined when it writes none
 * @param scheme of the caller's URL
 * @param key under which the caller was told, for a hint at the port
 */
export function destinationsOf(
  cluster: Cluster,
  inventory: Inventory,
  service: Service,
  port: number | string | undefined,
  scheme?: string,
  key?: string,
): Destinations {
  const endpoints = endpointsOf(cluster, service).filter(({ servicePort }) => servicePort.protocol === "TCP");
  const selector = service.selector;
  const behind = (cluster.workloadsByNamespace.get(service.namespace) ?? []).filter(
    ({ pods }) => selector !== undefined && pods.some((pod) => matches(selector, pod.labels)),
  );
  if (behind.length === 0) {
    const why = selector === undefined ? "has no selector" : "selects no workload of these manifests";
    return { found: [], doubt: { topic: "dangling", text: `the Service ${service.name} ${why}` } };
  }
  if (endpoints.length === 0) return withoutServicePorts(inventory, behind, port);
  const ports = service.ports.filter(({ protocol }) => protocol === "TCP");
  const choice = choosePort(service, ports, port, scheme, key);
  if (choice.port === undefined) return { found: [], doubt: choice.doubt };
  const chosen = choice.port;
  const found = new Map<string, Destination>();
  let doubt = choice.doubt;
  for (const endpoint of endpoints) {
    if (endpoint.servicePort !== chosen) continue;
    const workload = inventory.of(endpoint.workload);
    if (workload === undefined) continue;
    const number = choice.direct ?? endpoint.port ?? chosen.port;
    if (endpoint.port === undefined && choice.direct === undefined) {
      const text = `the Service ${service.name} leads to the port ${chosen.targetPort}, which ${workload.name} does not name`;
      doubt = { topic: "port", text };
    }
    inventory.port(workload, number);
    found.set(`${workload.name} ${number}`, { workload, port: number });
  }
  return { found: [...found.values()], doubt };
}

/** A headless Service may list no ports: its names lead to the pods themselves. */
function withoutServicePorts(
  inventory: Inventory,
  behind: Cluster["workloads"],
  port: number | string | undefined,
): Destinations {
  const found = behind.flatMap((source) => {
    const workload = inventory.of(source);
    const number = typeof port === "number" ? port : [...(workload?.ports.keys() ?? [])][0];
    if (workload === undefined || number === undefined) return [];
    inventory.port(workload, number);
    return [{ workload, port: number }];
  });
  return { found, doubt: undefined };
}

interface Choice {
  readonly port: ServicePort | undefined;
  /** the pod's port itself, where a headless Service is called on a port that it doesn't list */
  readonly direct?: number;
  readonly doubt: Destinations["doubt"];
}

function choosePort(
  service: Service,
  ports: readonly ServicePort[],
  wanted: number | string | undefined,
  scheme: string | undefined,
  key: string | undefined,
): Choice {
  const [first] = ports;
  const listed = ports.map(({ port }) => port).join(", ");
  if (wanted !== undefined) {
    const exact = ports.find(({ port, name }) => port === wanted || name === wanted);
    if (exact !== undefined) return { port: exact, doubt: undefined };
    if (service.headless && typeof wanted === "number") return { port: first, direct: wanted, doubt: undefined };
    const text = `port ${wanted} of the Service ${service.name} is named, and it has ${listed}`;
    return { port: ports.length === 1 ? first : undefined, doubt: { topic: "port", text } };
  }
  const usual = scheme === undefined ? undefined : SCHEMES.get(knownScheme(scheme))?.port;
  const byScheme = ports.find(({ port }) => port === usual);
  if (byScheme !== undefined) return { port: byScheme, doubt: undefined };
  if (ports.length === 1) {
    return { port: first, doubt: undefined };
  }
  const words = new Set([...wordsOf(key ?? ""), ...(scheme === undefined ? [] : [knownScheme(scheme)])]);
  const named = ports.find(({ name }) => name !== undefined && wordsOf(name).some((word) => words.has(word)));
  const chosen = named ?? first;
  const text = `no port is written for the Service ${service.name}, which has ${listed}: ${chosen?.port} is taken`;
  return { port: chosen, doubt: { topic: "assumed", text } };
}
