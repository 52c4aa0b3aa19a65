/**
 * The agent of Vault starts before the sidecar, so what its pod sends to Vault's port passes the sidecar by: to whatever
 * address, since a port is all that the redirect is told. A flow on that port would leave without identity or policy.
 */
import { type Problem, RingfenceError } from "../../diagnostics/index.js";
import type { Policy, Rule } from "../../policy/index.js";
import { apiNamed, originatesTls, type Shape } from "../shape.js";
import { addressOf, grantsOf, vaultOf } from "../vault/grants.js";
import { plainPort } from "./outside.js";

/** @throws TARGET_INEXPRESSIBLE for each flow of a workload with secrets that is called on the port of its Vault */
export function refuseBypassedPort(shape: Shape): void {
  const vault = vaultOf(shape.policy);
  if (vault === undefined) return;
  const { port } = addressOf(vault);
  const problems = grantsOf(shape.policy).flatMap(({ workload }): Problem[] =>
    (shape.outOf.get(workload.name) ?? [])
      .filter((rule) => calledPort(shape.policy, rule) === port)
      .map(({ id, span }) => ({
        code: "TARGET_INEXPRESSIBLE",
        message: `\`${id}\` is called on port ${port}, and what \`${workload.name}\` sends to that port passes its sidecar by, for Vault at \`${vault.address}\``,
        span,
        hint: `let Vault answer on a port that no flow of \`${workload.name}\` uses, and name it in \`targets.secrets.address\``,
      })),
  );
  if (problems.length > 0) throw new RingfenceError(problems);
}

/** The port that the caller itself names: the Service's, the outside API's, or the one on which the mesh adds TLS. */
function calledPort(policy: Policy, rule: Rule): number {
  if (rule.to.kind !== "api") return rule.port.servicePort;
  const api = apiNamed(policy, rule.to.name);
  return originatesTls(rule) ? plainPort(api) : api.port;
}
