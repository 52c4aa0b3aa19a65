/**
 * Where calls come in from outside: Services with an outside address, Ingresses, OpenShift Routes, routes of the
 * Gateway API and of Istio. Each leads to workloads, and the routes say which paths they let through.
 */
import { describeObject, type GatewayRoute, type KubeObject, type VirtualService } from "../cluster/index.js";
import type { Span } from "../diagnostics/index.js";
import type { CallContext } from "./calls.js";
import { type Destinations, destinationsOf } from "./destinations.js";
import type { DraftOperation } from "./flow-book.js";
import type { DraftWorkload } from "./inventory.js";
import { at, listAt, textAt } from "./plain.js";

export interface EntranceContext extends CallContext {
  /** the identity provider whose tokens a workload asks its callers for, if one */
  readonly identityOf: (workload: DraftWorkload) => string | undefined;
}

interface Entrance {
  readonly cited: string;
  readonly place: () => Span;
  readonly edgeTls: boolean;
  /** undefined: every request */
  readonly operations: readonly DraftOperation[] | undefined;
}

export function addEntrances(context: EntranceContext): void {
  addServices(context);
  addIngresses(context);
  addRoutes(context);
  addGatewayRoutes(context);
  addVirtualServices(context);
}

function enter(context: EntranceContext, entrance: Entrance, { found, doubt }: Destinations, subject: string): void {
  if (doubt !== undefined)
    context.remarks.add(doubt.topic, subject, `${entrance.cited}: ${doubt.text}`, entrance.place());
  for (const { workload, port } of found) {
    const users = context.outside.users(context.identityOf(workload));
    context.flows.add({
      from: users.name,
      to: workload.name,
      port,
      evidence: { text: entrance.cited, place: entrance.place },
      authority: "entrance",
      operations: entrance.operations,
      edgeTls: entrance.edgeTls,
    });
  }
}

/** Follows a backend's name from the namespace of the object that names it. */
function follow(
  context: EntranceContext,
  entrance: Entrance,
  host: string,
  namespace: string,
  port: number | string | undefined,
): void {
  const meaning = context.names.meaningOf(host, namespace);
  if (meaning.kind === "service") {
    enter(context, entrance, destinationsOf(context.cluster, context.inventory, meaning.service, port), host);
  } else if (meaning.kind === "custom") {
    const workload = context.inventory.ofCustom(meaning.part);
    const number = (typeof port === "number" ? meaning.ports.get(port) : undefined) ?? [...meaning.ports.values()][0];
    const found = workload === undefined || number === undefined ? [] : [{ workload, port: number }];
    enter(context, entrance, { found, doubt: undefined }, host);
  } else if (meaning.kind === "dangling" || meaning.kind === "outside") {
    context.remarks.add("dangling", host, `named by ${entrance.cited}`, entrance.place());
  }
}

function addServices(context: EntranceContext): void {
  for (const service of context.cluster.services) {
    const open = service.type === "LoadBalancer" || service.type === "NodePort" || service.externalAddresses.length > 0;
    if (!open || service.type === "ExternalName") continue;
    const how = service.type === "ClusterIP" ? "with externalIPs" : `of type ${service.type}`;
    const place = () => service.object.origin.spanOf(["spec", service.type === "ClusterIP" ? "externalIPs" : "type"]);
    for (const { port, protocol } of service.ports) {
      if (protocol !== "TCP") {
        context.remarks.add("undrafted", `Service ${service.name}`, `port ${port} is ${protocol}`, place());
        continue;
      }
      const entrance = { cited: `Service ${service.name} ${how}`, place, edgeTls: port === 443, operations: undefined };
      enter(context, entrance, destinationsOf(context.cluster, context.inventory, service, port), service.name);
    }
  }
}

/** Annotations by which a controller changes paths: then the workload sees others than the Ingress names. */
const REWRITES =
  /(?:rewrite-target|use-regex|app-root|strip-prefix|rewrite|redirect-regex|middlewares|url-rewrite|configuration-snippet|server-snippet)/;

function addIngresses(context: EntranceContext): void {
  for (const ingress of context.cluster.ingresses) {
    const name = `Ingress ${ingress.name}`;
    const rewritten = [...ingress.object.annotations.keys()].some((key) => REWRITES.test(key));
    const place = (object: KubeObject) => () => object.origin.spanOf(["spec"]);
    const add = (
      backend: { service: string; port: number | string | undefined },
      operations: Entrance["operations"],
      host: string | undefined,
    ) => {
      const edgeTls = ingress.tlsHosts.length > 0 && (host === undefined || ingress.tlsHosts.includes(host));
      const entrance = { cited: name, place: place(ingress.object), edgeTls, operations };
      follow(context, entrance, backend.service, ingress.namespace, backend.port);
    };
    if (ingress.defaultBackend !== undefined) add(ingress.defaultBackend, undefined, undefined);
    for (const { path, pathType, backend, host } of ingress.paths) {
      if (backend === undefined) continue;
      const paths =
        rewritten || pathType === "ImplementationSpecific" ? undefined : pathsOf(path, pathType === "Prefix");
      add(backend, paths === undefined ? undefined : [{ paths }], host);
    }
  }
}

