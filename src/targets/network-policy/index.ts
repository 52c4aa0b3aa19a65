import type { Policy, Rule } from "../../policy/index.js";
import type { Feature } from "../capability.js";
import { apiNamed, exitOf, shapeOf, workloadNamed } from "../shape.js";
import { HELD, type Holding, leftBecause, type Target } from "../target.js";
import { hasWaypoint } from "../zone-labels.js";
import { capabilities } from "./capabilities.js";
import { emit } from "./emit.js";

export const networkPolicy: Target = {
  name: "network-policy",
  summary: "default deny in each zone, and one NetworkPolicy a workload for its flows",
  layer: "network",
  capabilities,
  chosen: () => true,
  holds,
  requires: (policy) => [
    policy.targets.network.engine === "cilium"
      ? "Cilium is the cluster's network plugin, with its DNS proxy enabled."
      : "The cluster's network plugin enforces NetworkPolicy, egress included (Calico and Cilium do, kindnet before 2024 and flannel do not).",
    "The cluster's DNS runs in `kube-system` under the label `k8s-app: kube-dns`.",
  ],
  emit,
};

function holds(policy: Policy, rule: Rule, feature: Feature): Holding {
  const { mesh, gateway } = policy.targets;
  const ambient = mesh.engine === "istio" && mesh.mode === "ambient";
  switch (feature) {
    case "callers":
      if (rule.from.kind === "users" && gateway.engine === "none") {
        return leftBecause("does not know where users come from when no gateway is chosen");
      }
      if (rule.to.kind === "api") return heldToName(policy, rule);
      return ambient && hasWaypoint(policy, workloadNamed(shapeOf(policy), rule.to.name).zone)
        ? leftBecause("sees only the zone's waypoint proxy in ambient mode")
        : HELD;
    case "ports":
      if (rule.to.kind === "api") return heldToName(policy, rule);
      return ambient ? leftBecause("sees only the tunnel's port in ambient mode") : HELD;
    case "outside-hosts":
      return heldToName(policy, rule);
    default:
      return leftBecause("sees addresses and ports, not requests");
  }
}

/** Whether this layer itself holds the traffic to the outside host, rather than to the gateway before it. */
function heldToName(policy: Policy, rule: Rule): Holding {
  if (rule.to.kind !== "api") return HELD;
  const api = apiNamed(policy, rule.to.name);
  switch (exitOf(policy, api)) {
    case "names":
      return HELD;
    case "gateway":
      return leftBecause("lets it out to the egress gateway only, which decides on the host");
    case "none":
      return leftBecause(
        policy.targets.mesh.engine === "istio"
          ? "knows no host names, and an Istio gateway routes no `*.` host: name the hosts, or choose `network: cilium`"
          : "knows no host names: choose `network: cilium` or a mesh",
      );
  }
}
