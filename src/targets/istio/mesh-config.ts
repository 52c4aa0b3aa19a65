/**
 * What the mesh's own configuration must say for the policies to mean what they say. It belongs to whoever installs
 * Istio, so it is a values file to merge, not an object to apply.
 */
import type { Policy } from "../../policy/index.js";
import { asksDecisionPoint, DECISION_PORT, decisionNamespace, decisionProvider } from "../names.js";
import { seesRequests } from "../shape.js";
import { toYaml, type ValueMap } from "../yaml.js";

export function meshConfig(policy: Policy): string {
  const head = [
    "# Values for the chart `istiod` (or the `meshConfig` of another installation): merge them into yours.",
    "#",
    "#   helm upgrade istiod istio/istiod -n istio-system --reuse-values -f mesh-config.yaml",
    "#",
    "# trustDomain: identities are written under this name; under another, every policy denies.",
    ...(comparesPaths(policy)
      ? [
          "# pathNormalization: paths are compared after decoding and merging slashes, so that `//admin` and `/%61dmin` are",
          "#   no way around. The server behind must understand the path as it then is.",
        ]
      : []),
    "# outboundTrafficPolicy: a pod that no Sidecar object covers reaches what the mesh knows, and nothing else.",
    ...(asksDecisionPoint(policy)
      ? ["# extensionProviders: the decision point; where it does not answer, requests are denied."]
      : []),
    ...(needsDnsCapture(policy)
      ? [
          "# ISTIO_META_DNS_CAPTURE: gives an outside host an address of its own, by which a TCP connection to it is told apart.",
        ]
      : []),
  ];
  return `${head.join("\n")}\n${toYaml({ meshConfig: values(policy) })}`;
}

function values(policy: Policy): ValueMap {
  return {
    trustDomain: policy.trustDomain,
    pathNormalization: comparesPaths(policy) ? { normalization: "DECODE_AND_MERGE_SLASHES" } : undefined,
    outboundTrafficPolicy: { mode: "REGISTRY_ONLY" },
    extensionProviders: asksDecisionPoint(policy)
      ? [
          {
            name: decisionProvider(policy),
            envoyExtAuthzGrpc: {
              service: `opa.${decisionNamespace(policy)}.svc.cluster.local`,
              port: DECISION_PORT,
              timeout: "1s",
              failOpen: false,
              statusOnError: "403",
            },
          },
        ]
      : undefined,
    defaultConfig: needsDnsCapture(policy)
      ? { proxyMetadata: { ISTIO_META_DNS_CAPTURE: "true", ISTIO_META_DNS_AUTO_ALLOCATE: "true" } }
      : undefined,
  };
}

function comparesPaths(policy: Policy): boolean {
  return policy.rules.some((rule) => seesRequests(rule) && rule.operations.some(({ paths }) => paths !== "any"));
}

function needsDnsCapture(policy: Policy): boolean {
  const { mesh } = policy.targets;
  return (
    mesh.engine === "istio" &&
    mesh.mode === "sidecar" &&
    policy.rules.some((rule) => rule.to.kind === "api" && rule.protocol === "tcp")
  );
}
