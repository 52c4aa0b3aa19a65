/**
 * What every Kubernetes object has: group, version, kind, metadata, and the place that it came from. Places are found
 * on demand (`spanOf`), because almost none is ever asked for and positions are many times larger than the data.
 */
import type { Span } from "../diagnostics/index.js";
import type { Document, Json } from "../documents/index.js";
import { BAD, isMap, list, open, optional, type Path, type Reading, type Result, string, stringMap } from "./shape.js";

export type Labels = ReadonlyMap<string, string>;

export interface Owner {
  readonly kind: string;
  readonly name: string;
  /** the owner that manages this object; at most one */
  readonly controller: boolean;
}

export interface KubeObject {
  /** API group; empty for the core group */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** empty for cluster-scoped objects */
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly owners: readonly Owner[];
  readonly origin: Origin;
}

/** Where an object stands in the input. Paths start at the object: `["spec", "ingress", 0]`. */
export interface Origin {
  /** the object as plain data; null where the input's values were dropped on purpose (Secrets) */
  readonly value: Json;
  spanOf(path?: Path): Span;
  keySpanOf(path: Path): Span;
}

/** The origin of an object whose values must not be kept: every question is answered with the place of the object. */
function withheldOrigin(document: Document): Origin {
  const whole = document.spanOf(["kind"]);
  return { value: null, spanOf: () => whole, keySpanOf: () => whole };
}

