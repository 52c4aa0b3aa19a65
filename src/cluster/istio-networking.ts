/**
 * Istio's networking.istio.io kinds, as far as they change who reaches whom or whether mutual TLS is spoken. Fields
 * that only shape traffic (timeouts, retries, load balancing) are left unread; a field that a consumer would have to
 * know is either typed here or makes its verdict unknown there, through `origin`.
 */

import { selectorLabels } from "./istio-security.js";
import type { KubeObject, Labels } from "./object.js";
import { istioChange, istioCondition, type RouteChange, type RouteCondition } from "./route-condition.js";
import {
  anything,
  BAD,
  checked,
  integer,
  isMap,
  list,
  mapOf,
  nonEmptyList,
  nonEmptyString,
  oneOf,
  open,
  optional,
  optionalOr,
  portNumber,
  type Read,
  type Reader,
  type Reading,
  type Result,
  record,
  required,
  string,
  stringMap,
} from "./shape.js";

interface Named {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
}

export interface ServiceEntry extends Named {
  readonly hosts: readonly string[];
  readonly addresses: readonly string[];
  readonly ports: readonly {
    readonly number: number;
    readonly protocol: string;
    readonly name: string;
    readonly targetPort: number | undefined;
  }[];
  readonly location: "MESH_EXTERNAL" | "MESH_INTERNAL";
  readonly resolution: "NONE" | "STATIC" | "DNS" | "DNS_ROUND_ROBIN" | "DYNAMIC_DNS";
  readonly endpoints: readonly Read<typeof endpoint>[];
  readonly selector: Labels | undefined;
  /** namespaces that see it; empty means all */
  readonly exportTo: readonly string[];
  readonly subjectAltNames: readonly string[];
}

export interface Sidecar extends Named {
  readonly selector: Labels | undefined;
  /** `undefined`: not restricted here; `namespace/dnsName` otherwise */
  readonly egress: readonly { readonly hosts: readonly string[]; readonly port: number | undefined }[] | undefined;
  readonly ingress: readonly {
    readonly port: number;
    readonly protocol: string;
    readonly defaultEndpoint: string | undefined;
    readonly tlsMode: string | undefined;
  }[];
  readonly outboundMode: "REGISTRY_ONLY" | "ALLOW_ANY" | undefined;
}

export interface IstioGateway extends Named {
  readonly selector: Labels;
  readonly servers: readonly {
    readonly port: number;
    readonly protocol: string;
    readonly hosts: readonly string[];
    readonly tlsMode: string | undefined;
    readonly httpsRedirect: boolean;
  }[];
}

export interface RouteDestination {
  readonly host: string;
  readonly subset: string | undefined;
  readonly port: number | undefined;
  readonly weight: number | undefined;
  /** what the route and this destination of it change of the request */
  readonly change: RouteChange;
}

export interface VirtualService extends Named {
  readonly hosts: readonly string[];
  /** empty means the sidecars of the mesh alone */
  readonly gateways: readonly string[];
  readonly exportTo: readonly string[];
  /** `match` is as written: an array of conditions of which one must hold, or absent */
  readonly http: readonly VirtualRoute[];
  readonly tls: readonly VirtualRoute[];
  readonly tcp: readonly VirtualRoute[];
}

export interface VirtualRoute {
  readonly match: readonly unknown[] | undefined;
  /** `match`, read; empty: every request */
  readonly conditions: readonly RouteCondition[];
  readonly destinations: readonly RouteDestination[];
  /** the proxy answers itself */
  readonly redirect: boolean;
  readonly rewrite: boolean;
  /** another VirtualService that goes on; the object with the route names no namespace of it where it is the same */
  readonly delegate: { readonly namespace: string; readonly name: string } | undefined;
  readonly mirrors: readonly RouteDestination[];
  /** `fault.abort`: of all requests, of some, of none, or of a share that is not told */
  readonly abort: "always" | "sometimes" | "untold" | undefined;
}

export type ClientTlsMode = "DISABLE" | "SIMPLE" | "MUTUAL" | "ISTIO_MUTUAL";

