/**
 * All policies of a proxy → the requests that it lets through. The order is CUSTOM, DENY, ALLOW: a CUSTOM policy hands
 * what it matches to an external authorizer, a DENY that matches decides, and once there is an ALLOW policy at all one
 * of them must match. AUDIT and dry-run policies decide nothing.
 */
import type { AuthorizationPolicy, ExtensionProvider, MeshConfig } from "../../../cluster/index.js";
import { dimension, Language, RequestSet, Text } from "../../space/index.js";
import type { Surroundings } from "./attributes.js";
import { isDryRun, policySet } from "./rules.js";

const NOBODY: ReadonlySet<string> = new Set();

/** The dimension in which an external authorizer's answer stands: `yes` lets the request through. */
export function providerAnswer(provider: string): dimension.Dimension<Text> {
  return dimension.unseen(`authorizer ${provider}`);
}

/** @param elsewhere providers whose answers another layer works out */
export function decide(
  policies: readonly AuthorizationPolicy[],
  surroundings: Surroundings,
  mesh: MeshConfig,
  elsewhere: ReadonlySet<string> = NOBODY,
): RequestSet {
  const enforced = policies.filter((policy) => !isDryRun(policy));
  const of = (action: AuthorizationPolicy["action"]) => enforced.filter((policy) => policy.action === action);
  const matched = (list: readonly AuthorizationPolicy[]) =>
    RequestSet.any(list.map((one) => policySet(one, surroundings)));
  const allow = of("ALLOW");
  const allowed = allow.length === 0 ? RequestSet.full : matched(allow);
  return RequestSet.all([
    custom(
      of("CUSTOM").filter(({ provider }) => !elsewhere.has(provider ?? "")),
      surroundings,
      mesh,
    ),
    allowed,
  ]).minus(matched(of("DENY")));
}

function custom(policies: readonly AuthorizationPolicy[], surroundings: Surroundings, mesh: MeshConfig): RequestSet {
  const names = [...new Set(policies.map(({ provider }) => provider ?? ""))];
  return RequestSet.all(
    names.map((name) => {
      const group = policies.filter(({ provider }) => (provider ?? "") === name);
      const asked = RequestSet.any(group.map((policy) => policySet(policy, surroundings)));
      return asked.complement().union(answer(name, surroundings, mesh));
    }),
  );
}

/** The requests that the authorizer lets through, of those it is asked about. */
function answer(name: string, { chain }: Surroundings, mesh: MeshConfig): RequestSet {
  const provider: ExtensionProvider | undefined = mesh.extensionProviders.find((one) => one.name === name);
  // Without the mesh configuration nobody knows whether the provider exists; with it, a missing one denies.
  const declared = mesh.declared ? provider?.externalAuthorization : { protocol: "grpc" as const };
  if (declared === undefined) return RequestSet.empty;
  // An HTTP authorizer cannot be asked about bytes, and istiod then leaves the policy out.
  if (chain === "tcp" && declared.protocol === "http") return RequestSet.full;
  return RequestSet.where(providerAnswer(name), Text.of(Language.only("yes")));
}
