/**
 * A witness is replayed before anybody sees it, by the concrete evaluators: first as packets, then as the proxies on the
 * way see the request. Whatever a network plugin may decide either way counts as unknown.
 */
import type { Cluster } from "../../cluster/index.js";
import { exposuresOf } from "../istio/services.js";
import type { Connection, End } from "../layer.js";
import { type Call, replayIstio } from "../replay/istio.js";
import { proxyBefore } from "../replay/istio-wire.js";
import { routedTo } from "../replay/mesh-route.js";
import { type NetworkBehaviour, type PacketEnd, type PodEnd, packetArrives } from "../replay/network.js";
import { replayOutward } from "../replay/outside.js";
import type { Request } from "../request.js";

export interface Replay {
  readonly outcome: "allow" | "deny" | "unknown";
  readonly reason: string;
}

const BEHAVIOURS: readonly NetworkBehaviour[] = [true, false].flatMap((blocksMatchPods) =>
  [true, false].map((hostPodsArePods) => ({ blocksMatchPods, hostPodsArePods })),
);

/** @param outside addresses outside the cluster, one of each kind that policies tell apart */
export function replay(
  cluster: Cluster,
  connection: Connection,
  request: Request,
  outside: readonly string[] = [],
): Replay {
  const { from, to, port, protocol } = connection;
  if (to.kind === "outside") {
    if (from.kind === "outside" || outside.length === 0) return NOT_REPLAYED;
    return replayOutward(cluster, packetEnd(from), to.name, protocol, port, outside, BEHAVIOURS);
  }
  const ends = from.kind === "pod" ? [packetEnd(from)] : outside.map((address): PacketEnd => ({ address }));
  if (ends.length === 0) return NOT_REPLAYED;
  const arrivals = new Set(
    ends.flatMap((end) =>
      BEHAVIOURS.map((behaviour) =>
        packetArrives(cluster, { from: end, to: packetEnd(to), protocol, port }, behaviour),
      ),
    ),
  );
  if (!arrivals.has(true)) return { outcome: "deny", reason: "a network policy drops the packet" };
  if (protocol !== "TCP") return arrived(arrivals, { outcome: "allow", reason: "the network lets it through" });
  const ways = from.kind === "pod" ? waysTo(cluster, connection) : (["address"] as const);
  const replies = ways.map((by) => {
    const call: Call = {
      from: from.kind === "pod" ? { workload: from.workload, pod: from.pod } : undefined,
      to: { workload: to.workload, pod: to.pod },
      port,
      by,
      request,
      ...(from.kind === "pod" ? address("sourceAddress", from) : {}),
      ...address("destinationAddress", to),
    };
    return through(cluster, call, replayIstio(cluster, call));
  });
  const best =
    replies.find(({ outcome }) => outcome === "allow") ??
    replies.find(({ outcome }) => outcome === "unknown") ??
    replies[0];
  if (best === undefined) return { outcome: "unknown", reason: "there is no way to call the destination" };
  return arrived(arrivals, { outcome: best.outcome, reason: best.reason });
}

/** A call through a Service goes where the routes of the caller's sidecar send it. */
function through(cluster: Cluster, call: Call, answer: Replay): Replay {
  const { from, to, port, by, request } = call;
  if (from === undefined || by === "address" || answer.outcome === "deny") return answer;
  const proxy = proxyBefore(cluster, from);
  if (proxy !== "sidecar" && proxy !== "unknown") return answer;
  const service = cluster.services.find((one) => `${one.name}.${one.namespace}` === by.service);
  const routed = service === undefined ? undefined : routedTo(cluster, from, service, by.port, to, port, request);
  if (routed === undefined || routed.outcome === "there") return answer;
  const sure = routed.outcome === "elsewhere" && proxy === "sidecar";
  return { outcome: sure ? "deny" : "unknown", reason: routed.reason };
}

const NOT_REPLAYED: Replay = { outcome: "unknown", reason: "what lies outside the cluster is not replayed" };

/** An answer holds as far as the network surely delivers. */
function arrived(arrivals: ReadonlySet<boolean>, answer: Replay): Replay {
  if (!arrivals.has(false) || answer.outcome === "deny") return answer;
  return { outcome: "unknown", reason: "whether the packet arrives depends on the network plugin or the address" };
}

function packetEnd({ workload, pod }: End & { kind: "pod" }): PodEnd {
  const [own] = pod.addresses;
  return own === undefined ? { workload, pod } : { workload, pod, address: own };
}

function address<K extends string>(key: K, { pod }: End & { kind: "pod" }): { readonly [key in K]?: string } {
  const [own] = pod.addresses;
  return (own === undefined ? {} : { [key]: own }) as { readonly [key in K]?: string };
}

function waysTo(cluster: Cluster, { to, port, by }: Connection): readonly Call["by"][] {
  if (to.kind === "outside") return [];
  const services = exposuresOf(cluster, to.pod, port)
    .filter(({ service }) => by === undefined || by.includes(service))
    .map(({ service, port: exposed }) => ({ service: `${service.name}.${service.namespace}`, port: exposed.port }));
  return by === undefined || by.length === 0 ? [...services, "address"] : services;
}
