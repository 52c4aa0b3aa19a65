/**
 * Ingresses for ingress-nginx, whose project has ended and which many still run. Each request is first asked about: the
 * auth request goes to OPA's own authorization, which answers 401 for no. (OPA's data API answers 200 whatever it
 * decides, and nginx takes any 2xx for yes.) No answer is no, too.
 */
import type { Policy } from "../../policy/index.js";
import { decisionNamespace, EDGE_DECISION_PORT, gatewayAsksDecisionPoint, LABELS } from "../names.js";
import { type KubeObject, kubeObject } from "../object.js";
import type { Value } from "../yaml.js";
import { type Entrance, entrancesOf } from "./entrance.js";
import { certificateName } from "./gateway-api.js";
import { isLiteral, literalText, pathExpression } from "./path-match.js";

export function ingressNginx(policy: Policy): KubeObject[] {
  return entrancesOf(policy).requests.flatMap((entrance) =>
    [true, false].flatMap((literal) => ingress(policy, entrance, literal)),
  );
}

/** Regular expressions are a switch for an Ingress as a whole, so literal paths stand in one of their own. */
function ingress(
  policy: Policy,
  { workload, port, servicePort, protocol, rules, openings }: Entrance,
  literal: boolean,
): KubeObject[] {
  const { className, hosts } = policy.targets.gateway;
  const chosen = openings.filter(({ path }) => (path === undefined || isLiteral(path)) === literal);
  if (chosen.length === 0) return [];
  const backend = { service: { name: workload.kubernetes.services[0], port: { number: servicePort } } };
  const paths = new Map<string, Value>();
  for (const { path } of chosen) {
    const text = path === undefined ? "/" : literal ? literalText(path) : pathExpression(path);
    const pathType = !literal ? "ImplementationSpecific" : path === undefined || path.rest ? "Prefix" : "Exact";
    paths.set(`${text} ${pathType}`, { path: literal ? text : `${text}$`, pathType, backend });
  }
  const own = [...new Set(chosen.flatMap((opening) => (opening.hosts.length === 0 ? hosts : opening.hosts)))].sort();
  const http = { paths: [...paths.values()] };
  return [
    kubeObject(policy, {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      name: `${workload.name}-${port}${literal ? "" : "-patterns"}`,
      namespace: workload.zone,
      rules: rules.map(({ id }) => id),
      labels: { [LABELS.workload]: workload.name },
      annotations: annotations(policy, workload.name, port, protocol, literal),
      body: {
        spec: {
          ingressClassName: className,
          tls: [{ hosts: own.length === 0 ? undefined : own, secretName: certificateName(policy) }],
          rules: own.length === 0 ? [{ http }] : own.map((host) => ({ host, http })),
        },
      },
    }),
  ];
}

function annotations(
  policy: Policy,
  workload: string,
  port: number,
  protocol: string,
  literal: boolean,
): Record<string, string> {
  const prefix = "nginx.ingress.kubernetes.io";
  const service = `opa-edge.${decisionNamespace(policy)}.svc.cluster.local:${EDGE_DECISION_PORT}`;
  return {
    [`${prefix}/ssl-redirect`]: "true",
    [`${prefix}/force-ssl-redirect`]: "true",
    ...(literal ? {} : { [`${prefix}/use-regex`]: "true" }),
    ...(protocol === "grpc" ? { [`${prefix}/backend-protocol`]: "GRPC" } : {}),
    ...(gatewayAsksDecisionPoint(policy)
      ? {
          [`${prefix}/auth-url`]: `http://${service}/v1/data/edge/${workload}/${port}`,
          [`${prefix}/auth-method`]: "GET",
        }
      : {}),
  };
}
