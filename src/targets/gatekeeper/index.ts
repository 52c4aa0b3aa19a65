import type { Policy } from "../../policy/index.js";
import { admissionRequires } from "../admission/requires.js";
import type { Artifact } from "../target.js";
import { leftBecause, type Target } from "../target.js";
import { capabilities } from "./capabilities.js";
import { constraints } from "./constraints.js";
import { suite } from "./suite.js";
import { constraintTemplate, type TemplateName } from "./templates.js";

export const gatekeeper: Target = {
  name: "gatekeeper",
  summary: "which objects may come into the zones: pods, their images and accounts, and who may change policies",
  layer: "admission",
  capabilities,
  chosen: (policy) => policy.targets.admission.includes("gatekeeper"),
  holds: () => leftBecause("decides on objects, not on traffic"),
  requires,
  emit,
};

function requires(policy: Policy): readonly string[] {
  return [
    "Gatekeeper 3.18 or later, with `validatingWebhookFailurePolicy=Fail` (it lets objects in by default when it does not answer), `enableDeleteOperations=true`, and its webhook for `pods/ephemeralcontainers`.",
    "Constraints are applied once their templates are established: apply `gatekeeper/templates.yaml` first and wait.",
    ...admissionRequires(policy),
  ];
}

function emit(policy: Policy): readonly Artifact[] {
  const placed = constraints(policy);
  const kinds = new Set(placed.map(({ kind }) => kind));
  const names: TemplateName[] = ["PodSecurity", "Workloads", "InMesh", "Ownership", "StrictMtls", "EncryptedVolumes"];
  const templates = names
    .map((name) => constraintTemplate(policy, name))
    .filter(({ metadata }) => [...kinds].some((kind) => kind.toLowerCase() === metadata.name));
  return [
    {
      kind: "manifests",
      path: "gatekeeper/templates.yaml",
      objects: templates,
      comment: ["What is refused. Apply these first, and wait until they are established."],
    },
    {
      kind: "manifests",
      path: "gatekeeper/constraints.yaml",
      objects: placed,
      comment: ["Where it is refused, and with which facts of the workflow."],
    },
    ...suite(policy, templates, placed),
  ];
}
