/**
 * Encryption at rest: the API server's own configuration, and a storage class for what stores keep. The first provider
 * of an EncryptionConfiguration encrypts; `identity` comes last, so that what was written before can still be read.
 */
import { type Problem, RingfenceError } from "../../diagnostics/index.js";
import type { Policy } from "../../policy/index.js";
import { kubeObject } from "../object.js";
import type { Artifact } from "../target.js";
import { toYaml, type Value } from "../yaml.js";

/** What makes each driver encrypt; `asks`: parameters that only the installer knows. */
const DRIVERS: Readonly<
  Record<string, { readonly parameters: Readonly<Record<string, string>>; readonly asks: readonly string[] }>
> = {
  "ebs.csi.aws.com": { parameters: { encrypted: "true" }, asks: [] },
  "pd.csi.storage.gke.io": { parameters: {}, asks: ["disk-encryption-kms-key"] },
  "disk.csi.azure.com": { parameters: {}, asks: ["diskEncryptionSetID"] },
  "rook-ceph.rbd.csi.ceph.com": { parameters: { encrypted: "true" }, asks: ["encryptionKMSID"] },
  "rbd.csi.ceph.com": { parameters: { encrypted: "true" }, asks: ["encryptionKMSID"] },
  "driver.longhorn.io": {
    parameters: { encrypted: "true" },
    asks: [
      "csi.storage.k8s.io/provisioner-secret-name",
      "csi.storage.k8s.io/provisioner-secret-namespace",
      "csi.storage.k8s.io/node-publish-secret-name",
      "csi.storage.k8s.io/node-publish-secret-namespace",
      "csi.storage.k8s.io/node-stage-secret-name",
      "csi.storage.k8s.io/node-stage-secret-namespace",
    ],
  },
};

export const KEY_PLACEHOLDER = "RINGFENCE_SECRETBOX_KEY";

/** @throws TARGET_INEXPRESSIBLE for a storage driver that is not known to encrypt with the parameters given */
export function emit(policy: Policy): readonly Artifact[] {
  const { provider, storageProvisioner } = policy.targets.encryption;
  if (provider === "none") return [];
  return [
    {
      kind: "text",
      path: "encryption/encryption-configuration.yaml",
      byHand: true,
      text: configuration(policy),
      holds: ["at-rest"],
    },
    {
      kind: "text",
      path: "encryption/install.sh",
      byHand: true,
      text: provider === "kms" ? KMS_SCRIPT : SECRETBOX_SCRIPT,
    },
    ...(storageProvisioner === "" ? [] : [storageClass(policy)]),
  ];
}

export function storageClassName(policy: Policy): string {
  return `${policy.workflow}-encrypted`;
}

function configuration(policy: Policy): string {
  const { provider, kmsEndpoint } = policy.targets.encryption;
  const first: Value =
    provider === "kms"
      ? { kms: { apiVersion: "v2", name: `ringfence-${policy.workflow}`, endpoint: kmsEndpoint, timeout: "3s" } }
      : { secretbox: { keys: [{ name: "key1", secret: KEY_PLACEHOLDER }] } };
  const body = toYaml({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [{ resources: ["secrets", "configmaps"], providers: [first, { identity: {} }] }],
  });
  const head =
    provider === "kms"
      ? "# For the API server: --encryption-provider-config. `identity` is last: it only reads what was written before.\n"
      : `# A template: install.sh puts a key in the place of ${KEY_PLACEHOLDER} and writes the result beside the API server.\n# \`identity\` is last: it only reads what was written before.\n`;
  return `${head}${body}`;
}

