/**
 * AuthorizationPolicy as a layer. The set for a pod does not depend on the source: who calls is a dimension of it. So it
 * is computed once for each set of policies and kind of port, however many pods share them.
 */
import type { AuthorizationPolicy, Cluster, MeshConfig, Pod, Workload } from "../../../cluster/index.js";
import { attachedTo, type Seat, seatOf, unreadable } from "../../istio/attachment.js";
import { type Extension, extensionsOn } from "../../istio/extensions.js";
import { evaluatedPaths } from "../../istio/paths.js";
import { intercepts, type Presence, podAddresses, proxyOf } from "../../istio/presence.js";
import { type Chain, inboundChains } from "../../istio/services.js";
import { cite, type End, type Given, type Layer, open, type Reason, verdict } from "../../layer.js";
import { ABSENT, dimension, only, Ranges, RequestSet, Text, withinLimits } from "../../space/index.js";
import { type JwtFilter, jwtFilterOn } from "../jwt/filter.js";
import type { Surroundings } from "./attributes.js";
import { decide } from "./decide.js";
import { isDryRun } from "./rules.js";
import { ambientAnswer } from "./waypoint.js";

export { PREFLIGHT, type Surroundings, WITH_CLAIMS } from "./attributes.js";
export { decide, providerAnswer } from "./decide.js";
export { isDryRun, policySet, ruleSet } from "./rules.js";

const KINDS = new Set(["AuthorizationPolicy", "RequestAuthentication"]);
const HTTP = RequestSet.where(dimension.protocol, only("http"));
const BYTES = RequestSet.where(dimension.protocol, only("tcp"));

interface Enforced {
  readonly may: RequestSet;
  readonly must: RequestSet;
  readonly reasons: () => readonly Reason[];
}

export interface AuthorizationLayer extends Layer {
  readonly sets: PolicySets;
}

/**
 * @param elsewhere authorizers whose answers another layer works out
 * @param before sets of the cluster before an edit; those of unchanged policies are taken from there
 */
export function authorizationLayer(
  cluster: Cluster,
  elsewhere: ReadonlySet<string> = new Set(),
  before?: PolicySets,
): AuthorizationLayer {
  const perPod = new WeakMap<Pod, Map<number, Enforced>>();
  const sets = before?.holdFor(cluster, elsewhere) === true ? before : new PolicySets(cluster, elsewhere);
  return {
    name: "authorization",
    sets,
    judge(connection) {
      const { from, to, port } = connection;
      if (to.kind === "outside" || connection.protocol !== "TCP") return open();
      let ports = perPod.get(to.pod);
      if (ports === undefined) {
        ports = new Map();
        perPod.set(to.pod, ports);
      }
      let known = ports.get(port);
      if (known === undefined) {
        known = enforced(cluster, sets, to.workload, to.pod, port);
        ports.set(port, known);
      }
      return verdict(known.may, known.must, known.reasons, addressesOf(from, to));
    },
  };
}

/** Addresses that are known narrow `source.ip` and `destination.ip`; others could be anything. */
function addressesOf(from: End, to: End): readonly Given[] {
  const given: Given[] = [];
  for (const [end, into] of [
    [from, dimension.sourceIp],
    [to, dimension.destinationIp],
  ] as const) {
    const addresses = end.kind === "pod" ? podAddresses(end.pod) : [];
    if (addresses.length > 0) given.push({ dimension: into, each: Ranges.only(...addresses) });
  }
  return given;
}

/** The sets of policy lists, shared by all pods to which the same policies apply. */
export class PolicySets {
  readonly #mesh: MeshConfig;
  readonly #elsewhere: ReadonlySet<string>;
  readonly #sets = new Map<string, RequestSet>();
  readonly #numbers = new Map<object, number>();

  constructor(cluster: Cluster, elsewhere: ReadonlySet<string>) {
    this.#mesh = cluster.mesh;
    this.#elsewhere = elsewhere;
  }

