/** The list of a cluster's connections: workload to workload, and to and from outside addresses. */
import type { AddressRange, Workload } from "../../../cluster/index.js";
import type { Group } from "./cells.js";
import type { Network } from "./network.js";
import type { PodPoint } from "./points.js";
import type { PortSet } from "./port-sets.js";

/** A workload, or a class of outside addresses. */
export type Party = Workload | { readonly ranges: readonly AddressRange[] };

export interface Connection {
  readonly source: Party;
  readonly destination: Party;
  /** ports on which any pod of the source surely reaches any pod of the destination */
  readonly must: PortSet;
  /** ports on which one may */
  readonly may: PortSet;
}

/**
 * Every pair with a port, destinations in the order of the points, sources within them likewise. Pods of one workload
 * are one party; what they may send to each other is left out.
 */
export function* connections(network: Network): Generator<Connection> {
  const parties = partiesOf(network);
  const position = new Map(parties.map(({ party }, index) => [party, index]));
  for (const destination of parties) {
    const must = new Map<Party, PortSet>();
    const may = new Map<Party, PortSet>();
    for (const point of destination.points) {
      const row = network.to(point);
      collect(network, row.must, must);
      collect(network, row.may, may);
    }
    const sources = [...may.keys()].filter((source) => source !== destination.party);
    sources.sort((a, b) => (position.get(a) ?? 0) - (position.get(b) ?? 0));
    for (const source of sources) {
      const sure = must.get(source) ?? network.ports.none;
      yield { source, destination: destination.party, must: sure, may: may.get(source) ?? network.ports.none };
    }
  }
}

function collect(network: Network, groups: readonly Group[], into: Map<Party, PortSet>): void {
  for (const { points, ports } of groups) {
    for (const index of points) {
      const point = network.points.all[index];
      if (point === undefined || point.kind === "stranger") continue;
      const party = point.kind === "pod" ? point.workload : point;
      into.set(party, network.ports.union(into.get(party) ?? network.ports.none, ports));
    }
  }
}

function partiesOf({ points }: Network): readonly { readonly party: Party; readonly points: readonly number[] }[] {
  const indexes = (pods: readonly PodPoint[]) => pods.map(({ index }) => index);
  return [
    ...[...points.byWorkload.values()].flatMap((pods) =>
      pods[0] === undefined ? [] : [{ party: pods[0].workload, points: indexes(pods) }],
    ),
    ...points.outside.map((point) => ({ party: point, points: [point.index] })),
  ];
}
