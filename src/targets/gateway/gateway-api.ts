/**
 * One Gateway with an HTTPS listener for each host, and a route for each workload that users reach, which matches what
 * the flows permit and nothing else: what no route matches is answered with 404 and reaches nobody.
 */
import type { Policy } from "../../policy/index.js";
import { gatewayName, LABELS } from "../names.js";
import { type KubeObject, kubeObject } from "../object.js";
import type { Value } from "../yaml.js";
import { type Entrance, entrancesOf, type Opening } from "./entrance.js";
import { isLiteral, literalText, pathExpression } from "./path-match.js";

const GROUP = "gateway.networking.k8s.io";
/** The API refuses routes with more. */
const MAX_MATCHES = 64;
const MAX_RULES = 16;

export function gatewayApi(policy: Policy): KubeObject[] {
  const { requests } = entrancesOf(policy);
  if (requests.length === 0) return [];
  return [gateway(policy, requests), ...requests.flatMap((entrance) => routes(policy, entrance))];
}

function gateway(policy: Policy, entrances: readonly Entrance[]): KubeObject {
  const { namespace, className, hosts } = policy.targets.gateway;
  const zones = [...new Set(entrances.map(({ workload }) => workload.zone))].sort();
  const listener = (name: string, hostname: string | undefined): Value => ({
    name,
    hostname,
    port: 443,
    protocol: "HTTPS",
    tls: { mode: "Terminate", certificateRefs: [{ group: "", kind: "Secret", name: certificateName(policy) }] },
    allowedRoutes: {
      namespaces: {
        from: "Selector",
        selector: { matchExpressions: [{ key: LABELS.namespaceName, operator: "In", values: zones }] },
      },
      kinds: [
        { group: GROUP, kind: "HTTPRoute" },
        { group: GROUP, kind: "GRPCRoute" },
      ],
    },
  });
  return kubeObject(policy, {
    apiVersion: `${GROUP}/v1`,
    kind: "Gateway",
    name: gatewayName(policy),
    namespace,
    rules: entrances.flatMap(({ rules }) => rules.map(({ id }) => id)),
    body: {
      spec: {
        gatewayClassName: className,
        // Else what the controller starts for it would carry this object's labels, and be taken for ours.
        infrastructure: { labels: { [LABELS.workflow]: policy.workflow } },
        listeners:
          hosts.length === 0
            ? [listener("https", undefined)]
            : hosts.map((host, i) => listener(`https-${i + 1}`, host)),
      },
    },
  });
}

export function certificateName(policy: Policy): string {
  return `${policy.workflow}-tls`;
}

function routes(policy: Policy, entrance: Entrance): KubeObject[] {
  const grpc = entrance.protocol === "grpc";
  const byHosts = new Map<string, { hosts: readonly string[]; openings: Opening[] }>();
  for (const opening of entrance.openings) {
    const hosts = opening.hosts.length === 0 ? policy.targets.gateway.hosts : opening.hosts;
    const group = byHosts.get(hosts.join()) ?? { hosts, openings: [] };
    group.openings.push(opening);
    byHosts.set(hosts.join(), group);
  }
  const found: KubeObject[] = [];
  for (const { hosts, openings } of byHosts.values()) {
    const matches = openings.map((opening) => (grpc ? grpcMatch(opening) : httpMatch(opening)));
    const chunks = chunked(chunked(matches, MAX_MATCHES), MAX_RULES);
    for (const rules of chunks) found.push(route(policy, entrance, found.length, hosts, rules));
  }
  return found;
}

function route(
  policy: Policy,
  { workload, port, servicePort, protocol, rules }: Entrance,
  index: number,
  hosts: readonly string[],
  matches: readonly (readonly Value[])[],
): KubeObject {
  const backendRefs = [{ group: "", kind: "Service", name: workload.kubernetes.services[0], port: servicePort }];
  return kubeObject(policy, {
    apiVersion: `${GROUP}/v1`,
    kind: protocol === "grpc" ? "GRPCRoute" : "HTTPRoute",
    name: `${workload.name}-${port}${index === 0 ? "" : `-${index + 1}`}`,
    namespace: workload.zone,
    rules: rules.map(({ id }) => id),
    labels: { [LABELS.workload]: workload.name },
    body: {
      spec: {
        parentRefs: [
          { group: GROUP, kind: "Gateway", name: gatewayName(policy), namespace: policy.targets.gateway.namespace },
        ],
        hostnames: hosts.length === 0 ? undefined : hosts,
        rules: matches.map((list) => ({ matches: list, backendRefs })),
      },
    },
  });
}

function httpMatch({ method, path }: Opening): Value {
  return { path: pathMatch(path), method };
}

function pathMatch(path: Opening["path"]): Value {
  if (path === undefined) return { type: "PathPrefix", value: "/" };
  if (!isLiteral(path)) return { type: "RegularExpression", value: pathExpression(path) };
  return { type: path.rest ? "PathPrefix" : "Exact", value: literalText(path) };
}

/** `/package.Service/Method`; `*` for the method stands for every method of the service. */
function grpcMatch({ path }: Opening): Value {
  const [service, method] = path?.segments ?? [];
  if (service?.kind !== "literal") return {};
  return {
    method: { type: "Exact", service: service.text, method: method?.kind === "literal" ? method.text : undefined },
  };
}

function chunked<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
