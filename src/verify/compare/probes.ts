/**
 * What outside of the cluster a workload is tried against beside the declared APIs: a host that nobody declares, on one
 * port of every range that its egress policies tell apart, and every host that the mesh's registry or a Service names.
 */
import type { Cluster, Protocol } from "../../cluster/index.js";
import type { Network } from "../layers/network/index.js";
import type { Seat } from "./seats.js";

export interface Probe {
  readonly host: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** A host that no policy names: what reaches it reaches anything. */
const ANYWHERE = "anywhere.invalid";
const USUAL = 443;
const EXCLUDED = "traffic.sidecar.istio.io/excludeOutboundPorts";

/** @param declared hosts that the policy names, which are compared anyway */
export function probesOf(
  network: Network,
  { pod }: Pick<Seat, "pod">,
  declared: ReadonlySet<string>,
): readonly Probe[] {
  const found = new Map<string, Probe>();
  const add = (host: string, protocol: Protocol, port: number): unknown =>
    found.set(`${host} ${protocol} ${port}`, { host, protocol, port });
  add(ANYWHERE, "TCP", USUAL);
  const point = network.points.byPod.get(pod);
  const outside = network.points.outside.map(({ index }) => index);
  const excluded = (pod.annotations.get(EXCLUDED) ?? "").split(",").map(Number);
  for (const { points, ports } of point === undefined ? [] : network.from(point.index).may) {
    if (!outside.some((index) => points.has(index))) continue;
    for (const { protocol, low, high } of network.ports.ranges(ports)) {
      const known =
        protocol === "SCTP" ? found.get(`${ANYWHERE} UDP ${low <= USUAL && USUAL <= high ? USUAL : low}`) : undefined;
      if (known !== undefined) continue;
      add(ANYWHERE, protocol, low <= USUAL && USUAL <= high ? USUAL : low);
      for (const port of excluded) if (protocol === "TCP" && low <= port && port <= high) add(ANYWHERE, "TCP", port);
    }
  }
  for (const { host, port } of registered(network.cluster)) if (!declared.has(host)) add(host, "TCP", port);
  return [...found.values()];
}

function registered({
  serviceEntries,
  services,
}: Cluster): readonly { readonly host: string; readonly port: number }[] {
  const entries = serviceEntries.flatMap(({ hosts, ports }) =>
    hosts.flatMap((host) =>
      ports.length === 0 ? [{ host, port: USUAL }] : ports.map(({ number }) => ({ host, port: number })),
    ),
  );
  const aliases = services.flatMap(({ externalName = "", ports }) =>
    externalName === "" || /(^|\.)svc(\.|$)/.test(externalName)
      ? []
      : [{ host: externalName.replace(/\.$/, ""), port: ports[0]?.port ?? USUAL }],
  );
  return [...entries, ...aliases];
}
