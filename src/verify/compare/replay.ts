/**
 * A witness is replayed before anybody sees it, by the concrete evaluators: first as packets, then as the proxies on the
 * way see the request. Whatever a network plugin may decide either way counts as unknown.
 */
import type { Cluster } from "../../cluster/index.js";
import { exposuresOf } from "../istio/services.js";
import type { Connection, End } from "../layer.js";
import { type Call, replayIstio } from "../replay/istio.js";
import { type NetworkBehaviour, type PacketEnd, packetArrives } from "../replay/network.js";
import type { Request } from "../request.js";

export interface Replay {
  readonly outcome: "allow" | "deny" | "unknown";
  readonly reason: string;
}

const BEHAVIOURS: readonly NetworkBehaviour[] = [true, false].flatMap((blocksMatchPods) =>
  [true, false].map((hostPodsArePods) => ({ blocksMatchPods, hostPodsArePods })),
);

export function replay(cluster: Cluster, connection: Connection, request: Request): Replay {
  const { from, to, port, protocol } = connection;
  if (to.kind === "outside" || from.kind === "outside") {
    return { outcome: "unknown", reason: "what lies outside the cluster is not replayed" };
  }
  const packet = { from: packetEnd(from), to: packetEnd(to), protocol, port };
  const arrivals = new Set(BEHAVIOURS.map((behaviour) => packetArrives(cluster, packet, behaviour)));
  if (!arrivals.has(true)) return { outcome: "deny", reason: "a network policy drops the packet" };
  if (protocol !== "TCP") return arrived(arrivals, { outcome: "allow", reason: "the network lets it through" });
  const replies = waysTo(cluster, connection).map((by) => {
    const call: Call = {
      from: { workload: from.workload, pod: from.pod },
      to: { workload: to.workload, pod: to.pod },
      port,
      by,
      request,
      ...address("sourceAddress", from),
      ...address("destinationAddress", to),
    };
    return replayIstio(cluster, call);
  });
  const best =
    replies.find(({ outcome }) => outcome === "allow") ??
    replies.find(({ outcome }) => outcome === "unknown") ??
    replies[0];
  if (best === undefined) return { outcome: "unknown", reason: "there is no way to call the destination" };
  return arrived(arrivals, { outcome: best.outcome, reason: best.reason });
}

/** An answer holds as far as the network surely delivers. */
function arrived(arrivals: ReadonlySet<boolean>, answer: Replay): Replay {
  if (!arrivals.has(false) || answer.outcome === "deny") return answer;
  return { outcome: "unknown", reason: "network plugins differ in whether the packet arrives" };
}

function packetEnd({ workload, pod }: End & { kind: "pod" }): PacketEnd {
  const [own] = pod.addresses;
  return own === undefined ? { workload, pod } : { workload, pod, address: own };
}

function address<K extends string>(key: K, { pod }: End & { kind: "pod" }): { readonly [key in K]?: string } {
  const [own] = pod.addresses;
  return (own === undefined ? {} : { [key]: own }) as { readonly [key in K]?: string };
}

function waysTo(cluster: Cluster, { to, port }: Connection): readonly Call["by"][] {
  if (to.kind === "outside") return [];
  const services = exposuresOf(cluster, to.pod, port).map(({ service, port: exposed }) => ({
    service: `${service.name}.${service.namespace}`,
    port: exposed.port,
  }));
  return [...services, "address"];
}
