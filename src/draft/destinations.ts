/** From a Service and a port, as a caller writes them, to workloads and the ports of their pods. */
import { portsNamed, type Service, type ServicePort } from "../cluster/index.js";
import { knownScheme, SCHEMES, WELL_KNOWN_PORTS } from "./images.js";
import type { DraftWorkload, Inventory, Matched } from "./inventory.js";
import { wordsOf } from "./keys.js";

interface Destination {
  readonly workload: DraftWorkload;
  readonly port: number;
}

export interface Destinations {
  readonly found: readonly Destination[];
  /** why a port was chosen that nobody wrote, or why there is none */
  readonly doubt: { readonly topic: "port" | "assumed" | "dangling"; readonly text: string } | undefined;
}

export interface Call {
  readonly service: Service;
  /** as the caller writes it: a number, or the name of the Service's port; undefined when it writes none */
  readonly port: number | string | undefined;
  /** an object of the cluster names the port: one that the Service lacks leads nowhere, whatever else it has */
  readonly exact?: boolean | undefined;
  /** of the caller's URL */
  readonly scheme?: string | undefined;
  /** under which the caller was told, for a hint at the port */
  readonly key?: string | undefined;
  /** the one pod of a headless Service that is called */
  readonly pod?: string | undefined;
}

export function destinationsOf(inventory: Inventory, call: Call): Destinations {
  const { service } = call;
  const all = inventory.behind(service);
  // `db-0` is a pod of the StatefulSet `db`
  const owner = call.pod?.replace(/-\d+$/, "");
  const named = all.filter(({ draft }) => draft.source?.name === owner);
  const behind = named.length > 0 ? named : all;
  if (behind.length === 0) {
    const why = service.selector === undefined ? "has no selector" : "selects no workload of these manifests";
    return { found: [], doubt: { topic: "dangling", text: `the Service ${service.name} ${why}` } };
  }
  const ports = service.ports.filter(({ protocol }) => protocol === "TCP");
  if (ports.length === 0) return withoutServicePorts(inventory, behind, call.port);
  const choice = choosePort(ports, call);
  const chosen = choice.port;
  if (chosen === undefined) return { found: [], doubt: choice.doubt };
  const found = new Map<string, Destination>();
  let doubt = choice.doubt;
  for (const { draft: workload, pod } of behind) {
    const { targetPort } = chosen;
    const target = typeof targetPort === "number" ? targetPort : portsNamed(pod, targetPort, "TCP")[0];
    const port = choice.direct ?? target ?? chosen.port;
    if (target === undefined && choice.direct === undefined) {
      const text = `the Service ${service.name} leads to the port ${targetPort}, which ${workload.name} does not name`;
      doubt = { topic: "port", text };
    }
    inventory.port(workload, port);
    found.set(`${workload.name} ${port}`, { workload, port });
  }
  return { found: [...found.values()], doubt };
}

/** A headless Service may list no ports: its names lead to the pods themselves. */
function withoutServicePorts(
  inventory: Inventory,
  behind: readonly Matched[],
  wanted: number | string | undefined,
): Destinations {
  const found = behind.flatMap(({ draft: workload }) => {
    const port = typeof wanted === "number" ? wanted : [...workload.ports.keys()][0];
    if (port === undefined) return [];
    inventory.port(workload, port);
    return [{ workload, port }];
  });
  return { found, doubt: undefined };
}

interface Choice {
  readonly port: ServicePort | undefined;
  /** the pod's port itself, where a headless Service is called on a port that it doesn't list */
  readonly direct?: number;
  readonly doubt: Destinations["doubt"];
}

function choosePort(ports: readonly ServicePort[], { service, port: wanted, exact, scheme, key }: Call): Choice {
  const [first] = ports;
  const listed = ports.map(({ port }) => port).join(", ");
  if (wanted !== undefined) {
    const same = ports.find(({ port, name }) => port === wanted || name === wanted);
    if (same !== undefined) return { port: same, doubt: undefined };
    if (service.headless && typeof wanted === "number") return { port: first, direct: wanted, doubt: undefined };
    const text = `port ${wanted} of the Service ${service.name} is named, and it has ${listed}`;
    return { port: ports.length === 1 && exact !== true ? first : undefined, doubt: { topic: "port", text } };
  }
  const usual = scheme === undefined ? undefined : SCHEMES.get(knownScheme(scheme))?.port;
  const byScheme = ports.find(({ port }) => port === usual);
  if (byScheme !== undefined) return { port: byScheme, doubt: undefined };
  if (ports.length === 1) {
    const text = `no port is written, ${scheme}:// means ${usual}, and the Service ${service.name} has only ${listed}: it is taken`;
    return { port: first, doubt: usual === undefined ? undefined : { topic: "assumed", text } };
  }
  const words = new Set([...wordsOf(key ?? ""), ...(scheme === undefined ? [] : [knownScheme(scheme)])]);
  const named = ports.find(({ name }) => name !== undefined && wordsOf(name).some((word) => words.has(word)));
  const known = ports.find(({ port }) => words.has(WELL_KNOWN_PORTS.get(port)?.words.toLowerCase() ?? ""));
  const serving = ports.find(({ name }) => !/metrics|admin|health|probe|prometheus|debug/.test(name ?? ""));
  const chosen = named ?? known ?? serving ?? first;
  const text = `no port is written for the Service ${service.name}, which has ${listed}: ${chosen?.port} is taken`;
  return { port: chosen, doubt: { topic: "assumed", text } };
}
