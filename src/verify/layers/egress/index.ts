/**
 * The mesh's own limit on what a workload calls. It is the caller's proxy that enforces it, so it holds for an
 * application that plays by the rules of its pod; a network policy is what holds for one that does not.
 */
import type { Cluster } from "../../../cluster/index.js";
import { unreadable } from "../../istio/attachment.js";
import { otherNames } from "../../istio/other-names.js";
import { intercepts, proxyOf } from "../../istio/presence.js";
import { exposuresOf, serviceHost } from "../../istio/services.js";
import {
  type Connection,
  cite,
  closed,
  type Layer,
  type LayerVerdict,
  open,
  type Reason,
  unknown,
  verdict,
} from "../../layer.js";
import { RequestSet } from "../../space/index.js";
import { type Caller, entriesFor, imports, matchesName, outboundMode, sidecarFor } from "./registry.js";

const KINDS = new Set(["Sidecar", "ServiceEntry"]);

export function egressLayer(cluster: Cluster): Layer {
  return { name: "egress", judge: (connection) => judge(cluster, connection) };
}

function judge(cluster: Cluster, connection: Connection): LayerVerdict {
  if (connection.from.kind === "outside" || connection.protocol !== "TCP") return open();
  const { workload, pod } = connection.from;
  const presence = proxyOf(cluster, workload, pod);
  if (presence.kind !== "sidecar" && presence.kind !== "unknown") return open();
  const caller: Caller = { namespace: workload.namespace, labels: pod.labels };
  if (outboundMode(cluster, caller) === "ALLOW_ANY") return open();
  const ways = waysOut(cluster, connection, caller);
  if (ways.length > 0) return open(() => ways.map((way) => way()));
  const intercepted = intercepts(pod, "Outbound", connection.port);
  if (intercepted === false) return open();
  const denial = (): readonly Reason[] => [describe(cluster, connection, caller)];
  const names = namesBeside(cluster, connection);
  if (names.length > 0) return unknown(() => names.map((name) => name()));
  const unread = unreadable(cluster, workload.namespace, KINDS);
  if (presence.kind === "sidecar" && intercepted === true && unread === undefined) return closed(denial);
  return verdict(RequestSet.full, RequestSet.empty, () => [
    ...denial(),
    { effect: "unknown", text: `whether that is enforced is not known: ${presence.because}` },
  ]);
}

/** Entries of the registry of which it cannot be told whether they lead there. */
function namesBeside(cluster: Cluster, { from, to, port, by }: Connection): readonly (() => Reason)[] {
  if (from.kind === "outside" || by !== undefined) return [];
  if (to.kind === "pod") return otherNames(cluster, from, { pod: to.pod, port });
  return cluster.services
    .filter(({ externalName }) => externalName !== undefined && matchesName(externalName.replace(/\.$/, ""), to.name))
    .map(({ object, externalName }) => () => ({
      effect: "unknown",
      text: `${cite(object)} puts \`${externalName}\` into the registry under its own name`,
      object,
    }));
}

/** The registry's entries that cover the destination; each says so when asked, since places are costly to find. */
function waysOut(cluster: Cluster, { from, to, port, by }: Connection, caller: Caller): readonly (() => Reason)[] {
  if (to.kind === "outside") {
    return entriesFor(cluster, caller, to.name, port).map(({ object }) => () => ({
      effect: "allows",
      text: `${cite(object)} puts \`${to.name}:${port}\` into the registry`,
      object,
    }));
  }
  const sidecar = sidecarFor(cluster, caller);
  return exposuresOf(cluster, to.pod, port).flatMap(
    ({ service, port: { port: called } }): readonly (() => Reason)[] => {
      if (by?.includes(service) === false) return [];
      const host = serviceHost(service);
      if (imports(sidecar, caller, host, service.namespace, called)) {
        return [
          () => ({
            effect: "allows",
            text: `the registry of ${caller.namespace} has \`${host}\``,
            object: service.object,
          }),
        ];
      }
      if (from.kind === "outside" || intercepts(from.pod, "Outbound", called) !== false) return [];
      return [
        () => ({
          effect: "allows",
          text: `port ${called} is excluded from the sidecar of ${from.workload.id}`,
          object: from.workload.object,
        }),
      ];
    },
  );
}

function describe(cluster: Cluster, { to, port }: Connection, caller: Caller): Reason {
  const sidecar = sidecarFor(cluster, caller);
  const target = to.kind === "outside" ? `\`${to.name}:${port}\`` : `port ${port} of ${to.workload.id}`;
  const mode =
    sidecar?.outboundMode === undefined
      ? "the mesh's outbound policy is REGISTRY_ONLY"
      : `${cite(sidecar.object)} sets REGISTRY_ONLY`;
  return {
    effect: "denies",
    text: `${mode}, and nothing in the registry leads to ${target}`,
    ...(sidecar === undefined ? {} : { object: sidecar.object }),
    ...(sidecar === undefined && cluster.mesh.at !== undefined ? { span: cluster.mesh.at } : {}),
  };
}
