/** Ways through Istio's Gateways: each server takes hosts on a port, and the VirtualServices bound to it lead on. */
import { type Cluster, endpointsOf, type IstioGateway, NO_CHANGE, type VirtualService } from "../../cluster/index.js";
import { cite, type Reason } from "../layer.js";
import { MAYBE, YES } from "../space/bounds.js";
import { beforeChange } from "./change.js";
import type { Asker } from "./condition.js";
import { podPortsOf, podsWith } from "./gateways.js";
import { doubtReasons, gated, type Resolved, type Target } from "./table.js";
import { type Bound, byteEntries, httpEntries, meeting } from "./virtual-service.js";
import type { Entrance, Routed, Way } from "./way.js";

type Server = IstioGateway["servers"][number];

export function istioWays(cluster: Cluster): readonly Routed[] {
  return [...throughDeclared(cluster), ...throughAbsent(cluster)];
}

function throughDeclared(cluster: Cluster): readonly Routed[] {
  return cluster.istioGateways.flatMap((gateway) => {
    const pods = podsWith(cluster, gateway.selector);
    return gateway.servers.flatMap((server) => {
      const seats = pods.length === 0 ? [undefined] : pods;
      const places = seats.flatMap((seat) =>
        (seat === undefined ? [server.port] : podPortsOf(cluster, seat, server.port)).map((podPort) => ({
          seat,
          podPort,
        })),
      );
      return places.flatMap(({ seat, podPort }): readonly Routed[] => {
        const entrance: Entrance = {
          kind: "istio",
          object: gateway.object,
          gateway: seat,
          scheme: schemeOf(server),
          port: server.port,
          podPort,
          exact: true,
          calls: "service",
        };
        const asker: Asker = {
          gateway: `${gateway.namespace}/${gateway.name}`,
          namespace: seat?.workload.namespace,
          labels: seat?.pod.labels,
          port: server.port,
        };
        if (server.tlsMode === "AUTO_PASSTHROUGH") return [{ entrance, ways: anywhere(cluster, entrance) }];
        const bound = cluster.virtualServices.flatMap((one) => boundTo(gateway, server, one, seat?.workload.namespace));
        return routed(cluster, entrance, tableOf(cluster, server, bound, asker));
      });
    });
  });
}

/** VirtualServices for a Gateway that no manifest has. */
function throughAbsent(cluster: Cluster): readonly Routed[] {
  const known = new Set(cluster.istioGateways.map(({ namespace, name }) => `${namespace}/${name}`));
  return cluster.virtualServices.flatMap((service) => {
    const gateway = service.gateways
      .filter((name) => name !== "mesh")
      .map((name) => (name.includes("/") ? name : `${service.namespace}/${name}`))
      .find((name) => !known.has(name));
    if (gateway === undefined) return [];
    const doubts = [`the Gateway ${gateway} is not in the manifests`];
    const bound = [{ service, hosts: meeting(service.hosts, ["*"]), doubts }];
    const asker: Asker = { gateway, namespace: undefined, labels: undefined, port: undefined };
    const entrance = (scheme: "https" | "tcp"): Entrance => ({
      kind: "istio",
      object: service.object,
      gateway: undefined,
      scheme,
      port: 443,
      podPort: 443,
      exact: true,
      calls: "service",
    });
    const bytes = (["tls", "tcp"] as const).flatMap((kind) => byteEntries(cluster, bound, asker, kind));
    return [
      ...routed(cluster, entrance("https"), httpEntries(cluster, bound, asker)),
      ...routed(cluster, entrance("tcp"), bytes),
    ];
  });
}

const isPassthrough = ({ protocol, tlsMode }: Server): boolean =>
  tlsMode === "PASSTHROUGH" && /^(TLS|HTTPS)$/i.test(protocol);
const isHttp = ({ protocol }: Server): boolean => /^(HTTP|HTTP2|HTTPS|GRPC|GRPC-WEB)$/i.test(protocol);

function schemeOf(server: Server): Entrance["scheme"] {
  if (isPassthrough(server) || !isHttp(server)) return "tcp";
  return server.tlsMode === undefined ? "http" : "https";
}