/** `networking.k8s.io/v1` to its parts; the core group has only a version. */
function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf("/");
  return slash === -1
    ? { group: "", version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** `NetworkPolicy ai-workflow/default-deny`, the way messages name an object. */
export function describeObject(object: { kind: string; namespace: string; name: string }): string {
  return `${object.kind} ${object.namespace === "" ? "" : `${object.namespace}/`}${object.name}`;
}

const owner = open({ kind: optional(string), name: optional(string), controller: optional(anyBoolean) });
const metadata = open({
  name: optional(string),
  generateName: optional(string),
  namespace: optional(string),
  labels: optional(stringMap),
  annotations: optional(stringMap),
  ownerReferences: optional(list(owner)),
});

function anyBoolean(value: unknown): boolean {
  return value === true;
}

/** Core and well-known kinds without a namespace. Of other kinds, one without `metadata.namespace` is taken as such. */
const CLUSTER_SCOPED = new Set([
  "/Namespace",
  "/Node",
  "/PersistentVolume",
  "storage.k8s.io/StorageClass",
  "rbac.authorization.k8s.io/ClusterRole",
  "rbac.authorization.k8s.io/ClusterRoleBinding",
  "apiextensions.k8s.io/CustomResourceDefinition",
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
  "admissionregistration.k8s.io/MutatingWebhookConfiguration",
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy",
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding",
  "policy.networking.k8s.io/AdminNetworkPolicy",
  "policy.networking.k8s.io/BaselineAdminNetworkPolicy",
  "policy.networking.k8s.io/ClusterNetworkPolicy",
  "gateway.networking.k8s.io/GatewayClass",
  "networking.k8s.io/IngressClass",
  "scheduling.k8s.io/PriorityClass",
  "apiregistration.k8s.io/APIService",
  "k8s.ovn.org/ClusterUserDefinedNetwork",
  "apiserver.config.k8s.io/EncryptionConfiguration",
]);

/** Groups in which every kind that is not in the table above lives in a namespace. */
const NAMESPACED_GROUPS = new Set([
  "",
  "apps",
  "batch",
  "networking.k8s.io",
  "gateway.networking.k8s.io",
  "security.istio.io",
  "networking.istio.io",
  "telemetry.istio.io",
  "extensions.istio.io",
  "route.openshift.io",
  "apps.openshift.io",
  "policy",
  "discovery.k8s.io",
  "autoscaling",
  "k8s.ovn.org",
]);

/** Files for tools that look like objects and never reach a cluster. */
const TOOL_FILES = new Set(["kustomize.config.k8s.io/Kustomization", "kustomize.config.k8s.io/Component", "/Config"]);

export function isToolFile({ group, kind }: Header): boolean {
  return TOOL_FILES.has(`${group}/${kind}`);
}

/** Configuration files of Kubernetes' own parts (EncryptionConfiguration, the audit Policy): objects without a name. */
function isComponentConfig({ group }: Header): boolean {
  return group.endsWith(".config.k8s.io") || group === "audit.k8s.io";
}

export interface Header {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/**
 * The group, version and kind of a document, or undefined when it is none of Kubernetes' (neither key is there).
 * @param inherited what an item of a typed list is when it does not say so itself, as the API server writes them
 */
export function readHeader(
  document: Document,
  inherited: Header | undefined,
  reading: Reading,
): Result<Header> | undefined {
  const value = document.value;
  if (!isMap(value)) return inherited && reading.fail("CLUSTER_SHAPE", "an item of a list must be a mapping");
  const has = (key: string) => Object.hasOwn(value, key) && value[key] !== null;
  if (!has("apiVersion") && !has("kind")) return inherited;
  const header = open({ apiVersion: optional(string), kind: optional(string) })(value, reading);
  if (header === BAD) return BAD;
  const kind = header.kind || inherited?.kind;
  if (!kind || (!header.apiVersion && inherited === undefined)) {
    const missing = kind ? "apiVersion" : "kind";
    return reading.fail("CLUSTER_MISSING_FIELD", `the object has no \`${missing}\``, `add \`${missing}:\``);
  }
  const at = header.apiVersion ? splitApiVersion(header.apiVersion) : inherited;
  return { group: at?.group ?? "", version: at?.version ?? "", kind };
}

/** The metadata of an object; a namespaced one without a namespace is in `defaultNamespace`. */
export function readObject(
  document: Document,
  header: Header,
  defaultNamespace: string,
  reading: Reading,
): Result<KubeObject> {
  const value = document.value;
  const given = isMap(value) && Object.hasOwn(value, "metadata") ? value.metadata : undefined;
  if ((given === undefined || given === null) && isComponentConfig(header)) {
    const [labels, annotations] = [NONE, NONE];
    return { ...header, namespace: "", name: "", labels, annotations, owners: [], origin: document };
  }
  if (given === undefined || given === null) {
    return reading.fail("CLUSTER_MISSING_FIELD", `the ${header.kind} has no \`metadata\``);
  }
  const read = reading.within("metadata", () => metadata(given, reading));
  if (read === BAD) return BAD;
  const name = read.name ?? (read.generateName === undefined ? undefined : `${read.generateName}*`);
  if (name === undefined || name === "") {
    return reading.fail("CLUSTER_MISSING_FIELD", `the ${header.kind} has no \`metadata.name\``);
  }
  const scopeKey = `${header.group}/${header.kind}`;
  const clusterScoped =
    CLUSTER_SCOPED.has(scopeKey) || (read.namespace === undefined && !NAMESPACED_GROUPS.has(header.group));
  const secret = header.group === "" && header.kind === "Secret";
  return {
    ...header,
    namespace: clusterScoped ? "" : read.namespace || defaultNamespace,
    name,
    labels: read.labels ?? NONE,
    // kubectl keeps a copy of the whole object, values included, in an annotation of a Secret
    annotations: secret ? NONE : (read.annotations ?? NONE),
    owners: (read.ownerReferences ?? []).map((reference) => ({
      kind: reference.kind ?? "",
      name: reference.name ?? "",
      controller: reference.controller ?? false,
    })),
    origin: secret ? withheldOrigin(document) : document,
  };
}

const NONE: Labels = new Map();

export interface Item {
  readonly document: Document;
  /** what the list says its items are */
  readonly inherited: Header | undefined;
}

/** Splits `List`, `PodList`, … into their items; every other document is itself. */
export function items(document: Document, reading: Reading): readonly Item[] {
  const value = document.value;
  const itself = [{ document, inherited: undefined }];
  if (!isMap(value) || typeof value.kind !== "string" || !value.kind.endsWith("List")) return itself;
  if (!Object.hasOwn(value, "items")) return itself;
  if (value.items === null) return [];
  if (!Array.isArray(value.items)) {
    reading.within("items", () => reading.fail("CLUSTER_SHAPE", "`items` must be a list"));
    return [];
  }
  const kind = value.kind.slice(0, -"List".length);
  const version = typeof value.apiVersion === "string" ? value.apiVersion : "";
  const inherited = kind === "" ? undefined : { ...splitApiVersion(version), kind };
  return value.items.map((_, index) => ({ document: document.at(["items", index]), inherited }));
}
