/** From outside to a pod's port: the entrance, the requests that its routes send there, and what they become on the way. */
import type { KubeObject, Pod, Workload } from "../../cluster/index.js";
import type { Reason } from "../layer.js";
import type { Bounds } from "../space/bounds.js";
import type { Ranges } from "../space/index.js";
import type { Target } from "./table.js";

/** Where requests come in. */
export interface Entrance {
  /** the kind of object whose routes lead on from here */
  readonly kind: "istio" | "gateway-api" | "ingress" | "route" | "foreign";
  /** the Gateway, or the object with the route */
  readonly object: KubeObject;
  /** the pods that take the requests in; undefined where no manifest has them */
  readonly gateway: { readonly workload: Workload; readonly pod: Pod } | undefined;
  readonly scheme: "http" | "https" | "tcp";
  /** as clients outside see it */
  readonly port: number;
  /** the gateway pod's */
  readonly podPort: number;
  /** paths are matched as proxies of the mesh evaluate them; otherwise each spelling of a path may be matched as another */
  readonly exact: boolean;
  /** how it calls: Services, the addresses of their pods, or one of both */
  readonly calls: "service" | "address" | undefined;
}

export interface Way {
  readonly entrance: Entrance;
  /** the object with the route */
  readonly object: KubeObject;
  readonly to: Target;
  /** the requests that are sent on, as the client outside writes them */
  readonly sent: Bounds;
  /** what the entrance asks before it sends a request on, who sees the path as the client writes it */
  readonly passes: Bounds;
  /** what is said of a request behind the entrance, said of the one before it */
  readonly before: (behind: Bounds) => Bounds;
  /** the same of the path alone; undefined where the path stays as it is */
  readonly beforePath: ((behind: Bounds) => Bounds) | undefined;
  /** the only addresses that are let in */
  readonly sources: Ranges | undefined;
  readonly reasons: () => readonly Reason[];
}

/** An entrance with a route table of its own. */
export interface Routed {
  readonly entrance: Entrance;
  /** to the pods that its entries lead to; other entries end at the gateway, or lead nowhere that is known */
  readonly ways: readonly Way[];
}
