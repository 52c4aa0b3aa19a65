/**
 * Manifests become one `Cluster`: what would run if all of them were applied. A table says which reader a kind has;
 * every other kind is kept as a plain object. What cannot be read is reported with its place and left out, and stands
 * in `skipped`, so that whoever goes on without it can say which verdicts it might have changed.
 */
import type { Problem, Source, Span } from "../diagnostics/index.js";
import { sortProblems } from "../diagnostics/index.js";
import { type Document, readDocuments } from "../documents/index.js";
import {
  type AdminNetworkPolicy,
  type BaselineAdminNetworkPolicy,
  readAdminNetworkPolicy,
  readBaselineAdminNetworkPolicy,
} from "./admin-network-policy.js";
import {
  type AdmissionPolicy,
  type AdmissionPolicyBinding,
  type AdmissionWebhook,
  readAdmissionBinding,
  readAdmissionPolicy,
  readAdmissionWebhook,
} from "./admission.js";
import {
  type ConfigMap,
  type PersistentVolumeClaim,
  readClaim,
  readConfigMap,
  readSecret,
  readServiceAccount,
  readStorageClass,
  type Secret,
  type ServiceAccount,
  type StorageClass,
} from "./config.js";
import {
  type Gateway,
  type GatewayRoute,
  type ReferenceGrant,
  ROUTE_KINDS,
  readGateway,
  readGatewayRoute,
  readReferenceGrant,
} from "./gateway-api.js";
import { type Ingress, type Route, readIngress, readRoute } from "./ingress.js";
import { type ProxyExtension, readEnvoyFilter, readWasmPlugin } from "./istio-extensions.js";
import {
  type DestinationRule,
  type IstioGateway,
  readDestinationRule,
  readIstioGateway,
  readServiceEntry,
  readSidecar,
  readVirtualService,
  readWorkloadEntry,
  type ServiceEntry,
  type Sidecar,
  type VirtualService,
  type WorkloadEntry,
} from "./istio-networking.js";
import {
  type AuthorizationPolicy,
  type PeerAuthentication,
  type RequestAuthentication,
  readAuthorizationPolicy,
  readPeerAuthentication,
  readRequestAuthentication,
} from "./istio-security.js";
import { DEFAULT_MESH, type MeshConfig, readMeshConfigMap, readMeshOperator } from "./mesh.js";
import { impliedNamespace, type Namespace, readNamespace } from "./namespaces.js";
import { type NetworkPolicy, readNetworkPolicy } from "./network-policy.js";
import { describeObject, type Header, isToolFile, items, type KubeObject, readHeader, readObject } from "./object.js";
import { readService, type Service } from "./services.js";
import { BAD, Reading, type Result } from "./shape.js";
import { readUserNetwork, type UserNetwork } from "./user-network.js";
import { groupRunners, type Runner, readRunner, runsPods, type Workload } from "./workloads.js";

/** The kinds with a reader; every list is sorted by namespace and name. */
interface Typed {
  readonly services: readonly Service[];
  readonly configMaps: readonly ConfigMap[];
  readonly secrets: readonly Secret[];
  readonly serviceAccounts: readonly ServiceAccount[];
  readonly claims: readonly PersistentVolumeClaim[];
  readonly storageClasses: readonly StorageClass[];
  readonly networkPolicies: readonly NetworkPolicy[];
  /** sorted by priority, then name */
  readonly adminNetworkPolicies: readonly AdminNetworkPolicy[];
  /** at most one */
  readonly baselineAdminNetworkPolicies: readonly BaselineAdminNetworkPolicy[];
  readonly ingresses: readonly Ingress[];
  readonly routes: readonly Route[];
  readonly gateways: readonly Gateway[];
  readonly gatewayRoutes: readonly GatewayRoute[];
  readonly referenceGrants: readonly ReferenceGrant[];
  readonly peerAuthentications: readonly PeerAuthentication[];
  readonly authorizationPolicies: readonly AuthorizationPolicy[];
  readonly requestAuthentications: readonly RequestAuthentication[];
  readonly serviceEntries: readonly ServiceEntry[];
  readonly sidecars: readonly Sidecar[];
  readonly istioGateways: readonly IstioGateway[];
  readonly virtualServices: readonly VirtualService[];
  readonly destinationRules: readonly DestinationRule[];
  readonly workloadEntries: readonly WorkloadEntry[];
  readonly proxyExtensions: readonly ProxyExtension[];
  readonly userNetworks: readonly UserNetwork[];
  readonly admissionPolicies: readonly AdmissionPolicy[];
  readonly admissionBindings: readonly AdmissionPolicyBinding[];
  readonly admissionWebhooks: readonly AdmissionWebhook[];
}

