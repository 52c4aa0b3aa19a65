/**
 * Where calls come in from outside: Services with an outside address, Ingresses, OpenShift Routes, routes of the
 * Gateway API and of Istio. Each leads to workloads, and the routes say which paths they let through.
 */
import { describeObject, type KubeObject } from "../cluster/index.js";
import { destinationsOf } from "./destinations.js";
import { type Entrance, type EntranceContext, enter, follow, pathsOf } from "./entrance.js";
import { addGatewayRoutes, addVirtualServices } from "./gateway-entrances.js";
import { listAt } from "./plain.js";

export function addEntrances(context: EntranceContext): void {
  addServices(context);
  addIngresses(context);
  addRoutes(context);
  addGatewayRoutes(context);
  addVirtualServices(context);
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
      enter(context, entrance, destinationsOf(context.inventory, { service, port }), service.name);
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
      enter(context, entrance, destinationsOf(context.inventory, { service: meaning.service, port }), name);
    }
  }
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
