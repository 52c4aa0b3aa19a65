/** What became reachable, and what no longer is, between two sets of manifests. */
import type { Cluster } from "../../../cluster/index.js";
import { blockKey, blocksOf } from "./blocks.js";
import { type Connection, connections, type Party } from "./connections.js";
import { type NetworkModel, OPEN_WORLD } from "./model.js";
import { Network } from "./network.js";
import { type PortSet, PortSets } from "./port-sets.js";

export interface Reach {
  readonly must: PortSet;
  readonly may: PortSet;
}

export interface ConnectionChange {
  readonly kind: "added" | "removed" | "changed";
  readonly source: Party;
  readonly destination: Party;
  readonly before: Reach;
  readonly after: Reach;
  /** the ends that only one of the two sets has */
  readonly newcomers: readonly Party[];
  readonly leavers: readonly Party[];
}

export interface Comparison {
  readonly before: Network;
  readonly after: Network;
  /** both networks' port sets are in this table */
  readonly ports: PortSets;
  /** sorted by source, then destination */
  readonly changes: readonly ConnectionChange[];
}

export function compareNetworks(before: Cluster, after: Cluster, model: NetworkModel = OPEN_WORLD): Comparison {
  const blocks = new Map([...blocksOf(before), ...blocksOf(after)].map((block) => [blockKey(block), block]));
  const shared = { ports: new PortSets(), blocks: [...blocks.values()] };
  const [old, fresh] = [new Network(before, model, shared), new Network(after, model, shared)];
  const nothing = { must: shared.ports.none, may: shared.ports.none };
  const [first, second] = [byEnds(old), byEnds(fresh)];
  const [oldParties, newParties] = [partiesOf(old), partiesOf(fresh)];
  const changes = [...new Set([...first.keys(), ...second.keys()])].flatMap((key): ConnectionChange[] => {
    const [was, is] = [first.get(key), second.get(key)];
    const known = is ?? was;
    if (known === undefined || (was?.must === is?.must && was?.may === is?.may)) return [];
    const { source, destination } = known;
    const ends = [source, destination];
    const kind = was === undefined ? "added" : is === undefined ? "removed" : "changed";
    return [
      {
        kind,
        source,
        destination,
        before: was ?? nothing,
        after: is ?? nothing,
        newcomers: ends.filter((end) => !oldParties.has(partyKey(end))),
        leavers: ends.filter((end) => !newParties.has(partyKey(end))),
      },
    ];
  });
  const order = (change: ConnectionChange) => `${partyKey(change.source)}\0${partyKey(change.destination)}`;
  changes.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return { before: old, after: fresh, ports: shared.ports, changes };
}

function byEnds(network: Network): Map<string, Connection> {
  const found = new Map<string, Connection>();
  for (const connection of connections(network)) {
    found.set(`${partyKey(connection.source)}\0${partyKey(connection.destination)}`, connection);
  }
  return found;
}

function partiesOf({ points }: Network): ReadonlySet<string> {
  return new Set([...points.byWorkload.keys(), ...points.outside.map(partyKey)]);
}

function partyKey(party: Party): string {
  return "ranges" in party ? blockKey(party.ranges) : party.id;
}
