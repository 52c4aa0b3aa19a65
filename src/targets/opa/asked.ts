import type { Policy } from "../../policy/index.js";
import { asksDecisionPoint } from "../names.js";
import { seesRequests } from "../shape.js";

/** Ids of the rules about which somebody asks OPA in a cluster; its data holds the others as well, for whoever else asks. */
export function askedRules(policy: Policy): string[] {
  return policy.rules
    .filter((rule) => rule.to.kind === "workload" && seesRequests(rule))
    .filter((rule) => asksDecisionPoint(policy) || rule.from.kind === "users")
    .map(({ id }) => id);
}
