/** Who may do what: nothing, and then one ALLOW policy a workload with the rules that lead to it. */
import type { Policy, Rule, Workload } from "../../policy/index.js";
import { LABELS, podsOf } from "../names.js";
import { WAYPOINT } from "../needs.js";
import { type KubeObject, kubeObject } from "../object.js";
import { type Shape, seesRequests } from "../shape.js";
import type { Value, ValueMap } from "../yaml.js";
import { hasWaypoint } from "../zone-labels.js";
import { allowRules, principalsOf } from "./allow.js";

/** An ALLOW policy without rules matches nothing, and where there is one, what no other allows is denied. */
export function denyAll(policy: Policy, name: string, namespace: string, attach: ValueMap = {}): KubeObject {
  return kubeObject(policy, {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    name,
    namespace,
    holds: ["default-deny"],
    body: { spec: attach },
  });
}

export function allowPolicy(
  policy: Policy,
  where: { readonly name: string; readonly namespace: string; readonly attach: ValueMap; readonly workload?: string },
  rules: readonly Rule[],
  allowed: readonly Value[],
): KubeObject[] {
  if (allowed.length === 0) return [];
  return [
    kubeObject(policy, {
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      name: where.name,
      namespace: where.namespace,
      rules: rules.map(({ id }) => id),
      ...(where.workload === undefined ? {} : { labels: { [LABELS.workload]: where.workload } }),
      body: { spec: { ...where.attach, action: "ALLOW", rules: allowed } },
    }),
  ];
}

/** With sidecars the workload's own proxy decides on connections and requests alike. */
export function sidecarPolicies(shape: Shape, workload: Workload): KubeObject[] {
  const { policy } = shape;
  const rules = shape.into.get(workload.name) ?? [];
  const where = {
    name: `workload.${workload.name}`,
    namespace: workload.zone,
    attach: { selector: podsOf(workload.name) },
    workload: workload.name,
  };
  return allowPolicy(
    policy,
    where,
    rules,
    rules.flatMap((rule) => allowRules(policy, rule, { port: rule.port.port })),
  );
}

/**
 * In ambient mode the node's ztunnel decides on connections to the pod: from the waypoint for what the waypoint has
 * decided on, from the caller itself for the rest. The waypoint decides on requests. It compares the Service's port, not
 * the pod's; a workload with one port needs none there, since ztunnel holds the connection to it.
 */
export function ambientPolicies(shape: Shape, workload: Workload): KubeObject[] {
  const { policy } = shape;
  const rules = shape.into.get(workload.name) ?? [];
  const waypoint = hasWaypoint(policy, workload.zone);
  const waypointPrincipal = `${policy.trustDomain}/ns/${workload.zone}/sa/${WAYPOINT}`;
  const pod = {
    name: `workload.${workload.name}`,
    namespace: workload.zone,
    attach: { selector: podsOf(workload.name) },
    workload: workload.name,
  };
  const connections = rules.map((rule) => ({
    from: [
      {
        source: {
          principals: [
            ...(seesRequests(rule) ? [] : principalsOf(policy, rule)),
            ...(waypoint ? [waypointPrincipal] : []),
          ],
        },
      },
    ],
    to: [{ operation: { ports: [String(rule.port.port)] } }],
  }));
  const service = {
    name: `requests.${workload.name}`,
    namespace: workload.zone,
    attach: { targetRefs: workload.kubernetes.services.map((name) => ({ group: "", kind: "Service", name })) },
    workload: workload.name,
  };
  const several = workload.ports.length > 1;
  const requests = rules.flatMap((rule) =>
    allowRules(policy, rule, { port: several ? rule.port.servicePort : undefined }),
  );
  return [
    ...allowPolicy(policy, pod, rules, distinct(connections)),
    ...(waypoint ? allowPolicy(policy, service, rules, requests) : []),
  ];
}

function distinct(values: readonly ValueMap[]): ValueMap[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}
