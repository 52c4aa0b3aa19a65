/** Reads the `istio-authz` corpus and makes clusters of its cases: two sources beside one destination, declared whole. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Cluster, type Pod, readCluster, type Workload } from "../../../src/cluster/index.js";

const root = process.env.RINGFENCE_CORPUS;
export const folder = root === undefined ? undefined : join(root, "istio-authz");
export const absent =
  folder === undefined
    ? "RINGFENCE_CORPUS is not set"
    : existsSync(folder)
      ? undefined
      : `the corpus has no folder istio-authz at ${root}`;

export function notRun(what: string): void {
  process.stdout.write(`not run: ${what}: ${absent}\n`);
}

export function text(name: string): string {
  return readFileSync(join(folder ?? "", name), "utf8");
}

export function json<T>(name: string): T {
  return JSON.parse(text(name)) as T;
}

export interface Place {
  readonly workload: Workload;
  readonly pod: Pod;
}

export function place(cluster: Cluster, namespace: string, name: string): Place {
  const workload = cluster.workloads.find((one) => one.namespace === namespace && one.name === name);
  const pod = workload?.pods[0];
  if (workload === undefined || pod === undefined) throw new Error(`no workload ${namespace}/${name}`);
  return { workload, pod };
}

export interface App {
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly sidecar: boolean;
  readonly ports?: readonly { readonly name: string; readonly port: number; readonly targetPort: number }[];
}

export function manifestsOf(apps: readonly App[], mesh: object): readonly object[] {
  const namespaces = [...new Set([...apps.map(({ namespace }) => namespace), "istio-system"])];
  return [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "istio", namespace: "istio-system" },
      data: { mesh: JSON.stringify(mesh) },
    },
    ...namespaces.map((name) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels: { "istio-injection": "enabled" } },
    })),
    ...apps.flatMap((app) => {
      const labels = { app: app.name, ...app.labels };
      return [
        {
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name: app.name, namespace: app.namespace },
          spec: {
            selector: { matchLabels: labels },
            template: {
              metadata: { labels: { ...labels, ...(app.sidecar ? {} : { "sidecar.istio.io/inject": "false" }) } },
              spec: {
                serviceAccountName: app.serviceAccount ?? app.name,
                containers: [{ name: "app", image: "app:1" }],
              },
            },
          },
        },
        ...(app.ports === undefined
          ? []
          : [
              {
                apiVersion: "v1",
                kind: "Service",
                metadata: { name: app.name, namespace: app.namespace },
                spec: { selector: labels, ports: app.ports },
              },
            ]),
      ];
    }),
  ];
}

export function clusterOf(documents: readonly object[], ...texts: readonly string[]): Cluster {
  const sources = [
    ...documents.map((document, i) => ({ path: `made-${i}.json`, text: JSON.stringify(document) })),
    ...texts.map((one, i) => ({ path: `case-${i}.yaml`, text: one })),
  ];
  const { cluster, problems } = readCluster(sources);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("; "));
  return cluster;
}
