/**
 * The policy as the Rego modules read it: flows by destination, port and source, so that a decision looks up the few
 * operations that can apply instead of walking through all of them.
 */
import type { Operation, PathPattern, Policy, Rule } from "../../policy/index.js";
import { gatewayPrincipal } from "../gateway-peer.js";
import { seesRequests } from "../shape.js";

export interface FlowData {
  readonly id: string;
  /** true: a request must be there and match; false: the connection is all that is decided on */
  readonly http: boolean;
  readonly operations: readonly OperationData[];
}

interface OperationData {
  readonly methods?: readonly string[];
  readonly paths?: readonly { readonly segments: readonly (string | null)[]; readonly rest: boolean }[];
  readonly hosts?: readonly string[];
  readonly roles?: readonly string[];
  readonly identity?: string;
}

interface Flows {
  [destination: string]: { [port: string]: { [source: string]: FlowData } };
}

/** `data.ringfence.policy`. */
export function policyData(policy: Policy) {
  const flows: Flows = {};
  for (const rule of policy.rules) {
    const ports = flows[rule.to.name] ?? {};
    const port = String(rule.port.port);
    ports[port] = { ...ports[port], [rule.from.name]: flowData(rule) };
    flows[rule.to.name] = ports;
  }
  const users = policy.outside.filter((party) => party.kind === "users");
  return {
    workflow: policy.workflow,
    identities: Object.fromEntries(
      policy.identities.map(({ name, issuer, audiences, roles }) => [
        name,
        { issuer, audiences: [...audiences].sort(), roles: roles ?? [] },
      ]),
    ),
    principals: Object.fromEntries(policy.workloads.map(({ name, spiffeId }) => [spiffeId, name])),
    users: Object.fromEntries(
      users.map(({ name, identity }) => [name, identity === undefined ? { anonymous: true } : { identity }]),
    ),
    gateways: policy.targets.gateway.engine === "none" ? [] : [`spiffe://${gatewayPrincipal(policy)}`],
    flows,
  };
}

function flowData(rule: Rule): FlowData {
  const operations = rule.operations.map(operationData);
  const restricted = operations.some((operation) => Object.keys(operation).length > 0);
  return { id: rule.id, http: seesRequests(rule) || restricted, operations };
}

function operationData(operation: Operation): OperationData {
  return {
    ...(operation.methods === "any" ? {} : { methods: operation.methods }),
    ...(operation.paths === "any" ? {} : { paths: operation.paths.map(pathData) }),
    ...(operation.hosts === "any" ? {} : { hosts: operation.hosts }),
    ...(operation.roles === "none" ? {} : { roles: operation.roles }),
    ...(operation.identity === undefined ? {} : { identity: operation.identity }),
  };
}

function pathData({ segments, rest }: PathPattern) {
  return { segments: segments.map((segment) => (segment.kind === "one" ? null : segment.text)), rest };
}
