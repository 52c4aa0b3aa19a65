/**
 * Egress by host name, which Kubernetes' own NetworkPolicy cannot express. Cilium learns a name's addresses by watching
 * the pod's DNS answers, so the policy that opens names also sends that pod's DNS through Cilium's proxy.
 */
import type { Rule, Workload } from "../../policy/index.js";
import { LABELS, podsOf } from "../names.js";
import { type KubeObject, kubeObject } from "../object.js";
import { apiNamed, exitOf, type Shape } from "../shape.js";
import type { ValueMap } from "../yaml.js";

/** One policy for a workload that reaches outside hosts from its own pods; none otherwise. */
export function fqdnPolicy(shape: Shape, workload: Workload): KubeObject[] {
  const { policy } = shape;
  const rules = (shape.outOf.get(workload.name) ?? []).filter(
    (rule) => rule.to.kind === "api" && exitOf(policy, apiNamed(policy, rule.to.name)) === "names",
  );
  if (rules.length === 0) return [];
  return [
    kubeObject(policy, {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNetworkPolicy",
      name: `workload.${workload.name}`,
      namespace: workload.zone,
      rules: rules.map(({ id }) => id),
      labels: { [LABELS.workload]: workload.name },
      body: {
        spec: { endpointSelector: podsOf(workload.name), egress: [DNS, ...rules.map((rule) => opening(shape, rule))] },
      },
    }),
  ];
}

const DNS: ValueMap = {
  toEndpoints: [{ matchLabels: { "k8s:io.kubernetes.pod.namespace": "kube-system", "k8s:k8s-app": "kube-dns" } }],
  toPorts: [{ ports: [{ port: "53", protocol: "ANY" }], rules: { dns: [{ matchPattern: "*" }] } }],
};

function opening(shape: Shape, rule: Rule): ValueMap {
  const { host } = apiNamed(shape.policy, rule.to.name);
  // `**.` is any number of labels where Cilium knows it, and one label, as `*.`, where it does not.
  const names = host.startsWith("*.") ? [{ matchPattern: host }, { matchPattern: `*${host}` }] : [{ matchName: host }];
  return { toFQDNs: names, toPorts: [{ ports: [{ port: String(rule.port.port), protocol: "TCP" }] }] };
}
