/**
 * Which proxy stands before a pod. Injection happens in the cluster, so manifests only hint at it: labels of the pod and
 * its namespace, or a proxy container that is already there. Where the hints do not decide, the answer is `unknown`,
 * never `none` or `sidecar`: both would make some verdict wrong.
 *
 * `unmeshed` is the answer for a cluster in which no manifest speaks of Istio at all.
 */
import type { Cluster, KubeObject, Pod, Workload } from "../../cluster/index.js";
import { servingContainers } from "../../cluster/index.js";
import { addressNumber } from "../space/index.js";

export type ProxyKind = "sidecar" | "ambient" | "gateway" | "none" | "unmeshed" | "unknown";

export interface Presence {
  readonly kind: ProxyKind;
  /** completes "… because …" */
  readonly because: string;
  readonly object?: KubeObject;
}

/** Namespaces that the injector never touches. */
const NEVER_INJECTED = new Set(["kube-system", "kube-public", "kube-node-lease", "local-path-storage"]);
/** What Istio puts into a container of that name, or is asked to put there; an injector leaves any other image as it is. */
const PROXY_IMAGE = /^auto$|(^|\/)[\w.-]*proxyv2[\w.-]*(:[^/@]*)?(@.*)?$/;
const INJECT = "sidecar.istio.io/inject";
const REVISION = "istio.io/rev";
const DATAPLANE = "istio.io/dataplane-mode";

const presences = new WeakMap<Cluster, WeakMap<Pod, Presence>>();

export function proxyOf(cluster: Cluster, workload: Workload, pod: Pod): Presence {
  let known = presences.get(cluster);
  if (known === undefined) {
    known = new WeakMap();
    presences.set(cluster, known);
  }
  let presence = known.get(pod);
  if (presence === undefined) {
    presence = findProxy(cluster, workload, pod);
    known.set(pod, presence);
  }
  return presence;
}

function findProxy(cluster: Cluster, workload: Workload, pod: Pod): Presence {
  const place = { object: workload.object };
  if (!speaksOfIstio(cluster)) return { kind: "unmeshed", because: "no manifest speaks of Istio" };
  const container = pod.containers.find(({ name, role }) => name === "istio-proxy" && role !== "ephemeral");
  const gateway = gatewayHint(cluster, workload, pod);
  if (container !== undefined && !PROXY_IMAGE.test(container.image ?? "")) {
    const image = container.image === undefined ? "no image" : `the image \`${container.image}\``;
    const because = `its container \`istio-proxy\` has ${image}, which is not known to be a proxy`;
    return { kind: "unknown", because, ...place };
  }
  if (container !== undefined) {
    const kind = gateway === undefined ? "sidecar" : "gateway";
    const because = gateway ?? "its template contains the container `istio-proxy`";
    return { kind, because, ...place };
  }
  if (gateway !== undefined) return { kind: "gateway", because: gateway, ...place };
  if (pod.hostNetwork) {
    return { kind: "none", because: "it uses the host's network, where nothing is injected", ...place };
  }
  if (NEVER_INJECTED.has(workload.namespace)) {
    return { kind: "none", because: `nothing is injected in \`${workload.namespace}\``, ...place };
  }
  const sidecar = injection(cluster, workload, pod);
  if (sidecar.kind !== "none") return sidecar;
  return ambient(cluster, workload, pod) ?? sidecar;
}

function gatewayHint(cluster: Cluster, workload: Workload, pod: Pod): string | undefined {
  const templates = pod.annotations.get("inject.istio.io/templates") ?? "";
  if (templates.split(",").some((name) => name.trim() === "gateway")) return "it is injected with the gateway template";
  const role = refusesProxy(pod) ? undefined : pod.labels.get("istio");
  if (role === "ingressgateway" || role === "egressgateway") return `it carries the label \`istio: ${role}\``;
  if (pod.labels.has("gateway.networking.k8s.io/gateway-name")) return "it runs a Gateway";
  if (refusesProxy(pod) && !pod.containers.some(({ name }) => name === "istio-proxy")) return undefined;
  const selected = cluster.istioGateways.find(
    ({ selector }) => selector.size > 0 && [...selector].every(([key, value]) => pod.labels.get(key) === value),
  );
  if (selected === undefined) return undefined;
  return `Gateway ${selected.namespace}/${selected.name} selects it (${workload.namespace}/${workload.name})`;
}

