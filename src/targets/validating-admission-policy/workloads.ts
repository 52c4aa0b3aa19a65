/** Whose images may run in a zone, and as which account, in CEL: the same as gatekeeper/rego/workloads.rego. */
import type { InjectedFacts, ZoneFacts } from "../admission/facts.js";
import { PROXY_ESCAPES, type ProxyFacts, type WaypointFacts } from "../admission/mesh.js";
import { LABELS } from "../names.js";
import { celList, celMap } from "./cel.js";
import type { Validation } from "./pod-security.js";

/** What the rules of a zone go by. */
export interface Placement {
  readonly zone: ZoneFacts;
  readonly workflow: string;
  /** whether the object is a pod, into which an engine puts containers, and no template of one */
  readonly isPod: boolean;
  readonly injected: InjectedFacts;
  readonly proxies: ProxyFacts;
  readonly audiences: readonly string[];
  readonly waypoint: WaypointFacts | undefined;
}

/** Stands for a container's name where an image volume is meant; no container has such a name. */
const VOLUME = "/volume";

export function workloadVariables(placement: Placement): { readonly name: string; readonly expression: string }[] {
  const { zone, injected, isPod, waypoint } = placement;
  return [
    { name: "workloads", expression: celMap(zone.workloads) },
    { name: "injected", expression: celMap(isPod ? injected : {}) },
    { name: "labels", expression: "variables.meta.?labels.orValue({})" },
    { name: "workload", expression: `variables.labels[?"${LABELS.workload}"].orValue("")` },
    { name: "account", expression: 'string(variables.spec.?serviceAccountName.orValue("default"))' },
    { name: "volumes", expression: "variables.spec.?volumes.orValue([]).map(v, dyn(v))" },
    // `name repository` of each container and each image volume: its image without digest and tag, with its registry.
    {
      name: "named",
      expression: [
        'variables.containers.map(c, string(c.name) + " " + string(c.?image.orValue("")).split("@")[0])',
        `variables.volumes.filter(v, has(v.image)).map(v, "${VOLUME} " + string(v.image.?reference.orValue("")).split("@")[0])`,
      ].join(" + "),
    },
    { name: "untagged", expression: `variables.named.map(i, ${untagged("i")})` },
    {
      name: "images",
      expression: `variables.untagged.map(i, i.split(" ")[0] + " " + ${withRegistry('i.split(" ")[1]')})`,
    },
    { name: "waypoint", expression: waypoint === undefined ? "false" : isWaypoint(waypoint) },
  ];
}

export function workloadValidations({ zone, workflow, injected, proxies, audiences }: Placement): Validation[] {
  const unless = (expression: string) => `variables.waypoint || (${expression})`;
  const reserved = celList(Object.keys(injected));
  const own = `!(i.split(" ")[0] in ${reserved}) && i.split(" ")[1] in variables.workloads[?variables.workload].orValue([])`;
  return [
    {
      expression: unless("variables.workload in variables.workloads"),
      message: `the label ${LABELS.workload} must name a workload of ${zone.zone}`,
    },
    {
      expression: unless(
        `variables.labels[?"${LABELS.zone}"].orValue("") == "${zone.zone}" && variables.labels[?"${LABELS.workflow}"].orValue("") == "${workflow}"`,
      ),
      message: `the labels ${LABELS.zone} and ${LABELS.workflow} must be ${zone.zone} and ${workflow}`,
    },
    {
      expression: unless("variables.account == variables.workload"),
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
      expression: unless(
        `variables.images.all(i, (${own}) || i.split(" ")[1] in variables.injected[?i.split(" ")[0]].orValue([]))`,
      ),
      message: "a container or an image volume is not of its workload's image",
    },
    ...Object.entries(proxies).map(([name, begins]) => ({
      expression: `variables.containers.all(c, c.name != "${name}" || (${runsAs(begins)}))`,
      message: `${name} must be run as the mesh runs it, without a command, probes or variables of one's own`,
    })),
    {
      expression: unless(
        `variables.volumes.all(v, v.?projected.?sources.orValue([]).all(s, !has(s.serviceAccountToken) || s.serviceAccountToken.?audience.orValue("") in ${celList(audiences)}))`,
      ),
      message: "a volume mounts a token for the cluster's API, or for an audience that nothing here is",
    },
  ];
}

/** The mesh's proxy in the only container, and nothing else. */
function isWaypoint({ label, name, container, repositories, arguments: begins }: WaypointFacts): string {
  return [
    'variables.workload == ""',
    `variables.labels[?"${label}"].orValue("") == "${name}"`,
    `variables.account == "${name}"`,
    "variables.images.size() == 1",
    `variables.images[0] in ${celList(repositories.map((repository) => `${container} ${repository}`))}`,
    `variables.containers.all(c, ${runsAs(begins)})`,
  ].join(" && ");
}

/** The container `c` has no command of its own, arguments that begin as given, and no hooks but the mesh's agent. */
function runsAs(begins: readonly string[]): string {
  const hooks = ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle.?postStart", "lifecycle.?preStop"];
  const begun = begins.map((argument, i) => `c.args[?${i}].orValue("") == ${JSON.stringify(argument)}`).join(" && ");
  return [
    "c.?command.orValue([]).size() == 0",
    // Without arguments the mesh's agent says how it is used, and ends.
    `(c.?args.orValue([]).size() == 0 || (${begun}))`,
    ...hooks.map((hook) => `c.?${hook}.?exec.?command.orValue(["pilot-agent"])[?0].orValue("") == "pilot-agent"`),
    `c.?env.orValue([]).all(e, !(e.name in ${celList(PROXY_ESCAPES)}))`,
  ].join(" && ");
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
