/**
 * What the destination demands of a connection: the PeerAuthentication that holds for a pod's port. The narrowest scope
 * counts (port, workload, namespace, mesh), UNSET looks one scope up, PERMISSIVE is the default, and of two policies in
 * one scope the older wins. Manifests mostly have no ages; then every mode that could win is possible.
 */
import type { Cluster, MtlsMode, PeerAuthentication, Pod, Workload } from "../../../cluster/index.js";
import { inNamespace, selects } from "../../istio/attachment.js";

export type Mode = Exclude<MtlsMode, "UNSET">;

export interface Demand {
  /** one of these holds; more than one when policies of one scope disagree and nothing says which is older */
  readonly modes: readonly Mode[];
  /** the policies that the modes come from; empty for the default */
  readonly policies: readonly PeerAuthentication[];
}

interface Scope {
  readonly mode: (policy: PeerAuthentication) => MtlsMode;
  readonly policies: readonly PeerAuthentication[];
}

const demands = new WeakMap<Cluster, WeakMap<Pod, Map<number, Demand>>>();

export function demandOf(cluster: Cluster, workload: Workload, pod: Pod, port: number): Demand {
  let pods = demands.get(cluster);
  if (pods === undefined) {
    pods = new WeakMap();
    demands.set(cluster, pods);
  }
  let ports = pods.get(pod);
  if (ports === undefined) {
    ports = new Map();
    pods.set(pod, ports);
  }
  let demand = ports.get(port);
  if (demand === undefined) {
    demand = findDemand(cluster, workload, pod, port);
    ports.set(port, demand);
  }
  return demand;
}

function findDemand(cluster: Cluster, workload: Workload, pod: Pod, port: number): Demand {
  const root = cluster.mesh.rootNamespace;
  const isWide = ({ selector }: PeerAuthentication) => selector === undefined || selector.size === 0;
  const mesh = inNamespace(cluster.peerAuthentications, root).filter(isWide);
  const own = inNamespace(cluster.peerAuthentications, workload.namespace);
  const wide = workload.namespace === root ? [] : own.filter(isWide);
  // A selector in the root namespace reaches no other namespace, and is not looked at in its own.
  const narrow =
    workload.namespace === root ? [] : own.filter((policy) => !isWide(policy) && selects(policy.selector, pod.labels));
  // A policy that does not name the port says of it what it says of the whole workload.
  const ofPort = (policy: PeerAuthentication): MtlsMode => {
    const mode = policy.portModes.get(port) ?? "UNSET";
    return mode === "UNSET" ? policy.mode : mode;
  };
  const whole = ({ mode }: PeerAuthentication): MtlsMode => mode;
  return resolve([
    { mode: ofPort, policies: narrow },
    { mode: whole, policies: wide },
    { mode: whole, policies: mesh },
  ]);
}

function resolve(scopes: readonly Scope[]): Demand {
  const [scope, ...outer] = scopes;
  if (scope === undefined) return { modes: ["PERMISSIVE"], policies: [] };
  const winners = oldest(scope.policies);
  if (winners.length === 0) return resolve(outer);
  const parts = winners.map((policy): Demand => {
    const mode = scope.mode(policy);
    return mode === "UNSET" ? resolve(outer) : { modes: [mode], policies: [policy] };
  });
  return {
    modes: [...new Set(parts.flatMap(({ modes }) => modes))].sort(),
    policies: [...new Set(parts.flatMap(({ policies }) => policies))],
  };
}

/** The policies of a scope that could win: the oldest, or all when their ages are not known. */
function oldest(policies: readonly PeerAuthentication[]): readonly PeerAuthentication[] {
  if (policies.length < 2) return policies;
  const ages = policies.map(createdAt);
  if (ages.some((age) => age === undefined)) return policies;
  const first = [...ages].sort()[0];
  return policies.filter((_, i) => ages[i] === first);
}

function createdAt({ object }: PeerAuthentication): string | undefined {
  const value = object.origin.value;
  const metadata =
    typeof value === "object" && value !== null && !Array.isArray(value) ? own(value, "metadata") : undefined;
  const created = own(metadata, "creationTimestamp");
  return typeof created === "string" ? created : undefined;
}

function own(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
