/**
 * Kubernetes objects as the targets make them: each says which workflow it belongs to and which rules it carries, so
 * that a reviewer, an audit event or `kubectl get -l` leads back to the file.
 */
import type { Policy } from "../policy/index.js";
import type { Feature } from "./capability.js";
import { LABELS } from "./names.js";
import type { Value, ValueMap } from "./yaml.js";

export interface KubeObject extends ValueMap {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
}

interface Metadata extends ValueMap {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly labels: { readonly [key: string]: string };
  readonly annotations?: { readonly [key: string]: string } | undefined;
}

export interface ObjectSpec {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** left out for what is not namespaced */
  readonly namespace?: string;
  /** ids of the rules that this object permits or is needed for */
  readonly rules?: Iterable<string>;
  /** what it holds for everything in its namespace, whatever the rules: `default-deny`, `mtls` … */
  readonly holds?: readonly Feature[];
  readonly labels?: { readonly [key: string]: string };
  readonly annotations?: { readonly [key: string]: string };
  /** everything beside apiVersion, kind and metadata, in the order in which it is written */
  readonly body?: { readonly [key: string]: Value | undefined };
}

/** Longest text of rule ids in an annotation, in characters: the API server accepts 256 KiB for all of an object's. */
const LONGEST_RULES = 100_000;

/** An object with the labels and annotations that all of them carry; labels and annotations sorted. */
export function kubeObject(policy: Policy, spec: ObjectSpec): KubeObject {
  const rules = [...new Set(spec.rules ?? [])].sort();
  const list = rules.join(",");
  const annotations = {
    ...spec.annotations,
    ...(rules.length === 0
      ? {}
      : { [LABELS.rules]: list.length > LONGEST_RULES ? `${rules.length} rules: too many to list here` : list }),
    ...(spec.holds === undefined || spec.holds.length === 0
      ? {}
      : { [LABELS.holds]: [...spec.holds].sort().join(",") }),
  };
  const object: KubeObject = {
    apiVersion: spec.apiVersion,
    kind: spec.kind,
    metadata: {
      name: spec.name,
      namespace: spec.namespace,
      labels: sorted({ ...spec.labels, [LABELS.managedBy]: "ringfence", [LABELS.workflow]: policy.workflow }),
      annotations: Object.keys(annotations).length === 0 ? undefined : sorted(annotations),
    },
    ...spec.body,
  };
  carried.set(object, { rules, holds: spec.holds ?? [] });
  return object;
}

interface Carried {
  readonly rules: readonly string[];
  readonly holds: readonly Feature[];
}

/** What an object carries, whatever fits into its annotations. */
const carried = new WeakMap<KubeObject, Carried>();

export function carriedBy(object: KubeObject): Carried {
  return carried.get(object) ?? { rules: [], holds: [] };
}

/** `group/Kind namespace/name`: equal for two objects exactly when the API server would take them for one. */
export function identityOf(object: KubeObject): string {
  const slash = object.apiVersion.indexOf("/");
  const group = slash === -1 ? "" : object.apiVersion.slice(0, slash);
  return `${group}/${object.kind} ${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}

/** How people name it: `Kind namespace/name`. */
export function titleOf(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return `${object.kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

/** The same object with one more label; what it carries stays known. */
export function withLabel(object: KubeObject, key: string, value: string): KubeObject {
  const metadata = { ...object.metadata, labels: sorted({ ...object.metadata.labels, [key]: value }) };
  const labelled: KubeObject = { ...object, metadata };
  carried.set(labelled, carriedBy(object));
  return labelled;
}

function sorted(map: { readonly [key: string]: string }): { readonly [key: string]: string } {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
