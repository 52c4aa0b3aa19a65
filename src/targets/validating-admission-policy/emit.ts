/**
 * The admission rules in CEL, for clusters without Gatekeeper. The API server itself evaluates them, so nothing can be
 * down, and an expression that fails refuses (`failurePolicy: Fail`).
 */
import type { Policy } from "../../policy/index.js";
import { injectedFacts, MANAGERS, ownedNamespaces, POD_SHAPES, POLICY_KINDS, zoneFacts } from "../admission/facts.js";
import type { Feature } from "../capability.js";
import { storageClassName } from "../encryption/emit.js";
import { encryptedZones } from "../gatekeeper/constraints.js";
import { LABELS } from "../names.js";
import { type KubeObject, kubeObject } from "../object.js";
import type { Value, ValueMap } from "../yaml.js";
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
  return zoneFacts(policy).flatMap((facts) =>
    POD_SHAPES.map((shape) => ({
      name: `workloads.${facts.zone}.${shape.name}`,
      namespaces: [facts.zone],
      resourceRules: [resources(shape.group, shape.version, shape.resources, ["CREATE", "UPDATE"])],
      variables: [...podVariables(podPath(shape.path)), ...workloadVariables(facts, injectedFacts(policy))],
      validations: workloadValidations(facts, policy.workflow),
      holds: ["placement", "accounts"],
    })),
  );
}

function ownership(policy: Policy): Rules[] {
  const managers = MANAGERS.map((group) => `"${group}"`).join(", ");
  const byManager = (what: string): Validation => ({
    expression: `request.userInfo.?groups.orValue([]).exists(group, group in [${managers}])`,
    message: `only members of ${MANAGERS.join(" or ")} may change ${what}`,
  });
  const operations = ["CREATE", "UPDATE", "DELETE"];
  return [
    {
      name: "ownership.policies",
      namespaces: ownedNamespaces(policy),
      resourceRules: POLICY_KINDS.map((kinds) => resources(kinds.group, "*", kinds.resources, operations)),
      validations: [byManager(`the policies of ${policy.workflow}`)],
      holds: ["default-deny"],
    },
    {
      name: "ownership.objects",
      namespaces: [],
      resourceRules: [resources("*", "*", ["*"], operations)],
      objectSelector: { matchLabels: { [LABELS.managedBy]: "ringfence", [LABELS.workflow]: policy.workflow } },
      // The cluster's own controllers write the status and the bookkeeping of objects; nothing of theirs widens a policy.
      matchConditions: [
        { name: "not-a-status", expression: 'request.?subResource.orValue("") == ""' },
        {
          name: "not-the-cluster-itself",
          expression:
            '!request.userInfo.?groups.orValue([]).exists(group, group in ["system:serviceaccounts:kube-system", "system:nodes"])',
        },
      ],
      validations: [byManager(`what Ringfence wrote for ${policy.workflow}`)],
    },
  ];
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
