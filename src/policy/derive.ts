/** Workflow → Policy: identities, rules, boundaries and data reach, each derived here and nowhere else. */
import { parseTrustDomain, spiffeId } from "../identity/index.js";
import {
  type Flow,
  type Operation,
  type OutsideParty,
  type Protocol,
  TRUST_LEVELS,
  type TrustLevel,
  type Workflow,
} from "../workflow/index.js";
import type { Boundary, Party, Policy, Rule, Transport, Workload } from "./policy.js";
import { compareText, dataReach } from "./reach.js";

/**
 * The policy that a workflow means.
 * @param modules the user's own Rego, read from the files that `policies` names
 */
export function derive(workflow: Workflow, modules: Policy["modules"] = []): Policy {
  const workloads = byName(workflow.workloads.map((workload) => withIdentity(workflow, workload)));
  const known = new Map(workloads.map((workload) => [workload.name, workload]));
  const outside = new Map(workflow.outside.map((party) => [party.name, party]));
  const rules = workflow.flows.map((flow) => ruleOf(flow, known, outside)).sort((a, b) => compareText(a.id, b.id));
  return deepFreeze({
    workflow: workflow.name,
    trustDomain: workflow.trustDomain,
    zones: byName(workflow.zones),
    data: byName(workflow.data),
    identities: byName(workflow.identities),
    workloads,
    outside: byName(workflow.outside),
    rules,
    secrets: byName(workflow.secrets),
    receivers: byName(workflow.receivers),
    respond: workflow.respond,
    accepted: workflow.accepted,
    targets: workflow.targets,
    reach: dataReach(workflow, rules),
    modules: [...modules].sort((a, b) => compareText(a.path, b.path)),
    span: workflow.span,
  });
}

function withIdentity(workflow: Workflow, workload: Workflow["workloads"][number]): Workload {
  const zone = workflow.zones.find((candidate) => candidate.name === workload.zone);
  if (zone === undefined) throw new Error(`workload ${workload.name} is in no zone`);
  const id = spiffeId({
    trustDomain: parseTrustDomain(workflow.trustDomain),
    zone: workload.zone,
    workload: workload.name,
  });
  return {
    ...workload,
    ports: [...workload.ports].sort((a, b) => a.port - b.port),
    releases: [...workload.releases].sort((a, b) => compareText(a.from, b.from)),
    trust: zone.trust,
    spiffeId: id,
    principal: id.slice("spiffe://".length),
  };
}

function ruleOf(
  flow: Flow,
  workloads: ReadonlyMap<string, Workload>,
  outside: ReadonlyMap<string, OutsideParty>,
): Rule {
  const party = (name: string): { party: Party; workload?: Workload; api?: OutsideParty & { kind: "api" } } => {
    const workload = workloads.get(name);
    if (workload !== undefined) return { party: { kind: "workload", name }, workload };
    const other = outside.get(name);
    if (other === undefined) throw new Error(`flow names the unknown party ${name}`);
    return other.kind === "api" ? { party: { kind: "api", name }, api: other } : { party: { kind: "users", name } };
  };
  const [from, to] = [party(flow.from), party(flow.to)];
  const port = to.api === undefined ? to.workload?.ports.find((candidate) => candidate.port === flow.port) : undefined;
  const trust = lowest(from.workload?.trust ?? "public", to.workload?.trust ?? "public");
  return {
    id: `${flow.from}>${flow.to}:${flow.port}`,
    from: from.party,
    to: to.party,
    port: port ?? {
      name: String(flow.port),
      port: flow.port,
      servicePort: flow.port,
      protocol: flow.protocol,
      span: flow.span,
    },
    protocol: flow.protocol,
    transport: transportOf(from.party, to.party, flow.protocol),
    operations: flow.allow ?? [anyOperation(flow)],
    data: flow.data,
    returns: flow.returns,
    trust,
    boundary: boundaryOf(from.workload, to.workload),
    span: flow.span,
  };
}

function anyOperation(flow: Flow): Operation {
  return { methods: "any", paths: "any", hosts: "any", roles: "none", span: flow.span };
}

function transportOf(from: Party, to: Party, protocol: Protocol): Transport {
  if (from.kind === "workload" && to.kind === "workload") return "mtls";
  return protocol === "https" || protocol === "tls" ? "tls" : "plaintext";
}

function boundaryOf(from: Workload | undefined, to: Workload | undefined): Boundary | undefined {
  if (from === undefined) return { kind: "ingress", from: "outside", to: to?.zone ?? "outside" };
  if (to === undefined) return { kind: "egress", from: from.zone, to: "outside" };
  if (from.trust !== to.trust) return { kind: "trust", from: from.zone, to: to.zone };
  return from.zone === to.zone ? undefined : { kind: "zone", from: from.zone, to: to.zone };
}

function lowest(a: TrustLevel, b: TrustLevel): TrustLevel {
  return TRUST_LEVELS.indexOf(a) <= TRUST_LEVELS.indexOf(b) ? a : b;
}

function byName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => compareText(a.name, b.name));
}

/** Spans hold the source, which is shared and frozen by nobody; everything that is ours is. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const [key, item] of Object.entries(value)) if (key !== "span") deepFreeze(item);
  return value;
}
