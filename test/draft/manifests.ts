/** Small manifests for tests, and the flows that the import makes of them. */
import { readCluster } from "../../src/cluster/index.js";
import { type DraftResult, draftWorkflow } from "../../src/draft/index.js";
import { loadWorkflow, type Workflow } from "../../src/workflow/index.js";

export type Json = Record<string, unknown>;

export interface ServerOptions {
  readonly namespace?: string;
  /** of the container; the Service's port is the same unless `servicePort` says otherwise */
  readonly port?: number;
  readonly portName?: string;
  readonly servicePort?: number;
  readonly image?: string;
  readonly kind?: string;
  readonly service?: Json;
}

/** A Deployment (or another kind) with one container. */
export function workload(
  name: string,
  container: Json = {},
  { namespace, kind = "Deployment", pod = {} }: { namespace?: string; kind?: string; pod?: Json } = {},
): Json {
  const template = {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name: "main", image: "registry.test/app:1", ...container }], ...pod },
  };
  const group = kind === "Job" || kind === "CronJob" ? "batch/v1" : kind === "Pod" ? "v1" : "apps/v1";
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }), labels: { app: name } };
  if (kind === "Pod") return { apiVersion: group, kind, metadata, spec: template.spec };
  if (kind === "CronJob")
    return { apiVersion: group, kind, metadata, spec: { schedule: "0 0 * * *", jobTemplate: { spec: { template } } } };
  return { apiVersion: group, kind, metadata, spec: { selector: { matchLabels: { app: name } }, template } };
}

export function service(name: string, spec: Json, namespace?: string): Json {
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  return { apiVersion: "v1", kind: "Service", metadata, spec };
}

/** A workload that serves a port, and its Service of the same name. */
export function server(name: string, options: ServerOptions = {}): readonly Json[] {
  const {
    namespace,
    port = 8080,
    portName,
    servicePort = port,
    image = "registry.test/app:1",
    kind = "Deployment",
    service: more = {},
  } = options;
  const ports = [{ containerPort: port, ...(portName === undefined ? {} : { name: portName }) }];
  return [
    workload(name, { image, ports }, { kind, ...(namespace === undefined ? {} : { namespace }) }),
    service(
      name,
      { selector: { app: name }, ports: [{ port: servicePort, targetPort: portName ?? port }], ...more },
      namespace,
    ),
  ];
}

export function configMap(name: string, data: Record<string, string>, namespace?: string): Json {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    data,
  };
}

/** One variable of a container's `env`. */
export function env(variables: Record<string, string>): Json {
  return { env: Object.entries(variables).map(([name, value]) => ({ name, value })) };
}

export interface Imported extends DraftResult {
  /** `a > b:80`, users and APIs by the names that the draft gives them */
  readonly flows: readonly string[];
  readonly workflow: Workflow;
  /** texts of the remarks of a topic, each after its subject */
  remarks(topic: string): readonly string[];
}

/** Imports the objects as one file; the draft has to load. */
export function importObjects(...objects: readonly (Json | readonly Json[])[]): Imported {
  const documents = objects.flat().map((object) => JSON.stringify(object, null, 2));
  return importText(documents.join("\n---\n"));
}

export function importText(...texts: readonly string[]): Imported {
  const sources = texts.map((text, index) => ({ path: `manifests-${index + 1}.yaml`, text }));
  const result = draftWorkflow(readCluster(sources));
  const workflow = loadWorkflow({ path: "ringfence.yaml", text: result.text });
  return {
    ...result,
    workflow,
    flows: result.report.flows.map(({ from, to, port }) => `${from} > ${to}:${port}`),
    remarks: (topic) =>
      result.report.remarks
        .filter((remark) => remark.topic === topic)
        .map(({ subject, text }) => `${subject}: ${text}`),
  };
}
