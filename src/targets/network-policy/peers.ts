/**
 * Who a pod's packets come from and go to. Without a mesh, and with sidecars (which capture traffic inside the pod), the
 * peers are the flow's own ends and the port is the pod's. In ambient mode the node's ztunnel carries everything in a
 * tunnel to port 15008. Where the destination's zone has a waypoint proxy, all that is sent to a Service of the zone passes
 * it; a connection to a pod's own address (a headless Service's) does not.
 */
import type { Rule, Workload } from "../../policy/index.js";
import { gatewayPodLabels } from "../gateway-peer.js";
import { egressGatewayName, LABELS } from "../names.js";
import { WAYPOINT } from "../needs.js";
import { apiNamed, exitOf, type Shape, seesRequests, workloadNamed } from "../shape.js";
import { hasWaypoint } from "../zone-labels.js";

/** Pods of a namespace and ports of theirs (ingress: of ours). Without labels, any pod of the namespace. */
export interface Opening {
  readonly namespace: string;
  readonly labels: { readonly [key: string]: string } | undefined;
  readonly ports: readonly number[];
}

export interface Peers {
  readonly ingress: readonly Opening[];
  readonly egress: readonly Opening[];
  /** ids of the rules that these openings serve */
  readonly rules: readonly string[];
}

/** The port of the mesh's tunnel between nodes (HBONE). */
const TUNNEL = 15008;

export function peersOfWorkload(shape: Shape, workload: Workload): Peers {
  const into = shape.into.get(workload.name) ?? [];
  const outOf = shape.outOf.get(workload.name) ?? [];
  return {
    ingress: into.flatMap((rule) => ingress(shape, workload, rule)),
    egress: outOf.flatMap((rule) => egress(shape, rule)),
    rules: [...into, ...outOf].map(({ id }) => id),
  };
}

/** The waypoint takes what comes for the zone's Services, connections too, and passes it on to the zone's workloads. */
export function peersOfWaypoint(shape: Shape, zone: string): Peers {
  const rules = shape.policy.rules.filter(
    (rule) => rule.to.kind === "workload" && workloadNamed(shape, rule.to.name).zone === zone,
  );
  return {
    ingress: rules.flatMap((rule) => callers(shape, rule, [TUNNEL])),
    egress: rules.map((rule) => pods(zone, rule.to.name, [TUNNEL])),
    rules: rules.map(({ id }) => id),
  };
}

function isAmbient(shape: Shape): boolean {
  const { mesh } = shape.policy.targets;
  return mesh.engine === "istio" && mesh.mode === "ambient";
}

function ingress(shape: Shape, workload: Workload, rule: Rule): Opening[] {
  if (!isAmbient(shape)) return callers(shape, rule, [rule.port.port]);
  return [
    ...(hasWaypoint(shape.policy, workload.zone) ? [waypoint(workload.zone)] : []),
    ...(seesRequests(rule) ? [] : callers(shape, rule, [TUNNEL])),
  ];
}

function callers(shape: Shape, rule: Rule, ports: readonly number[]): Opening[] {
  if (rule.from.kind === "workload") {
    return [pods(workloadNamed(shape, rule.from.name).zone, rule.from.name, ports)];
  }
  const { engine, namespace } = shape.policy.targets.gateway;
  return engine === "none" ? [] : [{ namespace, labels: gatewayPodLabels(shape.policy), ports }];
}

function egress(shape: Shape, rule: Rule): Opening[] {
  if (rule.to.kind !== "workload") return exit(shape, rule);
  const { zone } = workloadNamed(shape, rule.to.name);
  if (!isAmbient(shape)) return [pods(zone, rule.to.name, [rule.port.port])];
  return [
    ...(hasWaypoint(shape.policy, zone) ? [waypoint(zone)] : []),
    ...(seesRequests(rule) ? [] : [pods(zone, rule.to.name, [TUNNEL])]),
  ];
}

/** Towards the egress gateway; its Service's ports 80 and 443 are other ports of its pods, by how it was installed. */
function exit(shape: Shape, rule: Rule): Opening[] {
  const { policy } = shape;
  const { mesh } = policy.targets;
  if (mesh.engine !== "istio" || exitOf(policy, apiNamed(policy, rule.to.name)) !== "gateway") return [];
  const namespace = mesh.egressNamespace;
  if (mesh.mode === "ambient") {
    return [{ namespace, labels: { [LABELS.gatewayName]: egressGatewayName(policy) }, ports: [TUNNEL] }];
  }
  const ports = seesRequests(rule) ? [80, 8080] : [443, 8443];
  return [{ namespace, labels: { istio: "egressgateway" }, ports }];
}

function waypoint(zone: string): Opening {
  return { namespace: zone, labels: { [LABELS.gatewayName]: WAYPOINT }, ports: [TUNNEL] };
}

function pods(zone: string, workload: string, ports: readonly number[]): Opening {
  return { namespace: zone, labels: { [LABELS.workload]: workload }, ports };
}
