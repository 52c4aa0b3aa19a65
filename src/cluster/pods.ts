/**
 * The pod: what a workload's template (or a bare Pod) runs. Only what identity, reachability, import and the gap audit
 * need is typed; the rest of a pod cannot change a verdict and stays unread in `origin`.
 */
import type { Json } from "../documents/index.js";
import type { Labels, Origin } from "./object.js";
import {
  anything,
  BAD,
  boolean,
  integer,
  list,
  nonEmptyString,
  oneOf,
  open,
  optional,
  optionalOr,
  type Path,
  portNumber,
  type Reader,
  type Reading,
  type Result,
  required,
  string,
  stringMap,
  unseenString,
} from "./shape.js";

export const PROTOCOLS = ["TCP", "UDP", "SCTP"] as const;
export type Protocol = (typeof PROTOCOLS)[number];
export const protocol = oneOf(...PROTOCOLS);

export interface ContainerPort {
  readonly name: string | undefined;
  readonly port: number;
  readonly protocol: Protocol;
  readonly hostPort: number | undefined;
}

export interface KeyRef {
  readonly kind: "Secret" | "ConfigMap";
  readonly name: string;
  readonly key: string;
}

export interface EnvVar {
  readonly name: string;
  /** the literal value; `undefined` where it comes from elsewhere */
  readonly value: string | undefined;
  readonly ref: KeyRef | undefined;
  /** downward API: `status.podIP`, `metadata.namespace`, … */
  readonly field: string | undefined;
}

export interface EnvSource {
  readonly kind: "Secret" | "ConfigMap";
  readonly name: string;
  readonly prefix: string;
}

export type ContainerRole = "main" | "init" | "sidecar" | "ephemeral";

export interface Container {
  /** an init container that restarts always runs beside the main ones: `sidecar` */
  readonly role: ContainerRole;
  readonly name: string;
  readonly image: string | undefined;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly EnvVar[];
  readonly envFrom: readonly EnvSource[];
  readonly ports: readonly ContainerPort[];
  readonly mounts: readonly { readonly volume: string; readonly path: string; readonly readOnly: boolean }[];
  /** as written */
  readonly securityContext: Json;
  /** from the object's root: `["spec", "template", "spec", "containers", 0]` */
  readonly path: Path;
}

export interface Volume {
  readonly name: string;
  readonly kind: "Secret" | "ConfigMap" | "PersistentVolumeClaim" | "hostPath" | "emptyDir" | "projected" | "other";
  /** names of the Secrets, ConfigMaps or claim that it mounts; the path for hostPath */
  readonly names: readonly string[];
  readonly path: Path;
}

export interface Pod {
  readonly labels: Labels;
  /** label keys that a controller adds with a value that no manifest tells, such as `pod-template-hash` */
  readonly injectedKeys: readonly string[];
  readonly annotations: Labels;
  readonly serviceAccount: string;
  readonly automountToken: boolean | undefined;
  readonly hostNetwork: boolean;
  readonly containers: readonly Container[];
  readonly volumes: readonly Volume[];
  readonly nodeSelector: Labels;
  /** as written */
  readonly securityContext: Json;
  /** addresses of a running pod, from its status */
  readonly addresses: readonly string[];
  readonly origin: Origin;
  /** the pod itself within its object: `[]` for a bare Pod, `["spec", "template"]` for a Deployment's */
  readonly path: Path;
}

/** Containers that receive traffic while the pod runs; their port names are the pod's. */
export function servingContainers(pod: Pod): readonly Container[] {
  return pod.containers.filter(({ role }) => role === "main" || role === "sidecar");
}

/** The numbers that a port name stands for on this pod. */
export function portsNamed(pod: Pod, name: string, wanted: Protocol): readonly number[] {
  const found = servingContainers(pod)
    .flatMap(({ ports }) => ports)
    .filter((port) => port.name === name && port.protocol === wanted)
    .map(({ port }) => port);
  return [...new Set(found)].sort((a, b) => a - b);
}

const containerPort = open({
  name: optional(nonEmptyString),
  containerPort: required(portNumber),
  protocol: optionalOr(protocol, "TCP"),
  hostPort: optional(integer(0, 65535)),
});

const keyRef = open({ name: optionalOr(string, ""), key: required(string) });
const envVar = open({
  name: required(nonEmptyString),
  // `value: 8080` is refused by the API server, so it is a mistake in the manifest and not the text "8080".
  value: optional(unseenString),
  valueFrom: optional(
    open({
      secretKeyRef: optional(keyRef),
      configMapKeyRef: optional(keyRef),
      fieldRef: optional(open({ fieldPath: required(string) })),
    }),
  ),
});

const objectRef = open({ name: optionalOr(string, "") });
const envFrom = open({
  prefix: optionalOr(string, ""),
  secretRef: optional(objectRef),
  configMapRef: optional(objectRef),
});

const container = open({
  name: optionalOr(string, ""),
  image: optional(string),
  command: optionalOr(list(unseenString), []),
  args: optionalOr(list(unseenString), []),
  env: optionalOr(list(envVar), []),
  envFrom: optionalOr(list(envFrom), []),
  ports: optionalOr(list(containerPort), []),
  volumeMounts: optionalOr(
    list(open({ name: required(string), mountPath: required(string), readOnly: optionalOr(boolean, false) })),
    [],
  ),
  restartPolicy: optional(string),
  securityContext: optionalOr(anything, null),
});