function addRoutes(context: EntranceContext): void {
  for (const route of context.cluster.routes) {
    const place = () => route.object.origin.spanOf(["spec"]);
    const entrance = {
      cited: `Route ${route.name}`,
      place,
      edgeTls: route.termination !== undefined,
      operations: undefined,
    };
    for (const name of route.services) {
      const meaning = context.names.meaningOf(name, route.namespace);
      if (meaning.kind !== "service") {
        context.remarks.add("dangling", name, `named by Route ${route.name}`, place());
        continue;
      }
      // a Route names the target port: the Service's port that leads there is meant
      const port = meaning.service.ports.find(
        ({ targetPort, name: own }) => targetPort === route.targetPort || own === route.targetPort,
      )?.port;
      enter(context, entrance, destinationsOf(context.cluster, context.inventory, meaning.service, port), name);
    }
  }
}

/** Paths as the workflow file writes them; undefined where every path is meant or the form has no counterpart. */
export function pathsOf(path: string, prefix: boolean): readonly string[] | undefined {
  const plain = path.replace(/\/+$/, "");
  if (prefix && plain === "") return undefined;
  return prefix ? [plain, `${plain}/**`] : [path];
}

function addGatewayRoutes(context: EntranceContext): void {
  for (const route of context.cluster.gatewayRoutes) {
    const parents = route.parents.filter(({ kind }) => kind === "Gateway");
    const gateways = parents.map((parent) => ({ parent, tls: gatewayTls(context, parent) }));
    const real = gateways.filter(({ tls }) => tls !== "waypoint");
    if (real.length === 0) continue;
    for (const { parent, tls } of real) {
      if (tls !== "unknown") continue;
      const text = `${route.kind} ${route.name} attaches to the Gateway ${parent.name}, which is not among the manifests: it is taken for one that outside clients reach`;
      context.remarks.add("assumed", parent.name, text, route.object.origin.spanOf(["spec", "parentRefs"]));
    }
    for (const [index, rule] of route.rules.entries()) {
      const entrance = {
        cited: `${route.kind} ${route.name}`,
        place: () => route.object.origin.spanOf(["spec", "rules", index]),
        edgeTls: real.every(({ tls }) => tls === true),
        operations: operationsOfRule(route, rule),
      };
      for (const backend of rule.backends) {
        if (backend.kind === "Service") follow(context, entrance, backend.name, backend.namespace, backend.port);
        else {
          const text = `${entrance.cited} leads to a ${backend.kind}, whose pods the manifests don't show`;
          context.remarks.add("not-understood", `${backend.kind} ${backend.name}`, text, entrance.place());
        }
      }
    }
  }
}

function gatewayTls(
  context: EntranceContext,
  parent: GatewayRoute["parents"][number],
): boolean | "waypoint" | "unknown" {
  const gateway = context.cluster.gateways.find(
    ({ name, namespace }) => name === parent.name && namespace === parent.namespace,
  );
  if (gateway === undefined) return "unknown";
  if (/waypoint/.test(gateway.className)) return "waypoint";
  const listeners = gateway.listeners.filter(
    ({ name }) => parent.sectionName === undefined || name === parent.sectionName,
  );
  return (
    listeners.length > 0 && listeners.every(({ protocol, tlsMode }) => protocol === "HTTPS" || tlsMode !== undefined)
  );
}

function operationsOfRule(
  route: GatewayRoute,
  rule: GatewayRoute["rules"][number],
): readonly DraftOperation[] | undefined {
  const rewrites = rule.filters.some((filter) =>
    ["URLRewrite", "RequestRedirect", "ExtensionRef"].includes(textAt(filter, "type") ?? ""),
  );
  if (rewrites || rule.matches.length === 0) return undefined;
  const operations: DraftOperation[] = [];
  for (const match of rule.matches) {
    if (route.kind === "GRPCRoute") {
      const [service, method] = [textAt(match, "method", "service"), textAt(match, "method", "method")];
      if (service === undefined || textAt(match, "method", "type") === "RegularExpression") return undefined;
      operations.push({ paths: [`/${service}/${method ?? "*"}`] });
      continue;
    }
    const type = textAt(match, "path", "type") ?? "PathPrefix";
    const value = textAt(match, "path", "value") ?? "/";
    const paths = type === "RegularExpression" ? undefined : pathsOf(value, type === "PathPrefix");
    const method = textAt(match, "method");
    if (paths === undefined && method === undefined) return undefined;
    operations.push({
      ...(method === undefined ? {} : { methods: [method] }),
      ...(paths === undefined ? {} : { paths }),
    });
  }
  return operations;
}