export interface Cluster extends Typed {
  /** by name, sorted */
  readonly namespaces: ReadonlyMap<string, Namespace>;
  /** sorted by id */
  readonly workloads: readonly Workload[];
  /** sorted by name */
  readonly workloadsByNamespace: ReadonlyMap<string, readonly Workload[]>;
  readonly mesh: MeshConfig;
  /** every object that was read, typed or not, sorted by group, kind, namespace and name */
  readonly objects: readonly KubeObject[];
  readonly skipped: readonly Skipped[];
  /** documents that are no Kubernetes objects at all */
  readonly ignored: readonly Span[];
}

/** A document that could not be read; the header is what could still be told of it. */
export interface Skipped {
  readonly at: Span;
  readonly group: string | undefined;
  readonly kind: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

export interface ClusterOptions {
  /** the namespace of namespaced objects that name none */
  readonly defaultNamespace?: string;
}

export interface ClusterReading {
  readonly cluster: Cluster;
  /** sorted by place; whoever does not want to go on without the bad documents throws them */
  readonly problems: readonly Problem[];
}

type Entry<K extends keyof Typed> = {
  readonly into: K;
  readonly read: (object: KubeObject, value: unknown, reading: Reading) => Result<Typed[K][number]>;
};
type AnyEntry = { [K in keyof Typed]: Entry<K> }[keyof Typed];

const ISTIO_SECURITY = "security.istio.io";
const ISTIO_NETWORKING = "networking.istio.io";
const GATEWAY = "gateway.networking.k8s.io";
const ADMISSION = "admissionregistration.k8s.io";

const READERS: ReadonlyMap<string, AnyEntry> = new Map<string, AnyEntry>([
  ["/Service", { into: "services", read: readService }],
  ["/ConfigMap", { into: "configMaps", read: readConfigMap }],
  ["/Secret", { into: "secrets", read: readSecret }],
  ["/ServiceAccount", { into: "serviceAccounts", read: readServiceAccount }],
  ["/PersistentVolumeClaim", { into: "claims", read: readClaim }],
  ["storage.k8s.io/StorageClass", { into: "storageClasses", read: readStorageClass }],
  ["networking.k8s.io/NetworkPolicy", { into: "networkPolicies", read: readNetworkPolicy }],
  ["extensions/NetworkPolicy", { into: "networkPolicies", read: readNetworkPolicy }],
  ["policy.networking.k8s.io/AdminNetworkPolicy", { into: "adminNetworkPolicies", read: readAdminNetworkPolicy }],
  [
    "policy.networking.k8s.io/BaselineAdminNetworkPolicy",
    { into: "baselineAdminNetworkPolicies", read: readBaselineAdminNetworkPolicy },
  ],
  ["networking.k8s.io/Ingress", { into: "ingresses", read: readIngress }],
  ["extensions/Ingress", { into: "ingresses", read: readIngress }],
  ["route.openshift.io/Route", { into: "routes", read: readRoute }],
  [`${GATEWAY}/Gateway`, { into: "gateways", read: readGateway }],
  [`${GATEWAY}/ReferenceGrant`, { into: "referenceGrants", read: readReferenceGrant }],
  ...ROUTE_KINDS.map((kind): [string, AnyEntry] => [
    `${GATEWAY}/${kind}`,
    { into: "gatewayRoutes", read: readGatewayRoute },
  ]),
  [`${ISTIO_SECURITY}/PeerAuthentication`, { into: "peerAuthentications", read: readPeerAuthentication }],
  [`${ISTIO_SECURITY}/AuthorizationPolicy`, { into: "authorizationPolicies", read: readAuthorizationPolicy }],
  [`${ISTIO_SECURITY}/RequestAuthentication`, { into: "requestAuthentications", read: readRequestAuthentication }],
  [`${ISTIO_NETWORKING}/ServiceEntry`, { into: "serviceEntries", read: readServiceEntry }],
  [`${ISTIO_NETWORKING}/Sidecar`, { into: "sidecars", read: readSidecar }],
  [`${ISTIO_NETWORKING}/Gateway`, { into: "istioGateways", read: readIstioGateway }],
  [`${ISTIO_NETWORKING}/VirtualService`, { into: "virtualServices", read: readVirtualService }],
  [`${ISTIO_NETWORKING}/DestinationRule`, { into: "destinationRules", read: readDestinationRule }],
  [`${ISTIO_NETWORKING}/WorkloadEntry`, { into: "workloadEntries", read: readWorkloadEntry }],
  [`${ISTIO_NETWORKING}/EnvoyFilter`, { into: "proxyExtensions", read: readEnvoyFilter }],
  ["extensions.istio.io/WasmPlugin", { into: "proxyExtensions", read: readWasmPlugin }],
  ["k8s.ovn.org/UserDefinedNetwork", { into: "userNetworks", read: readUserNetwork }],
  ["k8s.ovn.org/ClusterUserDefinedNetwork", { into: "userNetworks", read: readUserNetwork }],
  [`${ADMISSION}/ValidatingAdmissionPolicy`, { into: "admissionPolicies", read: readAdmissionPolicy }],
  [`${ADMISSION}/ValidatingAdmissionPolicyBinding`, { into: "admissionBindings", read: readAdmissionBinding }],
  [`${ADMISSION}/ValidatingWebhookConfiguration`, { into: "admissionWebhooks", read: readAdmissionWebhook }],
  [`${ADMISSION}/MutatingWebhookConfiguration`, { into: "admissionWebhooks", read: readAdmissionWebhook }],
]);

/** Reads manifests, in the order given; where two define one object the later one counts, as when they are applied. */
export function readCluster(sources: readonly Source[], options: ClusterOptions = {}): ClusterReading {
  const builder = new Builder(options.defaultNamespace ?? "default");
  for (const source of sources) {
    const { documents, problems } = readDocuments(source, "manifest");
    builder.problems.push(...problems);
    for (const { span } of problems) if (span !== undefined) builder.skip(span);
    for (const document of documents) builder.addDocument(document);
  }
  return builder.finish();
}

interface Held {
  readonly object: KubeObject;
  readonly value: unknown;
  readonly into: keyof Typed | "runner" | "namespace" | "object";
}

class Builder {
  readonly problems: Problem[] = [];
  readonly #defaultNamespace: string;
  readonly #held = new Map<string, Held>();
  readonly #skipped: Skipped[] = [];
  readonly #ignored: Span[] = [];

