/**
 * Identity providers of the draft, from RequestAuthentications, and which workloads ask for their tokens. Validating a
 * token is not asking for one: only where an AuthorizationPolicy requires a token are callers users of that provider.
 */
import type { AuthorizationRule, JwtRule, RequestAuthentication } from "../cluster/index.js";
import { attachedTo } from "./attachments.js";
import type { CallContext } from "./calls.js";
import { type DraftWorkload, labelOf } from "./inventory.js";
import type { DraftIdentity } from "./outside.js";

export interface Identities {
  readonly providers: readonly DraftIdentity[];
  /** the provider whose tokens a workload asks for */
  of(workload: DraftWorkload): DraftIdentity | undefined;
}

export function readIdentities(context: Pick<CallContext, "cluster" | "inventory" | "remarks">): Identities {
  const { cluster, inventory, remarks } = context;
  const providers = new Map<string, DraftIdentity>();
  const validating = new Map<string, DraftIdentity>();
  let atGateway: DraftIdentity | undefined;
  for (const authentication of cluster.requestAuthentications) {
    const { workloads, gateway } = attachedTo(cluster, inventory, authentication);
    for (const [index, rule] of authentication.rules.entries()) {
      const provider = providerOf(authentication, rule, index, providers, remarks);
      if (provider === undefined) continue;
      for (const { name } of workloads) validating.set(name, validating.get(name) ?? provider);
      if (gateway) atGateway ??= provider;
    }
  }
  const asking = new Set<string>();
  let gatewayAsks = false;
  for (const policy of cluster.authorizationPolicies) {
    const requires =
      policy.action === "ALLOW"
        ? policy.rules.some(asksForToken)
        : policy.action === "DENY" && policy.rules.some(deniesWithoutToken);
    if (!requires) continue;
    const { workloads, gateway } = attachedTo(cluster, inventory, policy);
    for (const { name } of workloads) asking.add(name);
    if (gateway) gatewayAsks = true;
  }
  return {
    providers: [...providers.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    of: ({ name }) => (asking.has(name) ? validating.get(name) : undefined) ?? (gatewayAsks ? atGateway : undefined),
  };
}

function providerOf(
  authentication: RequestAuthentication,
  rule: JwtRule,
  index: number,
  providers: Map<string, DraftIdentity>,
  remarks: CallContext["remarks"],
): DraftIdentity | undefined {
  const known = providers.get(rule.issuer);
  if (known !== undefined) return known;
  const place = () => authentication.object.origin.spanOf(["spec", "jwtRules", index]);
  const cited = `RequestAuthentication ${authentication.name}`;
  const url = httpsUrl(rule.issuer);
  if (url === undefined || rule.audiences.length === 0) {
    const why = url === undefined ? "is no https:// address" : "comes without audiences, so any token of it would do";
    remarks.add(
      "unresolved",
      cited,
      `the issuer \`${withoutUser(rule.issuer)}\` ${why}: declare it under \`identity\` yourself`,
      place(),
    );
    return undefined;
  }
  const taken = new Set([...providers.values()].map(({ name }) => name));
  const base = labelOf(url.hostname, "issuer");
  let name = base;
  for (let count = 2; taken.has(name); count++) name = `${base.slice(0, 60)}-${count}`;
  const jwksUri = rule.jwksUri !== undefined && httpsUrl(rule.jwksUri) !== undefined ? rule.jwksUri : undefined;
  const provider = { name, issuer: rule.issuer, audiences: rule.audiences, jwksUri, roles: undefined, place };
  providers.set(rule.issuer, provider);
  return provider;
}

function httpsUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === "https:" && url.username === "" && url.password === "" && !/[$<{]/.test(text)
    ? url
    : undefined;
}

const withoutUser = (text: string): string => text.replace(/\/\/[^/@]*@/, "//");

/** Every way through the rule needs a token. */
export function asksForToken(rule: AuthorizationRule): boolean {
  if (rule.when.some(({ key, values }) => key.startsWith("request.auth.") && values.length > 0)) return true;
  return (
    rule.from !== undefined &&
    rule.from.length > 0 &&
    rule.from.every(({ requestPrincipals }) => requestPrincipals.length > 0)
  );
}

function deniesWithoutToken(rule: AuthorizationRule): boolean {
  return (rule.from ?? []).some(({ notRequestPrincipals }) => notRequestPrincipals.includes("*"));
}
