/**
 * The admission rules in CEL, for clusters without Gatekeeper. The API server itself evaluates them, so nothing can be
 * down, and an expression that fails refuses (`failurePolicy: Fail`).
 */
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
import { meshFacts, proxyFacts, waypointFacts } from "../admission/mesh.js";
import { CLUSTER_POLICY_KINDS, MESH_KINDS, POLICY_KINDS, type PolicyKinds } from "../admission/policy-kinds.js";
import type { Feature } from "../capability.js";
import { storageClassName } from "../encryption/emit.js";
import { encryptedZones } from "../gatekeeper/constraints.js";
import { LABELS } from "../names.js";
import { type KubeObject, kubeObject } from "../object.js";
import type { Value, ValueMap } from "../yaml.js";
import { celList } from "./cel.js";
import { inMeshValidations, inMeshVariables } from "./in-mesh.js";
import { POD_SECURITY_VALIDATIONS, podVariables, type Validation } from "./pod-security.js";
import { workloadValidations, workloadVariables } from "./workloads.js";

const GROUP = "admissionregistration.k8s.io/v1";

interface Rules {
  readonly name: string;
  readonly namespaces: readonly string[];
  readonly resourceRules: readonly Value[];
  readonly objectSelector?: ValueMap;
  readonly matchConditions?: readonly { readonly name: string; readonly expression: string }[];
  readonly variables?: readonly { readonly name: string; readonly expression: string }[];
  readonly validations: readonly Validation[];
  readonly holds?: readonly Feature[];
}

export function admissionPolicies(policy: Policy): KubeObject[] {
  const rules = [
    ...podSecurity(policy),
    ...workloads(policy),
    ...inMesh(policy),
    ...ownership(policy),
    ...strictMtls(policy),
    ...volumes(policy),
  ];
  return rules.flatMap((rule) => [admissionPolicy(policy, rule), binding(policy, rule)]);
}

function admissionPolicy(policy: Policy, rule: Rules): KubeObject {
  return kubeObject(policy, {
    apiVersion: GROUP,
    kind: "ValidatingAdmissionPolicy",
    name: nameOf(policy, rule),
    ...(rule.holds === undefined ? {} : { holds: rule.holds }),
    body: {
      spec: {
        failurePolicy: "Fail",
        matchConstraints: { resourceRules: rule.resourceRules },
        matchConditions: rule.matchConditions,
        variables: rule.variables,
        validations: rule.validations.map(({ expression, message }) => ({ expression, message, reason: "Forbidden" })),
      },
    },
  });
}

function binding(policy: Policy, rule: Rules): KubeObject {
  const namespaceSelector: Value = {
    matchExpressions: [{ key: LABELS.namespaceName, operator: "In", values: [...rule.namespaces].sort() }],
  };
  const matchResources: Value = {
    ...(rule.namespaces.length === 0 ? {} : { namespaceSelector }),
    ...(rule.objectSelector === undefined ? {} : { objectSelector: rule.objectSelector }),
  };
  return kubeObject(policy, {
    apiVersion: GROUP,
    kind: "ValidatingAdmissionPolicyBinding",
    name: nameOf(policy, rule),
    body: { spec: { policyName: nameOf(policy, rule), validationActions: ["Deny"], matchResources } },
  });
}

function nameOf(policy: Policy, { name }: Rules): string {
  return `ringfence.${policy.workflow}.${name}`;
}

function podSecurity(policy: Policy): Rules[] {
  return POD_SHAPES.map((shape) => ({
    name: `pod-security.${shape.name}`,
    namespaces: policy.zones.map(({ name }) => name),
    resourceRules: [resources(shape.group, shape.version, shape.resources, ["CREATE", "UPDATE"])],
    variables: podVariables(podPath(shape.path)),
    validations: POD_SECURITY_VALIDATIONS,
    holds: ["pod-security"],
  }));
}

function workloads(policy: Policy): Rules[] {
  return zoneFacts(policy).flatMap((zone) =>
    POD_SHAPES.map((shape) => {
      const placement = {
        zone,
        workflow: policy.workflow,
        isPod: shape.path === "",
        injected: injectedFacts(policy),
        proxies: proxyFacts(policy),
        audiences: tokenAudiences(policy),
        waypoint: waypointFacts(policy, zone.zone),
      };
      return {
        name: `workloads.${zone.zone}.${shape.name}`,
        namespaces: [zone.zone],
        resourceRules: [resources(shape.group, shape.version, shape.resources, ["CREATE", "UPDATE"])],
        variables: [...podVariables(podPath(shape.path)), ...workloadVariables(placement)],
        validations: workloadValidations(placement),
        holds: ["placement", "accounts"] as const,
      };
    }),
  );
}

