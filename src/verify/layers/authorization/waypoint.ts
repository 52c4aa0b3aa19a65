/**
 * Ambient mode: two ways lead to a pod. A client of the mesh that calls a Service with a waypoint goes through it, where
 * HTTP rules and tokens are checked, and the pod's ztunnel then sees the waypoint's identity. Whoever calls the pod's
 * address, or stands outside the mesh, meets the ztunnel alone. What gets in is what either way lets in.
 */
import type {
  AuthorizationPolicy,
  Cluster,
  Gateway,
  Pod,
  RequestAuthentication,
  Service,
  TargetRef,
  Workload,
} from "../../../cluster/index.js";
import { attachedTo, seatOf } from "../../istio/attachment.js";
import { evaluatedPaths } from "../../istio/paths.js";
import { chainOf, type Exposure, exposuresOf } from "../../istio/services.js";
import { ABSENT, dimension, only, RequestSet, Text } from "../../space/index.js";
import { acceptedBy, jwtFilterOf } from "../jwt/filter.js";
import { decide } from "./decide.js";
import { ztunnelSet } from "./ztunnel.js";

export interface AmbientAnswer {
  readonly may: RequestSet;
  readonly must: RequestSet;
  readonly policies: readonly AuthorizationPolicy[];
  /** waypoints that labels name and no manifest declares */
  readonly missing: readonly string[];
}

const USE = "istio.io/use-waypoint";
const USE_NAMESPACE = "istio.io/use-waypoint-namespace";
const CLASS = "istio-waypoint";
const MESH_CLIENTS = RequestSet.where(dimension.principal, ABSENT).complement();

export function ambientAnswer(cluster: Cluster, workload: Workload, pod: Pod, port: number): AmbientAnswer {
  const seat = seatOf(workload, pod, "ambient");
  const own = attachedTo(cluster.authorizationPolicies, seat, cluster.mesh.rootNamespace);
  const direct = ztunnelSet(own).at(dimension.port, BigInt(port));
  let [may, must] = [direct, direct];
  const policies = [...own];
  const missing: string[] = [];
  for (const exposure of exposuresOf(cluster, pod, port)) {
    const named = waypointOf(cluster, exposure.service);
    if (named === undefined) continue;
    const { gateway, label } = named;
    if (gateway === undefined) {
      missing.push(label);
      may = may.union(MESH_CLIENTS);
      continue;
    }
    const via = through(cluster, gateway, exposure, direct);
    policies.push(...via.policies);
    may = may.union(via.set);
    must = must.union(via.set);
  }
  return { may, must, policies, missing };
}

function waypointOf(cluster: Cluster, service: Service): { gateway: Gateway | undefined; label: string } | undefined {
  const labels = service.object.labels.has(USE)
    ? service.object.labels
    : cluster.namespaces.get(service.namespace)?.labels;
  const name = labels?.get(USE);
  if (name === undefined || name === "none") return undefined;
  const namespace = labels?.get(USE_NAMESPACE) ?? service.namespace;
  const gateway = cluster.gateways.find(
    (one) => one.namespace === namespace && one.name === name && one.className === CLASS,
  );
  return { gateway, label: `${namespace}/${name}` };
}

function through(
  cluster: Cluster,
  gateway: Gateway,
  { service, port }: Exposure,
  direct: RequestSet,
): { set: RequestSet; policies: readonly AuthorizationPolicy[] } {
  const root = cluster.mesh.rootNamespace;
  const concerns = ({
    namespace,
    targetRefs,
  }: {
    readonly namespace: string;
    readonly targetRefs: readonly TargetRef[];
  }) =>
    targetRefs.some(({ kind, name }) => {
      if (kind === "Gateway") return namespace === gateway.namespace && name === gateway.name;
      if (kind === "GatewayClass") return namespace === root && name === CLASS;
      return kind === "Service" && namespace === service.namespace && name === service.name;
    });
  const policies = cluster.authorizationPolicies.filter(concerns);
  const filter = jwtFilterOf(cluster.requestAuthentications.filter((one: RequestAuthentication) => concerns(one)));
  const { trustDomain: own, trustDomainAliases: aliases } = cluster.mesh;
  const onChain = (kind: "http" | "tcp"): RequestSet => {
    const surroundings = {
      trustDomains: { own, aliases },
      chain: kind,
      seat: "sidecar",
      jwt: filter !== undefined,
      writtenHeaders: filter?.writtenHeaders ?? new Set<string>(),
    } as const;
    // The tunnel ends at the Service's address: its port is what the policies here compare, not the pod's.
    const decided = decide(policies, surroundings, cluster.mesh).at(dimension.port, BigInt(port.port));
    if (kind === "tcp") return decided;
    const path = RequestSet.where(dimension.path, Text.of(evaluatedPaths(cluster.mesh.pathNormalization)));
    const http = RequestSet.where(dimension.protocol, only("http"));
    return RequestSet.all([decided, path, http, filter === undefined ? RequestSet.full : acceptedBy(filter)]);
  };
  const bytes = RequestSet.where(dimension.protocol, only("tcp"));
  const chain = chainOf(port);
  const decided =
    chain === "http"
      ? onChain("http")
      : chain === "tcp"
        ? onChain("tcp")
        : onChain("http").union(bytes.intersect(onChain("tcp")));
  const identity = `spiffe://${own}/ns/${gateway.namespace}/sa/${gateway.name}`;
  const set = RequestSet.all([MESH_CLIENTS, decided, direct.at(dimension.principal, identity)]);
  return { set, policies };
}
