/**
 * The OPA behind each external authorizer of the mesh: from the provider's Service to the workload, to what its
 * container was told, to the Rego that its ConfigMaps hold. Where a step cannot be followed, the reason says so.
 */
import type { Cluster, Container, ExtensionProvider, KubeObject, Pod, Workload } from "../../cluster/index.js";
import { endpointsOf, servingContainers } from "../../cluster/index.js";
import type { Span } from "../../diagnostics/index.js";
import { readDocuments } from "../../documents/index.js";
import type { Place } from "../../rego/index.js";
import { type Arguments, readArguments } from "./arguments.js";
import { type Bundle, readBundle } from "./bundle.js";
import { clean, type Mounted, mountedFiles, valueAt } from "./mounted-files.js";

export interface DecisionPoint {
  readonly provider: string;
  readonly workload: Workload;
  readonly pod: Pod;
  /** of the pod */
  readonly port: number;
  /** what the request to it looks like on the way */
  readonly failOpen: boolean;
  /** it answers yes whenever it answers */
  readonly dryRun: boolean;
  readonly v0: boolean;
  readonly bundle: Bundle;
  /** the document that is the answer, below `data` */
  readonly path: readonly string[];
}

/** OPA's own API, which an authorizer over HTTP asks: it answers 200 whatever the decision is. */
export interface DataApi {
  readonly provider: string;
  readonly workload: Workload;
  readonly prefix: string;
}

export type Resolution =
  | { readonly kind: "decides"; readonly point: DecisionPoint }
  | { readonly kind: "data-api"; readonly api: DataApi }
  | { readonly kind: "unknown"; readonly text: string; readonly object?: KubeObject; readonly span?: Span };

const resolutions = new WeakMap<Cluster, Map<string, Resolution>>();

/** What stands behind a provider that the mesh declares as an authorizer; undefined for any other name. */
export function authorizerOf(cluster: Cluster, provider: string): Resolution | undefined {
  let table = resolutions.get(cluster);
  if (table === undefined) {
    table = new Map();
    resolutions.set(cluster, table);
  }
  const before = table.get(provider);
  if (before !== undefined) return before;
  const declared = cluster.mesh.extensionProviders.find(({ name }) => name === provider);
  if (declared?.externalAuthorization === undefined) return undefined;
  const found = resolve(cluster, declared.name, declared.externalAuthorization);
  table.set(provider, found);
  return found;
}

type Authorizer = NonNullable<ExtensionProvider["externalAuthorization"]>;

/** Leaves the resolution at once with a reason. */
class Unresolved extends Error {
  readonly object: KubeObject | undefined;

  constructor(text: string, object?: KubeObject) {
    super(text);
    this.object = object;
  }
}

function resolve(cluster: Cluster, provider: string, authorizer: Authorizer): Resolution {
  try {
    return resolved(cluster, provider, authorizer);
  } catch (error) {
    if (!(error instanceof Unresolved)) throw error;
    const { mesh } = cluster;
    const text = `what the authorizer \`${provider}\` answers is not known: ${error.message}`;
    if (error.object !== undefined) return { kind: "unknown", text, object: error.object };
    return { kind: "unknown", text, ...(mesh.at === undefined ? {} : { span: mesh.at }) };
  }
}

/** `name.namespace.svc.cluster.local`, with or without its end, behind an optional `namespace/`. */
function serviceNamed(cluster: Cluster, written: string) {
  const host = written.slice(written.indexOf("/") + 1);
  const match = /^([^.]+)\.([^.]+)\.svc(\.cluster\.local)?$/.exec(host);
  const [, name, namespace] = match ?? [];
  return cluster.services.find((one) => one.name === name && one.namespace === namespace);
}

/** An OPA behind a Service, and what its container was told. */
export interface OpaServer {
  readonly workload: Workload;
  readonly pod: Pod;
  /** of the pod */
  readonly port: number;
  readonly container: Container;
  readonly given: Arguments;
}

/** The OPA that answers for a Service by this name, or why none is known to. */
export function opaServer(
  cluster: Cluster,
  host: string,
  port: number,
): OpaServer | { readonly text: string; readonly object?: KubeObject } {
  try {
    return serverAt(cluster, host, port);
  } catch (error) {
    if (!(error instanceof Unresolved)) throw error;
    return { text: error.message, ...(error.object === undefined ? {} : { object: error.object }) };
  }
}