  constructor(defaultNamespace: string) {
    this.#defaultNamespace = defaultNamespace;
  }

  skip(at: Span, known: Partial<Skipped> = {}): void {
    const { group, kind, namespace, name } = known;
    this.#skipped.push({ at, group, kind, namespace, name });
  }

  addDocument(document: Document): void {
    const reading = readingOf(document);
    for (const item of items(document, reading)) this.#addObject(item.document, item.inherited);
    this.problems.push(...reading.problems);
    if (reading.problems.length > 0) this.skip(document.spanOf());
  }

  #addObject(document: Document, inherited: Header | undefined): void {
    const reading = readingOf(document);
    const header = readHeader(document, inherited, reading);
    if (header === undefined || (header !== BAD && isToolFile(header))) {
      this.#ignored.push(document.spanOf());
      return;
    }
    if (header === BAD) {
      this.#refuse(document, reading);
      return;
    }
    const secret = header.group === "" && header.kind === "Secret";
    // A problem in a Secret must not show the line that it stands in.
    const guarded = secret ? withheldReading(document) : reading;
    const object = readObject(document, header, this.#defaultNamespace, guarded);
    const held = object === BAD ? undefined : this.#read(object, document, guarded);
    if (guarded.problems.length === 0 && held !== undefined) this.#hold(held);
    else this.#refuse(document, guarded, object === BAD ? header : object);
  }

  #read(object: KubeObject, document: Document, reading: Reading): Held | undefined {
    if (object.group === "" && object.kind === "Namespace") {
      return { object, into: "namespace", value: readNamespace(object, reading) };
    }
    if (runsPods(object.group, object.kind)) {
      const runner = readRunner(object, document, reading);
      return runner === BAD ? undefined : { object, into: "runner", value: runner };
    }
    const entry = READERS.get(`${object.group}/${object.kind}`);
    if (entry === undefined) return { object, into: "object", value: undefined };
    const value = entry.read(object, document.value, reading);
    return value === BAD ? undefined : { object, into: entry.into, value };
  }