function addVirtualServices(context: EntranceContext): void {
  for (const service of context.cluster.virtualServices) {
    const gateways = service.gateways.filter((name) => name !== "mesh");
    if (gateways.length === 0) continue;
    const tls = gateways.map((name) => istioGatewayTls(context, service, name));
    const real = tls.filter((one) => one !== "egress");
    if (real.length === 0) continue;
    if (real.includes("unknown")) {
      const text = `VirtualService ${service.name} names a gateway that is not among the manifests: it is taken for one that outside clients reach`;
      context.remarks.add("assumed", gateways.join(", "), text, service.object.origin.spanOf(["spec", "gateways"]));
    }
    for (const protocol of ["http", "tls", "tcp"] as const) {
      for (const [index, route] of service[protocol].entries()) {
        const entrance = {
          cited: `VirtualService ${service.name}`,
          place: () => service.object.origin.spanOf(["spec", protocol, index]),
          edgeTls: real.every((one) => one === true),
          operations: protocol === "http" && !route.rewrite ? operationsOfMatches(route.match) : undefined,
        };
        for (const { host, port } of route.destinations) follow(context, entrance, host, service.namespace, port);
      }
    }
  }
}

function istioGatewayTls(
  context: EntranceContext,
  service: VirtualService,
  reference: string,
): boolean | "egress" | "unknown" {
  const [namespace, name] = reference.includes("/") ? reference.split("/") : [service.namespace, reference];
  const gateway = context.cluster.istioGateways.find((one) => one.name === name && one.namespace === namespace);
  if (gateway === undefined) return /egress/.test(reference) ? "egress" : "unknown";
  if ([...gateway.selector.values()].some((value) => /egress/.test(value))) return "egress";
  return (
    gateway.servers.length > 0 &&
    gateway.servers.every(({ protocol, httpsRedirect }) => /^(?:HTTPS|TLS)$/.test(protocol) || httpsRedirect)
  );
}

function operationsOfMatches(matches: readonly unknown[] | undefined): readonly DraftOperation[] | undefined {
  if (matches === undefined || matches.length === 0) return undefined;
  const operations: DraftOperation[] = [];
  for (const match of matches) {
    const [exact, prefix] = [textAt(match, "uri", "exact"), textAt(match, "uri", "prefix")];
    const regex = at(match, ["uri", "regex"]);
    const method = textAt(match, "method", "exact");
    const paths =
      exact !== undefined ? pathsOf(exact, false) : prefix !== undefined ? pathsOf(prefix, true) : undefined;
    if (regex !== undefined || (paths === undefined && method === undefined)) return undefined;
    operations.push({
      ...(method === undefined ? {} : { methods: [method] }),
      ...(paths === undefined ? {} : { paths }),
    });
  }
  return operations;
}

/** Host names under which the workloads are reached, by what the entrances say. */
export function entranceHosts(cluster: EntranceContext["cluster"]): ReadonlySet<string> {
  const hosts = [
    ...cluster.ingresses.flatMap(({ paths, tlsHosts }) => [...paths.map(({ host }) => host), ...tlsHosts]),
    ...cluster.routes.map(({ host }) => host),
    ...cluster.gatewayRoutes.flatMap(({ hostnames }) => hostnames),
    ...cluster.gateways.flatMap(({ listeners }) => listeners.map(({ hostname }) => hostname)),
    ...cluster.istioGateways.flatMap(({ servers }) =>
      servers.flatMap(({ hosts: own }) => own.map((host) => host.split("/").at(-1))),
    ),
    ...cluster.virtualServices
      .filter(({ gateways }) => gateways.some((name) => name !== "mesh" && !/egress/.test(name)))
      .flatMap(({ hosts: own }) => own),
    ...cluster.objects
      .filter(({ kind }) => kind === "Certificate")
      .flatMap(({ origin }) => listAt(origin.value, "spec", "dnsNames").map(String)),
  ];
  return new Set(
    hosts.filter((host): host is string => host?.includes(".") === true).map((host) => host.toLowerCase()),
  );
}

/** Ports of nodes that lead into a pod past every Service. */
export function remarkHostPorts(context: EntranceContext): void {
  for (const draft of context.inventory.workloads) {
    for (const pod of draft.source?.pods.slice(0, 1) ?? []) {
      if (pod.hostNetwork) {
        const place = pod.origin.spanOf([...pod.path, "spec", "hostNetwork"]);
        context.remarks.add(
          "undrafted",
          draft.name,
          "runs in the network of its node, where no policy of pods holds",
          place,
        );
      }
      for (const container of pod.containers) {
        for (const { hostPort, port } of container.ports) {
          if (hostPort === undefined || pod.hostNetwork) continue;
          const place = pod.origin.spanOf([...container.path, "ports"]);
          const of = draft.source === undefined ? draft.name : describeObject(draft.source.object);
          context.remarks.add(
            "undrafted",
            draft.name,
            `${of} opens port ${hostPort} of its nodes for port ${port}`,
            place,
          );
        }
      }
    }
  }
}
