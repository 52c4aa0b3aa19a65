import { RingfenceError } from "../../diagnostics/index.js";
import type { Policy } from "../../policy/index.js";

/** The module `ringfence.narrow`: the reasons for which the user's own rules deny. */
export function narrowModule(policy: Policy): string {
  if (policy.modules.length > 0) {
    // FAIL CLOSED: modules that cannot be checked here are not compiled.
    throw new RingfenceError({
      code: "POLICY_MODULE",
      message: "your own Rego cannot be checked yet",
      span: policy.span,
    });
  }
  return "# The workflow names no Rego of its own.\npackage ringfence.narrow\n\nreasons := set()\n";
}
