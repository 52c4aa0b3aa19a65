/**
 * `*_test.rego` from the flows: for each, one test of requests that it permits and one of requests that differ from
 * them in a single thing and that it must refuse. They ask for `permitted`, so that the user's own rules, which only
 * take away, need not be known to them.
 */

import type { Method, Operation, PathPattern, Policy, Rule } from "../../policy/index.js";
import { METHODS } from "../../policy/index.js";
import { shapeOf } from "../shape.js";
import { type FlowData, policyData } from "./data.js";

interface Case {
  readonly note: string;
  readonly input: Record<string, unknown>;
}

export function generatedTests(policy: Policy): string {
  const data = policyData(policy);
  const tests = policy.rules.map((rule) => {
    const flow = data.flows[rule.to.name]?.[String(rule.port.port)]?.[rule.from.name];
    return flow === undefined ? "" : testsOf(policy, rule, flow);
  });
  return `# Generated from the flows of ${policy.workflow}: what they permit and what they must refuse.
package ringfence.authz_test

import data.ringfence.authz

test_nothing_is_permitted_without_input if {
	not authz.allow with input as {}
	not authz.permitted with input as {}
}

test_a_principal_of_nobody_is_refused if {
	request := {"source": {"kind": "workload", "principal": "spiffe://nobody.invalid/ns/none/sa/none"}}
	not authz.permitted with input as request
}
${tests.join("")}`;
}

function testsOf(policy: Policy, rule: Rule, flow: FlowData): string {
  const allowed = rule.operations.map((operation, index) => ({
    note: `operation ${index + 1}`,
    input: requestOf(policy, rule, flow, operation),
  }));
  const refused = refusedCases(policy, rule, flow);
  const name = `${rule.from.name}_to_${rule.to.name}_${rule.port.port}`.replaceAll("-", "_");
  return `
# ${rule.id}
test_permits_${name} if {
	every case in ${regoTerm(allowed)} {
		authz.permitted with input as case.input
	}
}

test_refuses_other_than_${name} if {
	every case in ${regoTerm(refused)} {
		not authz.permitted with input as case.input
	}
}
`;
}

/** Requests that are one step away from permitted ones and that no operation of the flow permits. */
function refusedCases(policy: Policy, rule: Rule, flow: FlowData): Case[] {
  const cases: Case[] = [];
  const first = rule.operations[0];
  if (first === undefined) return cases;
  const base = requestOf(policy, rule, flow, first);
  cases.push({
    note: "another source",
    input: { ...base, source: { kind: "workload", principal: "spiffe://nobody.invalid/ns/none/sa/none" } },
  });
  cases.push({ note: "no source", input: { ...base, source: {} } });
  const closed = unusedPort(policy, rule);
  cases.push({ note: "another port", input: { ...base, destination: { name: rule.to.name, port: closed } } });
  if (!flow.http) return cases;
  cases.push({ note: "no request", input: { ...base, request: {} } });
  if (needsToken(policy, rule)) cases.push({ note: "no token", input: { ...base, claims: {} } });
  for (const [index, operation] of rule.operations.entries()) {
    const at = `operation ${index + 1}: `;
    const input = requestOf(policy, rule, flow, operation);
    const request = input.request as Record<string, unknown>;
    const method = METHODS.find((candidate) => !permits(rule, { method: candidate }));
    if (method !== undefined)
      cases.push({ note: `${at}another method`, input: { ...input, request: { ...request, method } } });
    if (rule.operations.every(({ paths }) => paths !== "any" && !paths.some(matchesAnything))) {
      cases.push({
        note: `${at}another path`,
        input: { ...input, request: { ...request, path: "/undeclared/by/any/flow/at/all" } },
      });
    }
    if (rule.operations.every(({ hosts }) => hosts !== "any")) {
      cases.push({
        note: `${at}another host`,
        input: { ...input, request: { ...request, host: "undeclared.invalid" } },
      });
    }
    if (rule.operations.every(({ roles }) => roles !== "none")) {
      cases.push({ note: `${at}no role`, input: { ...input, claims: claimsOf(policy, rule, undefined) } });
      cases.push({
        note: `${at}roles that the client writes`,
        input: { ...input, claims: {}, roles: operation.roles },
      });
    }
  }
  return cases;
}

function permits(rule: Rule, { method }: { method: Method }): boolean {
  return rule.operations.some(({ methods }) => methods === "any" || methods.includes(method));
}

function matchesAnything(pattern: PathPattern): boolean {
  const wild = pattern.segments.every((segment) => segment.kind === "one");
  return wild && (pattern.rest ? pattern.segments.length < 6 : pattern.segments.length === 6);
}

function unusedPort(policy: Policy, rule: Rule): number {
  const shape = shapeOf(policy);
  const towards = (rule.to.kind === "api" ? shape.toApi : shape.into).get(rule.to.name) ?? [];
  const used = new Set(towards.map((other) => other.port.port));
  let port = rule.port.port;
  while (used.has(port)) port = port === 65_535 ? 1 : port + 1;
  return port;
}

function needsToken(policy: Policy, rule: Rule): boolean {
  const users = policy.outside.find((party) => party.name === rule.from.name);
  return users?.kind === "users" && users.identity !== undefined
    ? true
    : rule.operations.every(({ roles }) => roles !== "none");
}

function requestOf(policy: Policy, rule: Rule, flow: FlowData, operation: Operation): Record<string, unknown> {
  const source = shapeOf(policy).workloads.get(rule.from.name);
  return {
    source: source === undefined ? { kind: "edge" } : { kind: "workload", principal: source.spiffeId },
    destination: { name: rule.to.name, port: rule.port.port },
    ...(flow.http ? { request: samples(operation) } : {}),
    claims: claimsOf(policy, rule, operation),
  };
}

function samples(operation: Operation): Record<string, string> {
  const path = operation.paths === "any" ? undefined : operation.paths[0];
  const host = operation.hosts === "any" ? undefined : operation.hosts[0];
  return {
    method: operation.methods === "any" ? "GET" : (operation.methods[0] ?? "GET"),
    path: path === undefined ? "/" : samplePath(path),
    host: host === undefined ? "service.invalid" : host.replace(/^\*\./, "one."),
  };
}

function samplePath(pattern: PathPattern): string {
  const parts = pattern.segments.map((segment) => (segment.kind === "one" ? "sample" : segment.text));
  return `/${[...parts, ...(pattern.rest ? ["any", "rest"] : [])].join("/")}`;
}

/** Claims as the flow asks for them; without an operation, a token that holds no role. */
function claimsOf(policy: Policy, rule: Rule, operation: Operation | undefined): Record<string, unknown> {
  const users = policy.outside.find((party) => party.name === rule.from.name);
  const own = users?.kind === "users" ? users.identity : undefined;
  const name = operation?.identity ?? own;
  if (name === undefined) return {};
  const path = policy.identities.find((identity) => identity.name === name)?.roles ?? [];
  const roles = operation === undefined || operation.roles === "none" ? [] : [operation.roles[0]];
  const claims =
    path.length === 0 ? { sub: "somebody" } : path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), roles);
  return { [name]: claims };
}

/** JSON is a Rego term; one case a line. */
function regoTerm(cases: readonly Case[]): string {
  return `[\n${cases.map((item) => `\t\t${JSON.stringify(item)},`).join("\n")}\n\t]`;
}
