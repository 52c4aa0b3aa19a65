/**
 * What the mesh's own configuration must say for the policies to mean what they say. It belongs to whoever installs
 * Istio, so it is written as an installation reads it, and not applied with the rest.
 */
import type { Policy } from "../../policy/index.js";
import { asksDecisionPoint, DECISION_PORT, decisionNamespace, decisionProvider } from "../names.js";
import { kubeObject } from "../object.js";
import { seesRequests, shapeOf } from "../shape.js";
import type { ManifestArtifact } from "../target.js";
import type { ValueMap } from "../yaml.js";
import { throughGateway } from "./outside.js";

/** @param rootNamespace where the mesh is installed */
export function meshConfig(policy: Policy, rootNamespace: string): ManifestArtifact {
  const comment = [
    "What the mesh's own configuration must say. Give it to the installation, or merge what stands under `spec` into the",
    needsAddresses(policy)
      ? "values of the chart `istiod` (`values.pilot` and `values.cni` belong to the charts `istiod` and `cni`):"
      : "values of the chart `istiod`:",
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
    ...(needsAddresses(policy)
      ? [
          "PILOT_ENABLE_IP_AUTOALLOCATE and the capture of DNS: an outside host gets an address of its own, by which what is",
          "  sent to it is told apart.",
        ]
      : []),
  ];
  const installation = kubeObject(policy, {
    apiVersion: "install.istio.io/v1alpha1",
    kind: "IstioOperator",
    name: policy.workflow,
    namespace: rootNamespace,
    holds: ["normalization"],
    body: { spec: { meshConfig: settings(policy), values: needsAddresses(policy) ? addresses(policy) : undefined } },
  });
  return { kind: "manifests", path: "istio/mesh-config.yaml", objects: [installation], comment, apply: false };
}

function settings(policy: Policy): ValueMap {
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
    defaultConfig:
      needsAddresses(policy) && !isAmbient(policy) ? { proxyMetadata: { ISTIO_META_DNS_CAPTURE: "true" } } : undefined,
  };
}

/** From Istio 1.25 on these are its defaults. */
function addresses(policy: Policy): ValueMap {
  return {
    pilot: { env: { PILOT_ENABLE_IP_AUTOALLOCATE: "true" } },
    cni: isAmbient(policy) ? { ambient: { dnsCapture: true } } : undefined,
  };
}

function comparesPaths(policy: Policy): boolean {
  return policy.rules.some((rule) => seesRequests(rule) && rule.operations.some(({ paths }) => paths !== "any"));
}

function isAmbient({ targets: { mesh } }: Policy): boolean {
  return mesh.engine === "istio" && mesh.mode === "ambient";
}

/** Where a host is known by the address alone: TCP in a sidecar, everything in ambient mode, whose node sees no names. */
function needsAddresses(policy: Policy): boolean {
  return throughGateway(shapeOf(policy)).some(({ api }) => isAmbient(policy) || api.protocol === "tcp");
}
