/** What manifests leave open, by the names that a user declares it with. */
import { CLOSED_WORLD, type NetworkModel, OPEN_WORLD } from "../../../verify/index.js";
import { choice } from "../../command.js";

const { blocksMatchPods, podRanges, hostNetwork, nodes, undeclaredNamespaces, injectedLabels, userNetworks } =
  CLOSED_WORLD;

export const ASSUMPTIONS: Readonly<Record<string, Partial<NetworkModel>>> = {
  "blocks-match-pods": { blocksMatchPods: "matched" },
  "blocks-are-outside": { blocksMatchPods, podRanges },
  "host-network-as-pods": { hostNetwork },
  "no-nodes-outside": { nodes },
  "bare-namespaces": { undeclaredNamespaces },
  "no-injected-labels": { injectedLabels },
  "separate-user-networks": { userNetworks },
};

export function modelOf(names: readonly string[]): NetworkModel {
  const chosen = names.map((name) => ASSUMPTIONS[choice("--assume", name, Object.keys(ASSUMPTIONS))]);
  return Object.assign({ ...OPEN_WORLD }, ...chosen) as NetworkModel;
}
