/**
 * The concrete evaluator for one end outside the cluster: every address that policies tell apart is tried, since which
 * one the name behind it has is not for the manifests to say.
 */
import type { Cluster, Protocol, ServiceEntry } from "../../cluster/index.js";
import { inRegistryOf, passesUnknown } from "./istio.js";
import { captured, type Place, proxyBefore } from "./istio-wire.js";
import type { NetworkBehaviour } from "./network.js";
import { packetArrives } from "./network.js";

export interface Answer {
  readonly outcome: "allow" | "deny" | "unknown";
  readonly reason: string;
}

/** A call of a pod to a host outside. */
export function replayOutward(
  cluster: Cluster,
  from: Place,
  host: string,
  protocol: Protocol,
  port: number,
  addresses: readonly string[],
  behaviours: readonly NetworkBehaviour[],
): Answer {
  const arrivals = new Set(
    addresses.flatMap((address) =>
      behaviours.map((behaviour) => packetArrives(cluster, { from, to: { address }, protocol, port }, behaviour)),
    ),
  );
  if (!arrivals.has(true)) return { outcome: "deny", reason: "a network policy drops the packet" };
  // A sidecar takes in nothing but TCP.
  const proxied: Answer =
    protocol === "TCP"
      ? throughProxy(cluster, from, host, port)
      : { outcome: "allow", reason: "the network lets it through" };
  if (proxied.outcome !== "allow" || !arrivals.has(false)) return proxied;
  return { outcome: "unknown", reason: "whether the packet leaves depends on the address behind the name" };
}

function throughProxy(cluster: Cluster, from: Place, host: string, port: number): Answer {
  const proxy = proxyBefore(cluster, from);
  if (proxy === "unknown")
    return { outcome: "unknown", reason: "whether a proxy stands before the caller is not known" };
  if (proxy !== "sidecar") return { outcome: "allow", reason: "no proxy stands before the caller" };
  const taken = captured(from, "Outbound", port);
  if (taken === false) return { outcome: "allow", reason: "the caller's proxy does not take the connection in" };
  if (passesUnknown(cluster, from))
    return { outcome: "allow", reason: "the caller's proxy lets unknown hosts through" };
  const entry = cluster.serviceEntries.find(
    (one) => names(one, host, port) && isSeen(one, from) && inRegistryOf(cluster, from, host, one.namespace, port),
  );
  if (entry !== undefined)
    return { outcome: "allow", reason: `ServiceEntry ${entry.namespace}/${entry.name} names the host` };
  if (taken === undefined) return { outcome: "unknown", reason: "what the caller's proxy takes in is not known" };
  return { outcome: "deny", reason: "the caller's proxy knows no such host" };
}

function names({ hosts, ports }: ServiceEntry, host: string, port: number): boolean {
  const fits = hosts.some((one) => one === host || (one.startsWith("*") && host.endsWith(one.slice(1))));
  return fits && (ports.length === 0 || ports.some(({ number }) => number === port));
}

function isSeen({ exportTo, namespace }: ServiceEntry, { workload }: Place): boolean {
  if (exportTo.length === 0) return true;
  return exportTo.some(
    (to) => to === "*" || to === workload.namespace || (to === "." && namespace === workload.namespace),
  );
}
