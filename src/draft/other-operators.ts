/** Operators of which a resource tells less: a model by its URL, a pipeline by the names of its steps. */
import type { KubeObject } from "../cluster/index.js";
import { type CustomPart, remarkFetch } from "./custom-part.js";
import { at, entriesAt, listAt, textAt } from "./plain.js";
import type { Remarks } from "./remarks.js";

export function kubeaiModel(object: KubeObject, remarks: Remarks): readonly CustomPart[] {
  const { name, namespace, origin } = object;
  const url = textAt(origin.value, "spec", "url");
  if (url !== undefined) remarkFetch(object, url, ["spec", "url"], remarks);
  const place = () => origin.spanOf(["metadata", "name"]);
  return [
    {
      name: `model-${name}`,
      namespace,
      kind: "model",
      image: undefined,
      ports: [{ port: 8000, name: "http" }],
      place,
      pod: undefined,
      services: [],
      calls: [],
    },
  ];
}

/** An OPEA pipeline: its operator applies manifests of its own for each step, so only the names are told here. */
export function connector(object: KubeObject, remarks: Remarks): readonly CustomPart[] {
  const { name, origin } = object;
  const router = textAt(origin.value, "spec", "routerConfig", "serviceName") ?? "its router";
  const calls: string[] = [];
  for (const [node] of entriesAt(origin.value, "spec", "nodes")) {
    for (const step of listAt(origin.value, "spec", "nodes", node, "steps")) {
      const service = textAt(step, "internalService", "serviceName") ?? textAt(step, "externalService", "serviceName");
      if (service === undefined) continue;
      if (at(step, ["internalService", "isDownstreamService"]) !== true) calls.push(`${router} calls ${service}`);
      for (const [key, value] of entriesAt(step, "internalService", "config")) {
        if (key !== "endpoint" && typeof value === "string" && /^[a-z][a-z0-9-]*$/.test(value) && value.includes("-"))
          calls.push(`${service} calls ${value} (${key})`);
      }
    }
  }
  const text = `its operator makes the workloads, import those: ${[...new Set(calls)].join("; ") || "it names no step"}`;
  remarks.add("not-understood", `GMConnector ${name}`, text, origin.spanOf(["kind"]));
  return [];
}