/** What an OPA loads from its mounted files, or why that cannot be known. */
export function bundleOf(
  cluster: Cluster,
  { workload, pod, container, given }: OpaServer,
): (Pick<DecisionPoint, "bundle" | "v0"> & { readonly settings: Readonly<Settings> }) | string {
  const mounted = mountedFiles(cluster, workload.namespace, pod, container);
  const settings = settingsOf(given, mounted);
  if (typeof settings === "string") return settings;
  if (["services", "bundles", "discovery"].some((name) => !isEmpty(settings[name])))
    return "it loads policies from elsewhere";
  const v0 = given.v0 || /^v?0\./.test(IMAGE.exec(container.image ?? "")?.[1] ?? "latest");
  const bundle = readBundle(given, mounted, v0);
  return typeof bundle === "string" ? bundle : { bundle, v0, settings };
}

function serverAt(cluster: Cluster, host: string, wanted: number | undefined): OpaServer {
  const service = serviceNamed(cluster, host);
  if (service === undefined) throw new Unresolved(`no manifest declares the Service \`${host}\``);
  const endpoints = endpointsOf(cluster, service).filter(({ servicePort }) => servicePort.port === wanted);
  const [first] = endpoints;
  if (first?.port === undefined) {
    throw new Unresolved(`no workload answers on port ${wanted ?? "?"} of its Service`, service.object);
  }
  const { workload, pod, port } = first;
  if (endpoints.some((one) => one.workload !== workload || one.port !== port)) {
    throw new Unresolved("its Service leads to several workloads", service.object);
  }
  const container = opaOf(pod, port);
  if (container === undefined) throw new Unresolved(`${workload.id} does not run OPA there`, workload.object);
  if (endpoints.some((one) => !runsTheSame(one.pod, pod))) {
    throw new Unresolved(`the pods of ${workload.id} differ`, workload.object);
  }
  const given = readArguments([...container.command, ...container.args]);
  if (typeof given === "string") throw new Unresolved(`${workload.id}: ${given}`, workload.object);
  if (container.command.length > 0 && container.args.length === 0 && given.paths.length === 0) {
    throw new Unresolved(`${workload.id} loads nothing`, workload.object);
  }
  return { workload, pod, port, container, given };
}

function resolved(cluster: Cluster, provider: string, authorizer: Authorizer): Resolution {
  const { workload, pod, port, container, given } = serverAt(cluster, authorizer.service, authorizer.port);
  if (authorizer.protocol === "http") return overHttp(provider, workload, given, authorizer);
  const point = overGrpc(cluster, provider, workload, pod, container, given, port, authorizer);
  return { kind: "decides", point };
}

/** `openpolicyagent/opa`, whatever the registry, the tag and what its name ends with. */
const IMAGE = /^(?:.*\/)?openpolicyagent\/opa[^/:@]*(?::([^@]*))?(?:@.*)?$/;

function opaOf(pod: Pod, port: number): Container | undefined {
  const running = servingContainers(pod).filter(({ image }) => IMAGE.test(image ?? ""));
  return (
    running.find(({ ports }) => ports.some((one) => one.port === port)) ??
    (running.length === 1 ? running[0] : undefined)
  );
}

function runsTheSame(a: Pod, b: Pod): boolean {
  const key = (pod: Pod): string =>
    JSON.stringify([
      pod.volumes.map(({ path }) => valueAt(pod.origin.value, path)),
      servingContainers(pod).map(({ image, command, args, mounts }) => [image, command, args, mounts]),
    ]);
  return a === b || key(a) === key(b);
}

function overHttp(provider: string, workload: Workload, given: Arguments, authorizer: Authorizer): Resolution {
  const prefix = authorizer.pathPrefix ?? "";
  if (given.authorization)
    throw new Unresolved(`${workload.id} asks a policy about every call of its API`, workload.object);
  if (!/^\/v[01]\/data(\/|$)/.test(prefix)) {
    throw new Unresolved(`the requests' own paths are asked for at ${workload.id}`, workload.object);
  }
  return { kind: "data-api", api: { provider, workload, prefix } };
}

