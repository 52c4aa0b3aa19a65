/** Who reads which secret, and under which names Vault knows it. */
import type { Policy, Secret, Workload } from "../../policy/index.js";

export interface Grant {
  readonly workload: Workload;
  readonly secrets: readonly Secret[];
}

export type Vault = Extract<Policy["targets"]["secrets"], { engine: "vault" }>;

export function vaultOf(policy: Policy): Vault | undefined {
  return policy.targets.secrets.engine === "vault" ? policy.targets.secrets : undefined;
}

/** Workloads that use a secret, by name. */
export function grantsOf(policy: Policy): Grant[] {
  return policy.workloads.flatMap((workload) => {
    const secrets = policy.secrets.filter(({ usedBy }) => usedBy.includes(workload.name));
    return secrets.length === 0 ? [] : [{ workload, secrets }];
  });
}

/** The name of a workload's policy and role. */
export function roleName(policy: Policy, { name }: Workload): string {
  return `${policy.workflow}.${name}`;
}

/** Path of a secret below its mount. KV v2 reads it under `data/` and describes it under `metadata/`. */
export function secretPath(policy: Policy, { name }: Secret): string {
  return `${policy.workflow}/${name}`;
}

export function addressOf({ address }: Vault): { readonly host: string; readonly port: number } {
  const url = new URL(address);
  return { host: url.hostname, port: url.port === "" ? 443 : Number(url.port) };
}

/** The namespace of a Service inside the cluster: `vault.vault`, `vault.vault.svc…`; undefined for a host outside. */
export function namespaceOf({ host }: { readonly host: string }): string | undefined {
  return /^[a-z0-9-]+\.([a-z0-9-]+)(?:\.svc(?:\.cluster\.local)?)?$/.exec(host)?.[1];
}