export interface TrafficPolicy {
  readonly tlsMode: ClientTlsMode | undefined;
  readonly ports: ReadonlyMap<number, ClientTlsMode | undefined>;
}

export interface DestinationRule extends Named {
  readonly host: string;
  readonly selector: Labels | undefined;
  readonly exportTo: readonly string[];
  readonly policy: TrafficPolicy | undefined;
  readonly subsets: readonly {
    readonly name: string;
    readonly labels: Labels;
    readonly policy: TrafficPolicy | undefined;
  }[];
}

export interface WorkloadEntry extends Named {
  readonly address: string | undefined;
  readonly labels: Labels;
  readonly ports: ReadonlyMap<string, number>;
  readonly serviceAccount: string | undefined;
}

function specOf(value: unknown): unknown {
  return isMap(value) && Object.hasOwn(value, "spec") ? (value.spec ?? {}) : {};
}

function readSpec<T>(shape: Reader<T>, value: unknown, reading: Reading): Result<T> {
  return reading.within("spec", () => shape(specOf(value), reading));
}

const idOf = (object: KubeObject): Named => ({ object, namespace: object.namespace, name: object.name });

const portMap = checked(mapOf(portNumber), (ports, reading) => {
  for (const name of ports.keys()) {
    if (!/^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?$/.test(name)) {
      return reading.refuse("CLUSTER_VALUE", `\`${name}\` is not a port name`);
    }
  }
  return true;
});

const endpoint = open({
  address: optional(string),
  ports: optional(portMap),
  labels: optional(selectorLabels),
  serviceAccount: optional(string),
  network: optional(string),
});

const selectorOfWorkload = record({ labels: optional(selectorLabels) });

const serviceEntry = open({
  hosts: required(nonEmptyList(nonEmptyString)),
  addresses: optionalOr(list(string), []),
  ports: optionalOr(
    list(
      open({
        number: required(portNumber),
        protocol: optionalOr(string, "TCP"),
        name: required(nonEmptyString),
        targetPort: optional(portNumber),
      }),
    ),
    [],
  ),
  location: optionalOr(oneOf("MESH_EXTERNAL", "MESH_INTERNAL"), "MESH_EXTERNAL"),
  resolution: optionalOr(oneOf("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"), "NONE"),
  endpoints: optionalOr(list(endpoint), []),
  workloadSelector: optional(selectorOfWorkload),
  exportTo: optionalOr(list(string), []),
  subjectAltNames: optionalOr(list(string), []),
});

export function readServiceEntry(object: KubeObject, value: unknown, reading: Reading): Result<ServiceEntry> {
  const read = readSpec(serviceEntry, value, reading);
  if (read === BAD) return BAD;
  if (read.workloadSelector !== undefined && read.endpoints.length > 0) {
    return reading.within("spec", () =>
      reading.fail("CLUSTER_VALUE", "only one of `workloadSelector` and `endpoints` may be set"),
    );
  }
  const { workloadSelector, ...rest } = read;
  const selector = workloadSelector === undefined ? undefined : (workloadSelector.labels ?? new Map());
  return { ...idOf(object), ...rest, selector };
}

const sidecar = open({
  workloadSelector: optional(selectorOfWorkload),
  egress: optional(
    list(
      open({
        hosts: required(nonEmptyList(nonEmptyString)),
        port: optional(open({ number: optional(portNumber) })),
      }),
    ),
  ),
  ingress: optionalOr(
    list(
      open({
        port: required(open({ number: required(portNumber), protocol: optionalOr(string, "TCP") })),
        defaultEndpoint: optional(string),
        tls: optional(open({ mode: optional(string) })),
      }),
    ),
    [],
  ),
  outboundTrafficPolicy: optional(open({ mode: optional(oneOf("REGISTRY_ONLY", "ALLOW_ANY")) })),
});

