/**
 * ConstraintTemplates: what is refused, in Rego that Gatekeeper has accepted since its beginnings. A template belongs to
 * the workflow, so that two workflows of one cluster never overwrite each other's.
 */
import { readFileSync } from "node:fs";
import type { Policy } from "../../policy/index.js";
import { type KubeObject, kubeObject } from "../object.js";
import type { Value } from "../yaml.js";

const text: Value = { type: "string" };
const strings: Value = { type: "array", items: text };
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
      proxies: byName(strings),
      escapes: strings,
      audiences: strings,
      waypoint: {
        type: "object",
        properties: { label: text, name: text, container: text, repositories: strings, arguments: strings },
      },
      labels: byName(text),
      label: text,
    },
  },
  InMesh: {
    module: "in-mesh",
    libs: ["pod"],
    parameters: {
      label: text,
      required: byName(text),
      guarded: strings,
      permitted: byName(strings),
      own: byName(byName(strings)),
      free: strings,
      proxies: strings,
      proxyUser: { type: "integer" },
      waypoint: { type: "object", properties: { label: text, name: text } },
    },
  },
  Ownership: {
    module: "ownership",
    libs: [],
    parameters: {
      managers: strings,
      what: text,
      cluster: strings,
      cleaners: strings,
      derived: { type: "object", properties: { user: text, label: text, kinds: strings } },
    },
  },
  StrictMtls: { module: "strict-mtls", libs: [], parameters: undefined },
  EncryptedVolumes: { module: "encrypted-volumes", libs: [], parameters: { class: text } },
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
