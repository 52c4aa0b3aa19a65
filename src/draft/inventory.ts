/**
 * The workloads of the draft: one for each object that runs pods, under a name of its own, with the ports that its
 * containers, Services and callers speak of. Names are those of the objects wherever no two collide.
 */
import {
  type Cluster,
  describeObject,
  type Endpoint,
  endpointsOf,
  type LabelSelector,
  matches,
  type Pod,
  podsMatching,
  type Service,
  servingContainers,
  type Workload,
} from "../cluster/index.js";
import type { Span } from "../diagnostics/index.js";
import type { KubernetesObject, WorkloadKind } from "../workflow/index.js";
import { isSidecarImage, kindOfImage } from "./images.js";
import { at, textAt } from "./plain.js";
import { guessPort, type PortHints } from "./ports.js";
import type { Remarks } from "./remarks.js";

export interface DraftWorkload {
  readonly name: string;
  readonly zone: string;
  readonly kind: WorkloadKind;
  readonly image: string | undefined;
  /** undefined: a custom resource runs it, under a name of its operator's */
  readonly object: Pick<KubernetesObject, "kind" | "name"> | undefined;
  /** the Services that lead to it, the one that callers use first */
  readonly services: readonly string[];
  /** undefined: a custom resource */
  readonly source: Workload | undefined;
  /** the pods that a custom resource describes, with the labels that its operator adds */
  readonly custom: readonly Pod[];
  readonly ports: Map<number, PortHints>;
  readonly place: () => Span;
}

/** A name as the workflow file takes it: a DNS label. */
export function labelOf(text: string, fallback = "unnamed"): string {
  const label = text
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .slice(0, 63)
    .replace(/^-+|-+$/g, "");
  return label === "" ? fallback : label;
}

/** Gives out names, each once. */
export class NamePool {
  readonly #taken = new Set<string>();

