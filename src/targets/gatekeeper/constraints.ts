/** Constraints: where each template holds, and with which facts of the policy. */
import type { Policy } from "../../policy/index.js";
import { injectedFacts, MANAGERS, ownedNamespaces, POD_SHAPES, POLICY_KINDS, zoneFacts } from "../admission/facts.js";
import type { Feature } from "../capability.js";
import { storageClassName } from "../encryption/emit.js";
import { LABELS } from "../names.js";
import { type KubeObject, kubeObject } from "../object.js";
import type { Value } from "../yaml.js";
import { kindOf, type TemplateName } from "./templates.js";

const PODS: Value[] = [...new Set(POD_SHAPES.map(({ group }) => group))].map((group) => ({
  apiGroups: [group],
  kinds: POD_SHAPES.filter((shape) => shape.group === group).flatMap(({ kinds }) => [...kinds]),
}));

export function constraints(policy: Policy): KubeObject[] {
  const zones = policy.zones.map(({ name }) => name);
  const mesh = policy.targets.mesh.engine === "istio";
  return [
    constraint(policy, "PodSecurity", "pods", { kinds: PODS, namespaces: zones }, undefined, ["pod-security"]),
    ...zoneFacts(policy).map(({ zone, workloads }) =>
      constraint(
        policy,
        "Workloads",
        zone,
        { kinds: PODS, namespaces: [zone] },
        {
          workloads,
          injected: injectedFacts(policy),
          labels: { [LABELS.zone]: zone, [LABELS.workflow]: policy.workflow },
          label: LABELS.workload,
        },
        ["placement", "accounts"],
      ),
    ),
    constraint(
      policy,
      "Ownership",
      "policies",
      {
        kinds: POLICY_KINDS.map(({ group, kinds }) => ({ apiGroups: [group], kinds: [...kinds] })),
        namespaces: ownedNamespaces(policy),
      },
      { managers: [...MANAGERS], what: `the policies of ${policy.workflow}` },
      ["default-deny"],
    ),
    constraint(
      policy,
      "Ownership",
      "managed-objects",
      {
        kinds: [{ apiGroups: ["*"], kinds: ["*"] }],
        labelSelector: { matchLabels: { [LABELS.managedBy]: "ringfence", [LABELS.workflow]: policy.workflow } },
      },
      { managers: [...MANAGERS], what: `what Ringfence wrote for ${policy.workflow}` },
    ),
    ...(mesh
      ? [
          constraint(
            policy,
            "StrictMtls",
            "mutual-tls",
            {
              kinds: [
                { apiGroups: ["security.istio.io"], kinds: ["PeerAuthentication"] },
                { apiGroups: ["networking.istio.io"], kinds: ["DestinationRule"] },
              ],
              namespaces: ownedNamespaces(policy),
            },
            undefined,
            ["mtls"],
          ),
        ]
      : []),
    ...encryptedVolumes(policy),
  ];
}

/** Zones with a store that is said to be encrypted, when a storage class for it is written. */
export function encryptedZones(policy: Policy): string[] {
  const { provider, storageProvisioner } = policy.targets.encryption;
  if (provider === "none" || storageProvisioner === "") return [];
  const stores = policy.workloads.filter(({ encryptedAtRest }) => encryptedAtRest === true);
  return [...new Set(stores.map(({ zone }) => zone))].sort();
}

function encryptedVolumes(policy: Policy): KubeObject[] {
  const namespaces = encryptedZones(policy);
  if (namespaces.length === 0) return [];
  const match = { kinds: [{ apiGroups: [""], kinds: ["PersistentVolumeClaim"] }], namespaces };
  return [constraint(policy, "EncryptedVolumes", "volumes", match, { class: storageClassName(policy) }, ["at-rest"])];
}

function constraint(
  policy: Policy,
  template: TemplateName,
  name: string,
  match: Value,
  parameters?: Value,
  holds: readonly Feature[] = [],
): KubeObject {
  return kubeObject(policy, {
    apiVersion: "constraints.gatekeeper.sh/v1beta1",
    kind: kindOf(policy, template),
    name,
    holds,
    body: { spec: { enforcementAction: "deny", match, parameters } },
  });
}
