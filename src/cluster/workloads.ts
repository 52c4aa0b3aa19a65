/**
 * Workloads: what runs under one identity and name. Bare pods are folded into their controller, so that a dump of a
 * live cluster (Deployment, its ReplicaSet and its pods) gives one workload; a controller that is not in the input gives
 * a workload of its pods. A workload can therefore hold pods that differ, and each is judged for itself.
 */
import type { Document } from "../documents/index.js";
import type { KubeObject } from "./object.js";
import { type Pod, readPod } from "./pods.js";
import { BAD, integer, isMap, type Path, type Reading, type Result } from "./shape.js";

export interface Workload {
  /** `namespace/name[Kind]`, unique in the cluster */
  readonly id: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** the controller; the first pod where the controller itself is not in the input */
  readonly object: KubeObject;
  /** desired pods; `undefined` where the kind has no such number */
  readonly replicas: number | undefined;
  /** the template and, from a live cluster, every running pod; never empty */
  readonly pods: readonly Pod[];
}

interface WorkloadKind {
  readonly template: Path;
  readonly replicas?: Path;
  /** label keys that the controller sets on its pods with values that only the cluster knows */
  readonly injects: readonly string[];
}

const JOB_KEYS = ["controller-uid", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-completion-index"];
const JOB_NAMES = ["job-name", "batch.kubernetes.io/job-name"];
const TEMPLATE: Path = ["spec", "template"];
const REPLICAS: Path = ["spec", "replicas"];
const STATEFUL_KEYS = [
  "controller-revision-hash",
  "statefulset.kubernetes.io/pod-name",
  "apps.kubernetes.io/pod-index",
];

const KINDS: ReadonlyMap<string, WorkloadKind> = new Map<string, WorkloadKind>([
  ["apps/Deployment", { template: TEMPLATE, replicas: REPLICAS, injects: ["pod-template-hash"] }],
  ["extensions/Deployment", { template: TEMPLATE, replicas: REPLICAS, injects: ["pod-template-hash"] }],
  ["apps/StatefulSet", { template: TEMPLATE, replicas: REPLICAS, injects: STATEFUL_KEYS }],
  ["apps/DaemonSet", { template: TEMPLATE, injects: ["controller-revision-hash", "pod-template-generation"] }],
  ["extensions/DaemonSet", { template: TEMPLATE, injects: ["controller-revision-hash", "pod-template-generation"] }],
  ["apps/ReplicaSet", { template: TEMPLATE, replicas: REPLICAS, injects: [] }],
  ["extensions/ReplicaSet", { template: TEMPLATE, replicas: REPLICAS, injects: [] }],
  ["/ReplicationController", { template: TEMPLATE, replicas: REPLICAS, injects: [] }],
  ["batch/Job", { template: TEMPLATE, replicas: ["spec", "parallelism"], injects: JOB_KEYS }],
  ["batch/CronJob", { template: ["spec", "jobTemplate", "spec", "template"], injects: [...JOB_KEYS, ...JOB_NAMES] }],
  ["/Pod", { template: [], injects: [] }],
  ["argoproj.io/Rollout", { template: TEMPLATE, replicas: REPLICAS, injects: ["rollouts-pod-template-hash"] }],
  [
    "apps.openshift.io/DeploymentConfig",
    { template: TEMPLATE, replicas: REPLICAS, injects: ["deployment", "deploymentconfig"] },
  ],
  ["kubevirt.io/VirtualMachine", { template: TEMPLATE, injects: ["kubevirt.io/created-by", "vm.kubevirt.io/name"] }],
]);

/** One object that runs pods, before pods and their controllers are brought together. */
export interface Runner {
  readonly object: KubeObject;
  readonly replicas: number | undefined;
  readonly pod: Pod;
}

export function runsPods(group: string, kind: string): boolean {
  return KINDS.has(`${group}/${kind}`);
}

export function readRunner(object: KubeObject, document: Document, reading: Reading): Result<Runner> {
  const kind = KINDS.get(`${object.group}/${object.kind}`);
  if (kind === undefined) throw new TypeError(`${object.kind} runs no pods`);
  const template = valueAt(document.value, kind.template);
  if (!isMap(template)) {
    const where = kind.template.join(".");
    return reading.fail("CLUSTER_MISSING_FIELD", `the ${object.kind} \`${object.name}\` has no \`${where}\``);
  }
  for (const step of kind.template) reading.path.push(step);
  const pod = readPod(template, kind.template, object.origin, reading);
  for (const _ of kind.template) reading.path.pop();
  if (pod === BAD) return BAD;
  const replicas = readReplicas(document, kind, reading);
  if (replicas === BAD) return BAD;
  return { object, replicas, pod: withControllerLabels(pod, kind, object) };
}

function readReplicas(document: Document, kind: WorkloadKind, reading: Reading): Result<number | undefined> {
  if (kind.replicas === undefined) return undefined;
  const value = valueAt(document.value, kind.replicas);
  if (value === undefined || value === null) return 1;
  for (const step of kind.replicas) reading.path.push(step);
  const read = integer(0, 2_147_483_647)(value, reading);
  for (const _ of kind.replicas) reading.path.pop();
  return read;
}

function withControllerLabels(pod: Pod, kind: WorkloadKind, object: KubeObject): Pod {
  const labels = new Map(pod.labels);
  if (object.group === "batch" && object.kind === "Job") for (const key of JOB_NAMES) labels.set(key, object.name);
  return { ...pod, labels, injectedKeys: kind.injects.filter((key) => !labels.has(key)) };
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (!isMap(at) || !Object.hasOwn(at, step)) return undefined;
    at = at[step];
  }
  return at;
}

/** Brings controllers and their pods together; the result is sorted by id. */
export function groupRunners(runners: readonly Runner[]): readonly Workload[] {
  const byKey = new Map<string, Runner>();
  for (const runner of runners)
    byKey.set(keyOf(runner.object.namespace, runner.object.kind, runner.object.name), runner);

  const groups = new Map<string, { name: string; kind: string; top: Runner; members: Runner[] }>();
  for (const runner of runners) {
    const top = topOf(runner, byKey);
    const key = keyOf(runner.object.namespace, top.kind, top.name);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ...top, top: top.runner, members: [runner] });
    else group.members.push(runner);
  }

  const workloads = [...groups.values()].map(({ name, kind, top, members }): Workload => {
    const namespace = top.object.namespace;
    const pods = [top, ...members.filter((member) => member !== top)].map(({ pod }) => pod);
    return {
      id: `${namespace}/${name}[${kind}]`,
      kind,
      namespace,
      name,
      object: top.object,
      replicas: top.replicas,
      pods,
    };
  });
  return workloads.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

const keyOf = (namespace: string, kind: string, name: string) => JSON.stringify([namespace, kind, name]);

/** Follows controllers upwards; the last one may be known by its reference alone. */
function topOf(runner: Runner, byKey: ReadonlyMap<string, Runner>): { name: string; kind: string; runner: Runner } {
  let at = runner;
  for (const seen = new Set<Runner>(); !seen.has(at); ) {
    seen.add(at);
    const owner = at.object.owners.find(({ controller, name }) => controller && name !== "");
    if (owner === undefined) break;
    const kind = owner.kind === "" ? "Pod" : owner.kind;
    const next = byKey.get(keyOf(at.object.namespace, kind, owner.name));
    if (next === undefined) return { name: owner.name, kind, runner: at };
    at = next;
  }
  return { name: at.object.name, kind: at.object.kind, runner: at };
}
