/** An outside API as the mesh registers it: its host, its ports, and the zones that may know it. */
import type { OutsideApi, Policy, Rule } from "../../policy/index.js";
import { type KubeObject, kubeObject } from "../object.js";
import { exitOf, originatesTls, type Shape, workloadNamed } from "../shape.js";
import type { ValueMap } from "../yaml.js";

export interface Outside {
  readonly api: OutsideApi;
  readonly rules: readonly Rule[];
  /** rules whose requests the mesh sees */
  readonly requests: readonly Rule[];
  /** rules whose connections it passes through as they are */
  readonly connections: readonly Rule[];
  /** the port on which workloads speak HTTP to the mesh, where there are requests */
  readonly requestPort: number;
  readonly originates: boolean;
  readonly zones: readonly string[];
}

/** The APIs that leave through the egress gateway, by name. */
export function throughGateway(shape: Shape): Outside[] {
  return registered(shape).filter(({ api }) => exitOf(shape.policy, api) === "gateway");
}

/** The APIs that leave from the pods themselves. */
export function past(shape: Shape): Outside[] {
  return registered(shape).filter(({ api }) => exitOf(shape.policy, api) === "names");
}

function registered(shape: Shape): Outside[] {
  return shape.policy.outside.flatMap((api) => {
    const rules = api.kind === "api" ? (shape.toApi.get(api.name) ?? []) : [];
    if (api.kind !== "api" || rules.length === 0) return [];
    const seen = (rule: Rule) => originatesTls(rule) || ["http", "grpc", "websocket"].includes(rule.protocol);
    const originates = rules.some(originatesTls);
    return [
      {
        api,
        rules,
        requests: rules.filter(seen),
        connections: rules.filter((rule) => !seen(rule)),
        originates,
        requestPort: originates ? plainPort(api) : api.port,
        zones: [...new Set(rules.map((rule) => workloadNamed(shape, rule.from.name).zone))].sort(),
      },
    ];
  });
}

/** Where the mesh adds TLS, workloads call `http://host` on its usual port; the mesh calls the API on its own. */
export function plainPort(api: OutsideApi): number {
  return api.port === 80 ? 8080 : 80;
}

export function serviceEntry(
  policy: Policy,
  namespace: string,
  { api, rules, requests, connections, requestPort, originates, zones }: Outside,
  labels: { readonly [key: string]: string } = {},
): KubeObject {
  const ports: ValueMap[] = [];
  if (requests.length > 0) {
    const protocol = requests.some((rule) => rule.protocol === "grpc") ? "GRPC" : "HTTP";
    const name = `${protocol.toLowerCase()}-${requestPort}`;
    ports.push({ number: requestPort, name, protocol, targetPort: originates ? api.port : undefined });
  }
  if (connections.length > 0) {
    const protocol = api.protocol === "tcp" ? "TCP" : "TLS";
    ports.push({ number: api.port, name: `${protocol.toLowerCase()}-${api.port}`, protocol });
  }
  return kubeObject(policy, {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    name: apiObject(policy, api),
    namespace,
    rules: rules.map(({ id }) => id),
    labels,
    body: {
      spec: {
        hosts: [api.host],
        location: "MESH_EXTERNAL",
        resolution: api.host.startsWith("*.") ? "NONE" : "DNS",
        ports,
        exportTo: [".", ...zones],
      },
    },
  });
}

/** Objects in the egress namespace stand beside those of other workflows, so their names hold the workflow's. */
export function apiObject(policy: Policy, api: OutsideApi): string {
  return `${policy.workflow}.${api.name}`;
}

/** TLS as the mesh adds it on the way out: the system's authorities, and the host's own name. */
export function originatedTls(api: OutsideApi): ValueMap {
  return { mode: "SIMPLE", sni: api.host, caCertificates: "system", subjectAltNames: [api.host] };
}
