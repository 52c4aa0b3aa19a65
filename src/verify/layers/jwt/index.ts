/** RequestAuthentication as a layer: which tokens, of which issuers and audiences, the destination's proxy lets pass. */
import type { Cluster, Pod } from "../../../cluster/index.js";
import { seatOf, unreadable } from "../../istio/attachment.js";
import { extensionsOn } from "../../istio/extensions.js";
import { intercepts, proxyOf } from "../../istio/presence.js";
import { inboundChains } from "../../istio/services.js";
import { type Connection, cite, type Layer, type LayerVerdict, open, type Reason, verdict } from "../../layer.js";
import { dimension, only, RequestSet } from "../../space/index.js";
import { acceptedBy, type JwtFilter, jwtFilterOn } from "./filter.js";

const KINDS = new Set(["RequestAuthentication"]);
const BYTES = RequestSet.where(dimension.protocol, only("tcp"));

export function jwtLayer(cluster: Cluster): Layer {
  const verdicts = new WeakMap<Pod, Map<number, LayerVerdict>>();
  return {
    name: "jwt",
    judge(connection) {
      if (connection.to.kind === "outside" || connection.protocol !== "TCP") return open();
      let ports = verdicts.get(connection.to.pod);
      if (ports === undefined) {
        ports = new Map();
        verdicts.set(connection.to.pod, ports);
      }
      let known = ports.get(connection.port);
      if (known === undefined) {
        known = judge(cluster, connection.to, connection.port);
        ports.set(connection.port, known);
      }
      return known;
    },
  };
}

function judge(cluster: Cluster, { workload, pod }: Connection["to"] & { kind: "pod" }, port: number): LayerVerdict {
  const presence = proxyOf(cluster, workload, pod);
  if (presence.kind === "none" || presence.kind === "unmeshed" || presence.kind === "ambient") return open();
  const seat = seatOf(workload, pod, presence.kind === "gateway" ? "gateway" : "sidecar");
  const filter = jwtFilterOn(cluster, seat);
  const unread = unreadable(cluster, workload.namespace, KINDS);
  if (filter === undefined && unread === undefined) return open();
  const intercepted = presence.kind === "gateway" ? true : intercepts(pod, "Inbound", port);
  if (intercepted === false) return open();
  const accepted = filter === undefined ? RequestSet.full : acceptedBy(filter);
  const sets = inboundChains(cluster, pod, port).map((chain) =>
    chain === "http" ? accepted : chain === "tcp" ? RequestSet.full : accepted.union(BYTES),
  );
  const extensions = extensionsOn(cluster, seat);
  const certain = presence.kind !== "unknown" && intercepted === true && unread === undefined;
  const may =
    certain && extensions.every(({ effect }) => effect === "restricts") ? RequestSet.any(sets) : RequestSet.full;
  const must = unread === undefined && extensions.length === 0 ? RequestSet.all(sets) : RequestSet.empty;
  return verdict(may, must, () => [
    ...(filter === undefined ? [] : describe(filter)),
    ...extensions.map(
      ({ object }): Reason => ({
        effect: "unknown",
        text: `${cite(object)} changes the proxy in ways that are not evaluated`,
        object,
      }),
    ),
    ...(unread === undefined
      ? []
      : [{ effect: "unknown", text: "a RequestAuthentication could not be read", span: unread.at } as const]),
    ...(presence.kind === "unknown"
      ? [{ effect: "unknown", text: `whether a proxy checks tokens is not known: ${presence.because}` } as const]
      : []),
  ]);
}

function describe({ policies }: JwtFilter): readonly Reason[] {
  return policies.map((object) => {
    const issuers = object.rules.map(({ issuer }) => `\`${issuer}\``).join(", ");
    return {
      effect: "note",
      text: `${cite(object.object)} refuses tokens of other issuers than ${issuers}; a request without a token passes it`,
      object: object.object,
    };
  });
}
