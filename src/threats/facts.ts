/**
 * What every rule asks of a policy again and again: things by name, flows by end, ranks of trust and sensitivity, and
 * which workloads the outside gets to without ever showing a role. Computed once for a policy and kept with it.
 */
import {
  type DataClass,
  isHttp,
  type Operation,
  type OutsideApi,
  type Party,
  type Policy,
  type Rule,
  SENSITIVITIES,
  type Sensitivity,
  TRUST_LEVELS,
  type TrustLevel,
  type Users,
  type Workload,
} from "../policy/index.js";

export interface Facts {
  readonly workloads: ReadonlyMap<string, Workload>;
  readonly data: ReadonlyMap<string, DataClass>;
  readonly users: ReadonlyMap<string, Users>;
  readonly apis: ReadonlyMap<string, OutsideApi>;
  readonly rules: ReadonlyMap<string, Rule>;
  /** rules by the workload at their end */
  readonly into: ReadonlyMap<string, readonly Rule[]>;
  readonly outOf: ReadonlyMap<string, readonly Rule[]>;
  /** workloads that users get to over flows none of which asks for a role, with the rules of the shortest way */
  readonly openFromOutside: ReadonlyMap<string, readonly Rule[]>;
}

const known = new WeakMap<Policy, Facts>();

/** The facts of a policy; the same object for the same policy. */
export function factsOf(policy: Policy): Facts {
  const held = known.get(policy);
  if (held !== undefined) return held;
  const into = groupBy(policy.rules, (rule) => (rule.to.kind === "workload" ? rule.to.name : undefined));
  const outOf = groupBy(policy.rules, (rule) => (rule.from.kind === "workload" ? rule.from.name : undefined));
  const facts: Facts = {
    workloads: new Map(policy.workloads.map((workload) => [workload.name, workload])),
    data: new Map(policy.data.map((data) => [data.name, data])),
    users: new Map(policy.outside.flatMap((party) => (party.kind === "users" ? [[party.name, party]] : []))),
    apis: new Map(policy.outside.flatMap((party) => (party.kind === "api" ? [[party.name, party]] : []))),
    rules: new Map(policy.rules.map((rule) => [rule.id, rule])),
    into,
    outOf,
    openFromOutside: openWays(policy.rules, outOf),
  };
  known.set(policy, facts);
  return facts;
}

function groupBy(rules: readonly Rule[], key: (rule: Rule) => string | undefined): Map<string, Rule[]> {
  const groups = new Map<string, Rule[]>();
  for (const rule of rules) {
    const name = key(rule);
    if (name === undefined) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [rule]);
    else group.push(rule);
  }
  return groups;
}

/** Breadth first from the users, over rules that some request may use without a role. */
function openWays(rules: readonly Rule[], outOf: ReadonlyMap<string, readonly Rule[]>): Map<string, readonly Rule[]> {
  const ways = new Map<string, readonly Rule[]>();
  let edge: { rule: Rule; way: readonly Rule[] }[] = rules
    .filter((rule) => rule.from.kind === "users")
    .map((rule) => ({ rule, way: [] }));
  while (edge.length > 0) {
    const next: { rule: Rule; way: readonly Rule[] }[] = [];
    for (const { rule, way } of edge) {
      if (rule.to.kind !== "workload" || ways.has(rule.to.name) || !isOpen(rule)) continue;
      const longer = [...way, rule];
      ways.set(rule.to.name, longer);
      for (const onward of outOf.get(rule.to.name) ?? []) next.push({ rule: onward, way: longer });
    }
    edge = next;
  }
  return ways;
}

/** Whether some request may use the rule without a role. */
export function isOpen(rule: Rule): boolean {
  return !isHttp(rule.protocol) || rule.operations.some((operation) => operation.roles === "none");
}

/** Whether methods and paths of the rule can be decided on: not inside the application's own TLS to somebody else. */
export function isDecidable(rule: Rule): boolean {
  if (!isHttp(rule.protocol)) return false;
  return rule.protocol !== "https" || rule.from.kind === "users";
}

/** Whether an operation restricts nothing at all. */
export function isUnrestricted(operation: Operation): boolean {
  return operation.methods === "any" && operation.paths === "any" && operation.hosts === "any";
}

export function trustRank(trust: TrustLevel): number {
  return TRUST_LEVELS.indexOf(trust);
}

export function sensitivityRank(sensitivity: Sensitivity): number {
  return SENSITIVITIES.indexOf(sensitivity);
}

/** The names among `names` whose class is at least as sensitive as `floor`; a name without a class counts. */
export function atLeast(facts: Facts, names: readonly string[], floor: Sensitivity): string[] {
  return names.filter((name) => {
    const data = facts.data.get(name);
    return data === undefined || sensitivityRank(data.sensitivity) >= sensitivityRank(floor);
  });
}

/** The trust of a party: its zone's for a workload; what is outside is public. */
export function trustOf(facts: Facts, party: Party): TrustLevel {
  return (party.kind === "workload" ? facts.workloads.get(party.name)?.trust : undefined) ?? "public";
}

export function workloadOf(facts: Facts, party: Party): Workload | undefined {
  return party.kind === "workload" ? facts.workloads.get(party.name) : undefined;
}

/** `gateway (ai-workflow, internal)`: how evidence names a workload. */
export function describe(workload: Workload): string {
  return `${workload.name} (${workload.kind} in ${workload.zone}, ${workload.trust})`;
}

/** Names for a sentence: `a`, `b` and 3 more. */
export function list(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).map((name) => `\`${name}\``);
  const rest = names.length - shown.length;
  if (rest > 0) return `${shown.join(", ")} and ${rest} more`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}
