/**
 * Custom resources whose operators run AI workloads. Where the operator's result is obvious (a model server, a Ray node)
 * the draft has a workload for it; where it isn't, the report says what the resource names. All other kinds that the
 * import has no reader for are listed, so that nothing is passed over in silence.
 */
import { BAD, type Cluster, type KubeObject, type Pod, Reading, readPod } from "../cluster/index.js";
import type { CustomWorkload } from "./inventory.js";
import { at, entriesAt, listAt, numberAt, textAt } from "./plain.js";
import type { Remarks } from "./remarks.js";

/** A workload that an operator makes, with what its resource tells of its pods, peers and names. */
export interface CustomPart extends CustomWorkload {
  /** the pod that the resource describes, where it holds one */
  readonly pod: Pod | undefined;
  /** Services of its namespace that the resource says it calls */
  readonly calls: readonly {
    readonly host: string;
    readonly port: number | undefined;
    readonly cited: string;
    readonly place: CustomWorkload["place"];
  }[];
}

type Reader = (object: KubeObject, remarks: Remarks) => readonly CustomPart[];

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["ray.io/RayCluster", (object) => rayParts(object, ["spec"], object.name)],
  ["ray.io/RayService", (object) => rayParts(object, ["spec", "rayClusterConfig"], object.name)],
  ["ray.io/RayJob", (object) => rayParts(object, ["spec", "rayClusterSpec"], object.name)],
  ["serving.kserve.io/InferenceService", inferenceService],
  ["serving.kserve.io/InferenceGraph", inferenceGraph],
  ["serving.kserve.io/LLMInferenceService", llmInferenceService],
  ["kubeai.org/Model", kubeaiModel],
  ["gmc.opea.io/GMConnector", connector],
]);

/** Kinds that run nothing and call nobody. */
const HARMLESS =
  /^(?:ServiceAccount|Role|RoleBinding|ClusterRole|ClusterRoleBinding|PersistentVolume|PersistentVolumeClaim|StorageClass|HorizontalPodAutoscaler|VerticalPodAutoscaler|PodDisruptionBudget|CustomResourceDefinition|Namespace|PriorityClass|LimitRange|ResourceQuota|Certificate|Issuer|ClusterIssuer|GatewayClass|IngressClass|Endpoints|EndpointSlice|Lease|ConfigMap|Secret|Service|Node|Event|RuntimeClass|ControllerRevision|CSIDriver|PodSecurityPolicy|Telemetry|DestinationRule|PeerAuthentication|ReferenceGrant|Sidecar|InferenceModel|ScaledObject|ValidatingAdmissionPolicy|ValidatingAdmissionPolicyBinding|LLMInferenceServiceConfig|ServingRuntime|ClusterServingRuntime)$/;
const UNBUILT = /^(?:kustomize\.config\.k8s\.io|helm\.toolkit\.fluxcd\.io|argoproj\.io)$/;

/** @param implicit the namespace of objects that name none; of a kind without a reader, it can't be told if it has any */
export function readCustomResources(cluster: Cluster, remarks: Remarks, implicit: string): readonly CustomPart[] {
  const typed = new Set<KubeObject>([
    ...cluster.workloads.map(({ object }) => object),
    ...[cluster.ingresses, cluster.routes, cluster.gateways, cluster.gatewayRoutes, cluster.networkPolicies].flatMap(
      (list) => list.map(({ object }) => object),
    ),
    ...[cluster.authorizationPolicies, cluster.requestAuthentications, cluster.serviceEntries].flatMap((list) =>
      list.map(({ object }) => object),
    ),
    ...[cluster.istioGateways, cluster.virtualServices].flatMap((list) => list.map(({ object }) => object)),
  ]);
  const parts: CustomPart[] = [];
  for (const object of cluster.objects) {
    const reader = READERS.get(`${object.group}/${object.kind}`);
    if (reader !== undefined) {
      parts.push(...reader({ ...object, namespace: object.namespace || implicit }, remarks));
      continue;
    }
    if (typed.has(object) || HARMLESS.test(object.kind) || isRunner(object)) continue;
    const place = object.origin.spanOf(["kind"]);
    const name = `${object.kind} ${object.name}`;
    if (object.kind === "Kustomization" || object.kind === "Component" || UNBUILT.test(object.group)) {
      remarks.add("skipped", name, "is a recipe: build it first and import what it makes", place);
    } else remarks.add("not-understood", name, "has no reader: what it runs or calls is not drafted", place);
  }
  return parts;
}

/** Pods and ReplicaSets that belong to a workload that is in the cluster under its controller. */
function isRunner({ group, kind }: KubeObject): boolean {
  return (
    (["", "apps", "batch", "extensions", "apps.openshift.io", "kubevirt.io"].includes(group) &&
      /^(?:Pod|Deployment|StatefulSet|DaemonSet|ReplicaSet|ReplicationController|Job|CronJob|DeploymentConfig|VirtualMachine)$/.test(
        kind,
      )) ||
    kind === "EnvoyFilter"
  );
}

