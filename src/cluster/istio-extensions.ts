/**
 * Istio kinds that put code or raw proxy configuration into the data path (EnvoyFilter, WasmPlugin). What they do is
 * not modelled; what they attach to is, so that exactly the verdicts that they may change become unknown.
 */
import { type Attachment, attachmentFields, attachmentOf, selectorLabels } from "./istio-security.js";
import type { KubeObject } from "./object.js";
import {
  anything,
  BAD,
  checked,
  isMap,
  list,
  oneOf,
  open,
  optional,
  optionalOr,
  type Reading,
  type Result,
  record,
  string,
} from "./shape.js";

export interface ProxyExtension extends Attachment {
  readonly object: KubeObject;
  readonly kind: "EnvoyFilter" | "WasmPlugin";
  readonly namespace: string;
  readonly name: string;
}

const match = checked(
  open({
    context: optional(oneOf("ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY", "WAYPOINT")),
    listener: optional(anything),
    routeConfiguration: optional(anything),
    cluster: optional(anything),
    waypoint: optional(anything),
  }),
  (read, reading) => {
    const other = read.listener ?? read.routeConfiguration ?? read.cluster;
    if (read.context === "WAYPOINT" ? other === undefined : read.waypoint === undefined) return true;
    return reading.refuse("CLUSTER_VALUE", "a `waypoint` match goes with the context WAYPOINT, and nothing else does");
  },
);

const envoyFilter = open({
  workloadSelector: optional(record({ labels: optional(selectorLabels) })),
  targetRefs: attachmentFields.targetRefs,
  configPatches: optionalOr(list(open({ applyTo: optional(string), match: optional(match) })), []),
});

const wasmPlugin = open(attachmentFields);

function specOf(value: unknown): unknown {
  return isMap(value) && Object.hasOwn(value, "spec") ? (value.spec ?? {}) : {};
}

export function readEnvoyFilter(object: KubeObject, value: unknown, reading: Reading): Result<ProxyExtension> {
  return reading.within("spec", () => {
    const read = envoyFilter(specOf(value), reading);
    if (read === BAD) return BAD;
    const selector = read.workloadSelector && { matchLabels: read.workloadSelector.labels };
    return finish(object, "EnvoyFilter", { selector, targetRef: undefined, targetRefs: read.targetRefs }, reading);
  });
}

export function readWasmPlugin(object: KubeObject, value: unknown, reading: Reading): Result<ProxyExtension> {
  return reading.within("spec", () => {
    const read = wasmPlugin(specOf(value), reading);
    return read === BAD ? BAD : finish(object, "WasmPlugin", read, reading);
  });
}

function finish(
  object: KubeObject,
  kind: ProxyExtension["kind"],
  read: Parameters<typeof attachmentOf>[0],
  reading: Reading,
): Result<ProxyExtension> {
  const attached = attachmentOf(read, reading);
  return attached === BAD ? BAD : { object, kind, namespace: object.namespace, name: object.name, ...attached };
}
