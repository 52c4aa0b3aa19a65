import { type CapabilityTable, enforced, left, partly } from "../capability.js";

const BLIND = "packets are matched by address and port, not by what is said";

export const capabilities: CapabilityTable = {
  "default-deny": enforced("each zone denies ingress and egress; each workload's policy opens its own flows"),
  callers: partly(
    "pods of the caller, by their label and namespace; users only through the gateway's pods",
    "in ambient mode what is sent to a zone with a waypoint proxy arrives from its pods, which are all that this layer sees",
    "mesh",
  ),
  ports: partly(
    "the pod's ports",
    "in ambient mode all traffic between pods arrives on the tunnel's port 15008",
    "mesh",
  ),
  identity: left("a pod is known by its address, which a node could forge", "mesh"),
  mtls: left("packets are let through whatever they carry", "mesh"),
  methods: left(BLIND, "mesh", "authorization"),
  paths: left(BLIND, "mesh", "authorization"),
  hosts: left(BLIND, "mesh", "gateway"),
  token: left(BLIND, "mesh", "authorization", "gateway"),
  roles: left(BLIND, "mesh", "authorization"),
  normalization: left(BLIND, "mesh"),
  "outside-hosts": partly(
    "with Cilium, the addresses that the host's name resolves to; with a mesh, its egress gateway alone",
    "a Kubernetes NetworkPolicy knows no names: without Cilium and without a mesh, a flow to an outside host is refused",
    "mesh",
  ),
  "tls-origination": left(BLIND, "mesh"),
  "pod-security": left("pods are connected, not inspected", "cluster"),
  accounts: left("pods are selected by label", "cluster"),
  placement: left("any pod that carries a workload's label is taken for it", "admission"),
  "own-rules": left("no part of it evaluates Rego", "authorization"),
  secrets: left("it is not about secrets", "secrets"),
  "at-rest": left("it is not about stored data", "encryption"),
  redaction: left("it writes no logs", "logs"),
  "decision-log": left("dropped packets leave no record that Kubernetes defines", "mesh", "logs"),
  response: left("it cuts off what respond rules quarantine, and triggers none", "logs"),
};
