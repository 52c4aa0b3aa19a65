import type { Policy, Rule } from "../../policy/index.js";
import type { Feature } from "../capability.js";
import { asksDecisionPoint, decisionNamespace, gatewayAsksDecisionPoint } from "../names.js";
import { seesRequests } from "../shape.js";
import { HELD, type Holding, leftBecause, type Target } from "../target.js";
import { capabilities } from "./capabilities.js";
import { emit } from "./emit.js";

export { authorizationBundle } from "./bundle.js";

export const opa: Target = {
  name: "opa",
  summary: "decisions in Rego over principals, validated tokens and requests, with the user's own rules",
  layer: "authorization",
  capabilities,
  chosen: (policy) => asksDecisionPoint(policy) || gatewayAsksDecisionPoint(policy),
  holds,
  requires,
  emit,
};

function holds(policy: Policy, rule: Rule, feature: Feature): Holding {
  switch (feature) {
    case "methods":
    case "paths":
    case "hosts":
    case "token":
    case "roles":
    case "own-rules":
      if (rule.to.kind !== "workload") return leftBecause("decides on what comes to a workload, not on what leaves it");
      if (!asksDecisionPoint(policy) && rule.from.kind !== "users")
        return leftBecause("is asked by the gateway alone: without sidecars nobody asks it between workloads");
      return seesRequests(rule) ? HELD : leftBecause(`is asked about requests, and port ${rule.port.port} shows none`);
    default:
      return leftBecause("decides on requests");
  }
}

function requires(policy: Policy): readonly string[] {
  const namespace = decisionNamespace(policy);
  const keys = policy.identities.map(({ name }) => `\`${name}.json\``).join(", ");
  return [
    `Nobody but managers may write in \`${namespace}\`: its pods and its ConfigMaps decide, and whoever supplies \`token-keys\` can issue tokens.`,
    ...(asksDecisionPoint(policy)
      ? ["The external authorizer of `istio/mesh-config.yaml` is merged into the mesh's configuration."]
      : []),
    ...(keys === ""
      ? []
      : [
          `The ConfigMap \`token-keys\` in \`${namespace}\` holds the key sets ${keys}; without it every token is refused.`,
        ]),
    ...(policy.modules.length === 0
      ? []
      : ["Your own Rego narrows requests; a TCP connection is permitted by its flow alone."]),
  ];
}
