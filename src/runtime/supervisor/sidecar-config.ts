/** Everything that a sidecar is started with, and the files that its workload finds. */
import { cpSync, existsSync, mkdirSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Policy, Workload } from "../../policy/index.js";
import { DEFAULT_LIMITS, identitiesOf, type OutboundPlan } from "../pep/index.js";
import type { Isolation } from "../sandbox/index.js";
import type { IssuerConfig, PolicyConfig, RunConfig, SidecarConfig } from "../sidecar/index.js";
import type { DevelopmentIssuers } from "./development-issuers.js";
import { writeGeneratedFiles } from "./generated-files.js";
import type { InForce } from "./in-force.js";
import type { SupervisorOptions } from "./options.js";

const READY_MS = 60_000;

export interface ConfigParts {
  readonly options: SupervisorOptions;
  readonly isolation: Isolation;
  readonly trust: SidecarConfig["trust"];
  readonly issuers: DevelopmentIssuers;
}

/**
 * Writes a workload's files and returns the configuration of its sidecar.
 * @param preferred ports on which listeners should be found again, by key
 */
export function sidecarConfig(
  name: string,
  force: InForce,
  { options, isolation, trust, issuers }: ConfigParts,
  preferred: Readonly<Record<string, number>>,
): SidecarConfig {
  const { state, opa, standIns, limits } = options;
  const workload = force.policy.workloads.find((candidate) => candidate.name === name);
  if (workload === undefined) throw new Error(`no workload ${name}`);
  return {
    policy: policyConfig(name, force, issuers),
    trustDomain: force.policy.trustDomain,
    trust,
    isolation,
    limits: { ...DEFAULT_LIMITS, ...limits },
    decisionLog: state.decisions(name),
    workloadLog: state.log(name),
    opa,
    standIns: standIns ?? {},
    preferred,
    run: runConfig(workload, force.policy, force.plans.get(name)?.outbound ?? [], options),
  };
}

/** What a change of the workflow file changes of it. */
export function policyConfig(
  name: string,
  { policy, bundle, plans }: InForce,
  issuers: DevelopmentIssuers,
): PolicyConfig {
  const plan = plans.get(name);
  if (plan === undefined) throw new Error(`no plan for ${name}`);
  const needed = [...plan.inbound, ...plan.outbound].flatMap(({ identities }) => identities);
  return {
    plan,
    bundle,
    issuers: identitiesOf(policy, needed).map((provider): IssuerConfig => issuers.configOf(provider)),
    names: Object.fromEntries(policy.workloads.map((workload) => [workload.spiffeId, workload.name])),
  };
}

function runConfig(
  { name, run, env, ports, ready }: Workload,
  policy: Policy,
  outbound: readonly OutboundPlan[],
  options: SupervisorOptions,
): RunConfig {
  const { state, folder } = options;
  const data = state.data(name);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  return {
    command: run ?? "",
    folder,
    data,
    etc: writeGeneratedFiles(state.generated(name), name, outbound),
    secrets: placeSecrets(name, policy, options),
    hidden: hiddenFrom(options),
    advisorySecrets: state.secrets(name),
    env,
    ports: ports.map((port) => ({ name: port.name, port: port.port })),
    ready,
    readyMs: READY_MS,
  };
}

/** What is not the workloads' to see, wherever in their folder it lies. */
function hiddenFrom({ state, secretsFolder, hidden }: SupervisorOptions): string[] {
  const paths = [state.path, ...(secretsFolder === undefined ? [] : [secretsFolder]), ...(hidden ?? [])];
  return paths.filter((path) => existsSync(path)).map((path) => realpathSync(path));
}

/** Copies a workload's own secrets to where only it gets them from. */
function placeSecrets(
  name: string,
  policy: Policy,
  { state, secretsFolder }: SupervisorOptions,
): Record<string, string> {
  const target = state.secrets(name);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const placed: Record<string, string> = {};
  if (secretsFolder === undefined) return placed;
  for (const secret of policy.secrets) {
    const source = join(secretsFolder, secret.name);
    if (!secret.usedBy.includes(name) || !existsSync(source)) continue;
    placed[secret.name] = join(target, secret.name);
    cpSync(source, join(target, secret.name), { mode: 0, dereference: true });
  }
  return placed;
}
