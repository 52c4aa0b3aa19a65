import type { Policy } from "../../policy/index.js";
import { leftBecause, type Target } from "../target.js";
import { capabilities } from "./capabilities.js";
import { emit } from "./emit.js";
import { addressOf, grantsOf, namespaceOf, vaultOf } from "./grants.js";

export const vault: Target = {
  name: "vault",
  summary: "who may read which secret, and how it reaches the pod",
  layer: "secrets",
  capabilities,
  chosen: (policy) => policy.targets.secrets.engine === "vault",
  holds: () => leftBecause("keeps secrets and decides on no request"),
  requires,
  emit,
};

function requires(policy: Policy): readonly string[] {
  const chosen = vaultOf(policy);
  if (chosen === undefined || grantsOf(policy).length === 0) return [];
  const { host, port } = addressOf(chosen);
  return [
    `Vault 1.15 or OpenBao 2 answers at \`${chosen.address}\`, with a KV v2 mount \`${chosen.mount}\` and Kubernetes auth at \`auth/${chosen.authPath}\`; \`vault/apply.sh\` writes the policies and roles.`,
    "The agent injector is installed.",
    "Each secret has one field, `value`; its file is `/vault/secrets/<name>`.",
    ...(namespaceOf({ host }) === undefined
      ? [`Pods that use secrets can reach \`${host}:${port}\`: it is outside the cluster, and no policy here opens it.`]
      : []),
  ];
}
