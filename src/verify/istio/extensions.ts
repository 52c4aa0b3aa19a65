/**
 * Objects that change what a proxy does in ways nobody can tell from outside: EnvoyFilter and WasmPlugin. They are not
 * evaluated; what they could touch becomes unknown, and the reason names the object.
 */
import type { Cluster, KubeObject, Labels } from "../../cluster/index.js";
import { type Seat, selects } from "./attachment.js";

export interface Extension {
  readonly object: KubeObject;
  /** `rewrites`: may let through what a policy denies; `restricts`: runs after the policies, may only deny more */
  readonly effect: "rewrites" | "restricts";
}

interface Read extends Extension {
  readonly selector: Labels | undefined;
  readonly targeted: boolean;
  readonly inbound: boolean;
  readonly gateway: boolean;
}

const reads = new WeakMap<Cluster, readonly Read[]>();

function field(value: unknown, ...path: readonly string[]): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string, unknown>)[step];
  }
  return at;
}

function labelsOf(value: unknown): Labels | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return new Map(Object.entries(value).map(([key, text]) => [key, String(text)]));
}

function readEnvoyFilter(object: KubeObject): Read {
  const spec = field(object.origin.value, "spec");
  const patches = field(spec, "configPatches");
  const contexts = Array.isArray(patches)
    ? patches.map((patch: unknown) => field(patch, "match", "context") ?? "ANY")
    : ["ANY"];
  return {
    object,
    effect: "rewrites",
    selector: labelsOf(field(spec, "workloadSelector", "labels")),
    targeted: field(spec, "targetRefs") !== undefined,
    inbound: contexts.some((context) => context === "ANY" || context === "SIDECAR_INBOUND"),
    gateway: contexts.some((context) => context === "ANY" || context === "GATEWAY"),
  };
}

function readWasmPlugin(object: KubeObject): Read {
  const spec = field(object.origin.value, "spec");
  const phase = field(spec, "phase");
  return {
    object,
    effect: phase === "AUTHN" || phase === "AUTHZ" ? "rewrites" : "restricts",
    selector: labelsOf(field(spec, "selector", "matchLabels")),
    targeted: field(spec, "targetRefs") !== undefined || field(spec, "targetRef") !== undefined,
    inbound: true,
    gateway: true,
  };
}

/** The extensions that change the proxy on this seat; there are none in a ztunnel. */
export function extensionsOn(cluster: Cluster, seat: Seat): readonly Extension[] {
  let read = reads.get(cluster);
  if (read === undefined) {
    const found: Read[] = [];
    for (const object of cluster.objects) {
      if (object.kind === "EnvoyFilter" && object.group === "networking.istio.io") found.push(readEnvoyFilter(object));
      if (object.kind === "WasmPlugin" && object.group === "extensions.istio.io") found.push(readWasmPlugin(object));
    }
    read = found;
    reads.set(cluster, read);
  }
  if (read.length === 0 || seat.kind === "ambient") return [];
  const root = cluster.mesh.rootNamespace;
  return read.filter(
    ({ object, selector, targeted, inbound, gateway }) =>
      (object.namespace === seat.namespace || object.namespace === root) &&
      (seat.kind === "gateway" ? gateway : inbound) &&
      // A target is a gateway or a waypoint; which pods run it is for the cluster to know.
      (targeted ? seat.kind === "gateway" : selects(selector, seat.labels)),
  );
}
