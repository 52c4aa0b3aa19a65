/**
 * What the source presents: the principals that a sender can bring about at the destination. Absent is plaintext. Each
 * *world* is one way the cluster could really be; within a world the sender has a choice, because an application can
 * call a Service (its proxy then speaks mutual TLS) or the pod's address (its proxy passes that through as plaintext).
 */
import type { Cluster, Pod, Workload } from "../../../cluster/index.js";
import { otherNames } from "../../istio/other-names.js";
import { intercepts, type Presence, proxyOf } from "../../istio/presence.js";
import { exposuresOf, principalOf, serviceHost } from "../../istio/services.js";
import type { Connection } from "../../layer.js";
import { ABSENT, NO_TEXT, only, type Text } from "../../space/index.js";
import { imports, outboundMode, sidecarFor } from "../egress/registry.js";
import { clientTls } from "./destination-rules.js";
import { demandOf } from "./server.js";

export interface Presented {
  readonly worlds: readonly Text[];
  readonly because: string;
}

const PLAINTEXT = [ABSENT];

export function presentedBy(cluster: Cluster, connection: Connection, destination: Presence): Presented {
  const { from } = connection;
  if (from.kind === "outside") return { worlds: PLAINTEXT, because: `${from.name} is outside the mesh` };
  const source = proxyOf(cluster, from.workload, from.pod);
  const identity = only(principalOf(from.workload, from.pod, cluster.mesh.trustDomain));
  const because = `${from.workload.id}: ${source.because}`;
  switch (source.kind) {
    case "none":
    case "unmeshed":
      return { worlds: PLAINTEXT, because };
    case "ambient":
      return { worlds: ambientWorlds(identity, destination), because };
    case "unknown":
      return { worlds: distinct([...proxied(cluster, connection, destination, identity), ABSENT]), because };
    case "sidecar":
    case "gateway":
      return { worlds: proxied(cluster, connection, destination, identity), because };
  }
}

/** ztunnel reaches ztunnel by HBONE; whether it reaches a sidecar that way is a setting of the sidecar. */
function ambientWorlds(identity: Text, { kind }: Presence): readonly Text[] {
  if (kind === "ambient") return [identity];
  return kind === "none" || kind === "unmeshed" ? PLAINTEXT : [identity, ABSENT];
}

function proxied(
  cluster: Cluster,
  { from, to, port, by }: Connection,
  destination: Presence,
  identity: Text,
): readonly Text[] {
  if (to.kind === "outside" || from.kind === "outside") return PLAINTEXT;
  const client = { namespace: from.workload.namespace, labels: from.pod.labels };
  const sidecar = sidecarFor(cluster, client);
  // Each way of calling has its own possible outcomes; a world picks one outcome for every way.
  const ways: (readonly Text[])[] = [];
  const direct = intercepts(from.pod, "Outbound", port);
  if (by !== undefined && by.length > 0) {
    // Nobody calls the address.
  } else if (direct === false || outboundMode(cluster, client) === "ALLOW_ANY") ways.push([ABSENT]);
  else if (direct === undefined) ways.push([ABSENT, NO_TEXT]);
  for (const { service, port: servicePort } of exposuresOf(cluster, to.pod, port)) {
    if (servicePort.protocol !== "TCP" || by?.includes(service) === false) continue;
    const called = intercepts(from.pod, "Outbound", servicePort.port);
    const host = serviceHost(service);
    if (called !== false && !imports(sidecar, client, host, service.namespace, servicePort.port)) {
      // Not in the registry: the call is as good as one to the address.
      if (called === undefined) ways.push([ABSENT, NO_TEXT]);
      continue;
    }
    const settings = clientTls(cluster, client, {
      host,
      namespace: service.namespace,
      port: servicePort.port,
    });
    const outcomes = settings.flatMap(({ mode }): readonly Text[] => {
      if (mode === "DISABLE") return [ABSENT];
      if (mode === "ISTIO_MUTUAL") return [identity];
      if (mode === "AUTO") return automatic(cluster, to, port, destination, identity);
      // TLS that the mesh does not issue: what a sidecar makes of it is not modelled.
      return [ABSENT, NO_TEXT];
    });
    if (called === false) ways.push([ABSENT]);
    else ways.push(distinct(called === undefined ? [...outcomes, ABSENT] : outcomes));
  }
  if (by === undefined && otherNames(cluster, from, { pod: to.pod, port }).length > 0)
    ways.push([identity, ABSENT, NO_TEXT]);
  return distinct(
    ways.reduce<readonly Text[]>(
      (worlds, outcomes) => distinct(worlds.flatMap((world) => outcomes.map((outcome) => world.union(outcome)))),
      [NO_TEXT],
    ),
  );
}

/** Automatic mutual TLS: spoken to a proxy whose port does not refuse it. */
function automatic(
  cluster: Cluster,
  to: { readonly workload: Workload; readonly pod: Pod },
  port: number,
  { kind }: Presence,
  identity: Text,
): readonly Text[] {
  switch (kind) {
    case "none":
    case "unmeshed":
      return [ABSENT];
    case "ambient":
      // Only a sidecar that speaks HBONE presents itself to a ztunnel.
      return [identity, ABSENT];
    case "unknown":
      return [identity, ABSENT];
    case "sidecar":
    case "gateway": {
      if (intercepts(to.pod, "Inbound", port) === false) return [identity, ABSENT];
      const { modes } = demandOf(cluster, to.workload, to.pod, port);
      return distinct(modes.map((mode) => (mode === "DISABLE" ? ABSENT : identity)));
    }
  }
}

function distinct(texts: readonly Text[]): readonly Text[] {
  return [...new Set(texts)];
}
