import type { Policy } from "../../policy/index.js";
import { asksDecisionPoint } from "../names.js";
import type { Artifact } from "../target.js";
import { askedRules } from "./asked.js";
import { authorizationBundle } from "./bundle.js";
import { askingPolicies, decisionPoint } from "./deployment.js";
import { generatedTests } from "./generated-tests.js";

/**
 * @throws POLICY_MODULE for a module of the user's that could widen what flows permit
 */
export function emit(policy: Policy): readonly Artifact[] {
  const bundle = authorizationBundle(policy);
  const rules = askedRules(policy);
  return [
    {
      kind: "manifests",
      path: "opa/decision-point.yaml",
      objects: decisionPoint(policy, bundle),
      comment: [
        "OPA, as the workloads' proxies or the gateway ask it. The bundle stands in ConfigMaps, the same bytes as in opa/bundle.",
        "",
        "The keys that tokens are checked with come from the ConfigMap `token-keys` of this namespace, which is yours:",
        "one file `<identity>.json` for each identity provider, its JSON Web Key Set. Refresh it when they rotate.",
      ],
    },
    ...(asksDecisionPoint(policy)
      ? [
          {
            kind: "manifests",
            path: "opa/requests.yaml",
            objects: askingPolicies(policy),
            comment: ["Every request asks the decision point first; the mesh's own policies hold beside it."],
          } as const,
        ]
      : []),
    ...bundle.map(
      ({ path, text }): Artifact => ({
        kind: "text",
        path: `opa/bundle/${path}`,
        text,
        ...(path === "data.json" ? { rules } : {}),
        ...(path === "mask.rego" ? { holds: ["decision-log"] as const } : {}),
      }),
    ),
    { kind: "text", path: "opa/test/authz_test.rego", text: generatedTests(policy), rules },
  ];
}