function podAt(object: KubeObject, path: readonly (string | number)[]): Pod | undefined {
  const written = at(object.origin.value, path);
  if (written === undefined) return undefined;
  const reading = new Reading(
    (where, key) => (key ? object.origin.keySpanOf(where) : object.origin.spanOf(where)),
    path,
  );
  const pod = readPod(written, path, object.origin, reading);
  return pod === BAD ? undefined : pod;
}

const imageOf = (pod: Pod | undefined): string | undefined => {
  const image = pod?.containers.find(({ role }) => role === "main")?.image;
  return image !== undefined && /^[^\s@:/$][^\s@$]*$/.test(image) ? image : undefined;
};

const portsOf = (pod: Pod | undefined): { port: number; name: string }[] => {
  const ports = (pod?.containers ?? [])
    .flatMap((container) => container.ports)
    .filter(({ protocol }) => protocol === "TCP");
  return [...new Map(ports.map(({ port, name }) => [port, { port, name: name ?? "" }])).values()];
};

const GCS = 6379;

function rayParts(object: KubeObject, path: readonly (string | number)[], name: string): readonly CustomPart[] {
  const { namespace, origin } = object;
  const head = podAt(object, [...path, "headGroupSpec", "template"]);
  if (at(origin.value, [...path, "headGroupSpec"]) === undefined) return [];
  const place = () => origin.spanOf([...path, "headGroupSpec"]);
  const headPorts = new Map(
    [
      { port: GCS, name: "gcs" },
      { port: 8265, name: "dashboard" },
      { port: 10_001, name: "client" },
      ...portsOf(head),
    ].map((port) => [port.port, port]),
  );
  const served = headPorts.has(8000) || object.kind === "RayService";
  if (served) headPorts.set(8000, { port: 8000, name: "http-serve" });
  const services = [...headPorts.keys()].map((port) => ({ name: `${name}-head-svc`, port, targetPort: port }));
  if (served) services.push({ name: `${name}-serve-svc`, port: 8000, targetPort: 8000 });
  const redis = textAt(origin.value, ...path, "gcsFaultToleranceOptions", "redisAddress");
  const external = redis === undefined ? undefined : /^(?:\w+:\/\/)?([a-z0-9.-]+)(?::(\d+))?$/.exec(redis);
  const calls =
    external === null || external === undefined
      ? []
      : [
          {
            host: external[1] ?? "",
            port: external[2] === undefined ? undefined : Number(external[2]),
            cited: `redisAddress of ${object.kind} ${object.name}`,
            place: () => origin.spanOf([...path, "gcsFaultToleranceOptions", "redisAddress"]),
          },
        ];
  const headPart: CustomPart = {
    name: `${name}-head`,
    namespace,
    kind: "model",
    image: imageOf(head),
    ports: [...headPorts.values()],
    place,
    pod: head,
    services,
    calls,
  };
  const workers = listAt(origin.value, ...path, "workerGroupSpecs").map((group, index): CustomPart => {
    const pod = podAt(object, [...path, "workerGroupSpecs", index, "template"]);
    const own = () => origin.spanOf([...path, "workerGroupSpecs", index]);
    return {
      name: `${name}-${textAt(group, "groupName") ?? `workers-${index + 1}`}`,
      namespace,
      kind: "model",
      image: imageOf(pod),
      ports: portsOf(pod),
      place: own,
      pod,
      services: [],
      calls: [
        {
          host: `${name}-head-svc`,
          port: GCS,
          cited: `workers of ${object.kind} ${object.name} join its head`,
          place: own,
        },
      ],
    };
  });
  return [headPart, ...workers];
}

const SERVING_PORT = 8080;
const COMPONENTS = ["predictor", "transformer", "explainer"] as const;

function inferenceService(object: KubeObject, remarks: Remarks): readonly CustomPart[] {
  const { name, namespace, origin } = object;
  const present = COMPONENTS.filter((component) => at(origin.value, ["spec", component]) !== undefined);
  return present.map((component): CustomPart => {
    const path = ["spec", component];
    const pod = podOfSpec(object, path);
    const runtimes = entriesAt(origin.value, ...path).filter(([, value]) => textAt(value, "storageUri") !== undefined);
    for (const [runtime, value] of runtimes)
      remarkFetch(object, textAt(value, "storageUri") ?? "", [...path, runtime, "storageUri"], remarks);
    const [declared] = portsOf(pod);
    const port = declared?.port ?? numberAt(runtimes[0]?.[1], "ports", 0, "containerPort") ?? SERVING_PORT;
    const services = [{ name: `${name}-${component}`, port: 80, targetPort: port }];
    const entry = present.includes("transformer") ? "transformer" : "predictor";
    if (component === entry) services.push({ name, port: 80, targetPort: port });
    const place = () => origin.spanOf(path);
    const onward = component === "predictor" ? [] : ["predictor"];
    return {
      name: `${name}-${component}`,
      namespace,
      kind: component === "transformer" ? "service" : "model",
      image: imageOf(pod),
      ports: [{ port, name: "http1" }],
      place,
      pod,
      services,
      calls: onward.map((to) => ({
        host: `${name}-${to}`,
        port: 80,
        cited: `the ${component} of InferenceService ${name} calls its ${to}`,
        place,
      })),
    };
  });
}

