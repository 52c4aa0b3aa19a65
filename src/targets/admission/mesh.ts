/** How a pod stays in the mesh: the label that puts it there, and the settings by which it would leave again. */
import type { Policy } from "../../policy/index.js";
import { LABELS } from "../names.js";
import { WAYPOINT } from "../needs.js";
import { emit as secretsPatches } from "../vault/emit.js";
import { hasWaypoint } from "../zone-labels.js";
import { ISTIO_PROXY } from "./facts.js";

export interface MeshFacts {
  /** labels that every pod of a workload carries */
  readonly required: { readonly [label: string]: string };
  /** beginnings of labels and annotations by which a pod changes what the mesh does with it */
  readonly guarded: readonly string[];
  /** guarded keys that may stand there all the same, with their values: what a mesh without settings of a pod writes */
  readonly permitted: { readonly [key: string]: readonly string[] };
  /** the same for single workloads */
  readonly own: { readonly [workload: string]: { readonly [key: string]: readonly string[] } };
  /** guarded keys that may have any value */
  readonly free: readonly string[];
  /** containers of the mesh; with sidecars, only they may run as the user whose connections are let past */
  readonly proxies: readonly string[];
  readonly proxyUser: number | undefined;
  /** the Gateway whose own pods take no part: they are proxies themselves */
  readonly waypoint: string | undefined;
}

const GUARDED = [
  "ambient.istio.io/",
  "gateway.istio.io/",
  "gateway.networking.k8s.io/",
  "inject.istio.io/",
  "istio.io/dataplane-mode",
  "istio.io/reroute-virtual-interfaces",
  "istio.io/use-waypoint",
  "proxy.istio.io/",
  "readiness.status.sidecar.istio.io/",
  "security.istio.io/",
  "sidecar.istio.io/",
  "status.sidecar.istio.io/",
  "traffic.sidecar.istio.io/",
] as const;

/** Traffic of this user and group is the proxy's own and passes by its redirection. */
const PROXY_USER = 1337;

const known = new WeakMap<Policy, MeshFacts | undefined>();

/** Undefined without a mesh. */
export function meshFacts(policy: Policy): MeshFacts | undefined {
  if (!known.has(policy)) known.set(policy, findFacts(policy));
  return known.get(policy);
}

function findFacts(policy: Policy): MeshFacts | undefined {
  const { mesh } = policy.targets;
  if (mesh.engine === "none") return undefined;
  if (mesh.mode === "ambient") {
    return {
      required: { "istio.io/dataplane-mode": "ambient" },
      guarded: GUARDED,
      permitted: { "istio.io/dataplane-mode": ["ambient"], "ambient.istio.io/redirection": ["enabled"] },
      own: {},
      free: [],
      proxies: [],
      proxyUser: undefined,
      waypoint: policy.zones.some(({ name }) => hasWaypoint(policy, name)) ? WAYPOINT : undefined,
    };
  }
  return {
    required: { "sidecar.istio.io/inject": "true" },
    guarded: GUARDED,
    permitted: {
      "security.istio.io/tlsMode": ["istio"],
      "sidecar.istio.io/inject": ["true"],
      // What the injector writes for the CNI plugin.
      "sidecar.istio.io/interceptionMode": ["REDIRECT"],
      "traffic.sidecar.istio.io/excludeInboundPorts": ["15020"],
      "traffic.sidecar.istio.io/includeInboundPorts": ["*"],
      "traffic.sidecar.istio.io/includeOutboundIPRanges": ["*"],
    },
    own: patched(policy),
    free: ["sidecar.istio.io/status"],
    proxies: ["istio-proxy", "istio-validation"],
    proxyUser: PROXY_USER,
    waypoint: undefined,
  };
}

/** What our own patches set: the agent of the secrets' engine fetches before the mesh's proxy runs. */
function patched(policy: Policy): MeshFacts["own"] {
  const own: Record<string, Record<string, string[]>> = {};
  for (const artifact of secretsPatches(policy)) {
    if (artifact.kind !== "patch") continue;
    const { annotations = {} } = artifact.pod.metadata as { annotations?: { readonly [key: string]: string } };
    for (const [key, value] of Object.entries(annotations)) {
      if (!GUARDED.some((beginning) => key.startsWith(beginning))) continue;
      own[artifact.workload] = { ...own[artifact.workload], [key]: [value] };
    }
  }
  return own;
}

/** How a container of the mesh is run: no command of anybody's, and arguments that begin like this. */
export interface ProxyFacts {
  readonly [container: string]: readonly string[];
}

export function proxyFacts(policy: Policy): ProxyFacts {
  const { mesh } = policy.targets;
  const sidecar = mesh.engine === "istio" && mesh.mode === "sidecar";
  return sidecar ? { "istio-proxy": ["proxy", "sidecar"], "istio-validation": ["istio-iptables"] } : {};
}

/** Settings of a proxy's container by which it would stop being one. */
export const PROXY_ESCAPES = ["DISABLE_ENVOY", "ISTIO_BOOTSTRAP_OVERRIDE", "LD_PRELOAD"] as const;

/** The pods of a zone's waypoint: not a workload's, and one container that is the mesh's proxy and nothing else. */
export interface WaypointFacts {
  readonly label: string;
  /** the Gateway's name and the account's */
  readonly name: string;
  readonly container: string;
  readonly repositories: readonly string[];
  readonly arguments: readonly string[];
}

export function waypointFacts(policy: Policy, zone: string): WaypointFacts | undefined {
  if (!hasWaypoint(policy, zone)) return undefined;
  return {
    label: LABELS.gatewayName,
    name: WAYPOINT,
    container: "istio-proxy",
    repositories: ISTIO_PROXY,
    arguments: ["proxy", "waypoint"],
  };
}