function storageClass(policy: Policy): Artifact {
  const { storageProvisioner, storageParameters } = policy.targets.encryption;
  const driver = Object.hasOwn(DRIVERS, storageProvisioner) ? DRIVERS[storageProvisioner] : undefined;
  const given = { ...driver?.parameters, ...storageParameters };
  const problems = storageProblems(policy, given);
  if (problems.length > 0) throw new RingfenceError(problems);
  return {
    kind: "manifests",
    path: "encryption/storage-class.yaml",
    objects: [
      kubeObject(policy, {
        apiVersion: "storage.k8s.io/v1",
        kind: "StorageClass",
        name: storageClassName(policy),
        holds: ["at-rest"],
        body: {
          provisioner: storageProvisioner,
          parameters: Object.fromEntries(Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1))),
          reclaimPolicy: "Retain",
          allowVolumeExpansion: true,
          volumeBindingMode: "WaitForFirstConsumer",
        },
      }),
    ],
    comment: [
      "For the volumes of stores: `storageClassName` of their claims. A claim that exists keeps the class it has.",
    ],
  };
}

function storageProblems(policy: Policy, given: Readonly<Record<string, string>>): Problem[] {
  const { storageProvisioner } = policy.targets.encryption;
  const { span } = policy;
  const driver = Object.hasOwn(DRIVERS, storageProvisioner) ? DRIVERS[storageProvisioner] : undefined;
  if (driver === undefined) {
    const message = `how the storage driver \`${storageProvisioner}\` is told to encrypt is not known`;
    return [{ code: "TARGET_INEXPRESSIBLE", message, hint: `known: ${Object.keys(DRIVERS).join(", ")}`, span }];
  }
  const undone = Object.entries(driver.parameters).filter(([key, value]) => given[key] !== value);
  const missing = driver.asks.filter((key) => !Object.hasOwn(given, key));
  return [
    ...undone.map(
      ([key, value]): Problem => ({
        code: "TARGET_INEXPRESSIBLE",
        message: `\`storageParameters\` sets \`${key}: ${given[key]}\`, and without \`${value}\` the driver does not encrypt`,
        hint: "leave it out",
        span,
      }),
    ),
    ...missing.map(
      (key): Problem => ({
        code: "TARGET_INEXPRESSIBLE",
        message: `the storage driver \`${storageProvisioner}\` needs the parameter \`${key}\` to encrypt with a key of yours`,
        hint: `add it under \`targets.encryption.storageParameters\``,
        span,
      }),
    ),
  ];
}

const REWRITE = `
# What was written before stays as it was until it is written again. Once every API server runs with the configuration:
#   kubectl get secrets,configmaps --all-namespaces -o json | kubectl replace -f -
# Then look whether it is so: the value in etcd begins with \`k8s:enc:\`.
`;

const KMS_SCRIPT = `#!/bin/sh
# Puts the configuration beside the API server. Run it on each control-plane node, with the folder that the API server reads.
set -eu
cd "$(dirname "$0")"
target="\${1:?usage: install.sh FOLDER}/encryption-configuration.yaml"
umask 077
cp encryption-configuration.yaml "$target.new"
mv "$target.new" "$target"
echo "wrote $target: add --encryption-provider-config=$target to the API server"
${REWRITE}`;

const SECRETBOX_SCRIPT = `#!/bin/sh
# Puts the configuration beside the API server, with a key that stands nowhere else. The key comes from standard input
# (32 bytes in base64), the same one for each control-plane node:
#   head -c 32 /dev/urandom | base64 | ./install.sh /etc/kubernetes/encryption
set -eu
cd "$(dirname "$0")"
target="\${1:?usage: install.sh FOLDER < KEY}/encryption-configuration.yaml"
IFS= read -r key
[ "$(printf %s "$key" | base64 -d | wc -c)" -eq 32 ] || { echo "the key must be 32 bytes in base64" >&2; exit 2; }
umask 077
while IFS= read -r line; do
  case "$line" in
    \\#*) ;;
    *${KEY_PLACEHOLDER}*) printf '%s%s\\n' "\${line%${KEY_PLACEHOLDER}*}" "$key" ;;
    *) printf '%s\\n' "$line" ;;
  esac
done < encryption-configuration.yaml > "$target.new"
mv "$target.new" "$target"
echo "wrote $target: add --encryption-provider-config=$target to the API server"
${REWRITE}`;
