/** Whose images may run in a zone, and as which account, in CEL: the same as gatekeeper/rego/workloads.rego. */
import type { InjectedFacts, ZoneFacts } from "../admission/facts.js";
import { LABELS } from "../names.js";
import type { Validation } from "./pod-security.js";

export function workloadVariables(
  facts: ZoneFacts,
  injected: InjectedFacts,
): { readonly name: string; readonly expression: string }[] {
  return [
    { name: "workloads", expression: celMap(facts.workloads) },
    { name: "injected", expression: celMap(injected) },
    { name: "labels", expression: "variables.meta.?labels.orValue({})" },
    { name: "workload", expression: `variables.labels[?"${LABELS.workload}"].orValue("")` },
    { name: "account", expression: 'string(variables.spec.?serviceAccountName.orValue("default"))' },
    // `name repository` of each container: its image without digest and tag, with its registry.
    {
      name: "named",
      expression: 'variables.containers.map(c, string(c.name) + " " + string(c.?image.orValue("")).split("@")[0])',
    },
    { name: "untagged", expression: `variables.named.map(i, ${untagged("i")})` },
    {
      name: "images",
      expression: `variables.untagged.map(i, i.split(" ")[0] + " " + ${withRegistry('i.split(" ")[1]')})`,
    },
  ];
}

export function workloadValidations(facts: ZoneFacts, workflow: string): Validation[] {
  return [
    {
      expression: "variables.workload in variables.workloads",
      message: `the label ${LABELS.workload} must name a workload of ${facts.zone}`,
    },
    {
      expression: `variables.labels[?"${LABELS.zone}"].orValue("") == "${facts.zone}" && variables.labels[?"${LABELS.workflow}"].orValue("") == "${workflow}"`,
      message: `the labels ${LABELS.zone} and ${LABELS.workflow} must be ${facts.zone} and ${workflow}`,
    },
    {
      expression: "variables.account == variables.workload",
      message: "a pod must run as the service account of its workload",
    },
    {
      expression:
        '!has(variables.spec.serviceAccount) || string(variables.spec.serviceAccount) in ["", variables.account]',
      message: "serviceAccount and serviceAccountName contradict each other",
    },
    {
      expression: "variables.spec.?automountServiceAccountToken.orValue(false) == false",
      message: "automountServiceAccountToken must not be true",
    },
    {
      expression:
        'variables.images.all(i, i.split(" ")[1] in variables.workloads[?variables.workload].orValue([]) || i.split(" ")[1] in variables.injected[?i.split(" ")[0]].orValue([]))',
      message: "a container runs an image that is not its workload's",
    },
  ];
}

function untagged(image: string): string {
  return `(${image}.lastIndexOf(":") > ${image}.lastIndexOf("/") ? ${image}.substring(0, ${image}.lastIndexOf(":")) : ${image})`;
}

function withRegistry(path: string): string {
  const first = `${path}.split("/")[0]`;
  return [
    `(!${path}.contains("/") ? "docker.io/library/" + ${path}`,
    `: ${first} == "index.docker.io" ? ${path}.substring(6)`,
    `: (${first}.contains(".") || ${first}.contains(":") || ${first} == "localhost") ? ${path}`,
    `: "docker.io/" + ${path})`,
  ].join(" ");
}

function celMap(map: { readonly [key: string]: readonly string[] }): string {
  const entries = Object.entries(map).map(
    ([key, values]) => `${JSON.stringify(key)}: [${values.map((value) => JSON.stringify(value)).join(", ")}]`,
  );
  return entries.length === 0 ? '{"": [""]}' : `{${entries.join(", ")}}`;
}
