/** What readers of custom resources make, and how they look into pods that a resource holds. */
import { BAD, type KubeObject, type Pod, Reading, readPod } from "../cluster/index.js";
import type { CustomWorkload } from "./inventory.js";
import { at, listAt } from "./plain.js";
import type { Remarks } from "./remarks.js";

/** A workload that an operator makes, with what its resource tells of its pods, peers and names. */
export interface CustomPart extends CustomWorkload {
  /** Services of its namespace that the resource says it calls */
  readonly calls: readonly {
    readonly host: string;
    readonly port: number | undefined;
    readonly cited: string;
    readonly place: CustomWorkload["place"];
  }[];
}

/** A reader of one kind; the object's namespace is set, given or not. */
export type CustomReader = (object: KubeObject, remarks: Remarks) => readonly CustomPart[];

/** The pod template at a path, if there is one that can be read. */
export function podAt(object: KubeObject, path: readonly (string | number)[]): Pod | undefined {
  const written = at(object.origin.value, path);
  if (written === undefined) return undefined;
  const reading = new Reading(
    (where, key) => (key ? object.origin.keySpanOf(where) : object.origin.spanOf(where)),
    path,
  );
  const pod = readPod(written, path, object.origin, reading);
  return pod === BAD ? undefined : pod;
}

/** The pod with the labels that its operator adds, by which Services of the manifests may select it. */
export function withLabels(pod: Pod | undefined, labels: Readonly<Record<string, string>>): Pod | undefined {
  return pod === undefined ? undefined : { ...pod, labels: new Map([...pod.labels, ...Object.entries(labels)]) };
}

/** The image of its first container, where the workflow file takes it. */
export const imageOf = (pod: Pod | undefined): string | undefined => {
  const image = pod?.containers.find(({ role }) => role === "main")?.image;
  return image !== undefined && /^[^\s@:/$][^\s@$]*$/.test(image) ? image : undefined;
};

export const portsOf = (pod: Pod | undefined): { port: number; name: string }[] => {
  const ports = (pod?.containers ?? [])
    .flatMap((container) => container.ports)
    .filter(({ protocol }) => protocol === "TCP");
  return [...new Map(ports.map(({ port, name }) => [port, { port, name: name ?? "" }])).values()];
};

/** Some resources hold a pod's spec without the pod around it. */
export function podOfSpec(object: KubeObject, path: readonly (string | number)[]): Pod | undefined {
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

export function remarkFetch(
  object: KubeObject,
  uri: string,
  path: readonly (string | number)[],
  remarks: Remarks,
): void {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//.exec(uri)?.[1];
  if (scheme === undefined || scheme === "pvc" || scheme === "file") return;
  remarks.add(
    "download",
    `${object.kind} ${object.name}`,
    `is fetched from ${scheme}://, and the draft has no flow for it`,
    object.origin.spanOf(path),
  );
}
