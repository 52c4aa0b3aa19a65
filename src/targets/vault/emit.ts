/**
 * What Vault (or OpenBao) must know: a policy and a role for each workload that uses a secret. And what its pods need:
 * the agent that fetches the secrets, with a token of the cluster's that is meant for Vault alone. Values stand nowhere.
 */
import type { Policy } from "../../policy/index.js";
import type { Artifact, PatchArtifact } from "../target.js";
import { addressOf, type Grant, grantsOf, roleName, secretPath, type Vault, vaultOf } from "./grants.js";

/** How long a login lasts, in seconds: the agent renews it, and a stolen one is worth little. */
const TOKEN_TTL_SECONDS = 900;
const TOKEN_MAX_TTL_SECONDS = 3600;
const AUDIENCE = "vault";
const TOKEN_VOLUME = "vault-token";

export function emit(policy: Policy): readonly Artifact[] {
  const vault = vaultOf(policy);
  const grants = grantsOf(policy);
  if (vault === undefined || grants.length === 0) return [];
  return [
    ...grants.map((grant) => policyFile(policy, vault.mount, grant)),
    ...grants.map((grant) => roleFile(policy, grant)),
    { kind: "text", path: "vault/apply.sh", byHand: true, text: script(policy, vault, grants) },
    ...grants.map((grant) => agentPatch(policy, vault, grant)),
  ];
}

function policyFile(policy: Policy, mount: string, { workload, secrets }: Grant): Artifact {
  const paths = secrets.map((secret) => {
    const path = secretPath(policy, secret);
    return `path "${mount}/data/${path}" {\n  capabilities = ["read"]\n}\n`;
  });
  const head = `# What ${workload.name} may read. Nothing else: Vault denies what no policy names.\n`;
  const text = `${head}${paths.join("\n")}`;
  return { kind: "text", path: `vault/policies/${roleName(policy, workload)}.hcl`, text, holds: ["secrets"] };
}

function roleFile(policy: Policy, { workload }: Grant): Artifact {
  const role = {
    bound_service_account_names: [workload.name],
    bound_service_account_namespaces: [workload.zone],
    audience: AUDIENCE,
    alias_name_source: "serviceaccount_name",
    token_policies: [roleName(policy, workload)],
    token_no_default_policy: true,
    token_ttl: TOKEN_TTL_SECONDS,
    token_max_ttl: TOKEN_MAX_TTL_SECONDS,
  };
  const text = `${JSON.stringify(role, null, 2)}\n`;
  return { kind: "text", path: `vault/roles/${roleName(policy, workload)}.json`, text, holds: ["secrets"] };
}

function script(policy: Policy, { mount, authPath }: Vault, grants: readonly Grant[]): string {
  const roles = grants.map(({ workload }) => {
    const name = roleName(policy, workload);
    return `vault policy write ${name} policies/${name}.hcl\nvault write auth/${authPath}/role/${name} @roles/${name}.json\n`;
  });
  const kept = policy.secrets.map((secret) => {
    const rotation =
      secret.rotateSeconds === undefined ? "" : ` -custom-metadata=rotate-every-seconds=${secret.rotateSeconds}`;
    return `vault kv metadata put -mount=${mount} -cas-required=true -max-versions=5${rotation} ${secretPath(policy, secret)}\n`;
  });
  return `#!/bin/sh
# Writes the policies and roles of ${policy.workflow} into Vault or OpenBao, logged in as whoever may. No value passes here.
set -eu
cd "$(dirname "$0")"

${roles.join("\n")}
# How each secret is kept, and how often it is to be renewed. Put values in yourself, from where they arise:
#   vault kv put -mount=${mount} -cas=0 ${policy.workflow}/NAME value=-
${kept.join("")}`;
}

function agentPatch(policy: Policy, vault: Vault, { workload, secrets }: Grant): PatchArtifact {
  const prefix = "vault.hashicorp.com";
  const { port } = addressOf(vault);
  const files = secrets.flatMap((secret) => [
    [`${prefix}/agent-inject-secret-${secret.name}`, `${vault.mount}/data/${secretPath(policy, secret)}`],
    // The value alone, not Vault's envelope with its versions.
    [
      `${prefix}/agent-inject-template-${secret.name}`,
      `{{- with secret "${vault.mount}/data/${secretPath(policy, secret)}" -}}{{ .Data.data.value }}{{- end -}}`,
    ],
    [`${prefix}/agent-inject-perms-${secret.name}`, "0400"],
  ]);
  const mesh = policy.targets.mesh;
  return {
    kind: "patch",
    path: `workloads/vault/${workload.name}.yaml`,
    workload: workload.name,
    holds: ["secrets"],
    pod: {
      metadata: {
        annotations: {
          [`${prefix}/agent-inject`]: "true",
          [`${prefix}/role`]: roleName(policy, workload),
          [`${prefix}/service`]: vault.address,
          [`${prefix}/auth-path`]: `auth/${vault.authPath}`,
          [`${prefix}/agent-inject-token`]: "false",
          [`${prefix}/agent-set-security-context`]: "true",
          [`${prefix}/agent-run-as-same-user`]: "true",
          // The pod mounts no token of its own: the agent gets this one, which is good for Vault only.
          [`${prefix}/agent-service-account-token-volume-name`]: TOKEN_VOLUME,
          ...Object.fromEntries(files),
          // The agent fetches before the mesh's proxy runs; Vault's own TLS protects it, and the network policy holds the way.
          ...(mesh.engine === "istio" && mesh.mode === "sidecar"
            ? { "traffic.sidecar.istio.io/excludeOutboundPorts": String(port) }
            : {}),
        },
      },
      spec: {
        volumes: [
          {
            name: TOKEN_VOLUME,
            projected: {
              sources: [{ serviceAccountToken: { audience: AUDIENCE, expirationSeconds: 3600, path: "token" } }],
            },
          },
        ],
      },
    },
  };
}
