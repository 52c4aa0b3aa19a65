/**
 * What one workload's proxy has to do, derived from the policy and nothing else. A port that no rule reaches gets no
 * listener, and a destination that no rule names gets no way out: what is undeclared is not refused here, it is absent.
 */
import type { IdentityProvider, OutsideApi, Policy, Protocol, Rule, Workload } from "../../policy/index.js";

export interface ProxyPlan {
  readonly workflow: string;
  readonly workload: { readonly name: string; readonly zone: string; readonly spiffeId: string };
  readonly inbound: readonly InboundPlan[];
  readonly outbound: readonly OutboundPlan[];
}

export interface InboundPlan {
  /** stable while the plan changes around it */
  readonly key: string;
  /** who comes in here: people at the edge, or other workloads' proxies */
  readonly entrance: "users" | "workloads";
  /** the workload's own port */
  readonly port: number;
  readonly protocol: Protocol;
  readonly upgrades: boolean;
  /** host names under which this workload is spoken to */
  readonly hosts: readonly string[];
  /** names of the identity providers whose tokens matter here */
  readonly identities: readonly string[];
}

export type OutboundPlan = {
  readonly key: string;
  readonly protocol: Protocol;
  readonly upgrades: boolean;
  readonly identities: readonly string[];
  /** host names under which the destination is spoken to */
  readonly hosts: readonly string[];
} & (
  | {
      readonly kind: "workload";
      readonly name: string;
      readonly zone: string;
      readonly spiffeId: string;
      readonly port: number;
    }
  | { readonly kind: "api"; readonly name: string; readonly host: string; readonly port: number; readonly tls: boolean }
);

/** The plan of every workload, by name. */
export function planProxies(policy: Policy): ReadonlyMap<string, ProxyPlan> {
  return new Map(policy.workloads.map((workload) => [workload.name, planProxy(policy, workload)]));
}

function planProxy(policy: Policy, workload: Workload): ProxyPlan {
  const incoming = policy.rules.filter(({ to }) => to.kind === "workload" && to.name === workload.name);
  const outgoing = policy.rules.filter(({ from }) => from.kind === "workload" && from.name === workload.name);
  return {
    workflow: policy.workflow,
    workload: { name: workload.name, zone: workload.zone, spiffeId: workload.spiffeId },
    inbound: [
      ...grouped(
        incoming.filter(({ from }) => from.kind === "workload"),
        ({ port }) => `${port.port}`,
      ).map((rules) => planInbound(policy, workload, "workloads", rules)),
      ...grouped(
        incoming.filter(({ from }) => from.kind === "users"),
        ({ port }) => `${port.port}`,
      ).map((rules) => planInbound(policy, workload, "users", rules)),
    ],
    outbound: grouped(outgoing, ({ to, port }) => `${to.kind} ${to.name} ${port.port}`).flatMap((rules) =>
      planOutbound(policy, rules),
    ),
  };
}

function planInbound(
  policy: Policy,
  workload: Workload,
  entrance: "users" | "workloads",
  rules: readonly [Rule, ...Rule[]],
): InboundPlan {
  const port = rules[0].port.port;
  const hosts = [...hostsOf(workload), ...(entrance === "users" ? policy.targets.gateway.hosts : [])];
  return { key: `${entrance} ${port}`, entrance, port, hosts, ...spoken(policy, rules) };
}

function planOutbound(policy: Policy, rules: readonly [Rule, ...Rule[]]): OutboundPlan[] {
  const { to, port } = rules[0];
  const shared = { key: `${to.kind} ${to.name} ${port.port}`, port: port.port, ...spoken(policy, rules) };
  if (to.kind === "workload") {
    const peer = policy.workloads.find(({ name }) => name === to.name);
    if (peer === undefined) return [];
    const { name, zone, spiffeId } = peer;
    return [{ ...shared, kind: "workload", name, zone, spiffeId, hosts: hostsOf(peer) }];
  }
  const api = policy.outside.find((party): party is OutsideApi => party.kind === "api" && party.name === to.name);
  if (api === undefined) return [];
  const tls = rules.every(({ transport }) => transport !== "plaintext");
  return [{ ...shared, kind: "api", name: api.name, host: api.host, tls, hosts: [api.host] }];
}

/** Protocol, upgrades and identities of the rules that share a port. */
function spoken(
  policy: Policy,
  rules: readonly [Rule, ...Rule[]],
): Pick<InboundPlan, "protocol" | "upgrades" | "identities"> {
  const identities = new Set<string>();
  for (const rule of rules) {
    for (const { identity } of rule.operations) if (identity !== undefined) identities.add(identity);
    const users = policy.outside.find((party) => party.kind === "users" && party.name === rule.from.name);
    if (users?.kind === "users" && users.identity !== undefined) identities.add(users.identity);
  }
  const upgrades = rules.some(({ protocol }) => protocol === "websocket");
  const plain = rules.find(({ protocol }) => protocol !== "websocket") ?? rules[0];
  const { from, to, protocol } = plain;
  // Between workloads `https` is TLS that the applications speak themselves: bytes to the proxies.
  const isOpaque = protocol === "https" && from.kind === "workload" && to.kind === "workload";
  return { protocol: isOpaque ? "tls" : protocol, upgrades, identities: [...identities].sort() };
}

/** The names of a workload in the cluster, which are its names here too. */
function hostsOf({ name, zone }: Workload): string[] {
  return [name, `${name}.${zone}`, `${name}.${zone}.svc`, `${name}.${zone}.svc.cluster.local`];
}

function grouped(rules: readonly Rule[], keyOf: (rule: Rule) => string): [Rule, ...Rule[]][] {
  const groups = new Map<string, [Rule, ...Rule[]]>();
  for (const rule of rules) {
    const group = groups.get(keyOf(rule));
    if (group === undefined) groups.set(keyOf(rule), [rule]);
    else group.push(rule);
  }
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/** The providers that a proxy needs keys of. */
export function identitiesOf(policy: Policy, names: readonly string[]): readonly IdentityProvider[] {
  return policy.identities.filter(({ name }) => names.includes(name));
}
