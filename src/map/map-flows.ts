/** Policy and findings → FlowMap. Everything that is worded for people is worded here, once. */
import { formatSpan } from "../diagnostics/index.js";
import type { Boundary, Policy, Protocol, Rule, Transport } from "../policy/index.js";
import type { Finding } from "../threats/index.js";
import type { Badge, FlowMap, MapBoundary, MapEdge, MapFinding, MapNode, MapOperation } from "./flow-map.js";

/** The map of a policy, with the findings where they belong. */
export function mapFlows(policy: Policy, findings: readonly Finding[]): FlowMap {
  const groups = groupFindings(findings);
  const badgesAt = badges(groups);
  const principals = new Map(policy.workloads.map((workload) => [workload.name, workload.principal]));
  const workloads = policy.workloads.map(
    (workload): MapNode => ({
      name: workload.name,
      kind: workload.kind,
      zone: workload.zone,
      trust: workload.trust,
      identity: workload.spiffeId,
      ports: workload.ports.map(({ name, port, protocol }) => ({ name, port, protocol })),
      badges: badgesAt(workload.name),
    }),
  );
  const outside = policy.outside.map(
    (party): MapNode => ({
      name: party.name,
      kind: party.kind,
      trust: "public",
      identity: party.kind === "users" ? (party.identity ?? "anonymous") : party.host,
      ports: party.kind === "api" ? [{ name: String(party.port), port: party.port, protocol: party.protocol }] : [],
      badges: badgesAt(party.name),
    }),
  );
  return {
    workflow: policy.workflow,
    trustDomain: policy.trustDomain,
    zones: policy.zones.map(({ name, trust }) => ({
      name,
      trust,
      workloads: policy.workloads.filter((workload) => workload.zone === name).map((workload) => workload.name),
      badges: badgesAt(name),
    })),
    nodes: [...workloads, ...outside],
    edges: policy.rules.map((rule) => edgeOf(rule, transportOf(policy, rule), principals, badgesAt(rule.id))),
    boundaries: boundariesOf(policy.rules),
    findings: groups,
  };
}

/** Mutual TLS between workloads is the mesh's doing: where none is chosen, the wire carries what the workloads speak. */
function transportOf(policy: Policy, rule: Rule): Transport {
  if (rule.transport !== "mtls" || policy.targets.mesh.engine !== "none") return rule.transport;
  return rule.protocol === "https" || rule.protocol === "tls" ? "tls" : "plaintext";
}

function edgeOf(
  rule: Rule,
  transport: Transport,
  principals: ReadonlyMap<string, string>,
  badges: readonly Badge[],
): MapEdge {
  const caller = principals.get(rule.from.name) ?? rule.from.name;
  return {
    id: rule.id,
    from: rule.from,
    to: rule.to,
    port: rule.port.port,
    protocol: rule.protocol,
    transport,
    wire: wireOf(rule.protocol, transport),
    data: rule.data,
    returns: rule.returns,
    trust: rule.trust,
    ...(rule.boundary === undefined ? {} : { boundary: rule.boundary }),
    operations: rule.operations.map(
      (operation): MapOperation => ({
        caller,
        methods: operation.methods,
        paths: operation.paths === "any" ? "any" : operation.paths.map((path) => path.text),
        hosts: operation.hosts,
        roles: operation.roles,
        ...(operation.identity === undefined ? {} : { identity: operation.identity }),
      }),
    ),
    badges,
  };
}

const PROTOCOL_NAMES: Readonly<Record<Protocol, string>> = {
  http: "HTTP",
  https: "HTTPS",
  grpc: "gRPC",
  websocket: "WebSocket",
  tcp: "TCP",
  tls: "TLS",
};

function wireOf(protocol: Protocol, transport: Transport): string {
  const name = PROTOCOL_NAMES[protocol];
  switch (transport) {
    case "mtls":
      return `${name} in mTLS`;
    case "plaintext":
      return `${name}, plaintext`;
    case "tls":
      return name;
  }
}

function boundariesOf(rules: readonly Rule[]): MapBoundary[] {
  const found = new Map<string, { boundary: Boundary; flows: string[] }>();
  for (const { boundary, id } of rules) {
    if (boundary === undefined) continue;
    const key = JSON.stringify([boundary.from, boundary.to, boundary.kind]);
    const held = found.get(key);
    if (held === undefined) found.set(key, { boundary, flows: [id] });
    else held.flows.push(id);
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { boundary, flows }]) => ({ kind: boundary.kind, from: boundary.from, to: boundary.to, flows }));
}

/** Findings come sorted by severity; the rules keep the order in which they first appear. */
function groupFindings(findings: readonly Finding[]): MapFinding[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) groups.set(finding.rule, [...(groups.get(finding.rule) ?? []), finding]);
  return [...groups.values()].flatMap((group, index) => {
    const [first] = group;
    if (first === undefined) return [];
    const { rule, severity, title, why } = first;
    const places = group.map(({ where, span, evidence, remedy, accepted }) => ({
      where,
      place: formatSpan(span),
      evidence,
      remedy,
      ...(accepted === undefined ? {} : { accepted }),
    }));
    return [{ tag: `${severity.charAt(0).toUpperCase()}${index + 1}`, rule, severity, title, why, places }];
  });
}

function badges(findings: readonly MapFinding[]): (where: string) => readonly Badge[] {
  const found = new Map<string, Map<string, Badge>>();
  for (const { tag, severity, places } of findings) {
    for (const { where, accepted } of places) {
      const here = found.get(where) ?? new Map<string, Badge>();
      const before = here.get(tag);
      // Open at one of several places of the same name is open.
      here.set(tag, { tag, severity, accepted: accepted !== undefined && (before?.accepted ?? true) });
      found.set(where, here);
    }
  }
  return (where) => [...(found.get(where)?.values() ?? [])];
}
