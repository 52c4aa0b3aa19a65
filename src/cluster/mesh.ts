/**
 * Mesh-wide settings, from the `mesh` key of the `istio` ConfigMap in the root namespace. What is not set there has
 * Istio's default; without the ConfigMap all of it has, and `declared` is false so that a verdict can say so.
 */
import type { Problem, Span } from "../diagnostics/index.js";
import { readDocuments } from "../documents/index.js";
import type { ConfigMap } from "./config.js";
import type { KubeObject } from "./object.js";
import {
  anything,
  BAD,
  boolean,
  isMap,
  list,
  oneOf,
  open,
  optional,
  optionalOr,
  portNumber,
  type Read,
  Reading,
  string,
} from "./shape.js";

export type PathNormalization = "BASE" | "NONE" | "MERGE_SLASHES" | "DECODE_AND_MERGE_SLASHES";

export interface ExtensionProvider {
  readonly name: string;
  /** `undefined`: a provider of another kind (tracing, logging) */
  readonly externalAuthorization:
    | {
        readonly protocol: "http" | "grpc";
        readonly service: string;
        readonly port: number | undefined;
        /** the request goes through when the authorizer does not answer */
        readonly failOpen: boolean;
        readonly pathPrefix: string | undefined;
        readonly includesBody: boolean;
      }
    | undefined;
}

export interface MeshConfig {
  readonly declared: boolean;
  readonly rootNamespace: string;
  readonly trustDomain: string;
  readonly trustDomainAliases: readonly string[];
  readonly pathNormalization: PathNormalization;
  readonly outboundMode: "REGISTRY_ONLY" | "ALLOW_ANY";
  readonly autoMtls: boolean;
  readonly extensionProviders: readonly ExtensionProvider[];
  readonly accessLogFile: string | undefined;
  readonly at: Span | undefined;
}

export const DEFAULT_MESH: MeshConfig = {
  declared: false,
  rootNamespace: "istio-system",
  trustDomain: "cluster.local",
  trustDomainAliases: [],
  pathNormalization: "BASE",
  outboundMode: "ALLOW_ANY",
  autoMtls: true,
  extensionProviders: [],
  accessLogFile: undefined,
  at: undefined,
};

const authorizer = open({
  service: optionalOr(string, ""),
  port: optional(portNumber),
  failOpen: optionalOr(boolean, false),
  pathPrefix: optional(string),
  includeRequestBodyInCheck: optional(anything),
});

const provider = open({
  name: optionalOr(string, ""),
  envoyExtAuthzHttp: optional(authorizer),
  envoyExtAuthzGrpc: optional(authorizer),
});

const meshConfig = open({
  rootNamespace: optional(string),
  trustDomain: optional(string),
  trustDomainAliases: optionalOr(list(string), []),
  pathNormalization: optional(
    open({ normalization: optional(oneOf("DEFAULT", "BASE", "NONE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES")) }),
  ),
  outboundTrafficPolicy: optional(open({ mode: optional(oneOf("REGISTRY_ONLY", "ALLOW_ANY")) })),
  enableAutoMtls: optional(boolean),
  accessLogFile: optional(string),
  extensionProviders: optionalOr(list(provider), []),
});

/** Reads the ConfigMap's `mesh` text; its problems stand at the ConfigMap, since positions within a value are not kept. */
export function readMeshConfigMap(map: ConfigMap): MeshReading {
  const at = map.object.origin.keySpanOf(["data", "mesh"]);
  const text = map.data.get("mesh") ?? "";
  const { documents, problems } = readDocuments({ path: at.source.path, text });
  const found = problems.map((problem) => ({ ...problem, span: at }));
  if (found.length > 0) return { mesh: { ...DEFAULT_MESH, rootNamespace: map.namespace }, problems: found };
  return readMeshSettings(documents[0]?.value ?? {}, map.namespace, at);
}

/** The settings that an IstioOperator object installs with, which become that ConfigMap. */
export function readMeshOperator(operator: KubeObject): MeshReading | undefined {
  const spec = isMap(operator.origin.value) ? operator.origin.value.spec : undefined;
  if (!isMap(spec) || !isMap(spec.meshConfig)) return undefined;
  const namespace = operator.namespace || DEFAULT_MESH.rootNamespace;
  return readMeshSettings(spec.meshConfig, namespace, operator.origin.keySpanOf(["spec", "meshConfig"]));
}

export interface MeshReading {
  readonly mesh: MeshConfig;
  readonly problems: readonly Problem[];
}

function readMeshSettings(value: unknown, namespace: string, at: Span): MeshReading {
  const reading = new Reading(() => at);
  const read = meshConfig(value, reading);
  if (read === BAD) return { mesh: { ...DEFAULT_MESH, rootNamespace: namespace, at }, problems: reading.problems };
  const normalization = read.pathNormalization?.normalization;
  const outbound = read.outboundTrafficPolicy;
  const mesh: MeshConfig = {
    declared: true,
    rootNamespace: read.rootNamespace || namespace,
    trustDomain: read.trustDomain || DEFAULT_MESH.trustDomain,
    trustDomainAliases: read.trustDomainAliases,
    pathNormalization: normalization === undefined || normalization === "DEFAULT" ? "BASE" : normalization,
    // a policy without a mode is REGISTRY_ONLY: the first value of the enumeration
    outboundMode: outbound === undefined ? "ALLOW_ANY" : (outbound.mode ?? "REGISTRY_ONLY"),
    autoMtls: read.enableAutoMtls ?? true,
    accessLogFile: read.accessLogFile,
    extensionProviders: read.extensionProviders.map(toProvider),
    at,
  };
  return { mesh, problems: [] };
}

function toProvider(read: Read<typeof provider>): ExtensionProvider {
  const given = read.envoyExtAuthzHttp ?? read.envoyExtAuthzGrpc;
  if (given === undefined) return { name: read.name, externalAuthorization: undefined };
  return {
    name: read.name,
    externalAuthorization: {
      protocol: read.envoyExtAuthzHttp === undefined ? "grpc" : "http",
      service: given.service,
      port: given.port,
      failOpen: given.failOpen,
      pathPrefix: given.pathPrefix,
      includesBody: given.includeRequestBodyInCheck !== undefined,
    },
  };
}
