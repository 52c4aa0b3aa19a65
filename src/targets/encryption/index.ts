import type { Policy } from "../../policy/index.js";
import { leftBecause, type Target } from "../target.js";
import { capabilities } from "./capabilities.js";
import { emit, storageClassName } from "./emit.js";

export const encryption: Target = {
  name: "encryption",
  summary: "Secrets in etcd and the volumes of stores, encrypted",
  layer: "encryption",
  capabilities,
  chosen: (policy) => policy.targets.encryption.provider !== "none",
  holds: () => leftBecause("is about data at rest"),
  requires,
  emit,
};

function requires(policy: Policy): readonly string[] {
  const { provider, kmsEndpoint, storageProvisioner } = policy.targets.encryption;
  const stores = policy.workloads.filter(({ kind }) => kind === "store").map(({ name }) => `\`${name}\``);
  return [
    "Each API server reads `encryption/encryption-configuration.yaml` (`encryption/install.sh` puts it there); what was written before must be written again.",
    ...(provider === "kms" ? [`A KMS v2 plugin listens on \`${kmsEndpoint}\` on each control-plane node.`] : []),
    ...(storageProvisioner === "" || stores.length === 0
      ? []
      : [`The volume claims of ${stores.join(", ")} name the storage class \`${storageClassName(policy)}\`.`]),
  ];
}
