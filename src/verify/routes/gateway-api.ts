/**
 * Ways through Gateways of the Gateway API. Of all matches of all routes on a listener's port the most specific counts:
 * host name, then path, method, headers, query. What a specification leaves open (regular expressions, ages) is no order.
 */
import {
  type BackendRef,
  type Cluster,
  type Gateway,
  type GatewayRoute,
  type Listener,
  matches,
  type ParentRef,
  type RouteCondition,
} from "../../cluster/index.js";
import { granted } from "../layers/network/ways-in.js";
import { type Bounds, both, exactly, MAYBE, YES } from "../space/bounds.js";
import { dimension, Language, only, RequestSet } from "../space/index.js";
import { type Backend, backendOf, byServicePort } from "./backends.js";
import { type Asker, conditionBounds, hostLanguage, ofHosts } from "./condition.js";
import { type GatewayPod, podPortsOf, podsWith } from "./gateways.js";
import { routed } from "./istio.js";
import { changed, type Entry, type Order, type Resolved, resolved, UNCHANGED } from "./table.js";
import type { Entrance, Routed } from "./way.js";

const GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name";
const GROUP = "gateway.networking.k8s.io";

export function gatewayApiWays(cluster: Cluster): readonly Routed[] {
  const declared = cluster.gateways.filter(({ className }) => className !== "istio-waypoint");
  return [...declared.flatMap((gateway) => throughGateway(cluster, gateway)), ...throughAbsent(cluster)];
}

function throughGateway(cluster: Cluster, gateway: Gateway): readonly Routed[] {
  const pods = podsWith(cluster, new Map([[GATEWAY_NAME, gateway.name]]), gateway.namespace);
  const seats: readonly (GatewayPod | undefined)[] = pods.length === 0 ? [undefined] : pods;
  return seats.flatMap((seat) => {
    const ports = new Map<string, Listener[]>();
    for (const listener of gateway.listeners) {
      const key = `${listener.port} ${isBytes(listener)}`;
      ports.set(key, [...(ports.get(key) ?? []), listener]);
    }
    return [...ports.values()].flatMap((listeners) => {
      const [first] = listeners;
      if (first === undefined) return [];
      const attached = listeners.flatMap((listener) =>
        cluster.gatewayRoutes.flatMap((route) => attachment(cluster, gateway, listener, route)),
      );
      const table = tableOf(cluster, attached, first);
      const podPorts = seat === undefined ? [first.port] : podPortsOf(cluster, seat, first.port);
      return podPorts.flatMap((podPort) => routed(cluster, entranceOf(gateway, seat, first, podPort), table));
    });
  });
}

const isBytes = ({ protocol }: Pick<Listener, "protocol">): boolean => /^(TLS|TCP|UDP)$/.test(protocol);

function entranceOf(
  { object, className }: Gateway,
  seat: GatewayPod | undefined,
  listener: Pick<Listener, "protocol" | "port">,
  podPort: number,
): Entrance {
  const istio = className.startsWith("istio");
  return {
    kind: "gateway-api",
    object,
    gateway: seat,
    scheme: isBytes(listener) ? "tcp" : listener.protocol === "HTTP" ? "http" : "https",
    port: listener.port,
    podPort,
    exact: istio,
    calls: istio ? "service" : undefined,
  };
}

interface Attached {
  readonly route: GatewayRoute;
  readonly hostnames: readonly string[];
  readonly doubts: readonly string[];
}

function attachment(cluster: Cluster, gateway: Gateway, listener: Listener, route: GatewayRoute): readonly Attached[] {
  const refers = (parent: ParentRef): boolean =>
    parent.kind === "Gateway" &&
    parent.group === GROUP &&
    parent.namespace === gateway.namespace &&
    parent.name === gateway.name &&
    (parent.sectionName === undefined || parent.sectionName === listener.name) &&
    (parent.port === undefined || parent.port === listener.port);
  if (!route.parents.some(refers) || !carries(listener, route)) return [];
  const admitted = admits(cluster, gateway, listener, route);
  if (admitted === "no") return [];
  const hostnames = common(route.hostnames, listener.hostname);
  if (hostnames === undefined) return [];
  const doubts =
    admitted === "yes"
      ? []
      : [
          `no manifest declares the namespace \`${route.namespace}\`, so whether a listener takes its routes is not known`,
        ];
  return [{ route, hostnames, doubts }];
}

