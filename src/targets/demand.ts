/**
 * What a rule asks of the engines, feature by feature. A rule is enforced when each of its demands is held by at least
 * one target exactly: two halves of two engines do not make a whole.
 */
import type { Span } from "../diagnostics/index.js";
import type { Policy, Rule } from "../policy/index.js";
import type { Feature } from "./capability.js";

export interface Demand {
  readonly feature: Feature;
  /** where the workflow asks for it */
  readonly span: Span;
}

/** The demands of a rule, each feature once, in the order of the text. */
export function demandsOf(policy: Policy, rule: Rule): readonly Demand[] {
  const demands = new Map<Feature, Span>();
  const ask = (feature: Feature, span: Span) => {
    if (!demands.has(feature)) demands.set(feature, span);
  };
  if (rule.to.kind === "api") ask("outside-hosts", rule.span);
  ask("callers", rule.span);
  ask("ports", rule.span);
  if (tokenIssuers(policy, rule).length > 0) ask("token", rule.span);
  for (const operation of rule.operations) {
    if (operation.methods !== "any") ask("methods", operation.span);
    if (operation.paths !== "any") ask("paths", operation.span);
    if (operation.hosts !== "any") ask("hosts", operation.span);
    if (operation.roles !== "none") ask("roles", operation.span);
  }
  if (rule.to.kind === "api" && rule.protocol === "https" && isRestricted(rule)) ask("tls-origination", rule.span);
  if (policy.modules.length > 0 && showsRequests(rule)) ask("own-rules", policy.span);
  return [...demands].map(([feature, span]) => ({ feature, span }));
}

/** Whether requests are seen where the rule's traffic arrives. */
function showsRequests(rule: Rule): boolean {
  return rule.to.kind === "workload" && ["http", "grpc", "websocket"].includes(rule.port.protocol);
}

/** Whether a rule says anything about requests, beyond who may connect where. */
export function isRestricted(rule: Rule): boolean {
  return rule.operations.some(
    ({ methods, paths, hosts, roles }) => methods !== "any" || paths !== "any" || hosts !== "any" || roles !== "none",
  );
}

/** Names of the identity providers whose token a request of this rule must carry, whatever it does. */
export function tokenIssuers(policy: Policy, rule: Rule): readonly string[] {
  if (rule.from.kind !== "users") return [];
  const users = policy.outside.find((party) => party.name === rule.from.name);
  return users?.kind === "users" && users.identity !== undefined ? [users.identity] : [];
}
