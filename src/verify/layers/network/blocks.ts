/** The address blocks that policies name: an IP block of a NetworkPolicy, or the networks of an admin policy's peer. */
import { type AddressRange, type Cluster, type IpBlock, isV4 } from "../../../cluster/index.js";

/** Sorted, disjoint ranges. */
export type Block = readonly AddressRange[];

/** Every block of the cluster once. */
export function blocksOf(cluster: Cluster): readonly Block[] {
  const found = new Map<string, Block>();
  const add = (ranges: Block) => found.set(blockKey(ranges), ranges);
  for (const policy of cluster.networkPolicies) {
    for (const rule of [...policy.ingress, ...policy.egress]) {
      for (const { ipBlock } of rule.peers ?? []) if (ipBlock !== undefined) add(rangesOfBlock(ipBlock));
    }
  }
  for (const policy of [...cluster.adminNetworkPolicies, ...cluster.baselineAdminNetworkPolicies]) {
    for (const rule of policy.egress) {
      for (const { networks } of rule.peers) for (const network of networks ?? []) add(rangesOfNetwork(network));
    }
  }
  return [...found.values()];
}

export function blockKey(ranges: Block): string {
  return ranges.map(({ low, high }) => `${low.toString(36)}-${high.toString(36)}`).join();
}

/** The block without its exceptions. */
export function rangesOfBlock(block: IpBlock): Block {
  let rest: AddressRange[] = [block.range];
  for (const except of block.except) {
    rest = rest.flatMap(({ low, high }) => {
      if (except.high < low || high < except.low) return [{ low, high }];
      const pieces: AddressRange[] = [];
      if (low < except.low) pieces.push({ low, high: except.low - 1n });
      if (except.high < high) pieces.push({ low: except.high + 1n, high });
      return pieces;
    });
  }
  return rest.flatMap(rangesOfNetwork);
}

/** `::/0` holds the mapped form of every IPv4 address as a number, but an IPv6 block never matches an IPv4 packet. */
export function rangesOfNetwork(range: AddressRange): Block {
  return isV4(range.low) && isV4(range.high) ? [range] : withoutV4(range);
}

const V4_LOW = 0xffff_0000_0000n;
const V4_HIGH = 0xffff_ffff_ffffn;

function withoutV4({ low, high }: AddressRange): AddressRange[] {
  if (high < V4_LOW || low > V4_HIGH) return [{ low, high }];
  const pieces: AddressRange[] = [];
  if (low < V4_LOW) pieces.push({ low, high: V4_LOW - 1n });
  if (high > V4_HIGH) pieces.push({ low: V4_HIGH + 1n, high });
  return pieces;
}

export function covers(ranges: Block, { low, high }: AddressRange): boolean {
  return ranges.some((range) => range.low <= low && high <= range.high);
}

export function touches(ranges: Block, { low, high }: AddressRange): boolean {
  return ranges.some((range) => range.low <= high && low <= range.high);
}
