/**
 * Connections that the chosen engines need for themselves, beside the workflow's flows: name resolution, the mesh's
 * control plane, a decision point. One table, so that the network layer opens exactly these and a reviewer reads them in
 * one place. A target whose engine talks to a workload's pod, or is talked to by it, adds its row here.
 */
import type { Policy } from "../policy/index.js";
import { askingWorkloads, asksDecisionPoint, DECISION_PORT, decisionNamespace, LABELS } from "./names.js";
import { addressOf, grantsOf, namespaceOf, vaultOf } from "./vault/grants.js";

export interface Need {
  /** names the object that opens it; unique */
  readonly name: string;
  /** a sentence for the file's comment and for reviewers */
  readonly why: string;
  readonly direction: "egress" | "ingress";
  /** workloads whose pods have the need; every pod of every zone, or pods that carry a label */
  readonly pods: "every" | { readonly workloads: readonly string[] } | { readonly label: readonly [string, string] };
  readonly peer:
    | { readonly namespace: string; readonly labels?: { readonly [key: string]: string } }
    /** never a range wider than the link-local addresses that a node gives to a function of its own */
    | { readonly addresses: readonly string[] };
  /** on the pod that is connected to; `any`: only for what the node itself asks */
  readonly ports: readonly { readonly port: number; readonly protocol: "TCP" | "UDP" }[] | "any";
}

/** The needs of the chosen engines, in the order of the table. */
export function needsOf(policy: Policy): readonly Need[] {
  return [DNS, ...meshNeeds(policy), ...decisionNeeds(policy), ...vaultNeeds(policy)];
}

const DNS: Need = {
  name: "dns",
  why: "Names are resolved by the cluster's DNS, and by nobody else.",
  direction: "egress",
  pods: "every",
  peer: { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } },
  ports: [
    { port: 53, protocol: "UDP" },
    { port: 53, protocol: "TCP" },
  ],
};

function meshNeeds(policy: Policy): Need[] {
  const { mesh } = policy.targets;
  if (mesh.engine === "none") return [];
  const controlPlane: Need = {
    name: "mesh-control-plane",
    why: "Proxies get their certificates and configuration from istiod, over mutual TLS.",
    direction: "egress",
    pods: mesh.mode === "sidecar" ? "every" : { label: [LABELS.gatewayName, WAYPOINT] },
    peer: { namespace: mesh.rootNamespace, labels: { app: "istiod" } },
    ports: [{ port: 15012, protocol: "TCP" }],
  };
  if (mesh.mode === "sidecar") return [controlPlane];
  const probes: Need = {
    name: "kubelet-probes",
    why: "In ambient mode the kubelet's probes come from this link-local address, which only the node itself can use.",
    direction: "ingress",
    pods: "every",
    peer: { addresses: ["169.254.7.127/32", "fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128"] },
    ports: "any",
  };
  return [controlPlane, probes];
}

function decisionNeeds(policy: Policy): Need[] {
  if (!asksDecisionPoint(policy)) return [];
  return [
    {
      name: "decision-point",
      why: "A workload's proxy asks OPA about requests that come in; without an answer they are denied.",
      direction: "egress",
      pods: { workloads: askingWorkloads(policy).map(({ name }) => name) },
      peer: { namespace: decisionNamespace(policy), labels: { app: "opa" } },
      ports: [{ port: DECISION_PORT, protocol: "TCP" }],
    },
  ];
}

function vaultNeeds(policy: Policy): Need[] {
  const vault = vaultOf(policy);
  const workloads = grantsOf(policy).map(({ workload }) => workload.name);
  if (vault === undefined || workloads.length === 0) return [];
  const { host, port } = addressOf(vault);
  const namespace = namespaceOf({ host });
  if (namespace === undefined) return [];
  return [
    {
      name: "vault",
      why: "The agent beside a workload fetches the secrets that it uses.",
      direction: "egress",
      pods: { workloads },
      peer: { namespace },
      ports: [{ port, protocol: "TCP" }],
    },
  ];
}

/** The waypoint proxy of a zone, by its Gateway's name: its pods' label, its service account, its Service. */
export const WAYPOINT = "waypoint";
