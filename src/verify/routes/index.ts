/** Everything in the manifests that leads from outside to a pod. */
import type { Cluster } from "../../cluster/index.js";
import { foreignWays } from "./foreign.js";
import { gatewayApiWays } from "./gateway-api.js";
import { ingressWays } from "./ingress.js";
import { istioWays } from "./istio.js";
import type { Reaches } from "./nginx-gate.js";
import { openshiftWays } from "./openshift.js";
import type { Routed } from "./way.js";

export { routeNotes } from "./foreign.js";
export { controllerKind } from "./ingress.js";
export type { Reaches } from "./nginx-gate.js";
export type { Entrance, Routed, Way } from "./way.js";

export function routedFrom(cluster: Cluster, reaches: Reaches): readonly Routed[] {
  return [
    ...istioWays(cluster),
    ...gatewayApiWays(cluster),
    ...ingressWays(cluster, reaches),
    ...openshiftWays(cluster),
    ...foreignWays(cluster),
  ];
}