/** Some resources hold a pod's spec without the pod around it. */
function podOfSpec(object: KubeObject, path: readonly (string | number)[]): Pod | undefined {
  if (listAt(object.origin.value, ...path, "containers").length === 0) return undefined;
  const reading = new Reading(() => object.origin.spanOf(path), path);
  // the reader wants `spec` below the pod, so the pod is taken to stand one step above with this step as its spec
  const pod = readPod({ spec: at(object.origin.value, path) }, path, object.origin, reading);
  if (pod === BAD) return undefined;
  const shift = (full: readonly (string | number)[]) => [...path, ...full.slice(path.length + 1)];
  return {
    ...pod,
    containers: pod.containers.map((container) => ({ ...container, path: shift(container.path) })),
    volumes: pod.volumes.map((volume) => ({ ...volume, path: shift(volume.path) })),
  };
}

function inferenceGraph(object: KubeObject): readonly CustomPart[] {
  const { name, namespace, origin } = object;
  const calls = entriesAt(origin.value, "spec", "nodes").flatMap(([node]) =>
    listAt(origin.value, "spec", "nodes", node, "steps").flatMap((step, index) => {
      const host = textAt(step, "serviceName");
      const place = () => origin.spanOf(["spec", "nodes", node, "steps", index]);
      return host === undefined
        ? []
        : [{ host, port: 80, cited: `step ${index + 1} of node ${node} of InferenceGraph ${name}`, place }];
    }),
  );
  const place = () => origin.spanOf(["metadata", "name"]);
  const services = [{ name, port: 80, targetPort: SERVING_PORT }];
  return [
    {
      name,
      namespace,
      kind: "gateway",
      image: undefined,
      ports: [{ port: SERVING_PORT, name: "http" }],
      place,
      pod: undefined,
      services,
      calls,
    },
  ];
}

function llmInferenceService(object: KubeObject, remarks: Remarks): readonly CustomPart[] {
  const { name, namespace, origin } = object;
  const uri = textAt(origin.value, "spec", "model", "uri");
  if (uri !== undefined) remarkFetch(object, uri, ["spec", "model", "uri"], remarks);
  const pod = podOfSpec(object, ["spec", "template"]);
  const [declared] = portsOf(pod);
  const port = declared?.port ?? 8000;
  const place = () => origin.spanOf(["metadata", "name"]);
  const services = [{ name: `${name}-kserve-workload-svc`, port: 8000, targetPort: port }];
  return [
    {
      name: `${name}-kserve`,
      namespace,
      kind: "model",
      image: imageOf(pod),
      ports: [{ port, name: "http" }],
      place,
      pod,
      services,
      calls: [],
    },
  ];
}

function kubeaiModel(object: KubeObject, remarks: Remarks): readonly CustomPart[] {
  const { name, namespace, origin } = object;
  const url = textAt(origin.value, "spec", "url");
  if (url !== undefined) remarkFetch(object, url, ["spec", "url"], remarks);
  const place = () => origin.spanOf(["metadata", "name"]);
  return [
    {
      name: `model-${name}`,
      namespace,
      kind: "model",
      image: undefined,
      ports: [{ port: 8000, name: "http" }],
      place,
      pod: undefined,
      services: [],
      calls: [],
    },
  ];
}

/** An OPEA pipeline: its operator applies manifests of its own for each step, so only the names are told here. */
function connector(object: KubeObject, remarks: Remarks): readonly CustomPart[] {
  const { name, origin } = object;
  const router = textAt(origin.value, "spec", "routerConfig", "serviceName") ?? "its router";
  const calls: string[] = [];
  for (const [node] of entriesAt(origin.value, "spec", "nodes")) {
    for (const step of listAt(origin.value, "spec", "nodes", node, "steps")) {
      const service = textAt(step, "internalService", "serviceName") ?? textAt(step, "externalService", "serviceName");
      if (service === undefined) continue;
      if (at(step, ["internalService", "isDownstreamService"]) !== true) calls.push(`${router} calls ${service}`);
      for (const [key, value] of entriesAt(step, "internalService", "config")) {
        if (key !== "endpoint" && typeof value === "string" && /^[a-z][a-z0-9-]*$/.test(value) && value.includes("-"))
          calls.push(`${service} calls ${value} (${key})`);
      }
    }
  }
  const text = `its operator makes the workloads, import those: ${[...new Set(calls)].join("; ") || "it names no step"}`;
  remarks.add("not-understood", `GMConnector ${name}`, text, origin.spanOf(["kind"]));
  return [];
}

function remarkFetch(object: KubeObject, uri: string, path: readonly (string | number)[], remarks: Remarks): void {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//.exec(uri)?.[1];
  if (scheme === undefined || scheme === "pvc" || scheme === "file") return;
  remarks.add(
    "download",
    `${object.kind} ${object.name}`,
    `is fetched from ${scheme}://, and the draft has no flow for it`,
    object.origin.spanOf(path),
  );
}
