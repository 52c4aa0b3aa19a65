/** KServe and Knative: services whose pods serve HTTP, model servers among them, and graphs that call them in turn. */
import type { KubeObject } from "../cluster/index.js";
import { type CustomPart, imageOf, podOfSpec, portsOf, remarkFetch, withLabels } from "./custom-part.js";
import { at, entriesAt, listAt, numberAt, textAt } from "./plain.js";
import type { Remarks } from "./remarks.js";

const SERVING_PORT = 8080;
const COMPONENTS = ["predictor", "transformer", "explainer"] as const;

export function inferenceService(object: KubeObject, remarks: Remarks): readonly CustomPart[] {
  const { name, namespace, origin } = object;
  const present = COMPONENTS.filter((component) => at(origin.value, ["spec", component]) !== undefined);
  return present.map((component): CustomPart => {
    const path = ["spec", component];
    const pod = podOfSpec(object, path);
    const runtimes = entriesAt(origin.value, ...path).filter(([, value]) => textAt(value, "storageUri") !== undefined);
    for (const [runtime, value] of runtimes)
      remarkFetch(object, textAt(value, "storageUri") ?? "", [...path, runtime, "storageUri"], remarks);
    const [declared] = portsOf(pod);
    const port = declared?.port ?? numberAt(runtimes[0]?.[1], "ports", 0, "containerPort") ?? SERVING_PORT;
    const services = [{ name: `${name}-${component}`, port: 80, targetPort: port }];
    const entry = present.includes("transformer") ? "transformer" : "predictor";
    if (component === entry) services.push({ name, port: 80, targetPort: port });
    const place = () => origin.spanOf(path);
    const onward = component === "predictor" ? [] : ["predictor"];
    return {
      name: `${name}-${component}`,
      namespace,
      kind: component === "transformer" ? "service" : "model",
      image: imageOf(pod),
      ports: [{ port, name: "http1" }],
      place,
      pod: withLabels(pod, { "serving.kserve.io/inferenceservice": name, component }),
      services,
      calls: [
        ...loggerCalls(object, path),
        ...onward.map((to) => ({
          host: `${name}-${to}`,
          port: 80,
          cited: `the ${component} of InferenceService ${name} calls its ${to}`,
          place,
        })),
      ],
    };
  });
}

/** Requests and responses that the agent beside the server sends to a collector. */
function loggerCalls({ name, origin }: KubeObject, path: readonly string[]): CustomPart["calls"] {
  const url = textAt(origin.value, ...path, "logger", "url");
  const [, host, port] = /^https?:\/\/([a-z0-9.-]+)(?::(\d+))?/.exec(url ?? "") ?? [];
  if (host === undefined) return [];
  const place = () => origin.spanOf([...path, "logger", "url"]);
  return [
    { host, port: port === undefined ? undefined : Number(port), cited: `logger of InferenceService ${name}`, place },
  ];
}

const QUEUE_PROXY_PORT = 8080;

/** A Knative Service: its revisions are Deployments, behind a Service of its own name. */
export function knativeService(object: KubeObject): readonly CustomPart[] {
  const { name, namespace, origin } = object;
  const path = ["spec", "template", "spec"];
  const pod = podOfSpec(object, path);
  const [declared] = portsOf(pod);
  const port = declared?.port ?? QUEUE_PROXY_PORT;
  const services = [{ name, port: 80, targetPort: port }];
  const place = () => origin.spanOf(["metadata", "name"]);
  return [
    {
      name,
      namespace,
      kind: "service",
      image: imageOf(pod),
      ports: [{ port, name: "http1" }],
      place,
      pod,
      services,
      calls: [],
    },
  ];
}

export function inferenceGraph(object: KubeObject): readonly CustomPart[] {
  const { name, namespace, origin } = object;
  const calls = entriesAt(origin.value, "spec", "nodes").flatMap(([node]) =>
    listAt(origin.value, "spec", "nodes", node, "steps").flatMap((step, index) => {
      const host = textAt(step, "serviceName");
      const place = () => origin.spanOf(["spec", "nodes", node, "steps", index]);
      return host === undefined
        ? []
        : [{ host, port: 80, cited: `step ${index + 1} of node ${node} of InferenceGraph ${name}`, place }];
    }),
  );
  const place = () => origin.spanOf(["metadata", "name"]);
  const services = [{ name, port: 80, targetPort: SERVING_PORT }];
  return [
    {
      name,
      namespace,
      kind: "gateway",
      image: undefined,
      ports: [{ port: SERVING_PORT, name: "http" }],
      place,
      pod: undefined,
      services,
      calls,
    },
  ];
}

export function llmInferenceService(object: KubeObject, remarks: Remarks): readonly CustomPart[] {
  const { name, namespace, origin } = object;
  const uri = textAt(origin.value, "spec", "model", "uri");
  if (uri !== undefined) remarkFetch(object, uri, ["spec", "model", "uri"], remarks);
  const pod = podOfSpec(object, ["spec", "template"]);
  const [declared] = portsOf(pod);
  const port = declared?.port ?? 8000;
  const place = () => origin.spanOf(["metadata", "name"]);
  const services = [{ name: `${name}-kserve-workload-svc`, port: 8000, targetPort: port }];
  return [
    {
      name: `${name}-kserve`,
      namespace,
      kind: "model",
      image: imageOf(pod),
      ports: [{ port, name: "http" }],
      place,
      pod,
      services,
      calls: [],
    },
  ];
}
