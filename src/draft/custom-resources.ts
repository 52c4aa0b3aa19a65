/**
 * Custom resources whose operators run AI workloads. Where the operator's result is obvious (a model server, a Ray node)
 * the draft has a workload for it; where it isn't, the report says what the resource names. All other kinds that the
 * import has no reader for are listed, so that nothing is passed over in silence.
 */
import type { Cluster, KubeObject } from "../cluster/index.js";
import type { CustomPart, CustomReader } from "./custom-part.js";
import { inferenceGraph, inferenceService, knativeService, llmInferenceService } from "./kserve.js";
import { connector, kubeaiModel } from "./other-operators.js";
import { rayReader } from "./ray.js";
import type { Remarks } from "./remarks.js";

const READERS: ReadonlyMap<string, CustomReader> = new Map<string, CustomReader>([
  ["ray.io/RayCluster", rayReader("spec")],
  ["ray.io/RayService", rayReader("spec", "rayClusterConfig")],
  ["ray.io/RayJob", rayReader("spec", "rayClusterSpec")],
  ["serving.kserve.io/InferenceService", inferenceService],
  ["serving.kubeflow.org/InferenceService", inferenceService],
  ["serving.kserve.io/InferenceGraph", inferenceGraph],
  ["serving.kserve.io/LLMInferenceService", llmInferenceService],
  ["serving.knative.dev/Service", knativeService],
  ["kubeai.org/Model", kubeaiModel],
  ["gmc.opea.io/GMConnector", connector],
]);

/** Groups whose kinds have a reader of their own, or run nothing and call nobody. */
const KNOWN_GROUPS = new Set(
  (
    "apps batch extensions policy autoscaling networking.k8s.io rbac.authorization.k8s.io storage.k8s.io " +
    "apiextensions.k8s.io admissionregistration.k8s.io discovery.k8s.io coordination.k8s.io scheduling.k8s.io node.k8s.io " +
    "apiregistration.k8s.io certificates.k8s.io gateway.networking.k8s.io security.istio.io networking.istio.io " +
    "telemetry.istio.io install.istio.io route.openshift.io apps.openshift.io security.openshift.io cert-manager.io " +
    "keda.sh snapshot.storage.k8s.io external-secrets.io bitnami.com metrics.k8s.io"
  ).split(" "),
);
/** … except these, which change who reaches whom in ways that the import does not follow. */
const UNREAD = /^(?:EnvoyFilter|WorkloadEntry|WorkloadGroup|ProxyConfig|UDPRoute)$/;
/** Kinds of other groups that only set parameters. */
const PARAMETERS =
  /^(?:ServingRuntime|ClusterServingRuntime|LLMInferenceServiceConfig|InferenceModel|InferenceObjective|InferencePool|VerticalPodAutoscaler)$/;
const RECIPES = new Set([
  "kustomize.config.k8s.io",
  "helm.toolkit.fluxcd.io",
  "kustomize.toolkit.fluxcd.io",
  "helm.cattle.io",
]);

/** @param implicit the namespace of objects that name none; of a kind without a reader, it can't be told if it has any */
export function readCustomResources(cluster: Cluster, remarks: Remarks, implicit: string): readonly CustomPart[] {
  const running = new Set<KubeObject>(cluster.workloads.map(({ object }) => object));
  const parts: CustomPart[] = [];
  for (const object of cluster.objects) {
    const { group, kind, name } = object;
    const reader = READERS.get(`${group}/${kind}`);
    if (reader !== undefined) {
      parts.push(...reader({ ...object, namespace: object.namespace || implicit }, remarks));
      continue;
    }
    const known = group === "" || KNOWN_GROUPS.has(group) ? !UNREAD.test(kind) : PARAMETERS.test(kind);
    if (known || running.has(object)) continue;
    const place = object.origin.spanOf(["kind"]);
    if (RECIPES.has(group) || (group === "argoproj.io" && /^Application/.test(kind))) {
      remarks.add("skipped", `${kind} ${name}`, "is a recipe: build it first and import what it makes", place);
    } else
      remarks.add("not-understood", `${kind} ${name}`, "has no reader: what it runs or calls is not drafted", place);
  }
  return parts;
}