const named = open({ name: optional(string), secretName: optional(string) });
const volume = open({
  name: required(nonEmptyString),
  secret: optional(named),
  configMap: optional(named),
  persistentVolumeClaim: optional(open({ claimName: required(string) })),
  hostPath: optional(open({ path: required(string) })),
  emptyDir: optional(anything),
  projected: optional(
    open({ sources: optionalOr(list(open({ secret: optional(named), configMap: optional(named) })), []) }),
  ),
});

const podSpec = open({
  serviceAccountName: optional(string),
  serviceAccount: optional(string),
  automountServiceAccountToken: optional(boolean),
  hostNetwork: optionalOr(boolean, false),
  containers: optionalOr(list(container), []),
  initContainers: optionalOr(list(container), []),
  ephemeralContainers: optionalOr(list(container), []),
  volumes: optionalOr(list(volume), []),
  nodeSelector: optionalOr(stringMap, new Map<string, string>()),
  securityContext: optionalOr(anything, null),
});

const address = open({ ip: optional(string) });
const status = open({ podIP: optional(string), podIPs: optionalOr(list(address), []) });

const podShape = open({
  metadata: optional(open({ labels: optional(stringMap), annotations: optional(stringMap) })),
  spec: required(podSpec),
  status: optional(status),
});

/** Reads a pod or a pod template that stands at `path` within `origin`. */
export function readPod(value: unknown, path: Path, origin: Origin, reading: Reading): Result<Pod> {
  const read = podShape(value, reading);
  if (read === BAD) return BAD;
  const { metadata, spec } = read;
  const at = (...steps: Path): Path => [...path, "spec", ...steps];
  const addresses = [read.status?.podIP, ...(read.status?.podIPs ?? []).map(({ ip }) => ip)];
  return {
    labels: metadata?.labels ?? new Map(),
    injectedKeys: [],
    annotations: metadata?.annotations ?? new Map(),
    serviceAccount: spec.serviceAccountName || spec.serviceAccount || "default",
    automountToken: spec.automountServiceAccountToken,
    hostNetwork: spec.hostNetwork,
    containers: [
      ...spec.containers.map((item, index) => toContainer(item, "main", at("containers", index))),
      ...spec.initContainers.map((item, index) =>
        toContainer(item, item.restartPolicy === "Always" ? "sidecar" : "init", at("initContainers", index)),
      ),
      ...spec.ephemeralContainers.map((item, index) =>
        toContainer(item, "ephemeral", at("ephemeralContainers", index)),
      ),
    ],
    volumes: spec.volumes.map((item, index) => toVolume(item, at("volumes", index))),
    nodeSelector: spec.nodeSelector,
    securityContext: spec.securityContext as Json,
    addresses: [...new Set(addresses.filter((ip): ip is string => ip !== undefined && ip !== ""))],
    origin,
    path,
  };
}

type Written<R> = R extends Reader<infer T> ? T : never;

function toContainer(read: Written<typeof container>, role: ContainerRole, path: Path): Container {
  return {
    role,
    name: read.name,
    image: read.image,
    command: read.command,
    args: read.args,
    env: read.env.map(toEnvVar),
    envFrom: read.envFrom.flatMap((source) => [
      ...(source.secretRef ? [{ kind: "Secret" as const, name: source.secretRef.name, prefix: source.prefix }] : []),
      ...(source.configMapRef
        ? [{ kind: "ConfigMap" as const, name: source.configMapRef.name, prefix: source.prefix }]
        : []),
    ]),
    ports: read.ports.map((port) => ({
      name: port.name,
      port: port.containerPort,
      protocol: port.protocol,
      hostPort: port.hostPort === 0 ? undefined : port.hostPort,
    })),
    mounts: read.volumeMounts.map((mount) => ({ volume: mount.name, path: mount.mountPath, readOnly: mount.readOnly })),
    securityContext: read.securityContext as Json,
    path,
  };
}

function toEnvVar(read: Written<typeof envVar>): EnvVar {
  const from = read.valueFrom;
  const ref: KeyRef | undefined = from?.secretKeyRef
    ? { kind: "Secret", ...from.secretKeyRef }
    : from?.configMapKeyRef
      ? { kind: "ConfigMap", ...from.configMapKeyRef }
      : undefined;
  // an entry without `value` and `valueFrom` is the empty text, as in a running pod
  const value = from === undefined ? (read.value ?? "") : undefined;
  return { name: read.name, value, ref, field: from?.fieldRef?.fieldPath };
}

function toVolume(read: Written<typeof volume>, path: Path): Volume {
  const make = (kind: Volume["kind"], ...names: (string | undefined)[]): Volume => ({
    name: read.name,
    kind,
    names: names.filter((name): name is string => name !== undefined),
    path,
  });
  if (read.secret) return make("Secret", read.secret.secretName ?? read.secret.name);
  if (read.configMap) return make("ConfigMap", read.configMap.name);
  if (read.persistentVolumeClaim) return make("PersistentVolumeClaim", read.persistentVolumeClaim.claimName);
  if (read.hostPath) return make("hostPath", read.hostPath.path);
  if (read.emptyDir !== undefined) return make("emptyDir");
  if (read.projected) {
    const sources = read.projected.sources.flatMap(({ secret, configMap }) => [secret?.name, configMap?.name]);
    return make("projected", ...sources);
  }
  return make("other");
}
