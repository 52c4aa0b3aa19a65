/**
 * What a sidecar knows of the mesh: the destinations of its workload's flows, and nothing else, so that a connection
 * anywhere else has no route. Without a Sidecar of its own a pod of the zone gets the zone's, which knows nothing.
 */
import type { Policy, Workload } from "../../policy/index.js";
import { asksDecisionPoint, decisionNamespace, podsOf } from "../names.js";
import { type KubeObject, kubeObject } from "../object.js";
import { apiNamed, exitOf, type Shape, workloadNamed } from "../shape.js";

const REGISTRY_ONLY = { outboundTrafficPolicy: { mode: "REGISTRY_ONLY" } };
/** Istio's way to write an empty list of destinations. */
const NOWHERE = ["~/*"];

export function zoneSidecar(policy: Policy, zone: string): KubeObject {
  return kubeObject(policy, {
    apiVersion: "networking.istio.io/v1",
    kind: "Sidecar",
    name: "default",
    namespace: zone,
    holds: ["default-deny"],
    body: { spec: { ...REGISTRY_ONLY, egress: [{ hosts: NOWHERE }] } },
  });
}

export function workloadSidecar(shape: Shape, workload: Workload): KubeObject[] {
  const { policy } = shape;
  const rules = shape.outOf.get(workload.name) ?? [];
  const hosts = new Set<string>(decisionHosts(policy));
  for (const rule of rules) {
    if (rule.to.kind === "workload")
      for (const host of serviceHosts(workloadNamed(shape, rule.to.name))) hosts.add(host);
    else for (const host of outsideHosts(policy, rule.to.name)) hosts.add(host);
  }
  if (hosts.size === 0) return [];
  return [
    kubeObject(policy, {
      apiVersion: "networking.istio.io/v1",
      kind: "Sidecar",
      name: `workload.${workload.name}`,
      namespace: workload.zone,
      rules: rules.map(({ id }) => id),
      body: {
        spec: {
          workloadSelector: { labels: podsOf(workload.name).matchLabels },
          ...REGISTRY_ONLY,
          egress: [{ hosts: [...hosts].sort() }],
        },
      },
    }),
  ];
}

/** A proxy finds its external authorizer among the destinations that it knows. */
function decisionHosts(policy: Policy): readonly string[] {
  const namespace = decisionNamespace(policy);
  return asksDecisionPoint(policy) ? [`${namespace}/opa.${namespace}.svc.cluster.local`] : [];
}

/** `namespace/host` of a workload's Services. */
function serviceHosts({ zone, kubernetes }: Workload): string[] {
  return kubernetes.services.map((service) => `${zone}/${service}.${zone}.svc.cluster.local`);
}

function outsideHosts(policy: Policy, name: string): readonly string[] {
  const { mesh } = policy.targets;
  if (mesh.engine === "none") return [];
  const api = apiNamed(policy, name);
  const itself = `${mesh.egressNamespace}/${api.host}`;
  return exitOf(policy, api) === "gateway"
    ? [itself, `${mesh.egressNamespace}/${egressService(mesh.egressNamespace)}`]
    : [itself];
}

/** The egress gateway's Service, as Istio's own chart and installer name it. */
export function egressService(namespace: string): string {
  return `istio-egressgateway.${namespace}.svc.cluster.local`;
}