  /** Whether the sets are the same in another cluster: they depend on the policies themselves, and on nothing else of it. */
  holdFor(cluster: Cluster, elsewhere: ReadonlySet<string>): boolean {
    return (
      cluster.mesh === this.#mesh &&
      elsewhere.size === this.#elsewhere.size &&
      [...elsewhere].every((name) => this.#elsewhere.has(name))
    );
  }

  of(
    policies: readonly AuthorizationPolicy[],
    chain: "http" | "tcp",
    seat: Seat,
    filter: JwtFilter | undefined,
    port: number,
  ): RequestSet {
    const ids = policies.map((policy) => this.#number(policy)).join(",");
    const written = [...(filter?.writtenHeaders ?? [])].sort().join(",");
    const key = `${ids}|${chain}|${seat.kind}|${filter !== undefined}|${written}`;
    const portKey = `${key}|${port}`;
    const known = this.#sets.get(portKey);
    if (known !== undefined) return known;
    let whole = this.#sets.get(key);
    if (whole === undefined) {
      whole = this.#decide(policies, chain, seat, filter);
      this.#sets.set(key, whole);
    }
    const set = whole.at(dimension.port, BigInt(port));
    this.#sets.set(portKey, set);
    return set;
  }

  #number(policy: object): number {
    let number = this.#numbers.get(policy);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(policy, number);
    }
    return number;
  }

