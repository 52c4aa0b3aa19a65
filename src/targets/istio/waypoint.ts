/** Ambient mode: the proxies that see requests, one for each zone that needs it and one for the way out. */
import type { Policy, Workload } from "../../policy/index.js";
import { egressGatewayName } from "../names.js";
import { WAYPOINT } from "../needs.js";
import { type KubeObject, kubeObject } from "../object.js";
import type { Shape } from "../shape.js";
import { toYaml } from "../yaml.js";
import { allowRules } from "./allow.js";
import { passesTokenOn, requestAuthentication } from "./authentication.js";
import { allowPolicy, denyAll } from "./authorization.js";
import { apiObject, type Outside, originatedTls, past, serviceEntry, throughGateway } from "./outside.js";

/** A zone's waypoint, which denies what no policy of a Service allows. */
export function zoneWaypoint(policy: Policy, zone: string): KubeObject[] {
  return [
    ...waypoint(policy, WAYPOINT, zone),
    denyAll(policy, "waypoint.deny-all", zone, { targetRefs: [gatewayReference(WAYPOINT)] }),
  ];
}

/** Tokens are checked where requests are seen: at the waypoint, for the workload's own Service. */
export function waypointAuthentication(shape: Shape, workload: Workload): KubeObject[] {
  return requestAuthentication(shape.policy, {
    name: `requests.${workload.name}`,
    namespace: workload.zone,
    attach: { targetRefs: workload.kubernetes.services.map((name) => ({ group: "", kind: "Service", name })) },
    rules: shape.into.get(workload.name) ?? [],
    forward: passesTokenOn(shape)(workload.name),
  });
}

/** The way out: outside APIs are reached through a waypoint of their own in the egress namespace. */
export function egressWaypoint(shape: Shape, namespace: string): KubeObject[] {
  const { policy } = shape;
  const outside = throughGateway(shape);
  const registered = past(shape).map((entry) => serviceEntry(policy, namespace, entry));
  if (outside.length === 0) return registered;
  const name = egressGatewayName(policy);
  return [
    ...waypoint(policy, name, namespace),
    denyAll(policy, `${policy.workflow}.deny-all`, namespace, { targetRefs: [gatewayReference(name)] }),
    ...outside.flatMap((entry) => [
      serviceEntry(policy, namespace, entry, { "istio.io/use-waypoint": name }),
      ...origination(policy, namespace, entry),
      ...authorization(policy, namespace, entry),
    ]),
    ...registered,
  ];
}

function waypoint(policy: Policy, name: string, namespace: string): KubeObject[] {
  const options = `${name}-options`;
  // Istio's own template sets no seccomp profile, and Pod Security `restricted` refuses a pod without one.
  const deployment = {
    spec: { template: { spec: { securityContext: { seccompProfile: { type: "RuntimeDefault" } } } } },
  };
  return [
    kubeObject(policy, {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: options,
      namespace,
      body: { data: { deployment: toYaml(deployment) } },
    }),
    kubeObject(policy, {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      name,
      namespace,
      labels: { "istio.io/waypoint-for": "service" },
      body: {
        spec: {
          gatewayClassName: "istio-waypoint",
          infrastructure: { parametersRef: { group: "", kind: "ConfigMap", name: options } },
          listeners: [
            { name: "mesh", port: 15008, protocol: "HBONE", allowedRoutes: { namespaces: { from: "Same" } } },
          ],
        },
      },
    }),
  ];
}

function gatewayReference(name: string) {
  return { group: "gateway.networking.k8s.io", kind: "Gateway", name };
}

function origination(policy: Policy, namespace: string, { api, requests, requestPort, originates }: Outside) {
  if (!originates) return [];
  return [
    kubeObject(policy, {
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      name: apiObject(policy, api),
      namespace,
      rules: requests.map(({ id }) => id),
      body: {
        spec: {
          host: api.host,
          exportTo: ["."],
          trafficPolicy: { portLevelSettings: [{ port: { number: requestPort }, tls: originatedTls(api) }] },
        },
      },
    }),
  ];
}

function authorization(policy: Policy, namespace: string, entry: Outside): KubeObject[] {
  const { api, requests, connections, rules, requestPort } = entry;
  const targetRefs = [{ group: "networking.istio.io", kind: "ServiceEntry", name: apiObject(policy, api) }];
  const where = { name: apiObject(policy, api), namespace, attach: { targetRefs } };
  const allowed = [
    ...requests.flatMap((rule) => allowRules(policy, rule, { port: requestPort, host: api.host })),
    ...connections.flatMap((rule) => allowRules(policy, rule, { port: api.port })),
  ];
  return [
    ...requestAuthentication(policy, { ...where, rules: requests, forward: false }),
    ...allowPolicy(policy, where, rules, allowed),
  ];
}