function carries({ protocol, kinds }: Listener, { kind }: GatewayRoute): boolean {
  if (kinds !== undefined && kinds.length > 0 && !kinds.includes(kind)) return false;
  switch (kind) {
    case "HTTPRoute":
    case "GRPCRoute":
      return !/^(TLS|TCP|UDP)$/.test(protocol);
    case "TLSRoute":
      return protocol === "TLS";
    case "TCPRoute":
      return protocol === "TCP" || protocol === "TLS";
    case "UDPRoute":
      return protocol === "UDP";
  }
}

function admits(cluster: Cluster, gateway: Gateway, { from }: Listener, route: GatewayRoute): "yes" | "no" | "maybe" {
  if (typeof from === "string") {
    return from === "All" || (from === "Same" && gateway.namespace === route.namespace) ? "yes" : "no";
  }
  const namespace = cluster.namespaces.get(route.namespace);
  if (namespace !== undefined && matches(from, namespace.labels)) return "yes";
  return namespace?.object === undefined ? "maybe" : "no";
}

/** The names that a route and a listener both have; undefined where there is none. */
function common(hostnames: readonly string[], listening: string | undefined): readonly string[] | undefined {
  if (listening === undefined || listening === "") return hostnames.length === 0 ? ["*"] : hostnames;
  if (hostnames.length === 0) return [listening];
  const found = hostnames.flatMap((name) => {
    const [a, b] = [name.toLowerCase(), listening.toLowerCase()];
    if (a === b || below(a, b)) return [name];
    return below(b, a) ? [listening] : [];
  });
  return found.length === 0 ? undefined : found;
}

function below(name: string, wildcard: string): boolean {
  return wildcard.startsWith("*.") && name.endsWith(wildcard.slice(1)) && name.length >= wildcard.length;
}

interface Listed {
  readonly entry: Entry;
  readonly hostname: string;
  readonly rank: readonly (number | undefined)[];
  readonly route: GatewayRoute;
  readonly position: number;
}

function tableOf(
  cluster: Cluster,
  attached: readonly Attached[],
  { port, protocol }: Pick<Listener, "port" | "protocol">,
): readonly Resolved[] {
  const asker: Asker = { gateway: "", namespace: undefined, labels: undefined, port };
  const bytes = isBytes({ protocol });
  const hosts = [...new Set(attached.flatMap(({ hostnames }) => hostnames.map((one) => one.toLowerCase())))];
  const listed = attached.flatMap(({ route, hostnames, doubts }) =>
    hostnames.flatMap((hostname) => {
      const lower = hostname.toLowerCase();
      const above = hosts
        .filter((other) => other !== lower && (lower === "*" || below(other, lower)))
        .reduce((sum, other) => sum.union(hostLanguage(other)), Language.only());
      // A proxy may or may not fall back to a wildcard where the more specific name has no match.
      const named: Bounds = bytes
        ? protocol === "TLS"
          ? exactly(RequestSet.where(dimension.protocol, only("tcp")))
          : YES
        : both(exactly(RequestSet.where(dimension.protocol, only("http"))), {
            may: ofHosts(hostLanguage(lower)).may,
            must: ofHosts(hostLanguage(lower).minus(above)).must,
          });
      return entriesOf(cluster, route, asker, named, doubts).map(
        ({ entry, condition }, position): Listed => ({
          entry,
          hostname: lower,
          rank: rankOf(condition),
          route,
          position,
        }),
      );
    }),
  );
  return resolved(
    listed.map(({ entry }) => entry),
    (a, b) => (bytes ? "never" : order(listed[a], listed[b])),
  );
}

function entriesOf(
  cluster: Cluster,
  route: GatewayRoute,
  asker: Asker,
  named: Bounds,
  doubts: readonly string[],
): readonly { readonly entry: Entry; readonly condition: RouteCondition | undefined }[] {
  return route.rules.flatMap((rule, index) => {
    const conditions = rule.conditions.length === 0 ? [undefined] : rule.conditions;
    const backends = rule.filters.answers
      ? []
      : [
          ...rule.backends.filter(({ weight }) => weight > 0).map((ref) => leading(cluster, route, rule, ref, false)),
          ...rule.mirrors.map((ref) => leading(cluster, route, rule, ref, true)),
        ];
    const unread = [...rule.filters.unread, ...rule.backends.flatMap(({ filters }) => filters.unread)];
    const own = [
      ...doubts,
      ...unread.map((name) => `the filter \`${name}\` is not followed`),
      ...backends.flatMap(({ doubt }) => (doubt === undefined ? [] : [doubt])),
    ];
    return conditions.map((condition) => {
      const asked = condition === undefined ? YES : conditionBounds(condition, asker);
      const whole = both(named, asked);
      const entry: Entry = {
        object: route.object,
        at: ["spec", "rules", index],
        // What may not be attached surely takes nothing from others.
        matches: doubts.length === 0 ? whole : both(whole, MAYBE),
        path: condition?.path,
        targets: backends.flatMap(({ targets }) => targets),
        doubts: [...own, ...(condition?.unread ?? []).map((name) => `\`matches.${name}\` is not followed`)],
      };
      return { entry, condition };
    });
  });
}

