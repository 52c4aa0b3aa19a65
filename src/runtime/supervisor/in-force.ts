/** A policy with all that is derived from it, replaced as a whole when the workflow file changes. */
import type { Policy } from "../../policy/index.js";
import type { BundleFile } from "../decision/index.js";
import { type ProxyPlan, planProxies } from "../pep/index.js";

export interface InForce {
  readonly policy: Policy;
  readonly bundle: readonly BundleFile[];
  /** by workload */
  readonly plans: ReadonlyMap<string, ProxyPlan>;
}

export function inForce(policy: Policy, bundle: readonly BundleFile[]): InForce {
  return { policy, bundle, plans: planProxies(policy) };
}

/** Whether users come in at a workload. */
export function isEdge({ plans }: InForce, name: string): boolean {
  return plans.get(name)?.inbound.some(({ entrance }) => entrance === "users") === true;
}

/**
 * Whether a change reaches into the workload itself or its certificate: its command, environment, ports, identity, new
 * destinations, whether it is an edge.
 */
export function mustRestart(name: string, before: InForce, after: InForce): boolean {
  if (essence(name, before) !== essence(name, after)) return true;
  const known = new Set(before.plans.get(name)?.outbound.map(({ key }) => key));
  return (after.plans.get(name)?.outbound ?? []).some(({ key }) => !known.has(key));
}

function essence(name: string, force: InForce): string {
  const workload = force.policy.workloads.find((candidate) => candidate.name === name);
  const ports = workload?.ports.map(({ name: portName, port, protocol }) => [portName, port, protocol]);
  return JSON.stringify([
    workload?.run,
    workload?.env,
    ports,
    workload?.spiffeId,
    workload?.ready,
    isEdge(force, name),
  ]);
}
