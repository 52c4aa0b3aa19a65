/** Ray clusters, alone, behind a service or for a job: a head that others reach by name, and groups of workers that join it. */
import type { KubeObject } from "../cluster/index.js";
import { type CustomPart, type CustomReader, imageOf, podAt, portsOf, withLabels } from "./custom-part.js";
import { at, listAt, textAt } from "./plain.js";

const GCS = 6379;

function rayParts(object: KubeObject, path: readonly (string | number)[], name: string): readonly CustomPart[] {
  const { namespace, origin } = object;
  const head = podAt(object, [...path, "headGroupSpec", "template"]);
  if (at(origin.value, [...path, "headGroupSpec"]) === undefined) return [];
  const place = () => origin.spanOf([...path, "headGroupSpec"]);
  const headPorts = new Map(
    [
      { port: GCS, name: "gcs" },
      { port: 8265, name: "dashboard" },
      { port: 10_001, name: "client" },
      ...portsOf(head),
    ].map((port) => [port.port, port]),
  );
  const served = headPorts.has(8000) || object.kind === "RayService";
  if (served) headPorts.set(8000, { port: 8000, name: "http-serve" });
  const services = [...headPorts.keys()].map((port) => ({ name: `${name}-head-svc`, port, targetPort: port }));
  if (served) services.push({ name: `${name}-serve-svc`, port: 8000, targetPort: 8000 });
  const redis = textAt(origin.value, ...path, "gcsFaultToleranceOptions", "redisAddress");
  const external = redis === undefined ? undefined : /^(?:\w+:\/\/)?([a-z0-9.-]+)(?::(\d+))?$/.exec(redis);
  const calls =
    external === null || external === undefined
      ? []
      : [
          {
            host: external[1] ?? "",
            port: external[2] === undefined ? undefined : Number(external[2]),
            cited: `redisAddress of ${object.kind} ${object.name}`,
            place: () => origin.spanOf([...path, "gcsFaultToleranceOptions", "redisAddress"]),
          },
        ];
  const headPart: CustomPart = {
    name: `${name}-head`,
    namespace,
    kind: "model",
    image: imageOf(head),
    ports: [...headPorts.values()],
    place,
    pod: withLabels(head, labelsOf(object, "head")),
    services,
    calls,
  };
  const workers = listAt(origin.value, ...path, "workerGroupSpecs").map((group, index): CustomPart => {
    const pod = podAt(object, [...path, "workerGroupSpecs", index, "template"]);
    const own = () => origin.spanOf([...path, "workerGroupSpecs", index]);
    return {
      name: `${name}-${textAt(group, "groupName") ?? `workers-${index + 1}`}`,
      namespace,
      kind: "model",
      image: imageOf(pod),
      ports: portsOf(pod),
      place: own,
      pod: withLabels(pod, labelsOf(object, "worker")),
      services: [],
      calls: [
        {
          host: `${name}-head-svc`,
          port: GCS,
          cited: `workers of ${object.kind} ${object.name} join its head`,
          place: own,
        },
      ],
    };
  });
  return [headPart, ...workers];
}

/** @param path where the cluster stands in the resource */
export function rayReader(...path: readonly string[]): CustomReader {
  return (object) => rayParts(object, path, object.name);
}

/** A service's clusters get names of their own, so only a cluster that stands alone is labelled with its name here. */
function labelsOf({ kind, name }: KubeObject, type: "head" | "worker"): Readonly<Record<string, string>> {
  return {
    "ray.io/node-type": type,
    ...(kind === "RayCluster" ? { "ray.io/cluster": name, "ray.io/identifier": `${name}-${type}` } : {}),
  };
}
