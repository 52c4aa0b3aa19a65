/** Who is believed: certificates between workloads, and tokens of the identity providers. */
import type { IdentityProvider, Policy, Rule } from "../../policy/index.js";
import { type KubeObject, kubeObject } from "../object.js";
import { type Shape, seesRequests } from "../shape.js";
import type { ValueMap } from "../yaml.js";
import { providerOf } from "./allow.js";

/** Namespace-wide mutual TLS. It has the name by which Istio's own documentation has people make theirs. */
export function strictMtls(policy: Policy, zone: string): KubeObject {
  return kubeObject(policy, {
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    name: "default",
    namespace: zone,
    holds: ["mtls"],
    body: { spec: { mtls: { mode: "STRICT" } } },
  });
}

interface Attachment {
  readonly name: string;
  readonly namespace: string;
  /** `selector` or `targetRefs` */
  readonly attach: ValueMap;
  readonly rules: readonly Rule[];
  /** whether the token goes on with the request after it was checked */
  readonly forward: boolean;
}

/** The tokens that are accepted at one place; none where no rule asks for one. */
export function requestAuthentication(policy: Policy, attachment: Attachment): KubeObject[] {
  const { name, namespace, attach, rules, forward } = attachment;
  const providers = new Map<string, IdentityProvider>();
  const asking: Rule[] = [];
  for (const rule of rules.filter(seesRequests)) {
    const asked = rule.operations.flatMap((operation) => providerOf(policy, rule, operation) ?? []);
    for (const provider of asked) providers.set(provider.name, provider);
    if (asked.length > 0) asking.push(rule);
  }
  if (providers.size === 0) return [];
  const jwtRules = [...providers.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ issuer, audiences, jwksUri }) => ({
      issuer,
      audiences,
      jwksUri,
      forwardOriginalToken: forward ? true : undefined,
    }));
  return [
    kubeObject(policy, {
      apiVersion: "security.istio.io/v1",
      kind: "RequestAuthentication",
      name,
      namespace,
      rules: asking.map(({ id }) => id),
      body: { spec: { ...attach, jwtRules } },
    }),
  ];
}

/**
 * Whether a workload must see the user's token: a hop behind it asks for roles, or a decision point beside it reads the
 * token itself. Otherwise the proxy keeps it, so that the workload cannot leak it.
 */
export function passesTokenOn(shape: Shape): (workload: string) => boolean {
  if (shape.policy.targets.authorization.engine === "opa") return () => true;
  const known = new Map<string, boolean>();
  const ask = (name: string): boolean => {
    const found = known.get(name);
    if (found !== undefined) return found;
    // A cycle that leads to no rule with roles needs no token.
    known.set(name, false);
    const needs = (shape.outOf.get(name) ?? []).some(
      (rule) =>
        rule.operations.some(({ roles }) => roles !== "none") || (rule.to.kind === "workload" && ask(rule.to.name)),
    );
    known.set(name, needs);
    return needs;
  };
  return ask;
}
