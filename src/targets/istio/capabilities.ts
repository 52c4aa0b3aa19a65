import { type CapabilityTable, enforced, left, partly } from "../capability.js";

export const capabilities: CapabilityTable = {
  "default-deny": enforced(
    "an AuthorizationPolicy without rules in each zone; Sidecar with REGISTRY_ONLY on the way out",
  ),
  callers: enforced("principals of the callers' certificates; users by the gateway's principal"),
  ports: enforced("ports of the container; at a waypoint, those of the Service that lead there"),
  identity: enforced("certificates for `spiffe://<trust domain>/ns/<zone>/sa/<workload>`"),
  mtls: partly(
    "PeerAuthentication STRICT in each zone",
    "a pod outside the mesh is not reached by the setting: admission keeps such pods out, the network layer cuts them off",
    "admission",
    "network",
  ),
  methods: partly("on HTTP, gRPC and WebSocket ports", "not inside TLS that a workload ends itself", "authorization"),
  paths: partly(
    "exact, prefix and template, after normalization",
    "not inside TLS that a workload ends itself",
    "authorization",
  ),
  hosts: partly("with and without port", "below `*.` only without port and with the pod's own", "gateway"),
  token: partly(
    "RequestAuthentication, and the ALLOW rule requires it",
    "not inside TLS that a workload ends itself",
    "gateway",
  ),
  roles: partly("claims of the validated token, at any depth", "a role with `*` at an end is refused", "authorization"),
  normalization: partly(
    "DECODE_AND_MERGE_SLASHES where a rule names paths",
    "it is the mesh's own setting: it must be merged into the installation",
  ),
  "outside-hosts": partly(
    "through the egress gateway, by the host's name and the caller's principal",
    "hosts below `*.` cannot be routed through a gateway",
    "network",
  ),
  "tls-origination": enforced("by the egress gateway, for an HTTPS API of which a rule names requests"),
  "pod-security": left("proxies stand beside pods, not above them", "cluster"),
  accounts: left("identities come from service accounts", "cluster"),
  placement: left("whoever runs as a service account has its identity", "admission"),
  "own-rules": left("its conditions are its own; Rego is asked as an external authorizer", "authorization"),
  secrets: left("it is not about secrets", "secrets"),
  "at-rest": left("it protects traffic, not storage", "encryption"),
  redaction: left("access logs hold paths as they came", "logs"),
  "decision-log": partly(
    "access logs name the denying policy",
    "without the rule's id and unredacted",
    "authorization",
    "logs",
  ),
  response: left("it enforces a quarantine and triggers none", "logs"),
};