function injection(cluster: Cluster, workload: Workload, pod: Pod): Presence {
  const namespace = cluster.namespaces.get(workload.namespace);
  const place = { object: workload.object };
  const wish = pod.labels.get(INJECT);
  // The annotation is only looked at once the injector was called, and the label goes before it.
  if (refusesProxy(pod)) return { kind: "none", because: `it carries \`${INJECT}: "false"\``, ...place };
  if (namespace?.object === undefined) {
    const because = `no manifest declares the namespace \`${workload.namespace}\`, so its injection label is not known`;
    return { kind: "unknown", because, object: workload.object };
  }
  const at = { object: namespace.object };
  const label = namespace.labels.get("istio-injection");
  if (label === "enabled")
    return { kind: "sidecar", because: "its namespace is labelled `istio-injection: enabled`", ...at };
  if (label !== undefined) {
    return { kind: "none", because: `its namespace is labelled \`istio-injection: ${label}\``, ...at };
  }
  const revision = namespace.labels.get(REVISION);
  if (revision !== undefined) {
    return { kind: "sidecar", because: `its namespace is labelled \`${REVISION}: ${revision}\``, ...at };
  }
  if (wish === "true") return { kind: "sidecar", because: `it carries the label \`${INJECT}: "true"\``, ...place };
  return { kind: "none", because: "neither its namespace nor it is labelled for injection", ...at };
}

/** The label goes before the annotation. */
function refusesProxy({ labels, annotations }: Pod): boolean {
  const wish = labels.get(INJECT);
  return wish === "false" || (wish === undefined && isFalse(annotations.get(INJECT)));
}

function isFalse(text: string | undefined): boolean {
  return text !== undefined && /^(n|no|false|off)$/i.test(text);
}

function ambient(cluster: Cluster, workload: Workload, pod: Pod): Presence | undefined {
  const own = pod.labels.get(DATAPLANE);
  const namespace = cluster.namespaces.get(workload.namespace);
  const mode = own ?? namespace?.labels.get(DATAPLANE);
  if (mode !== "ambient") return undefined;
  const object = own === undefined ? namespace?.object : workload.object;
  const who = own === undefined ? "its namespace" : "it";
  return {
    kind: "ambient",
    because: `${who} is labelled \`${DATAPLANE}: ambient\``,
    ...(object === undefined ? {} : { object }),
  };
}

const meshed = new WeakMap<Cluster, boolean>();

/** Whether any manifest presumes that Istio runs. */
export function speaksOfIstio(cluster: Cluster): boolean {
  let answer = meshed.get(cluster);
  if (answer === undefined) {
    answer =
      cluster.mesh.declared ||
      // The lists that are longest where there is a mesh spare the walk through everything.
      cluster.authorizationPolicies.length + cluster.peerAuthentications.length > 0 ||
      cluster.objects.some(({ group }) => group === "istio.io" || group.endsWith(".istio.io")) ||
      cluster.skipped.some(({ group }) => group === "istio.io" || (group ?? "").endsWith(".istio.io")) ||
      cluster.gateways.some(({ className }) => className.startsWith("istio")) ||
      [...cluster.namespaces.values()].some(({ labels }) => hasIstioLabel(labels)) ||
      cluster.workloads.some(({ pods }) => pods.some((pod) => hasIstioLabel(pod.labels) || isInjected(pod)));
    meshed.set(cluster, answer);
  }
  return answer;
}

function hasIstioLabel(labels: ReadonlyMap<string, string>): boolean {
  return labels.has("istio-injection") || labels.has(REVISION) || labels.has(DATAPLANE) || labels.has(INJECT);
}

function isInjected(pod: Pod): boolean {
  return pod.annotations.has(INJECT) || servingContainers(pod).some(({ name }) => name === "istio-proxy");
}

/** Whether the sidecar of a pod takes in connections to this port at all; what it leaves out, it does not protect. */
export function intercepts(pod: Pod, direction: "Inbound" | "Outbound", port: number): boolean | undefined {
  const list = (name: string): readonly string[] | undefined => {
    const text = pod.annotations.get(`traffic.sidecar.istio.io/${name}`);
    return text === undefined ? undefined : text.split(",").map((part) => part.trim());
  };
  if (pod.annotations.get("sidecar.istio.io/interceptionMode") === "NONE") return undefined;
  if (list(`exclude${direction}Ports`)?.includes(String(port))) return false;
  const included = list(`include${direction}Ports`);
  if (included !== undefined && direction === "Inbound")
    return included.includes("*") || included.includes(String(port));
  // Ranges decide by address, which this question does not name.
  if (direction === "Outbound" && (list("excludeOutboundIPRanges") ?? list("includeOutboundIPRanges")) !== undefined) {
    return list("includeOutboundIPRanges")?.includes("*") === true && list("excludeOutboundIPRanges") === undefined
      ? true
      : undefined;
  }
  return true;
}

/** The addresses that a running pod reports, as request sets number them. */
export function podAddresses(pod: Pod): readonly bigint[] {
  return pod.addresses.flatMap((address) => addressNumber(address) ?? []);
}
