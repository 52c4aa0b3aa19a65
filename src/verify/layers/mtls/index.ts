/** Mutual TLS as a layer: what the destination demands of a connection, and what the source presents on it. */
import type { Cluster } from "../../../cluster/index.js";
import { inNamespace, seatOf, unreadable } from "../../istio/attachment.js";
import { extensionsOn } from "../../istio/extensions.js";
import { intercepts, type Presence, proxyOf } from "../../istio/presence.js";
import { type Connection, cite, type Layer, type LayerVerdict, open, type Reason, verdict } from "../../layer.js";
import { ABSENT, dimension, RequestSet } from "../../space/index.js";
import { presentedBy } from "./client.js";
import { type Demand, demandOf, type Mode } from "./server.js";

export { presentedBy } from "./client.js";
export { type Demand, demandOf } from "./server.js";

const KINDS = new Set(["PeerAuthentication"]);
const PLAINTEXT = RequestSet.where(dimension.principal, ABSENT);
const MUTUAL = PLAINTEXT.complement();
const ACCEPTED: Record<Mode, RequestSet> = { STRICT: MUTUAL, PERMISSIVE: RequestSet.full, DISABLE: PLAINTEXT };

export function mtlsLayer(cluster: Cluster): Layer {
  return {
    name: "mtls",
    judge(connection) {
      if (connection.to.kind === "outside" || connection.protocol !== "TCP") return open();
      const { workload, pod } = connection.to;
      return judge(cluster, connection, proxyOf(cluster, workload, pod));
    },
  };
}

function judge(cluster: Cluster, connection: Connection, destination: Presence): LayerVerdict {
  if (connection.to.kind === "outside") return open();
  const { workload, pod } = connection.to;
  const { worlds, because } = presentedBy(cluster, connection, destination);
  const given = [{ dimension: dimension.principal, worlds }];
  const said = (reason: Reason) => () => [reason, { effect: "note", text: because } as const];
  const about = destination.object === undefined ? {} : { object: destination.object };
  if (destination.kind === "unmeshed") return verdict(PLAINTEXT, PLAINTEXT, undefined, given);
  if (destination.kind === "none") {
    const text = `nothing demands mutual TLS of ${workload.id}: ${destination.because}`;
    return verdict(PLAINTEXT, PLAINTEXT, said({ effect: "note", text, ...about }), given);
  }
  if (destination.kind === "gateway") {
    const text = `${workload.id} is a gateway, which terminates TLS as its listeners say`;
    return verdict(RequestSet.full, RequestSet.full, said({ effect: "note", text, ...about }), given);
  }
  const intercepted = destination.kind === "ambient" ? true : intercepts(pod, "Inbound", connection.port);
  if (intercepted === false) {
    const text = `port ${connection.port} of ${workload.id} is excluded from its sidecar`;
    return verdict(PLAINTEXT, PLAINTEXT, said({ effect: "note", text, object: workload.object }), given);
  }
  const demand = demandOf(cluster, workload, pod, connection.port);
  // ztunnel knows no DISABLE: it takes both then.
  const sets = demand.modes.map(
    (mode) => ACCEPTED[mode === "DISABLE" && destination.kind === "ambient" ? "PERMISSIVE" : mode],
  );
  const unread = unreadable(cluster, workload.namespace, KINDS);
  const certain = destination.kind !== "unknown" && intercepted === true;
  if (!certain) sets.push(PLAINTEXT);
  const rewritten = extensionsOn(
    cluster,
    seatOf(workload, pod, destination.kind === "ambient" ? "ambient" : "sidecar"),
  ).filter(({ object }) => object.kind === "EnvoyFilter");
  const open_ = unread !== undefined || rewritten.length > 0;
  const may = open_ ? RequestSet.full : RequestSet.any(sets);
  const must = open_ ? RequestSet.empty : RequestSet.all(sets);
  const tls = tlsOfSidecar(cluster, connection);
  if (tls !== undefined) return verdict(RequestSet.full, RequestSet.empty, said(tls), given);
  return verdict(
    may,
    must,
    () => [
      describe(demand, workload.id, connection.port),
      { effect: "note", text: because },
      ...(certain
        ? []
        : [{ effect: "unknown", text: `whether a proxy demands it is not known: ${destination.because}` } as const]),
      ...(unread === undefined
        ? []
        : [{ effect: "unknown", text: "a PeerAuthentication could not be read", span: unread.at } as const]),
      ...rewritten.map(
        ({ object }): Reason => ({
          effect: "unknown",
          text: `${cite(object)} may change what the proxy listens to`,
          object,
        }),
      ),
    ],
    given,
  );
}

/** A Sidecar that sets TLS for the port replaces what PeerAuthentication says; with which effect is not modelled. */
function tlsOfSidecar(cluster: Cluster, { to, port }: Connection): Reason | undefined {
  if (to.kind === "outside") return undefined;
  const { workload, pod } = to;
  const found = inNamespace(cluster.sidecars, workload.namespace).find(
    ({ selector, ingress }) =>
      (selector === undefined || [...selector].every(([key, value]) => pod.labels.get(key) === value)) &&
      ingress.some((listener) => listener.tlsMode !== undefined && listener.port === port),
  );
  if (found === undefined) return undefined;
  return { effect: "unknown", text: `${cite(found.object)} sets TLS for port ${port} itself`, object: found.object };
}

function describe({ modes, policies }: Demand, id: string, port: number): Reason {
  const [policy] = policies;
  const effect = modes.length > 1 ? "unknown" : modes[0] === "STRICT" ? "denies" : "note";
  const word = modes.join(" or ");
  if (policy === undefined)
    return { effect, text: `no PeerAuthentication concerns ${id}: the default is PERMISSIVE, so plaintext gets in` };
  const sources = policies.map(({ object }) => cite(object)).join(", ");
  const meaning =
    modes[0] === "STRICT"
      ? "plaintext is refused"
      : modes[0] === "DISABLE"
        ? "mutual TLS is refused"
        : "plaintext gets in";
  const text = `port ${port} of ${id} is ${word} by ${sources}${modes.length === 1 ? `: ${meaning}` : "; which one is older is not known"}`;
  return { effect, text, object: policy.object };
}