  #decide(
    policies: readonly AuthorizationPolicy[],
    chain: "http" | "tcp",
    seat: Seat,
    filter: JwtFilter | undefined,
  ): RequestSet {
    const mesh = this.#mesh;
    const surroundings: Surroundings = {
      trustDomains: { own: mesh.trustDomain, aliases: mesh.trustDomainAliases },
      chain,
      seat: seat.kind === "gateway" ? "gateway" : "sidecar",
      jwt: filter !== undefined,
      writtenHeaders: filter?.writtenHeaders ?? new Set(),
    };
    const decided = withoutServerName(decide(policies, surroundings, mesh, this.#elsewhere));
    if (chain === "tcp") return decided;
    return RequestSet.all([
      HTTP,
      RequestSet.where(dimension.path, Text.of(evaluatedPaths(mesh.pathNormalization))),
      decided,
    ]);
  }
}

/** HTTP without TLS asks for no server name. */
function withoutServerName(set: RequestSet): RequestSet {
  if (!set.dimensions.includes(dimension.sni)) return set;
  const plain = HTTP.intersect(RequestSet.where(dimension.principal, ABSENT));
  return set.minus(plain).union(plain.intersect(set.at(dimension.sni, null)));
}

function enforced(cluster: Cluster, sets: PolicySets, workload: Workload, pod: Pod, port: number): Enforced {
  const presence = proxyOf(cluster, workload, pod);
  const unread = unreadable(cluster, workload.namespace, KINDS);
  const answer = withinLimits(() => answerOf(cluster, sets, workload, pod, port, presence));
  if (answer === undefined) {
    const text = `the policies of ${workload.id} are too large to be reasoned over exactly`;
    return {
      may: RequestSet.full,
      must: RequestSet.empty,
      reasons: () => [{ effect: "unknown", text, object: workload.object }],
    };
  }
  if (unread === undefined || presence.kind === "none" || presence.kind === "unmeshed") return answer;
  return {
    may: RequestSet.full,
    must: RequestSet.empty,
    reasons: () => [{ effect: "unknown", text: "a policy could not be read", span: unread.at }, ...answer.reasons()],
  };
}

const FREE: Enforced = { may: RequestSet.full, must: RequestSet.full, reasons: () => [] };

function answerOf(
  cluster: Cluster,
  sets: PolicySets,
  workload: Workload,
  pod: Pod,
  port: number,
  presence: Presence,
): Enforced {
  if (presence.kind === "unmeshed") return FREE;
  if (presence.kind === "none") {
    const text = `no proxy enforces policies before ${workload.id}: ${presence.because}`;
    return {
      ...FREE,
      reasons: () => [{ effect: "note", text, ...(presence.object === undefined ? {} : { object: presence.object }) }],
    };
  }
  if (presence.kind === "ambient") return ambient(cluster, workload, pod, port);
  const intercepted = presence.kind === "gateway" ? true : intercepts(pod, "Inbound", port);
  if (intercepted === false) {
    const text = `port ${port} of ${workload.id} is excluded from its sidecar, so no policy is enforced there`;
    return { ...FREE, reasons: () => [{ effect: "note", text, object: workload.object }] };
  }
  const seat = seatOf(workload, pod, presence.kind === "gateway" ? "gateway" : "sidecar");
  const policies = attachedTo(cluster.authorizationPolicies, seat, cluster.mesh.rootNamespace);
  const filter = jwtFilterOn(cluster, seat);
  const chains: readonly Chain[] = presence.kind === "gateway" ? ["http"] : inboundChains(cluster, pod, port);
  const on = (chain: "http" | "tcp") => sets.of(policies, chain, seat, filter, port);
  const possible = chains.map((chain) =>
    chain === "sniff" ? on("http").union(BYTES.intersect(on("tcp"))) : on(chain),
  );
  const extensions = extensionsOn(cluster, seat);
  const certain = presence.kind !== "unknown" && intercepted === true;
  const rewritten = extensions.some(({ effect }) => effect === "rewrites");
  return {
    may: certain && !rewritten ? RequestSet.any(possible) : RequestSet.full,
    must: extensions.length > 0 ? RequestSet.empty : RequestSet.all(possible),
    reasons: () => [
      ...describe(policies, workload.id),
      ...chainReasons(chains, workload.id, port),
      ...extensions.map(extensionReason),
      ...(certain
        ? []
        : [{ effect: "unknown", text: `whether a proxy enforces it is not known: ${presence.because}` } as const]),
    ],
  };
}

function ambient(cluster: Cluster, workload: Workload, pod: Pod, port: number): Enforced {
  const { may, must, policies, missing } = ambientAnswer(cluster, workload, pod, port);
  return {
    may,
    must,
    reasons: () => [
      { effect: "note", text: `${workload.id} is in ambient mode: its ztunnel enforces connections, not requests` },
      ...describe(policies, workload.id),
      ...missing.map((name): Reason => ({ effect: "unknown", text: `no manifest declares the waypoint \`${name}\`` })),
    ],
  };
}

function extensionReason({ object, effect }: Extension): Reason {
  const what = effect === "rewrites" ? "may change what policies see" : "may deny more, after the policies";
  return { effect: "unknown", text: `${cite(object)} ${what}, and is not evaluated`, object };
}

function chainReasons(chains: readonly Chain[], id: string, port: number): readonly Reason[] {
  if (chains.length > 1) {
    const text = `Services disagree about the protocol of port ${port} of ${id}: ${chains.join(", ")}`;
    return [{ effect: "unknown", text }];
  }
  if (chains[0] !== "tcp") return [];
  const text = `port ${port} of ${id} is TCP: ALLOW rules that name HTTP attributes never match there, DENY rules ignore them`;
  return [{ effect: "note", text }];
}

function describe(policies: readonly AuthorizationPolicy[], id: string): readonly Reason[] {
  const enforcing = policies.filter((policy) => !isDryRun(policy) && policy.action !== "AUDIT");
  if (enforcing.length === 0)
    return [{ effect: "allows", text: `no AuthorizationPolicy concerns ${id}, so every request passes` }];
  return enforcing.map((policy) => {
    const { object, action, rules } = policy;
    const name = cite(object);
    if (action === "ALLOW" && rules.length === 0)
      return { effect: "denies", text: `${name} has no rule: on its own it denies everything`, object };
    if (action === "ALLOW")
      return {
        effect: "allows",
        text: `${name} lets in what one of its ${rules.length} rules matches, and nothing else without another ALLOW`,
        object,
      };
    if (action === "DENY")
      return { effect: "denies", text: `${name} denies what one of its ${rules.length} rules matches`, object };
    return {
      effect: "unknown",
      text: `${name} asks the authorizer \`${policy.provider ?? ""}\` about what it matches`,
      object,
    };
  });
}
