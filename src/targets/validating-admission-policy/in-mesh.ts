/** That a workload's pods are in the mesh and stay there, in CEL: the same as gatekeeper/rego/in-mesh.rego. */
import type { MeshFacts } from "../admission/mesh.js";
import { LABELS } from "../names.js";
import { celList, celMap } from "./cel.js";
import type { Validation } from "./pod-security.js";

export function inMeshVariables(facts: MeshFacts): { readonly name: string; readonly expression: string }[] {
  const own = Object.entries(facts.own).flatMap(([workload, settings]) =>
    Object.entries(settings).map(([key, values]) => [`${workload} ${key}`, values] as const),
  );
  return [
    { name: "labels", expression: "variables.meta.?labels.orValue({})" },
    { name: "workload", expression: `variables.labels[?"${LABELS.workload}"].orValue("")` },
    {
      name: "waypoint",
      expression:
        facts.waypoint === undefined
          ? "false"
          : `variables.workload == "" && variables.labels[?"${LABELS.gatewayName}"].orValue("") == "${facts.waypoint}"`,
    },
    { name: "permitted", expression: celMap(facts.permitted) },
    { name: "own", expression: celMap(Object.fromEntries(own)) },
    // `key value` of each label and annotation by which a pod changes what the mesh does with it.
    {
      name: "settings",
      expression: ["labels", "annotations"]
        .map((map) => {
          const guarded = `${celList(facts.guarded)}.exists(beginning, key.startsWith(beginning))`;
          return `variables.meta.?${map}.orValue({}).filter(key, ${guarded}).map(key, key + " " + string(variables.meta.${map}[key]))`;
        })
        .join(" + "),
    },
  ];
}

export function inMeshValidations(facts: MeshFacts): Validation[] {
  const unless = (expression: string) => `variables.waypoint || (${expression})`;
  const key = 'setting.split(" ")[0]';
  const value = 'setting.substring(setting.indexOf(" ") + 1)';
  return [
    ...Object.entries(facts.required).map(([label, wanted]) => ({
      expression: unless(`variables.labels[?"${label}"].orValue("") == "${wanted}"`),
      message: `the label ${label} must be ${wanted}: it keeps the pod in the mesh`,
    })),
    {
      expression: unless(
        [
          `variables.settings.all(setting, ${key} in ${celList(facts.free)}`,
          `${value} in variables.permitted[?${key}].orValue([])`,
          `${value} in variables.own[?(variables.workload + " " + ${key})].orValue([]))`,
        ].join(" || "),
      ),
      message: "a label or annotation changes what the mesh does with the pod",
    },
    ...(facts.proxyUser === undefined ? [] : [runsAsOther(facts.proxyUser, facts.proxies)]),
  ];
}

function runsAsOther(user: number, proxies: readonly string[]): Validation {
  const who = ["runAsUser", "runAsGroup"];
  const ofPod = who.map((field) => `variables.spec.?securityContext.?${field}.orValue(0) != ${user}`);
  const own = who.map((field) => `c.?securityContext.?${field}.orValue(0) != ${user}`);
  return {
    expression: `${ofPod.join(" && ")} && variables.containers.all(c, c.name in ${celList(proxies)} || (${own.join(" && ")}))`,
    message: `nothing but the mesh's proxy may run as the user or group ${user}: its connections pass by the proxy`,
  };
}