  #refuse(document: Document, reading: Reading, known: Partial<Skipped> = {}): void {
    this.problems.push(...reading.problems);
    const secret = known.group === "" && known.kind === "Secret";
    this.skip(secret ? document.spanOf(["kind"]) : document.spanOf(), known);
  }

  #hold(held: Held): void {
    const { object } = held;
    const key = JSON.stringify([object.group, object.kind, object.namespace, object.name]);
    const earlier = this.#held.get(key);
    if (earlier !== undefined && !sameObject(earlier.object, object)) {
      const first = earlier.object.origin.spanOf();
      this.problems.push({
        code: "CLUSTER_DUPLICATE",
        message: `${describeObject(object)} is defined twice, differently`,
        span: object.origin.spanOf(["metadata", "name"]),
        hint: `the other definition is in ${first.source.path}; verify one set of manifests at a time`,
      });
    }
    this.#held.set(key, held);
  }

  finish(): ClusterReading {
    const held = [...this.#held.values()].sort((a, b) => compareObjects(a.object, b.object));
    const of = <T>(into: Held["into"]): readonly T[] =>
      held.filter((entry) => entry.into === into).map((entry) => entry.value as T);
    const typed = Object.fromEntries(
      [...new Set([...READERS.values()].map(({ into }) => into))].map((into) => [into, of(into)]),
    ) as unknown as Typed;
    const workloads = groupRunners(of<Runner>("runner"));
    this.problems.push(...secondPrimaries(typed.userNetworks));
    const { mesh, problems } = this.#mesh(typed.configMaps, held);
    this.problems.push(...problems);
    const objects = held.map(({ object }) => object);
    const cluster: Cluster = {
      ...typed,
      adminNetworkPolicies: [...typed.adminNetworkPolicies].sort((a, b) => a.priority - b.priority),
      namespaces: collectNamespaces(of<Namespace>("namespace"), objects),
      workloads,
      workloadsByNamespace: byNamespace(workloads),
      mesh,
      objects,
      skipped: this.#skipped,
      ignored: this.#ignored,
    };
    return { cluster, problems: sortProblems(this.problems) };
  }

  #mesh(maps: readonly ConfigMap[], held: readonly Held[]): { mesh: MeshConfig; problems: readonly Problem[] } {
    // `istio-<revision>` where the control plane runs by revisions; the one without counts first
    const candidates = maps.filter(({ name, data }) => /^istio(-.+)?$/.test(name) && data.has("mesh"));
    const map = candidates.find(({ namespace }) => namespace === DEFAULT_MESH.rootNamespace) ?? candidates[0];
    if (map !== undefined) return readMeshConfigMap(map);
    for (const { object } of held) {
      if (object.group !== "install.istio.io" || object.kind !== "IstioOperator") continue;
      const read = readMeshOperator(object);
      if (read !== undefined) return read;
    }
    return { mesh: DEFAULT_MESH, problems: [] };
  }
}

function byNamespace(workloads: readonly Workload[]): ReadonlyMap<string, readonly Workload[]> {
  const groups = new Map<string, Workload[]>();
  for (const workload of workloads) {
    const group = groups.get(workload.namespace);
    if (group === undefined) groups.set(workload.namespace, [workload]);
    else group.push(workload);
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A namespace has one primary network at most. */
function secondPrimaries(networks: readonly UserNetwork[]): readonly Problem[] {
  const first = new Map<string, UserNetwork>();
  return networks.flatMap((network): Problem[] => {
    if (network.role !== "Primary" || typeof network.namespaces !== "string") return [];
    const other = first.get(network.namespaces);
    if (other === undefined) {
      first.set(network.namespaces, network);
      return [];
    }
    const message = `${describeObject(network.object)} is a second primary network beside ${describeObject(other.object)}`;
    return [{ code: "CLUSTER_VALUE", message, span: network.object.origin.spanOf(["metadata", "name"]) }];
  });
}

function readingOf(document: Document): Reading {
  return new Reading((path, key) => (key ? document.keySpanOf(path) : document.spanOf(path)));
}

function withheldReading(document: Document): Reading {
  return new Reading(() => document.spanOf(["kind"]));
}

/** Two copies of one object, as when a folder holds a bundle beside its parts. Values of Secrets are not kept to compare. */
function sameObject(a: KubeObject, b: KubeObject): boolean {
  if (a.origin.value === null || b.origin.value === null) return true;
  return a.version === b.version && JSON.stringify(a.origin.value) === JSON.stringify(b.origin.value);
}

function compareObjects(a: KubeObject, b: KubeObject): number {
  const key = (object: KubeObject) => [object.group, object.kind, object.namespace, object.name];
  const [left, right] = [key(a), key(b)];
  for (const [index, part] of left.entries()) {
    const other = right[index] ?? "";
    if (part !== other) return part < other ? -1 : 1;
  }
  return 0;
}

function collectNamespaces(
  declared: readonly Namespace[],
  objects: readonly KubeObject[],
): ReadonlyMap<string, Namespace> {
  const found = new Map(declared.map((namespace) => [namespace.name, namespace]));
  for (const { namespace } of objects) {
    if (namespace !== "" && !found.has(namespace)) found.set(namespace, impliedNamespace(namespace));
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
