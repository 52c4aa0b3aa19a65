/** Constraints: where each template holds, and with which facts of the policy. */
import type { Policy } from "../../policy/index.js";
import {
  CLEANERS,
  CLUSTER,
  controlPlaneUser,
  DERIVED_FROM_GATEWAYS,
  injectedFacts,
  MANAGERS,
  meshNamespaces,
  ownedNamespaces,
  POD_SHAPES,
  tokenAudiences,
  zoneFacts,
} from "../admission/facts.js";
import { meshFacts, PROXY_ESCAPES, proxyFacts, waypointFacts } from "../admission/mesh.js";
import { CLUSTER_POLICY_KINDS, MESH_KINDS, POLICY_KINDS, type PolicyKinds } from "../admission/policy-kinds.js";
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
          proxies: proxyFacts(policy),
          escapes: PROXY_ESCAPES,
          audiences: tokenAudiences(policy),
          waypoint: waypointFacts(policy, zone) as Value | undefined,
          labels: { [LABELS.zone]: zone, [LABELS.workflow]: policy.workflow },
          label: LABELS.workload,
        },
        ["placement", "accounts"],
      ),
    ),
    ...inMesh(policy),
    ...policyOwnership(policy),
    constraint(
      policy,
      "Ownership",
      "managed-objects",
      {
        kinds: [{ apiGroups: ["*"], kinds: ["*"] }],
        labelSelector: { matchLabels: { [LABELS.managedBy]: "ringfence", [LABELS.workflow]: policy.workflow } },
      },
      {
        managers: [...MANAGERS],
        what: `what Ringfence wrote for ${policy.workflow}`,
        cluster: [...CLUSTER],
        derived: mesh
          ? {
              user: controlPlaneUser(policy),
              label: LABELS.gatewayName,
              kinds: DERIVED_FROM_GATEWAYS.map(({ kind }) => kind),
            }
          : undefined,
      },
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

/** That a workload's pods are in the mesh, and stay there. */
function inMesh(policy: Policy): KubeObject[] {
  const facts = meshFacts(policy);
  if (facts === undefined) return [];
  const { waypoint, ...rest } = facts;
  const parameters = {
    ...rest,
    label: LABELS.workload,
    waypoint: waypoint === undefined ? undefined : { label: LABELS.gatewayName, name: waypoint },
  };
  const match = { kinds: PODS, namespaces: policy.zones.map(({ name }) => name) };
  return [constraint(policy, "InMesh", "pods", match, parameters, ["mtls"])];
}

/** Who may add policies: to the zones, to the mesh's own namespaces, to the cluster as a whole. */
function policyOwnership(policy: Policy): KubeObject[] {
  const kinds = (list: readonly PolicyKinds[]): Value =>
    list.map((item) => ({ apiGroups: [item.group], kinds: item.kinds }));
  const owned = (name: string, match: Value, of: string) =>
    constraint(
      policy,
      "Ownership",
      name,
      match,
      { managers: MANAGERS, what: `the policies of ${of}`, cleaners: CLEANERS },
      ["default-deny"],
    );
  const ofMesh = meshNamespaces(policy);
  return [
    owned("policies", { kinds: kinds(POLICY_KINDS), namespaces: ownedNamespaces(policy) }, policy.workflow),
    ...(ofMesh.length === 0
      ? []
      : [owned("mesh-policies", { kinds: kinds(MESH_KINDS), namespaces: ofMesh }, "the mesh")]),
    owned("cluster-policies", { kinds: kinds(CLUSTER_POLICY_KINDS) }, "the cluster"),
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
