/** The labels of a zone's namespace: what every engine knows the zone by. */
import type { Policy } from "../policy/index.js";
import { LABELS } from "./names.js";
import { WAYPOINT } from "./needs.js";
import { shapeOf } from "./shape.js";

/** The oldest Kubernetes we compile for: a newer cluster still enforces what this version meant, and warns of more. */
const POD_SECURITY_VERSION = "v1.30";

export const POD_SECURITY = {
  "pod-security.kubernetes.io/enforce": "restricted",
  "pod-security.kubernetes.io/enforce-version": POD_SECURITY_VERSION,
  "pod-security.kubernetes.io/audit": "restricted",
  "pod-security.kubernetes.io/audit-version": "latest",
  "pod-security.kubernetes.io/warn": "restricted",
  "pod-security.kubernetes.io/warn-version": "latest",
} as const;

export function zoneLabels(policy: Policy, zone: string): { readonly [key: string]: string } {
  const trust = policy.zones.find((candidate) => candidate.name === zone)?.trust;
  return {
    ...(trust === undefined ? {} : { [LABELS.trust]: trust }),
    [LABELS.zone]: zone,
    ...meshLabels(policy, zone),
  };
}

function meshLabels(policy: Policy, zone: string): { readonly [key: string]: string } {
  const { mesh } = policy.targets;
  if (mesh.engine === "none") return {};
  if (mesh.mode === "sidecar") return { "istio-injection": "enabled" };
  if (!hasWaypoint(policy, zone)) return { "istio.io/dataplane-mode": "ambient" };
  return {
    "istio.io/dataplane-mode": "ambient",
    "istio.io/use-waypoint": WAYPOINT,
    // Without it a request from the ingress gateway goes past the waypoint.
    "istio.io/ingress-use-waypoint": "true",
  };
}

/** In ambient mode: whether a zone needs a proxy that sees requests. */
export function hasWaypoint(policy: Policy, zone: string): boolean {
  const { mesh } = policy.targets;
  if (mesh.engine !== "istio" || mesh.mode !== "ambient") return false;
  return shapeOf(policy).requestZones.has(zone);
}
