/** What pods are configured with: ConfigMaps with their data, Secrets by their keys alone, service accounts, claims. */
import type { KubeObject } from "./object.js";
import {
  anything,
  BAD,
  boolean,
  isMap,
  list,
  mapOf,
  open,
  optional,
  optionalOr,
  type Reading,
  type Result,
  string,
  stringMap,
  unseenString,
} from "./shape.js";

export interface ConfigMap {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly data: ReadonlyMap<string, string>;
  readonly binaryKeys: readonly string[];
}

/** INVARIANT: no value of a Secret outlives its reading; only the names of its keys do. */
export interface Secret {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  readonly keys: readonly string[];
}

export interface ServiceAccount {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly automountToken: boolean | undefined;
}

export interface PersistentVolumeClaim {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  /** `undefined`: the cluster's default class; empty: none */
  readonly storageClass: string | undefined;
}

export interface StorageClass {
  readonly object: KubeObject;
  readonly name: string;
  readonly provisioner: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const configMap = open({ data: optional(mapOf(unseenString)), binaryData: optional(mapOf(anything)) });

export function readConfigMap(object: KubeObject, value: unknown, reading: Reading): Result<ConfigMap> {
  const read = configMap(value, reading);
  if (read === BAD) return BAD;
  return {
    object,
    namespace: object.namespace,
    name: object.name,
    data: read.data ?? new Map(),
    binaryKeys: [...(read.binaryData?.keys() ?? [])].sort(),
  };
}

export function readSecret(object: KubeObject, value: unknown, reading: Reading): Result<Secret> {
  const keys = new Set<string>();
  for (const field of ["data", "stringData"]) {
    const part = isMap(value) && Object.hasOwn(value, field) ? value[field] : undefined;
    if (part === undefined || part === null) continue;
    if (!isMap(part)) return reading.fail("CLUSTER_SHAPE", `\`${field}\` of the Secret must be a mapping`);
    for (const key of Object.keys(part)) keys.add(key);
  }
  const type = isMap(value) && typeof value.type === "string" ? value.type : "Opaque";
  return { object, namespace: object.namespace, name: object.name, type, keys: [...keys].sort() };
}

const serviceAccount = open({ automountServiceAccountToken: optional(boolean) });

export function readServiceAccount(object: KubeObject, value: unknown, reading: Reading): Result<ServiceAccount> {
  const read = serviceAccount(value, reading);
  if (read === BAD) return BAD;
  return {
    object,
    namespace: object.namespace,
    name: object.name,
    automountToken: read.automountServiceAccountToken,
  };
}

const claim = open({
  spec: optional(open({ storageClassName: optional(string), accessModes: optional(list(string)) })),
});

export function readClaim(object: KubeObject, value: unknown, reading: Reading): Result<PersistentVolumeClaim> {
  const read = claim(value, reading);
  if (read === BAD) return BAD;
  return { object, namespace: object.namespace, name: object.name, storageClass: read.spec?.storageClassName };
}

const storageClass = open({ provisioner: optionalOr(string, ""), parameters: optional(stringMap) });

export function readStorageClass(object: KubeObject, value: unknown, reading: Reading): Result<StorageClass> {
  const read = storageClass(value, reading);
  if (read === BAD) return BAD;
  return { object, name: object.name, provisioner: read.provisioner, parameters: read.parameters ?? new Map() };
}
