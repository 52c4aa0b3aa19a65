/**
 * A policy as a user would have it in a cluster: everything that is compiled for it, the workloads that it is about, the
 * gateways at both ends, and somebody who has no business there.
 */
import { parseAllDocuments } from "yaml";
import { type Cluster, readCluster } from "../../src/cluster/index.js";
import type { Policy } from "../../src/policy/index.js";
import { compile, LABELS } from "../../src/targets/index.js";

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: Record<string, unknown>;
}

/** @param targets only these; every one that the workflow chooses when absent */
export function deployedObjects(policy: Policy, targets?: readonly string[]): readonly KubeObject[] {
  const { artifacts, files } = compile(policy, targets === undefined ? {} : { targets });
  const paths = new Set(artifacts.filter(({ kind }) => kind === "manifests").map(({ path }) => path));
  const compiled = files
    .filter(({ path }) => paths.has(path))
    .flatMap(({ text }) => parseAllDocuments(text).map((document) => document.toJS() as KubeObject));
  return [...compiled, ...policy.workloads.flatMap((one) => running(policy, one)), ...gatewaysOf(policy), ...STRANGER];
}

/** A workload that no policy knows, in a namespace without mesh: what STRICT is for. */
const STRANGER: readonly KubeObject[] = [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "elsewhere" } },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "stranger", namespace: "elsewhere" },
    spec: { containers: [{ name: "main", image: "main:1" }] },
  },
];

function running(
  policy: Policy,
  { name, zone, ports, kubernetes, image }: Policy["workloads"][number],
): readonly KubeObject[] {
  const labels = { [LABELS.workload]: name, [LABELS.workflow]: policy.workflow, [LABELS.zone]: zone };
  const container = {
    name: "main",
    image: image ?? "main:1",
    ports: ports.map((port) => ({ containerPort: port.port })),
  };
  return [
    {
      apiVersion: "apps/v1",
      kind: kubernetes.kind === "StatefulSet" ? "StatefulSet" : "Deployment",
      metadata: { name: kubernetes.name, namespace: zone },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels: { ...labels, "sidecar.istio.io/inject": "true" } },
          spec: { serviceAccountName: name, containers: [container] },
        },
      },
    },
    ...kubernetes.services.map(
      (service): KubeObject => ({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: service, namespace: zone },
        spec: {
          selector: labels,
          ports: ports.map(({ port: targetPort, servicePort, protocol }) => ({
            name: protocol === "tcp" ? `tcp-${servicePort}` : `http-${servicePort}`,
            port: servicePort,
            targetPort,
          })),
        },
      }),
    ),
  ];
}

/** The gateways of the mesh at both ends, as its installation runs them. */
function gatewaysOf({ workflow, targets }: Policy): readonly KubeObject[] {
  if (targets.mesh.engine !== "istio") return [];
  return [
    ...gateway("istio-ingress", `${workflow}-istio`, { "gateway.networking.k8s.io/gateway-name": workflow }),
    ...gateway("istio-egress", "istio-egressgateway", { istio: "egressgateway" }),
  ];
}

function gateway(namespace: string, name: string, labels: Readonly<Record<string, string>>): readonly KubeObject[] {
  const containers = [
    { name: "istio-proxy", image: "docker.io/istio/proxyv2:1.27.1", ports: [{ containerPort: 443 }] },
  ];
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { serviceAccountName: name, containers } },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace },
      spec: { selector: labels, ports: [{ name: "tls", port: 443, targetPort: 443 }] },
    },
  ];
}

export function clusterOf(objects: readonly KubeObject[]): Cluster {
  const sources = objects.map((object) => ({
    path: `${object.kind}-${object.metadata.namespace ?? ""}-${object.metadata.name}.json`,
    text: JSON.stringify(object),
  }));
  const { cluster, problems } = readCluster(sources);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("\n"));
  return cluster;
}