function inMesh(policy: Policy): Rules[] {
  const facts = meshFacts(policy);
  if (facts === undefined) return [];
  return POD_SHAPES.map((shape) => ({
    name: `in-mesh.${shape.name}`,
    namespaces: policy.zones.map(({ name }) => name),
    resourceRules: [resources(shape.group, shape.version, shape.resources, ["CREATE", "UPDATE"])],
    variables: [...podVariables(podPath(shape.path)), ...inMeshVariables(facts)],
    validations: inMeshValidations(facts),
    holds: ["mtls"],
  }));
}

function ownership(policy: Policy): Rules[] {
  const byManager = (what: string): Validation => ({
    expression: inGroups(MANAGERS),
    message: `only members of ${MANAGERS.join(" or ")} may change ${what}`,
  });
  const operations = ["CREATE", "UPDATE", "DELETE"];
  const policies = (name: string, kinds: readonly PolicyKinds[], namespaces: readonly string[], of: string): Rules => ({
    name: `ownership.${name}`,
    namespaces,
    resourceRules: kinds.map((item) => resources(item.group, "*", item.resources, operations)),
    matchConditions: [
      {
        name: "not-cleaned-up",
        expression: `!(request.operation == "DELETE" && request.userInfo.?username.orValue("") in ${celList(CLEANERS)})`,
      },
    ],
    validations: [byManager(`the policies of ${of}`)],
    holds: ["default-deny"],
  });
  const ofMesh = meshNamespaces(policy);
  return [
    policies("policies", POLICY_KINDS, ownedNamespaces(policy), policy.workflow),
    ...(ofMesh.length === 0 ? [] : [policies("mesh-policies", MESH_KINDS, ofMesh, "the mesh")]),
    policies("cluster-policies", CLUSTER_POLICY_KINDS, [], "the cluster"),
    {
      name: "ownership.objects",
      namespaces: [],
      resourceRules: [resources("*", "*", ["*"], operations)],
      objectSelector: { matchLabels: { [LABELS.managedBy]: "ringfence", [LABELS.workflow]: policy.workflow } },
      matchConditions: [
        { name: "not-a-status", expression: 'request.?subResource.orValue("") == ""' },
        { name: "not-the-cluster-itself", expression: `!${inGroups(CLUSTER)}` },
        ...derivedByMesh(policy),
      ],
      validations: [byManager(`what Ringfence wrote for ${policy.workflow}`)],
    },
  ];
}

/** What the mesh's control plane makes of a Gateway inherits its labels, and is the control plane's own. */
function derivedByMesh(policy: Policy): { readonly name: string; readonly expression: string }[] {
  const user = controlPlaneUser(policy);
  if (user === undefined) return [];
  const name = 'request.userInfo.?username.orValue("")';
  const parts = [
    `(${name} == "${user}" || ${name}.startsWith("${user}-"))`,
    `request.resource.resource in ${celList(DERIVED_FROM_GATEWAYS.map(({ resource }) => resource))}`,
    `(object == null ? oldObject : object).?metadata.?labels[?"${LABELS.gatewayName}"].hasValue()`,
  ];
  return [{ name: "not-derived-by-the-mesh", expression: `!(${parts.join(" && ")})` }];
}

function inGroups(groups: readonly string[]): string {
  return `request.userInfo.?groups.orValue([]).exists(group, group in ${celList(groups)})`;
}

function strictMtls(policy: Policy): Rules[] {
  if (policy.targets.mesh.engine !== "istio") return [];
  return [
    {
      name: "strict-mtls",
      namespaces: ownedNamespaces(policy),
      resourceRules: [resources("security.istio.io", "*", ["peerauthentications"], ["CREATE", "UPDATE"])],
      validations: [
        {
          expression:
            'object.?spec.?mtls.?mode.orValue("UNSET") in ["STRICT", "UNSET"] && object.?spec.?portLevelMtls.orValue({}).all(port, object.spec.portLevelMtls[port].?mode.orValue("UNSET") in ["STRICT", "UNSET"])',
          message: "the mutual TLS mode must be STRICT",
        },
      ],
      holds: ["mtls"],
    },
  ];
}

function volumes(policy: Policy): Rules[] {
  const namespaces = encryptedZones(policy);
  if (namespaces.length === 0) return [];
  const name = storageClassName(policy);
  return [
    {
      name: "volumes",
      namespaces,
      resourceRules: [resources("", "v1", ["persistentvolumeclaims"], ["CREATE"])],
      validations: [
        {
          expression: `object.spec.?storageClassName.orValue("") == "${name}"`,
          message: `the storage class must be ${name}`,
        },
      ],
      holds: ["at-rest"],
    },
  ];
}

function podPath(path: string): string {
  return path === "" ? "object" : `object.${path}`;
}

function resources(group: string, version: string, names: readonly string[], operations: readonly string[]): Value {
  return { apiGroups: [group], apiVersions: [version], operations: [...operations], resources: [...names] };
}