function overGrpc(
  cluster: Cluster,
  provider: string,
  workload: Workload,
  pod: Pod,
  container: Container,
  given: Arguments,
  port: number,
  authorizer: Authorizer,
): DecisionPoint {
  const tag = IMAGE.exec(container.image ?? "")?.[1] ?? "latest";
  if (!/envoy|istio/.test(tag)) {
    throw new Unresolved(`the image \`${container.image}\` has no Envoy plugin`, workload.object);
  }
  const mounted = mountedFiles(cluster, workload.namespace, pod, container);
  const settings = settingsOf(given, mounted);
  if (typeof settings === "string") throw new Unresolved(`${workload.id}: ${settings}`, workload.object);
  for (const remote of ["services", "bundles", "discovery"]) {
    if (!isEmpty(settings[remote])) {
      throw new Unresolved(
        `${workload.id} has \`${remote}\` in its configuration: it loads policies from elsewhere`,
        workload.object,
      );
    }
  }
  const plugin = valueAt(settings, ["plugins", "envoy_ext_authz_grpc"]);
  if (plugin === undefined) throw new Unresolved(`${workload.id} does not configure the Envoy plugin`, workload.object);
  const listens = Number(String(valueAt(plugin, ["addr"]) ?? ":9191").replace(/^.*:/, ""));
  if (listens !== port) throw new Unresolved(`${workload.id} listens on port ${listens}, not ${port}`, workload.object);
  const v0 = given.v0 || /^v?0\./.test(tag);
  const bundle = readBundle(given, mounted, v0);
  if (typeof bundle === "string") throw new Unresolved(`${workload.id}: ${bundle}`, workload.object);
  const path = answerPath(plugin);
  if (path === undefined) throw new Unresolved(`${workload.id} asks with a query of its own`, workload.object);
  const dryRun = valueAt(plugin, ["dry-run"]) === true || valueAt(plugin, ["dry-run"]) === "true";
  return { provider, workload, pod, port, failOpen: authorizer.failOpen, dryRun, v0, bundle, path };
}

function answerPath(plugin: unknown): readonly string[] | undefined {
  const query = valueAt(plugin, ["query"]);
  if (typeof query === "string" && query !== "") {
    return /^data(\.\w+)+$/.test(query) ? query.split(".").slice(1) : undefined;
  }
  const path = String(valueAt(plugin, ["path"]) ?? "envoy/authz/allow");
  return path.split("/").filter((part) => part !== "");
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

type Settings = { [key: string]: unknown };

/** The configuration file, and what the command line sets over it. */
function settingsOf(given: Arguments, mounted: Mounted): Settings | string {
  let settings: Settings = {};
  if (given.configFile !== undefined) {
    const wanted = clean(given.configFile);
    const file = mounted.files.find(({ path }) => path === wanted);
    if (file === undefined) return `its configuration \`${given.configFile}\` is not in the manifests`;
    if (/\$\{/.test(file.text)) return "its configuration depends on environment variables";
    const { documents, problems } = readDocuments({ path: file.path, text: file.text });
    const value = documents[0]?.value;
    if (problems.length > 0 || typeof value !== "object" || value === null) {
      return `its configuration \`${given.configFile}\` cannot be read`;
    }
    settings = structuredClone(value) as Settings;
  }
  for (const [path, value] of given.settings) set(settings, path.split("."), value);
  return settings;
}

function set(into: Settings, [name = "", ...rest]: readonly string[], value: string): void {
  if (rest.length === 0) {
    into[name] = value === "true" ? true : value === "false" ? false : value;
    return;
  }
  const known = Object.hasOwn(into, name) ? into[name] : undefined;
  const inner: Settings = typeof known === "object" && known !== null ? (known as Settings) : Object.create(null);
  set(inner, rest, value);
  into[name] = inner;
}

/** Where a place of the Rego stands in the manifests. */
export function spanOf({ bundle }: Pick<DecisionPoint, "bundle">, { source, start, end }: Place): Span | undefined {
  const file = bundle.modules.find(({ path }) => path === source.file);
  if (file === undefined) return undefined;
  const key = file.map.object.origin.keySpanOf(["data", file.key]);
  const line = source.text.slice(0, start).split("\n").length;
  const wanted = source.text.split("\n")[line - 1]?.trim() ?? "";
  // A block of text begins behind its key's line; anything else is cited by its key.
  let at = key.source.text.indexOf("\n", key.start) + 1;
  for (let i = 1; i < line && at > 0; i++) at = key.source.text.indexOf("\n", at) + 1;
  const found = at > 0 ? key.source.text.slice(at, ending(key.source.text, at)) : "";
  if (wanted === "" || found.trim() !== wanted) return key;
  const from = at + found.indexOf(wanted);
  return { source: key.source, start: from, end: Math.min(from + Math.max(end - start, 1), at + found.length) };
}

function ending(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}
