/** Requests for the suites of who may change what: an object, and who sends it. */
import type { Policy } from "../../policy/index.js";
import { CLEANERS, CLUSTER, controlPlaneUser, MANAGERS, meshNamespaces } from "../admission/facts.js";
import { CLUSTER_POLICY_KINDS, MESH_KINDS, POLICY_KINDS, type PolicyKinds } from "../admission/policy-kinds.js";
import type { Sample } from "../admission/sample-pod.js";
import { LABELS } from "../names.js";
import type { ValueMap } from "../yaml.js";

interface Who {
  readonly username: string;
  readonly groups: readonly string[];
}

const OWNER: Who = { username: "owner", groups: ["system:authenticated"] };
const MANAGER: Who = { username: "manager", groups: [MANAGERS[0], "system:authenticated"] };
const CONTROLLER: Who = {
  username: "system:serviceaccount:kube-system:endpointslice-controller",
  groups: ["system:serviceaccounts", CLUSTER[0], "system:authenticated"],
};

/** @param constraint the name of one of the target's `Ownership` constraints */
export function ownershipSamples(policy: Policy, constraint: string): { allowed: Sample[]; refused: Sample[] } {
  const zone = policy.zones[0]?.name;
  switch (constraint) {
    case "policies":
      return ofKinds(POLICY_KINDS, zone);
    case "mesh-policies":
      // The kinds are the zones' own: one of each group says that the namespace is meant.
      return ofKinds(
        MESH_KINDS.map((item) => ({ ...item, kinds: item.kinds.slice(0, 1) })),
        meshNamespaces(policy)[0],
      );
    case "cluster-policies":
      return ofKinds(CLUSTER_POLICY_KINDS, undefined);
    default:
      return managed(policy, zone);
  }
}

function ofKinds(kinds: readonly PolicyKinds[], namespace: string | undefined) {
  const samples = (who: Who) =>
    kinds.flatMap((item) =>
      item.kinds.map((kind) =>
        review(`${kind} of ${item.group} by the ${who.username}`, who, item.group, kind, namespace),
      ),
    );
  const [first] = kinds;
  const cleaned = (who: Who, operation: string, name: string) =>
    first === undefined ? [] : [review(name, who, first.group, first.kinds[0] ?? "", namespace, {}, operation)];
  const cleaner: Who = { username: CLEANERS[0], groups: CONTROLLER.groups };
  return {
    allowed: [...samples(MANAGER).slice(0, 1), ...cleaned(cleaner, "DELETE", "a policy that goes with its namespace")],
    refused: [
      ...samples(OWNER),
      ...cleaned(cleaner, "CREATE", "a policy by who cleans up"),
      ...cleaned(OWNER, "DELETE", "a policy that the owner removes"),
    ],
  };
}

function managed(policy: Policy, namespace: string | undefined) {
  const ours = { [LABELS.managedBy]: "ringfence", [LABELS.workflow]: policy.workflow };
  const slice = (who: Who, name: string) => review(name, who, "discovery.k8s.io", "EndpointSlice", namespace, ours);
  const user = controlPlaneUser(policy);
  const derived = { ...ours, [LABELS.gatewayName]: policy.workflow };
  const deployment = (username: string, name: string, labels: ValueMap) =>
    review(name, { username, groups: ["system:serviceaccounts"] }, "apps", "Deployment", namespace, labels);
  return {
    allowed: [
      slice(MANAGER, "an object by a manager"),
      slice(CONTROLLER, "an object by a controller of the cluster"),
      ...(user === undefined
        ? []
        : [
            deployment(user, "a gateway by the mesh", derived),
            deployment(`${user}-stable`, "a gateway by a revision of the mesh", derived),
          ]),
    ],
    refused: [
      slice(OWNER, "an object by the owner"),
      deployment("owner", "a gateway by the owner", derived),
      ...(user === undefined
        ? []
        : [
            deployment(user, "something else by the mesh", ours),
            deployment(`${user}x`, "a gateway by somebody who is named like the mesh", derived),
          ]),
    ],
  };
}

function review(
  name: string,
  who: Who,
  group: string,
  kind: string,
  namespace: string | undefined,
  labels: ValueMap = {},
  operation = "CREATE",
): Sample {
  const metadata = { name: "sample", namespace, labels };
  const object = {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: "sample",
      kind: { group, version: "v1", kind },
      resource: { group, version: "v1", resource: `${kind.toLowerCase()}s` },
      name: "sample",
      namespace,
      operation,
      userInfo: { username: who.username, groups: who.groups },
      [operation === "DELETE" ? "oldObject" : "object"]: { apiVersion: `${group}/v1`, kind, metadata },
    },
  };
  return { name, object };
}
