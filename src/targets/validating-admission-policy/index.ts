import type { Policy } from "../../policy/index.js";
import { admissionCapabilities } from "../admission/capabilities.js";
import { admissionRequires } from "../admission/requires.js";
import { leftBecause, type Target } from "../target.js";
import { admissionPolicies } from "./emit.js";

export const validatingAdmissionPolicy: Target = {
  name: "validating-admission-policy",
  summary: "the admission rules in CEL, which the API server evaluates itself",
  layer: "admission",
  capabilities: admissionCapabilities("an object that is there already is not asked about again until it changes"),
  chosen: (policy) => policy.targets.admission.includes("validating-admission-policy"),
  holds: () => leftBecause("decides on objects, not on traffic"),
  requires,
  emit: (policy) => [
    {
      kind: "manifests",
      path: "validating-admission-policy/policies.yaml",
      objects: admissionPolicies(policy),
      comment: [
        "Refusals by the API server itself. Who applies these files must be in one of the groups that they name.",
      ],
    },
  ],
};

function requires(policy: Policy): readonly string[] {
  return [
    "Kubernetes 1.30 or later.",
    "The API server asks no admission policy about admission policies: RBAC gives writes to `admissionregistration.k8s.io` to managers only.",
    ...admissionRequires(policy),
  ];
}
