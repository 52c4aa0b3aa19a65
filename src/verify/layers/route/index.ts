/**
 * Where the caller's own sidecar sends a call to a Service, as a layer. A caller that presents its identity has called a
 * Service, so what the routes of the mesh send elsewhere does not arrive with it; the pod's address is another way, which
 * carries no identity and which no route concerns.
 */
import type { Cluster } from "../../../cluster/index.js";
import { intercepts, proxyOf } from "../../istio/presence.js";
import { exposuresOf } from "../../istio/services.js";
import { type Connection, cite, type Layer, type LayerVerdict, open, type Reason, verdict } from "../../layer.js";
import { type MeshRoute, meshLeads, meshRoute, routesMesh } from "../../routes/mesh.js";
import { either, MAYBE, YES } from "../../space/bounds.js";
import { ABSENT, dimension, RequestSet } from "../../space/index.js";
import { outboundMode } from "../egress/registry.js";

const PLAINTEXT = RequestSet.where(dimension.principal, ABSENT);

export function routeLayer(cluster: Cluster): Layer {
  const concerned = routesMesh(cluster);
  return {
    name: "route",
    judge: (connection) => (concerned ? judge(cluster, connection) : open()),
  };
}

function judge(cluster: Cluster, connection: Connection): LayerVerdict {
  const { from, to, port, protocol, by } = connection;
  if (from.kind === "outside" || to.kind === "outside" || protocol !== "TCP") return open();
  const { kind } = proxyOf(cluster, from.workload, from.pod);
  if (kind === "none" || kind === "unmeshed" || kind === "gateway") return open();
  const exposed = exposuresOf(cluster, to.pod, port).filter(({ service }) => by?.includes(service) !== false);
  const routes = exposed.map((call) => meshRoute(cluster, from, call, { pod: to.pod, port }));
  const services = exposed.map(({ service }) => service);
  const leads = by === undefined ? meshLeads(cluster, from, { pod: to.pod, port }, services) : [];
  if (routes.every((one) => one === undefined)) {
    if (leads.length === 0) return open();
    return open(() => leads.map(({ object }) => led(object, to.workload.id)));
  }
  const through = either([...routes.map((one) => one?.gets ?? YES), ...(leads.length > 0 ? [MAYBE] : [])]);
  const address = addressWay(cluster, connection);
  const certain = kind === "sidecar";
  return verdict(
    certain ? RequestSet.any([through.may, ...(address === "no" ? [] : [PLAINTEXT])]) : RequestSet.full,
    RequestSet.any([
      certain || kind === "unknown" ? through.must : RequestSet.empty,
      ...(address === "yes" ? [PLAINTEXT] : []),
    ]),
    () => [
      ...routes.flatMap((one) => (one === undefined ? [] : reasonsOf(one, to.workload.id))),
      ...leads.map(({ object }) => led(object, to.workload.id)),
    ],
  );
}

/** Whether the pod can be called by its address. */
function addressWay(cluster: Cluster, { from, port, by }: Connection): "yes" | "no" | "maybe" {
  if (from.kind === "outside" || (by !== undefined && by.length > 0)) return "no";
  const taken = intercepts(from.pod, "Outbound", port);
  if (taken === false) return "yes";
  const mode = outboundMode(cluster, { namespace: from.workload.namespace, labels: from.pod.labels });
  return taken === undefined ? "maybe" : mode === "ALLOW_ANY" ? "yes" : "no";
}

const led = (object: MeshRoute["objects"][number]["object"], id: string): Reason => ({
  effect: "unknown",
  text: `${cite(object)} leads calls to another host to ${id}`,
  object,
});

function reasonsOf({ gets, entries, objects }: MeshRoute, id: string): readonly Reason[] {
  if (entries.length === 0) {
    const effect = gets.may.isEmpty ? "denies" : "unknown";
    const does =
      effect === "denies"
        ? `sends calls elsewhere than to ${id}`
        : `is not followed, so what it sends to ${id} is not known`;
    return objects.map(({ object }): Reason => ({ effect, text: `${cite(object)} ${does}`, object }));
  }
  return entries.flatMap(({ object, at, doubts, targets }): readonly Reason[] => {
    const span = object.origin.spanOf(at);
    const mirrors = targets.some(({ mirrored, workload }) => mirrored && workload.id === id);
    const text = `${cite(object, span)} ${mirrors ? "mirrors calls" : "leads calls"} to ${id}`;
    const changes = targets.some(({ change }) => change.path !== undefined || change.host !== undefined);
    return [
      { effect: "allows", text, object, span },
      ...doubts.map((doubt): Reason => ({ effect: "unknown", text: doubt, object, span })),
      ...(changes ? [{ effect: "unknown", text: "what it rewrites is not followed", object, span } as const] : []),
    ];
  });
}

/** Whether a route of the mesh concerns calls through one of the Services before the port. */
export function isRouted(cluster: Cluster, { from, to, port, protocol }: Connection): boolean {
  if (from.kind === "outside" || to.kind === "outside" || protocol !== "TCP" || !routesMesh(cluster)) return false;
  if (!["sidecar", "unknown", "ambient"].includes(proxyOf(cluster, from.workload, from.pod).kind)) return false;
  return exposuresOf(cluster, to.pod, port).some(
    (call) => meshRoute(cluster, from, call, { pod: to.pod, port }) !== undefined,
  );
}
