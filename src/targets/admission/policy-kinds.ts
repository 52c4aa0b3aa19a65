/** Kinds that add to or take from what a policy permits: one more of them by somebody else is a way around. */

export interface PolicyKinds {
  readonly group: string;
  readonly resources: readonly string[];
  readonly kinds: readonly string[];
}

/** The mesh's own kinds; `ServiceEntry` and what follows bring or configure workloads. */
export const MESH_KINDS: readonly PolicyKinds[] = [
  {
    group: "security.istio.io",
    resources: ["authorizationpolicies", "peerauthentications", "requestauthentications"],
    kinds: ["AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"],
  },
  {
    group: "networking.istio.io",
    resources: [
      "sidecars",
      "serviceentries",
      "envoyfilters",
      "virtualservices",
      "destinationrules",
      "gateways",
      "workloadentries",
      "workloadgroups",
      "proxyconfigs",
    ],
    kinds: [
      "Sidecar",
      "ServiceEntry",
      "EnvoyFilter",
      "VirtualService",
      "DestinationRule",
      "Gateway",
      "WorkloadEntry",
      "WorkloadGroup",
      "ProxyConfig",
    ],
  },
  {
    group: "extensions.istio.io",
    resources: ["wasmplugins", "trafficextensions"],
    kinds: ["WasmPlugin", "TrafficExtension"],
  },
];

/** Kinds that decide in the namespace in which they stand. A second Ingress or route is a second way in. */
export const POLICY_KINDS: readonly PolicyKinds[] = [
  { group: "networking.k8s.io", resources: ["networkpolicies", "ingresses"], kinds: ["NetworkPolicy", "Ingress"] },
  { group: "cilium.io", resources: ["ciliumnetworkpolicies"], kinds: ["CiliumNetworkPolicy"] },
  ...MESH_KINDS,
  {
    group: "gateway.networking.k8s.io",
    resources: ["gateways", "httproutes", "grpcroutes", "tcproutes", "tlsroutes", "udproutes", "referencegrants"],
    kinds: ["Gateway", "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute", "ReferenceGrant"],
  },
];

/** Kinds that stand in no namespace and decide in all of them. */
export const CLUSTER_POLICY_KINDS: readonly PolicyKinds[] = [
  {
    group: "cilium.io",
    resources: ["ciliumclusterwidenetworkpolicies"],
    kinds: ["CiliumClusterwideNetworkPolicy"],
  },
  {
    group: "policy.networking.k8s.io",
    resources: ["adminnetworkpolicies", "baselineadminnetworkpolicies", "clusternetworkpolicies"],
    kinds: ["AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"],
  },
];
