/** The policy's rules by their ends, and the ways that traffic takes through the chosen engines. Asked by every target. */
import type { OutsideApi, Policy, Rule, Workload } from "../policy/index.js";
import { isRestricted } from "./demand.js";

export interface Shape {
  readonly policy: Policy;
  readonly workloads: ReadonlyMap<string, Workload>;
  /** rules towards a workload, by its name; a workload that nobody may call has an empty list */
  readonly into: ReadonlyMap<string, readonly Rule[]>;
  /** rules that start at a workload, by its name */
  readonly outOf: ReadonlyMap<string, readonly Rule[]>;
  /** rules towards an outside API, by its name; APIs that nobody calls are left out */
  readonly toApi: ReadonlyMap<string, readonly Rule[]>;
  /** zones with a workload that some rule sends requests to */
  readonly requestZones: ReadonlySet<string>;
}

/** A policy is frozen, so what was found out about it stays true. */
const known = new WeakMap<Policy, Shape>();

export function shapeOf(policy: Policy): Shape {
  const shape = known.get(policy) ?? findShape(policy);
  known.set(policy, shape);
  return shape;
}

function findShape(policy: Policy): Shape {
  const into = new Map<string, Rule[]>(policy.workloads.map(({ name }) => [name, []]));
  const outOf = new Map<string, Rule[]>(policy.workloads.map(({ name }) => [name, []]));
  const toApi = new Map<string, Rule[]>();
  for (const rule of policy.rules) {
    if (rule.from.kind === "workload") outOf.get(rule.from.name)?.push(rule);
    if (rule.to.kind === "workload") into.get(rule.to.name)?.push(rule);
    else {
      const rules = toApi.get(rule.to.name);
      if (rules === undefined) toApi.set(rule.to.name, [rule]);
      else rules.push(rule);
    }
  }
  const workloads = new Map(policy.workloads.map((workload) => [workload.name, workload]));
  const asked = policy.rules.filter((rule) => rule.to.kind === "workload" && seesRequests(rule));
  return {
    policy,
    workloads,
    requestZones: new Set(asked.flatMap((rule) => workloads.get(rule.to.name)?.zone ?? [])),
    into,
    outOf,
    toApi,
  };
}

/** The workload of this name; the policy holds no rule about another. */
export function workloadNamed(shape: Shape, name: string): Workload {
  const workload = shape.workloads.get(name);
  if (workload === undefined) throw new Error(`a rule names the unknown workload ${name}`);
  return workload;
}

export function apiNamed(policy: Policy, name: string): OutsideApi {
  const api = policy.outside.find((party) => party.name === name);
  if (api?.kind !== "api") throw new Error(`a rule names the unknown outside API ${name}`);
  return api;
}

/** How traffic leaves for an outside API. */
export type Exit =
  /** through the mesh's egress gateway, which knows the caller by its certificate */
  | "gateway"
  /** from the pod itself, to the addresses that the host's name resolves to */
  | "names"
  /** no chosen engine can hold it to a host name */
  | "none";

/**
 * Where an API's traffic leaves. A mesh routes it through its gateway, except for a host with `*.`: no gateway of Istio
 * resolves those, so it is left to a network engine that watches DNS.
 */
export function exitOf(policy: Policy, api: OutsideApi): Exit {
  const wildcard = api.host.startsWith("*.");
  if (policy.targets.mesh.engine === "istio" && !wildcard) return "gateway";
  return policy.targets.network.engine === "cilium" ? "names" : "none";
}

/**
 * Whether the mesh adds TLS on the way out, so that it sees the request before: only for an HTTPS API of which a rule
 * restricts the requests. The workload then speaks plain HTTP to the mesh.
 */
export function originatesTls(rule: Rule): boolean {
  return rule.to.kind === "api" && rule.protocol === "https" && isRestricted(rule);
}

/** Whether an engine beside the destination, or at the way out, sees this rule's requests. */
export function seesRequests(rule: Rule): boolean {
  const protocol = rule.to.kind === "workload" ? rule.port.protocol : rule.protocol;
  return protocol === "http" || protocol === "grpc" || protocol === "websocket" || originatesTls(rule);
}
