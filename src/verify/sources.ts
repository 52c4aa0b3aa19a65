/** Who may get through to a port: for proxied connections by all layers together, for others by the network alone. */
import type { Protocol } from "../cluster/index.js";
import type { Judgement } from "./layer.js";
import type { Bits } from "./layers/network/bits.js";
import type { Network, PodPoint } from "./layers/network/index.js";
import type { Reachability } from "./reach.js";
import { withinLimits } from "./space/index.js";

export interface Sources {
  readonly points: Bits;
  /** undefined: nobody asked about requests, or there are too many cases to tell */
  readonly judgement: Judgement | undefined;
}

/** Disjoint groups; whoever stands in none is denied. */
export function sourcesTo(
  network: Network,
  reach: Reachability,
  destination: PodPoint,
  { protocol, port }: { readonly protocol: Protocol; readonly port: number },
): readonly Sources[] {
  const judged =
    protocol === "TCP"
      ? withinLimits(() =>
          reach.to(destination, port).map(({ sources, judgement }) => ({ points: sources, judgement })),
        )
      : undefined;
  // FAIL CLOSED: where requests cannot be told apart, all that the network lets through may get through.
  return (
    judged ??
    network
      .to(destination.index)
      .may.filter(({ ports }) => network.ports.has(ports, protocol, port))
      .map(({ points }) => ({ points, judgement: undefined }))
  );
}