function leading(
  cluster: Cluster,
  route: GatewayRoute,
  rule: GatewayRoute["rules"][number],
  { group, kind, namespace, name, port, filters }: BackendRef,
  mirrored: boolean,
): Backend {
  if (group !== "" || kind !== "Service")
    return { targets: [], doubt: `where the backend ${kind} ${namespace}/${name} leads is not known` };
  if (!granted(cluster, route, namespace, name) || filters.answers) return { targets: [], doubt: undefined };
  return backendOf(
    cluster,
    { namespace, name },
    byServicePort(port),
    changed(changed(UNCHANGED, rule.filters.change), filters.change),
    mirrored,
  );
}

const PATHS = { exact: 3, segments: 2, prefix: 2, present: 2 } as const;

/** Undefined where the specification gives no rank. */
function rankOf(condition: RouteCondition | undefined): readonly (number | undefined)[] {
  const path = condition?.path ?? { kind: "segments", value: "/" };
  const kind = path.kind === "regex" ? undefined : PATHS[path.kind];
  const length = path.kind === "exact" ? 0 : path.value.replace(/\/+$/, "").length;
  return [
    kind,
    kind === undefined ? undefined : length,
    condition?.method === undefined ? 0 : 1,
    condition?.headers.length ?? 0,
    condition?.query.length ?? 0,
  ];
}

function order(a: Listed | undefined, b: Listed | undefined): Order {
  if (a === undefined || b === undefined) return "never";
  if (a.hostname !== b.hostname) {
    const narrower = b.hostname === "*" || below(a.hostname, b.hostname);
    return narrower ? "surely" : "never";
  }
  for (const [i, rank] of a.rank.entries()) {
    const other = b.rank[i];
    if (rank === undefined || other === undefined) {
      return "maybe";
    }
    if (rank !== other) return rank > other ? "surely" : "never";
  }
  if (a.route !== b.route) return "maybe";
  return a.position < b.position ? "surely" : "never";
}

/** Parents that send what is called within the mesh, and let in nothing from outside. */
const isOfMesh = (group: string, kind: string): boolean =>
  (group === "" && kind === "Service") || (group === "networking.istio.io" && kind === "ServiceEntry");

/** Routes to a Gateway that no manifest has, or to another parent, which adds listeners to one. */
function throughAbsent(cluster: Cluster): readonly Routed[] {
  const known = new Set(cluster.gateways.map(({ namespace, name }) => `${namespace}/${name}`));
  return cluster.gatewayRoutes.flatMap((route) => {
    const absent = route.parents.filter(({ group, kind, namespace, name }) =>
      group === GROUP && kind === "Gateway" ? !known.has(`${namespace}/${name}`) : !isOfMesh(group, kind),
    );
    return absent.slice(0, 1).flatMap(({ kind, namespace, name }) => {
      const doubts = [
        kind === "Gateway"
          ? `the Gateway ${namespace}/${name} is not in the manifests`
          : `what the ${kind} ${namespace}/${name} listens for is not read`,
      ];
      const hostnames = route.hostnames.length === 0 ? ["*"] : route.hostnames;
      const protocol = { HTTPRoute: "HTTPS", GRPCRoute: "HTTPS", TLSRoute: "TLS", TCPRoute: "TCP", UDPRoute: "UDP" };
      const listener = { protocol: protocol[route.kind], port: 443 };
      const entrance: Entrance = {
        kind: "gateway-api",
        object: route.object,
        gateway: undefined,
        scheme: isBytes(listener) ? "tcp" : "https",
        port: listener.port,
        podPort: listener.port,
        exact: false,
        calls: undefined,
      };
      return routed(cluster, entrance, tableOf(cluster, [{ route, hostnames, doubts }], listener));
    });
  });
}
