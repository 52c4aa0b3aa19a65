/**
 * Connections that hold the controls themselves together, and so belong to no flow: the name service, the mesh's own
 * control plane, the authorizer that proxies ask, the secret store that a pod is told to log in to. Each is known by
 * what refers to it, and only on the port that it is for.
 */
import { type Cluster, matches, type Pod } from "../../cluster/index.js";
import { proxyOf } from "../istio/presence.js";
import { exposuresOf } from "../istio/services.js";
import type { CalledPort } from "./ports.js";
import type { Seat } from "./seats.js";

/** Istiod: discovery and certificates (plaintext and TLS), health, webhooks. */
const ISTIOD_PORTS = [15010, 15012, 15014, 15017];
export const AUTHORIZER = "authorizer of the mesh";
const AGENT_SERVICE = "vault.hashicorp.com/service";

/** Whether the pod's proxy asks an authorizer about some of its requests. */
export function asksAuthorizer(cluster: Cluster, { workload, pod }: Seat): boolean {
  const { authorizationPolicies, mesh } = cluster;
  // Without a proxy nobody asks.
  if (!["sidecar", "gateway", "unknown"].includes(proxyOf(cluster, workload, pod).kind)) return false;
  return authorizationPolicies.some(
    ({ action, namespace, selector, targetRefs, provider }) =>
      action === "CUSTOM" &&
      targetRefs.length === 0 &&
      mesh.extensionProviders.some(({ name }) => name === provider) &&
      (namespace === workload.namespace || namespace === mesh.rootNamespace) &&
      [...(selector ?? [])].every(([key, value]) => pod.labels.get(key) === value),
  );
}

/** Whether the workload decides for the mesh's proxies. */
export function isAuthorizer(cluster: Cluster, { workload, pod }: Seat): boolean {
  return cluster.services.some(
    ({ namespace, name, selector }) =>
      namespace === workload.namespace &&
      selector !== undefined &&
      matches(selector, pod.labels) &&
      cluster.mesh.extensionProviders.some(
        ({ externalAuthorization }) => hostOf(externalAuthorization?.service) === `${name}.${namespace}`,
      ),
  );
}

/** `namespace/host` is another way to write the host. */
function hostOf(service: string | undefined): string | undefined {
  return service
    ?.split("/")
    .at(-1)
    ?.replace(/\.svc(\.cluster\.local)?$/, "");
}

/** Which control the connection is for; undefined where it is for none. */
export function controlOf(cluster: Cluster, from: Seat, to: Seat, { protocol, port }: CalledPort): string | undefined {
  const { workload, pod } = to;
  if (
    port === 53 &&
    protocol !== "SCTP" &&
    workload.namespace === "kube-system" &&
    pod.labels.get("k8s-app") === "kube-dns"
  ) {
    return "name service";
  }
  if (protocol !== "TCP") return undefined;
  if (
    workload.namespace === cluster.mesh.rootNamespace &&
    pod.labels.get("app") === "istiod" &&
    ISTIOD_PORTS.includes(port)
  ) {
    return "control plane of the mesh";
  }
  const exposed = exposuresOf(cluster, pod, port).map(({ service, port: own }) => ({
    host: `${service.name}.${service.namespace}`,
    port: own.port,
  }));
  const serves = (host: string, at: number | undefined): boolean =>
    exposed.some(
      (one) => one.host === host.replace(/\.svc(\.cluster\.local)?$/, "") && (at === undefined || at === one.port),
    );
  const asked = cluster.mesh.extensionProviders.some(({ externalAuthorization }) => {
    const host = hostOf(externalAuthorization?.service);
    return host !== undefined && serves(host, externalAuthorization?.port);
  });
  if (asked) return AUTHORIZER;
  // Only for workloads that the policy declares: anybody can write an annotation.
  return from.name !== undefined && storeOf(from.pod, serves) ? "secret store" : undefined;
}

function storeOf(pod: Pod, serves: (host: string, port: number | undefined) => boolean): boolean {
  const told = pod.annotations.get(AGENT_SERVICE);
  if (told === undefined || !URL.canParse(told)) return false;
  const { hostname, port } = new URL(told);
  return serves(hostname, port === "" ? undefined : Number(port));
}
