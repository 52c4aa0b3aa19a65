/** What stands before a pod and what one connection looks like on the wire, for one concrete call. */
import type {
  ClientTlsMode,
  Cluster,
  DestinationRule,
  Labels,
  Pod,
  Service,
  ServicePort,
  Workload,
} from "../../cluster/index.js";
import { endpointsOf } from "../../cluster/index.js";

export interface Place {
  readonly workload: Workload;
  readonly pod: Pod;
}

export type Proxy = "sidecar" | "ztunnel" | "gateway" | "none" | "unknown";

const hasAll = (wanted: Labels | undefined, labels: Labels): boolean =>
  [...(wanted ?? [])].every(([key, value]) => labels.get(key) === value);

/** INVARIANT: `unknown` wherever the manifests leave it open. */
export function proxyBefore(cluster: Cluster, { workload, pod }: Place): Proxy {
  if (!usesIstio(cluster)) return "none";
  const declines =
    pod.labels.get("sidecar.istio.io/inject") === "false" ||
    (!pod.labels.has("sidecar.istio.io/inject") &&
      /^(n|no|false|off)$/i.test(pod.annotations.get("sidecar.istio.io/inject") ?? ""));
  const named = pod.containers.filter(({ name, role }) => name === "istio-proxy" && role !== "ephemeral");
  const hasProxy = named.length > 0;
  const repository = (named[0]?.image ?? "").split("@")[0]?.split("/").at(-1)?.split(":")[0] ?? "";
  if (hasProxy && !repository.includes("proxyv2") && named[0]?.image !== "auto") return "unknown";
  const edge =
    (pod.annotations.get("inject.istio.io/templates") ?? "").split(",").some((name) => name.trim() === "gateway") ||
    (!declines && ["ingressgateway", "egressgateway"].includes(pod.labels.get("istio") ?? "")) ||
    pod.labels.has("gateway.networking.k8s.io/gateway-name") ||
    ((!declines || hasProxy) &&
      cluster.istioGateways.some(({ selector }) => selector.size > 0 && hasAll(selector, pod.labels)));
  if (edge) return "gateway";
  if (hasProxy) return "sidecar";
  if (pod.hostNetwork || /^(kube-system|kube-public|kube-node-lease|local-path-storage)$/.test(workload.namespace))
    return "none";
  const space = cluster.namespaces.get(workload.namespace);
  const wish = pod.labels.get("sidecar.istio.io/inject");
  const note = pod.annotations.get("sidecar.istio.io/inject") ?? "";
  const ambient =
    (pod.labels.get("istio.io/dataplane-mode") ?? space?.labels.get("istio.io/dataplane-mode")) === "ambient";
  const without: Proxy = ambient ? "ztunnel" : "none";
  if (wish === "false" || (wish === undefined && /^(n|no|false|off)$/i.test(note))) return without;
  if (space?.object === undefined) return "unknown";
  const enabled = space.labels.get("istio-injection");
  if (enabled !== undefined) return enabled === "enabled" ? "sidecar" : without;
  return space.labels.has("istio.io/rev") || wish === "true" ? "sidecar" : without;
}

function usesIstio(cluster: Cluster): boolean {
  const marks = ["istio-injection", "istio.io/rev", "istio.io/dataplane-mode", "sidecar.istio.io/inject"];
  const marked = (labels: Labels) => marks.some((mark) => labels.has(mark));
  const ofIstio = (group: string | undefined) => group !== undefined && /(^|\.)istio\.io$/.test(group);
  return (
    cluster.mesh.declared ||
    cluster.objects.some(({ group }) => ofIstio(group)) ||
    cluster.skipped.some(({ group }) => ofIstio(group)) ||
    cluster.gateways.some(({ className }) => className.startsWith("istio")) ||
    [...cluster.namespaces.values()].some(({ labels }) => marked(labels)) ||
    cluster.workloads.some(({ pods }) =>
      pods.some(
        (pod) =>
          marked(pod.labels) ||
          pod.annotations.has("sidecar.istio.io/inject") ||
          pod.containers.some(({ name, role }) => name === "istio-proxy" && (role === "main" || role === "sidecar")),
      ),
    )
  );
}

/** Whether the sidecar takes in the port; undefined where only the cluster could tell. */
export function captured({ pod }: Place, way: "Inbound" | "Outbound", port: number): boolean | undefined {
  const at = (name: string) =>
    pod.annotations
      .get(`traffic.sidecar.istio.io/${name}`)
      ?.split(",")
      .map((text) => text.trim());
  if (pod.annotations.get("sidecar.istio.io/interceptionMode") === "NONE") return undefined;
  if (at(`exclude${way}Ports`)?.includes(`${port}`)) return false;
  if (way === "Inbound") {
    const only = at("includeInboundPorts");
    return only === undefined || only.includes("*") || only.includes(`${port}`);
  }
  if (at("excludeOutboundIPRanges") !== undefined) return undefined;
  const ranges = at("includeOutboundIPRanges");
  return ranges === undefined || ranges.includes("*") ? true : undefined;
}

