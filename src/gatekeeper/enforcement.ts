/** What a constraint asks for where gator is the enforcement point. */
import type { Json } from "../documents/index.js";
import { at, list, text } from "./fields.js";

export interface Enforcement {
  /** `deny` unless the constraint says another; `scoped` when it says one for each enforcement point. */
  readonly action: string;
  readonly scopedActions: readonly string[];
}

const POINTS = ["gator.gatekeeper.sh", "*"];

/**
 * Undefined when the constraint is enforced at other points only.
 * @throws RingfenceError GATEKEEPER_SHAPE
 */
export function enforcementOf(constraint: Json): Enforcement | undefined {
  const action = text(at(constraint, "spec", "enforcementAction"), "spec.enforcementAction", "") || "deny";
  if (action !== "scoped") return { action, scopedActions: [] };
  const scopedActions = list(at(constraint, "spec", "scopedEnforcementActions"), "spec.scopedEnforcementActions")
    .filter((entry) =>
      list(at(entry, "enforcementPoints"), "scopedEnforcementActions[].enforcementPoints").some((point) =>
        POINTS.includes(text(at(point, "name"), "enforcementPoints[].name")),
      ),
    )
    .map((entry) => text(at(entry, "action"), "scopedEnforcementActions[].action"));
  return scopedActions.length === 0 ? undefined : { action, scopedActions };
}