export function readSidecar(object: KubeObject, value: unknown, reading: Reading): Result<Sidecar> {
  const read = readSpec(sidecar, value, reading);
  if (read === BAD) return BAD;
  return {
    ...idOf(object),
    selector: read.workloadSelector === undefined ? undefined : (read.workloadSelector.labels ?? new Map()),
    egress: read.egress?.map(({ hosts, port }) => ({ hosts, port: port?.number })),
    ingress: read.ingress.map(({ port, defaultEndpoint, tls }) => ({
      port: port.number,
      protocol: port.protocol,
      defaultEndpoint,
      tlsMode: tls?.mode,
    })),
    // a policy without a mode is REGISTRY_ONLY: the first value of the enumeration
    outboundMode:
      read.outboundTrafficPolicy === undefined ? undefined : (read.outboundTrafficPolicy.mode ?? "REGISTRY_ONLY"),
  };
}

const gateway = open({
  selector: optionalOr(stringMap, new Map<string, string>()),
  servers: optionalOr(
    list(
      open({
        port: required(open({ number: required(portNumber), protocol: required(string) })),
        hosts: required(nonEmptyList(nonEmptyString)),
        tls: optional(open({ mode: optional(string), httpsRedirect: optional(isTrue) })),
      }),
    ),
    [],
  ),
});

function isTrue(value: unknown): boolean {
  return value === true;
}

export function readIstioGateway(object: KubeObject, value: unknown, reading: Reading): Result<IstioGateway> {
  const read = readSpec(gateway, value, reading);
  if (read === BAD) return BAD;
  return {
    ...idOf(object),
    selector: read.selector,
    servers: read.servers.map(({ port, hosts, tls }) => ({
      port: port.number,
      protocol: port.protocol,
      hosts,
      // `tls` without a mode is PASSTHROUGH: the first value of the enumeration
      tlsMode: tls === undefined ? undefined : (tls.mode ?? "PASSTHROUGH"),
      httpsRedirect: tls?.httpsRedirect ?? false,
    })),
  };
}

const destination = open({
  host: required(nonEmptyString),
  subset: optional(string),
  port: optional(open({ number: optional(portNumber) })),
});
const weighted = open({
  destination: required(destination),
  weight: optional(integer(0, 100_000)),
  headers: optional(anything),
});
const delegation = open({ name: required(nonEmptyString), namespace: optional(string) });
const virtualRoute = open({
  match: optional(list(anything)),
  route: optionalOr(list(weighted), []),
  redirect: optional(anything),
  directResponse: optional(anything),
  rewrite: optional(anything),
  headers: optional(anything),
  fault: optional(anything),
  delegate: optional(delegation),
  mirror: optional(destination),
  mirrors: optionalOr(list(open({ destination: required(destination) })), []),
});
const virtualService = open({
  hosts: optionalOr(list(nonEmptyString), []),
  gateways: optionalOr(list(nonEmptyString), []),
  exportTo: optionalOr(list(string), []),
  http: optionalOr(list(virtualRoute), []),
  tls: optionalOr(list(virtualRoute), []),
  tcp: optionalOr(list(virtualRoute), []),
});

export function readVirtualService(object: KubeObject, value: unknown, reading: Reading): Result<VirtualService> {
  const read = readSpec(virtualService, value, reading);
  if (read === BAD) return BAD;
  const { hosts, exportTo } = read;
  const gateways = read.gateways.map((name) => gatewayNamed(name, object.namespace));
  const [http, tls, tcp] = [read.http, read.tls, read.tcp].map((routes) =>
    routes.map((route) => toRoute(route, object.namespace)),
  );
  return { ...idOf(object), hosts, gateways, exportTo, http: http ?? [], tls: tls ?? [], tcp: tcp ?? [] };
}

/** Istio reads `./name`, and `name.namespace` with whatever behind it, as it reads `namespace/name`. */
function gatewayNamed(written: string, namespace: string): string {
  if (written.startsWith("./")) return `${namespace}${written.slice(1)}`;
  const [name, at] = written.split(".");
  return written.includes("/") || at === undefined ? written : `${at}/${name}`;
}

/** A route's conditions name the Gateways of the object's own namespace without it. */
function conditionOf(written: unknown, namespace: string): RouteCondition {
  const read = istioCondition(written);
  if (read.gateways.length === 0) return read;
  const full = read.gateways.map((name) => {
    const named = gatewayNamed(name, namespace);
    return named === "mesh" || named.includes("/") ? named : `${namespace}/${named}`;
  });
  return { ...read, gateways: full };
}