/** The Service ports that lead to a port of the pod. */
export function servedBy(
  cluster: Cluster,
  { pod }: Place,
  port: number,
): readonly { service: Service; port: ServicePort }[] {
  return cluster.services.flatMap((service) =>
    endpointsOf(cluster, service)
      .filter((endpoint) => endpoint.pod === pod && endpoint.port === port)
      .map(({ servicePort }) => ({ service, port: servicePort })),
  );
}

/** `http`, `tcp`, or `sniff` by the Service port's declared protocol. */
export function spoken(port: ServicePort): "http" | "tcp" | "sniff" {
  if (port.protocol !== "TCP") return "tcp";
  const declared = port.appProtocol ?? port.name ?? "";
  if (declared === "kubernetes.io/h2c" || declared === "kubernetes.io/ws") return "http";
  if (declared === "kubernetes.io/wss") return "tcp";
  if (/^(http2?|grpc)(-|$)/i.test(declared)) return "http";
  return /^(tcp|tls|https|mongo|mysql|redis|udp)(-|$)/i.test(declared) ? "tcp" : "sniff";
}

type Mode = "STRICT" | "PERMISSIVE" | "DISABLE";

/** The PeerAuthentication mode of a port; undefined where policies of one scope disagree and none is known to be older. */
export function peerMode(cluster: Cluster, { workload, pod }: Place, port: number): Mode | undefined {
  const root = cluster.mesh.rootNamespace;
  let mode: Mode | undefined = "PERMISSIVE";
  const scopes = [
    cluster.peerAuthentications.filter((one) => one.namespace === root && (one.selector?.size ?? 0) === 0),
    workload.namespace === root
      ? []
      : cluster.peerAuthentications.filter(
          (one) => one.namespace === workload.namespace && (one.selector?.size ?? 0) === 0,
        ),
    workload.namespace === root
      ? []
      : cluster.peerAuthentications.filter(
          (one) =>
            one.namespace === workload.namespace && (one.selector?.size ?? 0) > 0 && hasAll(one.selector, pod.labels),
        ),
  ];
  for (const scope of scopes) {
    const found = new Set<Mode | undefined>(
      eldest(scope).map((one) => {
        const own = one.portModes.get(port) ?? "UNSET";
        if (own !== "UNSET") return own;
        return one.mode === "UNSET" ? mode : one.mode;
      }),
    );
    if (found.size === 1) [mode] = found;
    else if (found.size > 1) mode = undefined;
  }
  return mode;
}

function eldest<T extends { readonly object: { readonly origin: { readonly value: unknown } } }>(
  policies: readonly T[],
): readonly T[] {
  const born = policies.map(({ object }) => {
    const metadata = (object.origin.value as { metadata?: { creationTimestamp?: unknown } } | null)?.metadata;
    return typeof metadata?.creationTimestamp === "string" ? metadata.creationTimestamp : undefined;
  });
  if (policies.length < 2 || born.includes(undefined)) return policies;
  const first = born.reduce((a, b) => ((a ?? "") <= (b ?? "") ? a : b));
  return policies.filter((_, i) => born[i] === first);
}

/** The TLS mode that a client's proxy was told for a Service port; `AUTO` when nothing was, undefined when rules disagree. */
export function toldTls(
  cluster: Cluster,
  client: Place,
  service: Service,
  port: number,
): ClientTlsMode | "AUTO" | undefined {
  const host = `${service.name}.${service.namespace}.svc.cluster.local`;
  const order = [client.workload.namespace, service.namespace, cluster.mesh.rootNamespace];
  for (const namespace of order) {
    const scored = cluster.destinationRules
      .filter((one) => one.namespace === namespace && seenBy(one, client, namespace))
      .map((one) => ({ one, score: fit(one, host) }))
      .filter(({ score }) => score > 0);
    if (scored.length === 0) continue;
    const best = Math.max(...scored.map(({ score }) => score));
    const modes = new Set<ClientTlsMode | "AUTO">();
    for (const { one, score } of scored)
      if (score === best) for (const mode of toldModes(cluster, one, port)) modes.add(mode);
    return modes.size === 1 ? [...modes][0] : undefined;
  }
  return cluster.mesh.autoMtls ? "AUTO" : "DISABLE";
}

function seenBy({ exportTo, selector }: DestinationRule, { workload, pod }: Place, namespace: string): boolean {
  const home = namespace === workload.namespace;
  if (selector !== undefined && !(home && hasAll(selector, pod.labels))) return false;
  return home || exportTo.length === 0 || exportTo.includes("*") || exportTo.includes(workload.namespace);
}

function fit({ host, namespace }: DestinationRule, wanted: string): number {
  const full = host.includes(".") || host.includes("*") ? host : `${host}.${namespace}.svc.cluster.local`;
  if (full === wanted) return 1_000_000;
  if (!full.startsWith("*")) return 0;
  return wanted.endsWith(full.slice(1)) ? full.length : 0;
}

function toldModes(
  { mesh }: Cluster,
  { policy, subsets }: DestinationRule,
  port: number,
): readonly (ClientTlsMode | "AUTO")[] {
  const auto = mesh.autoMtls ? "AUTO" : "DISABLE";
  const of = (told: typeof policy) => (told?.ports.has(port) ? told.ports.get(port) : told?.tlsMode);
  const whole = of(policy) ?? auto;
  return [whole, ...subsets.filter((one) => one.policy !== undefined).map((one) => of(one.policy) ?? whole)];
}
