/** What both admission engines hold: whose images may run where, and who may change what Ringfence wrote. */
import type { Policy } from "../../policy/index.js";
import { asksDecisionPoint, decisionNamespace } from "../names.js";
import { grantsOf, vaultOf } from "../vault/grants.js";
import { repositoryOf } from "./repository.js";

export interface ZoneFacts {
  readonly zone: string;
  /** repositories of each workload's images, by workload; none: the file names no image, and its pods are refused */
  readonly workloads: { readonly [workload: string]: readonly string[] };
}

/** Containers that a chosen engine puts beside a workload's own, by name, with the repositories that they may come from. */
export interface InjectedFacts {
  readonly [container: string]: readonly string[];
}

export function zoneFacts(policy: Policy): ZoneFacts[] {
  return policy.zones.map(({ name }) => ({
    zone: name,
    workloads: Object.fromEntries(
      policy.workloads
        .filter(({ zone }) => zone === name)
        .map((workload) => [workload.name, workload.image === undefined ? [] : [repositoryOf(workload.image)]]),
    ),
  }));
}

const ISTIO_PROXY = ["docker.io/istio/proxyv2", "gcr.io/istio-release/proxyv2", "registry.istio.io/release/proxyv2"];
const VAULT_AGENT = ["docker.io/hashicorp/vault", "docker.io/openbao/openbao", "quay.io/openbao/openbao"];

export function injectedFacts(policy: Policy): InjectedFacts {
  const { mesh } = policy.targets;
  const sidecar = mesh.engine === "istio" && mesh.mode === "sidecar";
  const agent = vaultOf(policy) !== undefined && grantsOf(policy).length > 0;
  return {
    ...(sidecar ? { "istio-proxy": ISTIO_PROXY, "istio-init": ISTIO_PROXY, "istio-validation": ISTIO_PROXY } : {}),
    ...(agent ? { "vault-agent": VAULT_AGENT, "vault-agent-init": VAULT_AGENT } : {}),
  };
}

/** Groups that may change what Ringfence wrote; everybody else applies through them. */
export const MANAGERS = ["ringfence:managers", "system:masters"] as const;

/** Namespaces whose policies are Ringfence's own. */
export function ownedNamespaces(policy: Policy): string[] {
  const zones = policy.zones.map(({ name }) => name);
  return asksDecisionPoint(policy) ? [...zones, decisionNamespace(policy)] : zones;
}

/** Kinds that add to or take from what a zone permits: one more of them by somebody else is a way around. */
export const POLICY_KINDS = [
  { group: "networking.k8s.io", resources: ["networkpolicies"], kinds: ["NetworkPolicy"] },
  { group: "cilium.io", resources: ["ciliumnetworkpolicies"], kinds: ["CiliumNetworkPolicy"] },
  {
    group: "security.istio.io",
    resources: ["authorizationpolicies", "peerauthentications", "requestauthentications"],
    kinds: ["AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"],
  },
  {
    group: "networking.istio.io",
    resources: ["sidecars", "serviceentries", "envoyfilters", "virtualservices", "destinationrules", "gateways"],
    kinds: ["Sidecar", "ServiceEntry", "EnvoyFilter", "VirtualService", "DestinationRule", "Gateway"],
  },
  { group: "extensions.istio.io", resources: ["wasmplugins"], kinds: ["WasmPlugin"] },
  {
    group: "gateway.networking.k8s.io",
    resources: ["gateways", "httproutes", "grpcroutes"],
    kinds: ["Gateway", "HTTPRoute", "GRPCRoute"],
  },
] as const;

/** Objects that hold a pod or a template of one, and where. */
export const POD_SHAPES = [
  { name: "pods", path: "", group: "", version: "v1", resources: ["pods", "pods/ephemeralcontainers"], kinds: ["Pod"] },
  {
    name: "templates",
    path: "spec.template",
    group: "apps",
    version: "v1",
    resources: ["deployments", "statefulsets", "daemonsets", "replicasets"],
    kinds: ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"],
  },
  { name: "jobs", path: "spec.template", group: "batch", version: "v1", resources: ["jobs"], kinds: ["Job"] },
  {
    name: "cronjobs",
    path: "spec.jobTemplate.spec.template",
    group: "batch",
    version: "v1",
    resources: ["cronjobs"],
    kinds: ["CronJob"],
  },
  {
    name: "controllers",
    path: "spec.template",
    group: "",
    version: "v1",
    resources: ["replicationcontrollers"],
    kinds: ["ReplicationController"],
  },
] as const;
