/**
 * The way out with sidecars. Each sidecar sends an API's traffic to the egress gateway inside mutual TLS (also what is
 * TLS already, since the gateway would otherwise not know the caller), and the gateway lets out what a rule permits:
 * requests on its port 80, connections on its port 443, told apart by the name in the greeting.
 */
import type { Policy } from "../../policy/index.js";
import { egressGatewayName, shortName } from "../names.js";
import { type KubeObject, kubeObject } from "../object.js";
import type { Shape } from "../shape.js";
import type { Value, ValueMap } from "../yaml.js";
import { allowRules } from "./allow.js";
import { requestAuthentication } from "./authentication.js";
import { allowPolicy, denyAll } from "./authorization.js";
import { apiObject, type Outside, originatedTls, past, serviceEntry, throughGateway } from "./outside.js";
import { egressService } from "./sidecar.js";

const REQUESTS = 80;
const CONNECTIONS = 443;
const SELECTOR = { istio: "egressgateway" };

export function egressGateway(shape: Shape, namespace: string): KubeObject[] {
  const { policy } = shape;
  const outside = throughGateway(shape);
  const registered = past(shape).map((entry) => serviceEntry(policy, namespace, entry));
  if (outside.length === 0) return registered;
  return [
    denyAll(policy, `${policy.workflow}.deny-all`, namespace, { selector: { matchLabels: SELECTOR } }),
    gateway(policy, namespace, outside),
    mutualTls(policy, namespace, outside),
    ...outside.flatMap((entry) => [
      serviceEntry(policy, namespace, entry),
      route(policy, namespace, entry),
      ...origination(policy, namespace, entry),
      ...authorization(shape, namespace, entry),
    ]),
    ...registered,
  ];
}

function gateway(policy: Policy, namespace: string, outside: readonly Outside[]): KubeObject {
  const server = (entry: Outside, number: number, protocol: string): ValueMap => ({
    // The name is part of the route's own; two servers on a port may not share it.
    port: { number, name: shortName(`${protocol.toLowerCase()}-${entry.api.name}`), protocol },
    hosts: [`./${entry.api.host}`],
    tls: { mode: "ISTIO_MUTUAL" },
  });
  return kubeObject(policy, {
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    name: egressGatewayName(policy),
    namespace,
    rules: outside.flatMap(({ rules }) => rules.map(({ id }) => id)),
    body: {
      spec: {
        selector: SELECTOR,
        servers: outside.flatMap((entry) => [
          ...(entry.requests.length > 0 ? [server(entry, REQUESTS, "HTTPS")] : []),
          ...(entry.connections.length > 0 ? [server(entry, CONNECTIONS, "TLS")] : []),
        ]),
      },
    },
  });
}

/** From the sidecars to the gateway: mutual TLS under the API's name, by which the gateway finds its server. */
function mutualTls(policy: Policy, namespace: string, outside: readonly Outside[]): KubeObject {
  const zones = [...new Set(outside.flatMap((entry) => entry.zones))].sort();
  return kubeObject(policy, {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    name: egressGatewayName(policy),
    namespace,
    rules: outside.flatMap(({ rules }) => rules.map(({ id }) => id)),
    body: {
      spec: {
        host: egressService(namespace),
        exportTo: [".", ...zones],
        subsets: outside.map(({ api, requests, connections }) => ({
          name: subsetOf(policy, api.name),
          trafficPolicy: {
            portLevelSettings: [
              ...(requests.length > 0 ? [REQUESTS] : []),
              ...(connections.length > 0 ? [CONNECTIONS] : []),
            ].map((number) => ({ port: { number }, tls: { mode: "ISTIO_MUTUAL", sni: api.host } })),
          },
        })),
      },
    },
  });
}

function subsetOf(policy: Policy, api: string): string {
  return shortName(`${policy.workflow}-${api}`);
}

function route(policy: Policy, namespace: string, entry: Outside): KubeObject {
  const { api, requests, connections, requestPort, rules, zones } = entry;
  const gatewayName = egressGatewayName(policy);
  const toGateway = (number: number): Value => [
    { destination: { host: egressService(namespace), subset: subsetOf(policy, api.name), port: { number } } },
  ];
  const out = (number: number): Value => [{ destination: { host: api.host, port: { number } } }];
  const fromMesh = (port: number) => ({ gateways: ["mesh"], port });
  const fromGateway = (port: number) => ({ gateways: [gatewayName], port });
  const isTcp = api.protocol === "tcp";
  const tcp: Value[] =
    connections.length === 0
      ? []
      : [
          ...(isTcp ? [{ match: [fromMesh(api.port)], route: toGateway(CONNECTIONS) }] : []),
          { match: [fromGateway(CONNECTIONS)], route: out(api.port) },
        ];
  return kubeObject(policy, {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    name: apiObject(policy, api),
    namespace,
    rules: rules.map(({ id }) => id),
    body: {
      spec: {
        hosts: [api.host],
        gateways: ["mesh", gatewayName],
        exportTo: [".", ...zones],
        http:
          requests.length === 0
            ? undefined
            : [
                { match: [fromMesh(requestPort)], route: toGateway(REQUESTS) },
                { match: [fromGateway(REQUESTS)], route: out(requestPort) },
              ],
        tls:
          connections.length === 0 || isTcp
            ? undefined
            : [{ match: [{ ...fromMesh(api.port), sniHosts: [api.host] }], route: toGateway(CONNECTIONS) }],
        tcp: tcp.length === 0 ? undefined : tcp,
      },
    },
  });
}

/** Seen by the gateway alone: a sidecar that went past it would not get TLS added. */
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
          trafficPolicy: {
            portLevelSettings: [{ port: { number: requestPort }, tls: originatedTls(api) }],
          },
        },
      },
    }),
  ];
}

function authorization(shape: Shape, namespace: string, { api, requests, connections, rules }: Outside): KubeObject[] {
  const { policy } = shape;
  const attach = { selector: { matchLabels: SELECTOR } };
  const where = { name: apiObject(policy, api), namespace, attach };
  const allowed = [
    ...requests.flatMap((rule) => allowRules(policy, rule, { port: undefined, sni: api.host, host: api.host })),
    ...connections.flatMap((rule) => allowRules(policy, rule, { port: undefined, sni: api.host })),
  ];
  // The token stays here: an outside API gets what the workload itself sends it, not the user's identity.
  return [
    ...requestAuthentication(policy, { ...where, rules: requests, forward: false }),
    ...allowPolicy(policy, where, rules, allowed),
  ];
}
