/**
 * What manifests leave open, and how it is taken. Everything here has a value that is safe whatever the cluster does
 * (`unknown`: the verdict says so) and one that a user may declare.
 */
import type { AddressRange } from "../../../cluster/index.js";
import { parseCidr } from "../../../cluster/index.js";

export interface NetworkModel {
  /**
   * Whether an address block in a policy also matches pods whose address lies in it. Network plugins differ: with
   * `outside` blocks mean the world outside the cluster alone, with `matched` pods count by their address.
   */
  readonly blocksMatchPods: "unknown" | "matched" | "outside";
  /** where pods have their addresses; used for pods whose address no manifest tells */
  readonly podRanges: readonly AddressRange[];
  /**
   * Pods on the host's network: with `pod` policies treat them as any other pod; otherwise plugins differ in whether
   * policies apply to them, and their traffic looks like the node's.
   */
  readonly hostNetwork: "unknown" | "pod";
  /** whether an address outside the cluster may be a node's (for peers that name nodes) */
  readonly nodes: "unknown" | "none";
  /** labels of namespaces that objects live in but no manifest declares */
  readonly undeclaredNamespaces: "unknown" | "bare";
  /** labels that controllers add with values that only the cluster knows */
  readonly injectedLabels: "unknown" | "absent";
  /** whether the cluster keeps primary user-defined networks apart, which only one network plugin does */
  readonly userNetworks: "unknown" | "apart";
}

function ranges(...blocks: readonly string[]): readonly AddressRange[] {
  return blocks.flatMap((block) => parseCidr(block) ?? []);
}

/** Nothing is assumed that manifests do not say, except that pods have private IPv4 addresses (RFC 1918, RFC 6598). */
export const OPEN_WORLD: NetworkModel = {
  blocksMatchPods: "unknown",
  podRanges: ranges("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
  hostNetwork: "unknown",
  nodes: "unknown",
  undeclaredNamespaces: "unknown",
  injectedLabels: "unknown",
  userNetworks: "unknown",
};

/** The manifests are all there is: then every answer is allowed or denied. */
export const CLOSED_WORLD: NetworkModel = {
  blocksMatchPods: "outside",
  podRanges: [],
  hostNetwork: "pod",
  nodes: "none",
  undeclaredNamespaces: "bare",
  injectedLabels: "absent",
  userNetworks: "apart",
};