  /** The first of `wanted` that is free, else the last with a number. */
  take(...wanted: readonly string[]): string {
    const last = wanted.at(-1) ?? "unnamed";
    let free = wanted.find((name) => !this.#taken.has(name));
    for (let count = 2; free === undefined; count++) {
      const numbered = `${last.slice(0, 60)}-${count}`;
      if (!this.#taken.has(numbered)) free = numbered;
    }
    this.#taken.add(free);
    return free;
  }
}

/** Namespaces that belong to the cluster or the mesh; what runs there is no part of a workflow. */
const SYSTEM = /^(?:kube-system|kube-public|kube-node-lease|istio-system|gatekeeper-system|outside)$/;
const OBJECT_KINDS = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"] as const;

export class Inventory {
  readonly workloads: readonly DraftWorkload[];
  readonly names = new NamePool();
  readonly #cluster: Cluster;
  readonly #leading: Leading;
  readonly #bySource = new Map<string, DraftWorkload>();
  /** those that a custom resource describes */
  readonly #customByZone = new Map<string, DraftWorkload[]>();
  readonly #byCustom = new Map<CustomWorkload, DraftWorkload>();

  constructor(cluster: Cluster, custom: readonly CustomWorkload[], remarks: Remarks) {
    this.#cluster = cluster;
    this.#leading = leadingOf(cluster);
    const sources = cluster.workloads.filter((workload) => isPart(workload, remarks));
    const wanted = [...sources, ...custom.map(({ name, namespace }) => ({ name, namespace }))].map(({ name }) =>
      labelOf(name),
    );
    const once = new Set<string>();
    const shared = new Set(wanted.filter((name) => once.size === once.add(name).size));
    const drafts: DraftWorkload[] = [];
    for (const source of sources) {
      const draft = this.#draft(source, shared);
      drafts.push(draft);
      this.#bySource.set(source.id, draft);
    }
    for (const part of custom) {
      const { name, namespace, kind, image, ports, place } = part;
      const label = labelOf(name);
      const own = shared.has(label) ? [] : [label];
      const draft: DraftWorkload = {
        name: this.names.take(...own, labelOf(`${label}-${namespace}`)),
        zone: namespace,
        kind,
        image,
        object: undefined,
        services: part.services.map((service) => service.name),
        source: undefined,
        custom: part.pod === undefined ? [] : [part.pod],
        ports: new Map(ports.map((port) => [port.port, guessPort(port.port, [{ containerName: port.name }])])),
        place,
      };
      drafts.push(draft);
      this.#byCustom.set(part, draft);
    }
    for (const draft of drafts.filter(({ source }) => source === undefined)) {
      const zone = this.#customByZone.get(draft.zone);
      if (zone === undefined) this.#customByZone.set(draft.zone, [draft]);
      else zone.push(draft);
    }
    this.workloads = drafts.sort((a, b) => compare(a.zone, b.zone) || compare(a.name, b.name));
  }

  of(source: Workload): DraftWorkload | undefined {
    return this.#bySource.get(source.id);
  }

  /** The workloads of a namespace whose pods a selector matches, each with the first such pod. */
  matching(namespace: string, selector: LabelSelector): readonly Matched[] {
    const first = new Map<DraftWorkload, Pod>();
    for (const { workload, pod } of podsMatching(this.#cluster, namespace, selector)) {
      const draft = this.of(workload);
      if (draft !== undefined && !first.has(draft)) first.set(draft, pod);
    }
    for (const draft of this.#customByZone.get(namespace) ?? []) {
      const pod = draft.custom.find(({ labels }) => matches(selector, labels));
      if (pod !== undefined) first.set(draft, pod);
    }
    return [...first].map(([draft, pod]) => ({ draft, pod }));
  }

  /** Who answers for a Service. */
  behind({ namespace, selector }: Service): readonly Matched[] {
    return selector === undefined ? [] : this.matching(namespace, selector);
  }

  ofCustom(part: CustomWorkload): DraftWorkload | undefined {
    return this.#byCustom.get(part);
  }

  /** The port of a workload, known to the draft from now on. */
  port(draft: DraftWorkload, port: number): PortHints {
    const known = draft.ports.get(port);
    if (known !== undefined) return known;
    const hints = guessPort(port, []);
    draft.ports.set(port, hints);
    return hints;
  }

  #draft(source: Workload, shared: ReadonlySet<string>): DraftWorkload {
    const pod = source.pods[0];
    const image = mainImage(pod);
    const label = labelOf(source.name);
    const kind = source.kind.toLowerCase();
    const wanted = shared.has(label)
      ? [labelOf(`${label}-${source.namespace}`), labelOf(`${label}-${source.namespace}-${kind}`)]
      : [label, labelOf(`${label}-${kind}`)];
    const services = servicesOf(this.#leading, source);
    const endpoints = services.flatMap((service) => this.#leading.get(source)?.get(service) ?? []);
    const objectKind = OBJECT_KINDS.find((known) => known === source.kind);
    return {
      name: this.names.take(...wanted),
      zone: source.namespace,
      kind: kindOf(source, image),
      image,
      object: objectKind === undefined ? undefined : { kind: objectKind, name: labelSafe(source.name) },
      services: services.map(({ name }) => name),
      source,
      custom: [],
      ports: pod === undefined ? new Map() : portsOf(pod, endpoints),
      place: () => source.object.origin.spanOf(["metadata", "name"]),
    };
  }
}

/** A workload, and its pod that a selector matches. */
export interface Matched {
  readonly draft: DraftWorkload;
  readonly pod: Pod;
}

/** A workload that an operator will make of a custom resource. */
export interface CustomWorkload {
  readonly name: string;
  readonly namespace: string;
  readonly kind: WorkloadKind;
  readonly image: string | undefined;
  readonly ports: readonly { readonly port: number; readonly name: string }[];
  /** Services that its operator makes */
  readonly services: readonly { readonly name: string; readonly port: number; readonly targetPort: number }[];
  /** what the resource describes of its pods, where it does */
  readonly pod: Pod | undefined;
  readonly place: () => Span;
}

function isPart(workload: Workload, remarks: Remarks): boolean {
  const where = describeObject(workload.object);
  if (/(?:^|,)\s*test/.test(workload.object.annotations.get("helm.sh/hook") ?? "")) {
    remarks.add("skipped", where, "is a test of its chart", workload.object.origin.spanOf(["metadata", "annotations"]));
    return false;
  }
  if (SYSTEM.test(workload.namespace)) {
    const place = workload.object.origin.spanOf(["metadata", "name"]);
    remarks.add("skipped", where, `runs in ${workload.namespace}, which cannot be a zone of a workflow`, place);
    return false;
  }
  return true;
}

const labelSafe = (name: string): string => name.replace(/\*$/, "").replace(/-$/, "");

function kindOf(source: Workload, image: string | undefined): WorkloadKind {
  if (source.kind === "Job" || source.kind === "CronJob") return "job";
  return (image === undefined ? undefined : kindOfImage(image)) ?? "service";
}

/** The image of the first container that isn't an addition of a mesh or a platform. */
function mainImage(pod: Pod | undefined): string | undefined {
  const images = (pod?.containers ?? []).filter(({ role }) => role === "main").map(({ image }) => image ?? "");
  const named = images.filter((image) => image !== "");
  const image = named.find((candidate) => !isSidecarImage(candidate)) ?? named[0];
  return image !== undefined && /^[^\s@:/$][^\s@$]*(@sha256:[0-9a-f]{64})?$/.test(image) ? image : undefined;
}

/** Ports that containers declare and Services lead to. UDP has no place in a workflow's flows. */
function portsOf(pod: Pod, services: readonly Endpoint[]): Map<number, PortHints> {
  const probes = probesOf(pod);
  const numbers = new Set<number>();
  for (const container of servingContainers(pod)) {
    for (const { port, protocol } of container.ports) if (protocol === "TCP") numbers.add(port);
  }
  for (const { port, servicePort } of services) {
    if (port !== undefined && servicePort.protocol === "TCP") numbers.add(port);
  }
  const ports = new Map<number, PortHints>();
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const declared = servingContainers(pod)
      .flatMap(({ ports: own }) => own)
      .find(({ port }) => port === number);
    const hints = [
      ...services
        .filter(({ port }) => port === number)
        .map(({ servicePort }) => ({ serviceName: servicePort.name, appProtocol: servicePort.appProtocol })),
      { containerName: declared?.name, probe: probes(number, declared?.name) },
    ];
    const first = services.find(({ port, servicePort }) => port === number && servicePort.protocol === "TCP");
    ports.set(number, { ...guessPort(number, hints), servicePort: first?.servicePort.port });
  }
  return ports;
}

/** The endpoints of Services, by the workload and the Service that they lead from and to. */
type Leading = ReadonlyMap<Workload, ReadonlyMap<Service, readonly Endpoint[]>>;

function leadingOf(cluster: Cluster): Leading {
  const leading = new Map<Workload, Map<Service, Endpoint[]>>();
  for (const service of cluster.services) {
    for (const endpoint of endpointsOf(cluster, service)) {
      const services = leading.get(endpoint.workload) ?? new Map<Service, Endpoint[]>();
      leading.set(endpoint.workload, services);
      const endpoints = services.get(service);
      if (endpoints === undefined) services.set(service, [endpoint]);
      else endpoints.push(endpoint);
    }
  }
  return leading;
}

/** The Services that lead to a workload: the one of its own name first, then by name. */
function servicesOf(leading: Leading, source: Workload): Service[] {
  return [...(leading.get(source)?.keys() ?? [])].sort(
    (a, b) => Number(b.name === source.name) - Number(a.name === source.name) || compare(a.name, b.name),
  );
}

/** How the kubelet probes a port: it says what is spoken there. */
function probesOf(pod: Pod): (port: number, name: string | undefined) => "grpc" | "http" | "https" | undefined {
  const found: { port: unknown; speaks: "grpc" | "http" | "https" }[] = [];
  for (const container of servingContainers(pod)) {
    for (const probe of ["readinessProbe", "livenessProbe", "startupProbe"]) {
      const written = at(pod.origin.value, [...container.path, probe]);
      const grpc = at(written, ["grpc", "port"]);
      if (grpc !== undefined) found.push({ port: grpc, speaks: "grpc" });
      const http = at(written, ["httpGet"]);
      const speaks = textAt(http, "scheme") === "HTTPS" ? "https" : "http";
      if (http !== undefined) found.push({ port: at(http, ["port"]), speaks });
    }
  }
  return (port, name) =>
    found.find(
      (probe) => probe.port === port || probe.port === String(port) || (name !== undefined && probe.port === name),
    )?.speaks;
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
