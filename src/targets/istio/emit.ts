/** One file a zone, one for the way out, and the mesh's own configuration. */
import type { Policy } from "../../policy/index.js";
import { podsOf } from "../names.js";
import type { KubeObject } from "../object.js";
import { type Shape, shapeOf } from "../shape.js";
import type { Artifact } from "../target.js";
import { hasWaypoint } from "../zone-labels.js";
import { passesTokenOn, requestAuthentication, strictMtls } from "./authentication.js";
import { ambientPolicies, denyAll, sidecarPolicies } from "./authorization.js";
import { refuseBypassedPort } from "./bypassed-port.js";
import { egressGateway } from "./egress-gateway.js";
import { meshConfig } from "./mesh-config.js";
import { refuseReservedPorts } from "./reserved-ports.js";
import { refuseSharedServicePorts } from "./service-ports.js";
import { refuseSharedHosts } from "./shared-hosts.js";
import { workloadSidecar, zoneSidecar } from "./sidecar.js";
import { egressWaypoint, waypointAuthentication, zoneWaypoint } from "./waypoint.js";

export function emit(policy: Policy): readonly Artifact[] {
  const { mesh } = policy.targets;
  if (mesh.engine === "none") return [];
  refuseReservedPorts(policy);
  const shape = shapeOf(policy);
  refuseSharedServicePorts(shape);
  refuseSharedHosts(shape);
  const sidecar = mesh.mode === "sidecar";
  if (sidecar) refuseBypassedPort(shape);
  const outside = sidecar ? egressGateway(shape, mesh.egressNamespace) : egressWaypoint(shape, mesh.egressNamespace);
  return [
    ...policy.zones.map(
      (zone): Artifact => ({
        kind: "manifests",
        path: `istio/${zone.name}.yaml`,
        objects: sidecar ? withSidecars(shape, zone.name) : withAmbient(shape, zone.name),
        comment: [
          `Zone \`${zone.name}\`: mutual TLS only, nothing allowed, and then what the flows to each workload need.`,
        ],
      }),
    ),
    ...(outside.length === 0 ? [] : [outsideArtifact(outside)]),
    meshConfig(policy, mesh.rootNamespace),
  ];
}

/** Its name cannot be a zone's: those are DNS labels, without a dot. */
function outsideArtifact(objects: readonly KubeObject[]): Artifact {
  return {
    kind: "manifests",
    path: "istio/outside.apis.yaml",
    objects,
    comment: ["The way out: each outside API by its name, for the workloads whose flows lead there."],
  };
}

function withSidecars(shape: Shape, zone: string): KubeObject[] {
  const { policy } = shape;
  const forward = passesTokenOn(shape);
  return [
    strictMtls(policy, zone),
    denyAll(policy, "zone.deny-all", zone),
    zoneSidecar(policy, zone),
    ...policy.workloads
      .filter((workload) => workload.zone === zone)
      .flatMap((workload) => [
        ...requestAuthentication(policy, {
          name: `workload.${workload.name}`,
          namespace: zone,
          attach: { selector: podsOf(workload.name) },
          rules: shape.into.get(workload.name) ?? [],
          forward: forward(workload.name),
        }),
        ...sidecarPolicies(shape, workload),
        ...workloadSidecar(shape, workload),
      ]),
  ];
}

function withAmbient(shape: Shape, zone: string): KubeObject[] {
  const { policy } = shape;
  return [
    strictMtls(policy, zone),
    denyAll(policy, "zone.deny-all", zone),
    ...(hasWaypoint(policy, zone) ? zoneWaypoint(policy, zone) : []),
    ...policy.workloads
      .filter((workload) => workload.zone === zone)
      .flatMap((workload) => [...waypointAuthentication(shape, workload), ...ambientPolicies(shape, workload)]),
  ];
}