function toRoute(read: Read<typeof virtualRoute>, namespace: string): VirtualRoute {
  const to = (
    { host, subset, port }: Read<typeof destination>,
    weight?: number,
    headers?: unknown,
  ): RouteDestination => ({
    host,
    subset,
    port: port?.number,
    weight,
    change: istioChange(read.rewrite, read.headers, headers),
  });
  return {
    match: read.match,
    conditions: (read.match ?? []).map((one) => conditionOf(one, namespace)),
    destinations: read.route.map((one) => to(one.destination, one.weight, one.headers)),
    redirect: read.redirect !== undefined || read.directResponse !== undefined,
    rewrite: read.rewrite !== undefined,
    delegate:
      read.delegate === undefined
        ? undefined
        : { name: read.delegate.name, namespace: read.delegate.namespace || namespace },
    mirrors: [read.mirror, ...read.mirrors.map((one) => one.destination)].flatMap((one) => (one ? [to(one)] : [])),
    abort: abortOf(read.fault),
  };
}

function abortOf(fault: unknown): VirtualRoute["abort"] {
  const abort = isMap(fault) ? fault.abort : undefined;
  if (abort === undefined || abort === null) return undefined;
  const share = isMap(abort) && isMap(abort.percentage) ? (abort.percentage.value ?? 0) : undefined;
  if (typeof share !== "number") return "untold";
  return share >= 100 ? "always" : share > 0 ? "sometimes" : undefined;
}

const clientTls = open({ mode: optionalOr(oneOf("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"), "DISABLE") });
const trafficPolicy = open({
  tls: optional(clientTls),
  portLevelSettings: optionalOr(
    list(open({ port: required(open({ number: required(portNumber) })), tls: optional(clientTls) })),
    [],
  ),
});
const destinationRule = open({
  host: required(nonEmptyString),
  workloadSelector: optional(record({ matchLabels: optional(selectorLabels) })),
  exportTo: optionalOr(list(string), []),
  trafficPolicy: optional(trafficPolicy),
  subsets: optionalOr(
    list(open({ name: required(nonEmptyString), labels: optional(stringMap), trafficPolicy: optional(trafficPolicy) })),
    [],
  ),
});

export function readDestinationRule(object: KubeObject, value: unknown, reading: Reading): Result<DestinationRule> {
  const read = readSpec(destinationRule, value, reading);
  if (read === BAD) return BAD;
  return {
    ...idOf(object),
    host: read.host,
    selector: read.workloadSelector === undefined ? undefined : (read.workloadSelector.matchLabels ?? new Map()),
    exportTo: read.exportTo,
    policy: toPolicy(read.trafficPolicy),
    subsets: read.subsets.map(({ name, labels, trafficPolicy: policy }) => ({
      name,
      labels: labels ?? new Map(),
      policy: toPolicy(policy),
    })),
  };
}

function toPolicy(read: Read<typeof trafficPolicy> | undefined): TrafficPolicy | undefined {
  if (read === undefined) return undefined;
  const ports = new Map(read.portLevelSettings.map(({ port, tls }) => [port.number, tls?.mode] as const));
  return { tlsMode: read.tls?.mode, ports };
}

const workloadEntry = open({
  address: optional(string),
  network: optional(string),
  labels: optional(selectorLabels),
  ports: optional(portMap),
  serviceAccount: optional(string),
});

export function readWorkloadEntry(object: KubeObject, value: unknown, reading: Reading): Result<WorkloadEntry> {
  const read = readSpec(workloadEntry, value, reading);
  if (read === BAD) return BAD;
  if (!read.address && !read.network) {
    return reading.within("spec", () => reading.fail("CLUSTER_MISSING_FIELD", "`address` or `network` must be set"));
  }
  return {
    ...idOf(object),
    address: read.address,
    labels: read.labels ?? new Map(),
    ports: read.ports ?? new Map(),
    serviceAccount: read.serviceAccount,
  };
}
