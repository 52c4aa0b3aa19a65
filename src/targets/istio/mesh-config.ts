/**
 * What the mesh's own configuration must say for the policies to mean what they say. It belongs to whoever installs
 * Istio, so it is written as an installation reads it, and not applied with the rest.
 */
import type { Policy } from "../../policy/index.js";
import { asksDecisionPoint, DECISION_PORT, decisionNamespace, decisionProvider } from "../names.js";
import { kubeObject } from "../object.js";
import { seesRequests } from "../shape.js";
import type { ManifestArtifact } from "../target.js";
import type { ValueMap } from "../yaml.js";

/** @param rootNamespace where the mesh is installed */
export function meshConfig(policy: Policy, rootNamespace: string): ManifestArtifact {
  const comment = [
    "What the mesh's own configuration must say. Give it to the installation, or merge what stands under `spec` into the",
    "values of the chart `istiod`:",
    "",
    "  istioctl install -f mesh-config.yaml",
    "",
    "trustDomain: identities are written under this name; under another, every policy denies.",
    ...(comparesPaths(policy)
      ? [
          "pathNormalization: paths are compared after decoding and merging slashes, so that `//admin` and `/%61dmin` are",
          "  no way around. The server behind must understand the path as it then is.",
        ]
      : []),
    "outboundTrafficPolicy: a pod that no Sidecar object covers reaches what the mesh knows, and nothing else.",
    ...(asksDecisionPoint(policy)
      ? ["extensionProviders: the decision point; where it does not answer, requests are denied."]
      : []),
    ...(needsDnsCapture(policy)
      ? ["ISTIO_META_DNS_CAPTURE: gives an outside host an address of its own, by which TCP to it is told apart."]
      : []),
  ];
  const installation = kubeObject(policy, {
    apiVersion: "install.istio.io/v1alpha1",
    kind: "IstioOperator",
    name: policy.workflow,
    namespace: rootNamespace,
    holds: ["normalization"],
    body: { spec: { meshConfig: values(policy) } },
  });
  return { kind: "manifests", path: "istio/mesh-config.yaml", objects: [installation], comment, apply: false };
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
