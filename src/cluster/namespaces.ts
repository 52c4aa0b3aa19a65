/** Namespaces, with the label that the API server puts on each. */
import type { KubeObject, Labels } from "./object.js";
import type { Reading } from "./shape.js";

export const NAME_LABEL = "kubernetes.io/metadata.name";

export interface Namespace {
  readonly name: string;
  /** always with `kubernetes.io/metadata.name` */
  readonly labels: Labels;
  readonly annotations: Labels;
  /** `undefined`: no manifest declares it, objects only live in it, so its other labels are not known */
  readonly object: KubeObject | undefined;
}

export function impliedNamespace(name: string): Namespace {
  return { name, labels: new Map([[NAME_LABEL, name]]), annotations: new Map(), object: undefined };
}

export function readNamespace(object: KubeObject, reading: Reading): Namespace {
  const given = object.labels.get(NAME_LABEL);
  if (given !== undefined && given !== object.name) {
    reading.within("metadata", () =>
      reading.within("labels", () =>
        reading.within(NAME_LABEL, () =>
          reading.fail("CLUSTER_VALUE", `the namespace is \`${object.name}\`, so this label cannot be \`${given}\``),
        ),
      ),
    );
  }
  const labels = new Map(object.labels).set(NAME_LABEL, object.name);
  return { name: object.name, labels, annotations: object.annotations, object };
}
