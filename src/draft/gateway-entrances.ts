/** Entrances by route: the Gateway API's and Istio's, each attached to a gateway that faces outside, inside or out again. */
import { type GatewayRoute, selectorOfLabels, type VirtualService } from "../cluster/index.js";
import { type Entrance, type EntranceContext, enter, follow, pathsOf } from "./entrance.js";
import type { DraftOperation } from "./flow-book.js";
import { at, entriesAt, numberAt, textAt } from "./plain.js";

export function addGatewayRoutes(context: EntranceContext): void {
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
        else if (backend.kind === "InferencePool") enterPool(context, entrance, backend);
        else {
          const text = `${entrance.cited} leads to a ${backend.kind}, whose pods the manifests don't show`;
          context.remarks.add("not-understood", `${backend.kind} ${backend.name}`, text, entrance.place());
        }
      }
    }
  }
}

/** An InferencePool selects the pods of its model servers itself (Gateway API Inference Extension). */
function enterPool(
  context: EntranceContext,
  entrance: Entrance,
  { name, namespace }: { name: string; namespace: string },
): void {
  const pool = context.cluster.objects.find(
    (object) =>
      object.kind === "InferencePool" && object.name === name && (object.namespace || namespace) === namespace,
  );
  const spec = at(pool?.origin.value, ["spec"]);
  const written =
    at(spec, ["selector", "matchLabels"]) === undefined
      ? entriesAt(spec, "selector")
      : entriesAt(spec, "selector", "matchLabels");
  const labels = new Map(written.flatMap(([key, value]) => (typeof value === "string" ? [[key, value] as const] : [])));
  const port = numberAt(spec, "targetPorts", 0, "number") ?? numberAt(spec, "targetPortNumber");
  const behind = labels.size === 0 ? [] : context.inventory.matching(namespace, selectorOfLabels(labels));
  if (behind.length === 0 || port === undefined) {
    context.remarks.add("dangling", `InferencePool ${name}`, `named by ${entrance.cited}`, entrance.place());
    return;
  }
  const found = behind.map(({ draft: workload }) => ({ workload, port }));
  for (const { workload } of found) context.inventory.port(workload, port);
  enter(context, entrance, { found, doubt: undefined }, name);
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
  const { answers, change, unread } = rule.filters;
  const rewrites = answers || change.path !== undefined || change.host !== undefined || unread.length > 0;
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

export function addVirtualServices(context: EntranceContext): void {
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
