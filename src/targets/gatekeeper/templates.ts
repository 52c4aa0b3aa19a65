/**
 * ConstraintTemplates: what is refused, in Rego that Gatekeeper has accepted since its beginnings. A template belongs to
 * the workflow, so that two workflows of one cluster never overwrite each other's.
 */
import { readFileSync } from "node:fs";
import type { Policy } from "../../policy/index.js";
import { type KubeObject, kubeObject } from "../object.js";
import type { Value } from "../yaml.js";

const strings: Value = { type: "array", items: { type: "string" } };
const byName = (of: Value): Value => ({ type: "object", additionalProperties: of });

/** Every template: its module, the modules it imports, and the form of its parameters. */
const TEMPLATES = {
  PodSecurity: { module: "pod-security", libs: ["pod"], parameters: undefined },
  Workloads: {
    module: "workloads",
    libs: ["pod"],
    parameters: {
      workloads: byName(strings),
      injected: byName(strings),
      labels: byName({ type: "string" }),
      label: { type: "string" },
    },
  },
  Ownership: { module: "ownership", libs: [], parameters: { managers: strings, what: { type: "string" } } },
  StrictMtls: { module: "strict-mtls", libs: [], parameters: undefined },
  EncryptedVolumes: { module: "encrypted-volumes", libs: [], parameters: { class: { type: "string" } } },
} as const satisfies Record<string, { module: string; libs: readonly string[]; parameters: Value | undefined }>;

export type TemplateName = keyof typeof TEMPLATES;

/** The kind that a template defines: `Ringfence` and the workflow's name, so that it is nobody else's. */
export function kindOf(policy: Policy, template: TemplateName): string {
  const workflow = policy.workflow.split("-").map((part) => part.charAt(0).toUpperCase() + part.slice(1));
  return `Ringfence${workflow.join("")}${template}`;
}

export function constraintTemplate(policy: Policy, name: TemplateName): KubeObject {
  const { module, libs, parameters } = TEMPLATES[name];
  const kind = kindOf(policy, name);
  const validation: Value =
    parameters === undefined
      ? { legacySchema: false }
      : { legacySchema: false, openAPIV3Schema: { type: "object", properties: parameters } };
  return kubeObject(policy, {
    apiVersion: "templates.gatekeeper.sh/v1",
    kind: "ConstraintTemplate",
    name: kind.toLowerCase(),
    body: {
      spec: {
        crd: { spec: { names: { kind }, validation } },
        targets: [
          {
            target: "admission.k8s.gatekeeper.sh",
            rego: source(module),
            libs: libs.length === 0 ? undefined : libs.map(source),
          },
        ],
      },
    },
  });
}

function source(module: string): string {
  return readFileSync(new URL(`rego/${module}.rego`, import.meta.url), "utf8");
}
