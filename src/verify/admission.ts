/**
 * The manifests' own workloads against the admission rules that the manifests bring: each object and the pod that its
 * template makes, held against every Gatekeeper constraint. What depends on who applies it, and what is written in CEL,
 * is not judged, and that is said.
 */
import type { Cluster, KubeObject, Workload } from "../cluster/index.js";
import { describeObject } from "../cluster/index.js";
import { RingfenceError } from "../diagnostics/index.js";
import type { Json, JsonObject } from "../documents/index.js";
import { readTemplate, type Template, violationsOf } from "../gatekeeper/index.js";
import { RegoError } from "../rego/index.js";

export interface Refusal {
  readonly workload: Workload;
  readonly constraint: KubeObject;
  /** what Gatekeeper does about it: `deny` unless the constraint says otherwise */
  readonly action: string;
  readonly message: string;
}

export interface Admission {
  readonly refusals: readonly Refusal[];
  /** what was not judged and why, a sentence each */
  readonly unjudged: readonly string[];
}

const CONSTRAINTS = "constraints.gatekeeper.sh";

export function judgeAdmission(cluster: Cluster): Admission {
  const constraints = cluster.objects.filter(({ group }) => group === CONSTRAINTS);
  const unjudged = new Set<string>();
  if (cluster.admissionPolicies.length > 0) {
    const names = cluster.admissionPolicies.map(({ object }) => object.name).join(", ");
    unjudged.add(`ValidatingAdmissionPolicies are written in CEL and were not evaluated: ${names}`);
  }
  const namespaces = [...cluster.namespaces.values()].flatMap(({ object }) =>
    object === undefined ? [] : [manifestOf(object)],
  );
  const refusals = constraints.flatMap((constraint): readonly Refusal[] => {
    const template = templateFor(cluster, constraint, unjudged);
    if (template === undefined) return [];
    const action = actionOf(constraint);
    return cluster.workloads.flatMap((workload) => {
      const messages = new Set(
        [manifestOf(workload.object), podOf(workload)].flatMap((object) =>
          object === undefined ? [] : messagesOf(template, constraint, object, namespaces),
        ),
      );
      return [...messages].map((message) => ({ workload, constraint, action, message }));
    });
  });
  return { refusals, unjudged: [...unjudged] };
}

function templateFor(cluster: Cluster, constraint: KubeObject, unjudged: Set<string>): Template | undefined {
  const object = cluster.objects.find(
    ({ kind, name }) => kind === "ConstraintTemplate" && name === constraint.kind.toLowerCase(),
  );
  if (object === undefined) {
    unjudged.add(`${describeObject(constraint)} was not evaluated: its template is not in these manifests`);
    return undefined;
  }
  if (/\buserInfo\b/.test(JSON.stringify(object.origin.value))) {
    unjudged.add(`${describeObject(constraint)} was not evaluated: it asks who applies an object`);
    return undefined;
  }
  try {
    const template = readTemplate(manifestOf(object));
    if (template.run !== undefined) return template;
    unjudged.add(`${describeObject(constraint)} was not evaluated: ${template.notRun}`);
  } catch (error) {
    if (!isExpected(error)) throw error;
    unjudged.add(`${describeObject(constraint)} was not evaluated: ${error.message}`);
  }
  return undefined;
}

function messagesOf(
  template: Template,
  constraint: KubeObject,
  object: Json,
  namespaces: readonly Json[],
): readonly string[] {
  try {
    return violationsOf(template, manifestOf(constraint), object, namespaces).map(({ message }) => message);
  } catch (error) {
    if (!isExpected(error)) throw error;
    // FAIL CLOSED: what cannot be evaluated is not admitted.
    return [`it cannot be evaluated: ${error.message}`];
  }
}

function isExpected(error: unknown): error is Error {
  return error instanceof RingfenceError || error instanceof RegoError;
}

function actionOf({ origin }: KubeObject): string {
  const spec = (origin.value as { spec?: { enforcementAction?: unknown } } | null)?.spec;
  return typeof spec?.enforcementAction === "string" ? spec.enforcementAction : "deny";
}

function manifestOf({ origin, namespace }: KubeObject): Json {
  const value = origin.value as JsonObject;
  const metadata = value.metadata as JsonObject;
  return namespace === "" ? value : { ...value, metadata: { ...metadata, namespace } };
}

/** The pod that the controller would make; undefined for a bare pod, which is judged as itself. */
function podOf({ object, namespace, name, pods }: Workload): Json | undefined {
  const [pod] = pods;
  if (pod === undefined || pod.path.length === 0) return undefined;
  let template: Json | undefined = object.origin.value as Json;
  for (const step of pod.path) template = (template as Record<string, Json> | undefined)?.[step];
  const { metadata = {}, spec = {} } = (template ?? {}) as { metadata?: JsonObject; spec?: JsonObject };
  return { apiVersion: "v1", kind: "Pod", metadata: { ...metadata, generateName: `${name}-`, namespace }, spec };
}
