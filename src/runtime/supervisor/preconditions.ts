/** What must be so before a workflow is run here. */
import { existsSync, realpathSync } from "node:fs";
import { sep } from "node:path";
import { RingfenceError } from "../../diagnostics/index.js";
import type { Policy } from "../../policy/index.js";
import type { SupervisorOptions } from "./options.js";

/**
 * Refuses what cannot run here, and what would run open.
 * @throws RUNTIME_NOT_RUNNABLE with every reason, USAGE
 */
export function refuseUnsafe(options: SupervisorOptions): void {
  refuseUnrunnable(options.policy);
  refuseExposedSecrets(options);
  refuseOpenDecisions(options.opa);
}

/** Workloads see the workflow's folder; secrets in a folder of their own inside it are covered, mixed into it they are not. */
function refuseExposedSecrets({ folder, secretsFolder }: SupervisorOptions): void {
  if (secretsFolder === undefined || !existsSync(secretsFolder) || !existsSync(folder)) return;
  const secrets = realpathSync(secretsFolder);
  if (secrets !== sep && !`${realpathSync(folder)}${sep}`.startsWith(`${secrets}${sep}`)) return;
  throw new RingfenceError({
    code: "USAGE",
    message: `the secrets' folder \`${secretsFolder}\` holds the workflow's folder, which every workload reads`,
    hint: "keep secrets in a folder that has nothing else in it",
  });
}

/** Whoever sits between a proxy and its decision point decides. */
function refuseOpenDecisions(opa: string | undefined): void {
  if (opa === undefined) return;
  const url = URL.canParse(opa) ? new URL(opa) : undefined;
  const isHere = url !== undefined && /^(?:localhost|127(?:\.[0-9]+){3}|\[::1\])$/.test(url.hostname);
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isHere)) return;
  throw new RingfenceError({
    code: "USAGE",
    message: `the decision point \`${opa}\` is neither on this machine nor reached over https`,
    hint: "run OPA beside the workflow, e.g. http://127.0.0.1:8181",
  });
}

/** @throws RUNTIME_NOT_RUNNABLE with every workload that does not say how it is started */
export function refuseUnrunnable(policy: Policy): void {
  const problems = policy.workloads
    .filter(({ run }) => run === undefined || run.trim() === "")
    .map(({ name, span }) => ({
      code: "RUNTIME_NOT_RUNNABLE" as const,
      message: `workload \`${name}\` does not say how it is started here`,
      hint: "add `run:` with its command",
      span,
    }));
  if (problems.length > 0) throw new RingfenceError(problems);
}
