/**
 * The variables that Kubernetes adds to every container for the Services of its namespace: `REDIS_SERVICE_HOST`,
 * `REDIS_SERVICE_PORT`, `REDIS_SERVICE_PORT_METRICS`, `REDIS_PORT` for the Service `redis`. The host is given by name here.
 */
import type { Cluster, Service } from "../cluster/index.js";
import type { ServiceVariables } from "./settings.js";

const upper = (name: string): string => name.toUpperCase().replaceAll("-", "_");

export function serviceVariables(cluster: Cluster): ServiceVariables {
  const byNamespace = new Map<string, Map<string, Service>>();
  for (const service of cluster.services) {
    const names = byNamespace.get(service.namespace) ?? new Map<string, Service>();
    byNamespace.set(service.namespace, names.set(upper(service.name), service));
  }
  return (namespace) => (name) => {
    const names = byNamespace.get(namespace);
    const match = /^(.+?)_(SERVICE_HOST|SERVICE_PORT|PORT)(?:_(.+))?$/.exec(name);
    const service = match === null ? undefined : names?.get(match[1] ?? "");
    if (service === undefined || match === null) return undefined;
    const [, , form, portName] = match;
    if (form === "SERVICE_HOST") return portName === undefined ? service.name : undefined;
    const port = service.ports.find((one) => portName === undefined || upper(one.name ?? "") === portName)?.port;
    if (port === undefined) return undefined;
    if (form === "SERVICE_PORT") return String(port);
    return portName === undefined ? `tcp://${service.name}:${port}` : undefined;
  };
}