function tableOf(cluster: Cluster, server: Server, bound: readonly Bound[], asker: Asker): readonly Resolved[] {
  if (isPassthrough(server)) return byteEntries(cluster, bound, asker, "tls");
  if (!isHttp(server)) return byteEntries(cluster, bound, asker, "tcp");
  return server.httpsRedirect ? [] : httpEntries(cluster, bound, asker);
}

/** A server says from which namespaces it takes VirtualServices: `namespace/host`, `./host`, or `host`. */
function boundTo(
  gateway: IstioGateway,
  server: Server,
  service: VirtualService,
  reader: string | undefined,
): readonly Bound[] {
  const names = service.gateways.includes(`${gateway.namespace}/${gateway.name}`);
  if (!names && !(service.namespace === gateway.namespace && service.gateways.includes(gateway.name))) return [];
  const taken = server.hosts.flatMap((entry) => {
    const slash = entry.indexOf("/");
    if (slash === -1) return [entry];
    const space = entry.slice(0, slash);
    const fits =
      space === "*" || space === service.namespace || (space === "." && service.namespace === gateway.namespace);
    return fits ? [entry.slice(slash + 1)] : [];
  });
  const hosts = meeting(service.hosts, taken);
  if (hosts.length === 0) return [];
  const shown =
    service.exportTo.length === 0 ||
    service.exportTo.some((to) => to === "*" || to === reader || (to === "." && reader === service.namespace));
  const doubts = [
    ...(shown ? [] : ["its `exportTo` does not name the gateway's namespace"]),
    ...(/^(MUTUAL|ISTIO_MUTUAL)$/.test(server.tlsMode ?? "") ? ["the gateway asks for a client's certificate"] : []),
  ];
  return [{ service, hosts, doubts }];
}

export function routed(cluster: Cluster, entrance: Entrance, table: readonly Resolved[]): readonly Routed[] {
  return table.length === 0 ? [] : [{ entrance, ways: table.flatMap((row) => waysOf(cluster, entrance, row)) }];
}

function waysOf(cluster: Cluster, entrance: Entrance, { entry, gets }: Resolved): readonly Way[] {
  if (gets.may.isEmpty) return [];
  return entry.targets.map((to): Way => {
    const certain = to.certain && entry.doubts.length === 0;
    const mode = cluster.mesh.pathNormalization;
    return {
      entrance,
      object: entry.object,
      to,
      sent: gated(gets, certain),
      passes: YES,
      before: beforeChange(to.change, entry.path, mode),
      beforePath:
        to.change.path === undefined
          ? undefined
          : beforeChange({ ...NO_CHANGE, path: to.change.path }, entry.path, mode),
      sources: undefined,
      reasons: () => [leads(entrance, entry, to), ...doubtReasons(entry)],
    };
  });
}

export function leads(entrance: Entrance, entry: Resolved["entry"], { workload, port, mirrored }: Target): Reason {
  const through = entrance.object === entry.object ? "" : `, bound to ${cite(entrance.object)},`;
  const span = entry.object.origin.spanOf(entry.at);
  return {
    effect: "allows",
    text: `${cite(entry.object, span)}${through} ${mirrored ? "mirrors requests" : "leads"} to port ${port} of ${workload.id}`,
    object: entry.object,
    span,
  };
}

/** AUTO_PASSTHROUGH leads to whatever Service the server name is made of. */
function anywhere(cluster: Cluster, entrance: Entrance): readonly Way[] {
  return cluster.services.flatMap((service) =>
    endpointsOf(cluster, service).flatMap(({ workload, pod, port, servicePort: { protocol } }): Way[] => {
      if (port === undefined) return [];
      const to = { workload, pod, port, protocol, service, certain: false, mirrored: false, change: NO_CHANGE };
      const text = `${cite(entrance.object)} leads to any Service by the name that a client asks for (AUTO_PASSTHROUGH)`;
      const reasons = (): readonly Reason[] => [{ effect: "unknown", text, object: entrance.object }];
      return [
        {
          entrance,
          object: entrance.object,
          to,
          sent: MAYBE,
          passes: YES,
          before: () => MAYBE,
          beforePath: undefined,
          sources: undefined,
          reasons,
        },
      ];
    }),
  );
}
