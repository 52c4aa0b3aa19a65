/**
 * What a sidecar lets its application call: the hosts in its registry, and everything else only where the outbound
 * policy is ALLOW_ANY. A Sidecar resource narrows the registry and may set the policy; a ServiceEntry widens it.
 */
import type { Cluster, Labels, ServiceEntry, Sidecar } from "../../../cluster/index.js";
import { inNamespace, selects } from "../../istio/attachment.js";

export interface Caller {
  readonly namespace: string;
  readonly labels: Labels;
}

/** The Sidecar that holds for a pod: one that selects it, else its namespace's, else the root namespace's. */
export function sidecarFor(cluster: Cluster, caller: Caller): Sidecar | undefined {
  if (cluster.sidecars.length === 0) return undefined;
  const own = inNamespace(cluster.sidecars, caller.namespace);
  const isWide = ({ selector }: Sidecar) => selector === undefined || selector.size === 0;
  return (
    own.find((sidecar) => !isWide(sidecar) && selects(sidecar.selector, caller.labels)) ??
    own.find(isWide) ??
    inNamespace(cluster.sidecars, cluster.mesh.rootNamespace).find(isWide)
  );
}

export function outboundMode(cluster: Cluster, caller: Caller): "REGISTRY_ONLY" | "ALLOW_ANY" {
  return sidecarFor(cluster, caller)?.outboundMode ?? cluster.mesh.outboundMode;
}

/** Whether the Sidecar lets a host of this namespace into the registry, for calls to this port. */
export function imports(
  sidecar: Sidecar | undefined,
  caller: Caller,
  host: string,
  namespace: string,
  port: number,
): boolean {
  if (sidecar?.egress === undefined) return true;
  return sidecar.egress.some(
    (listener) =>
      (listener.port === undefined || listener.port === port) &&
      listener.hosts.some((entry) => {
        const slash = entry.indexOf("/");
        const [where, name] = slash === -1 ? ["*", entry] : [entry.slice(0, slash), entry.slice(slash + 1)];
        if (where === "~") return false;
        if (where !== "*" && where !== namespace && !(where === "." && namespace === caller.namespace)) return false;
        return matchesName(name, host);
      }),
  );
}

export function matchesName(pattern: string, host: string): boolean {
  const [wanted, asked] = [pattern.toLowerCase(), host.toLowerCase()];
  return wanted === "*" || wanted === asked || (wanted.startsWith("*") && asked.endsWith(wanted.slice(1)));
}

/** The ServiceEntries that put an outside host and port into a caller's registry. */
export function entriesFor(cluster: Cluster, caller: Caller, host: string, port: number): readonly ServiceEntry[] {
  const sidecar = sidecarFor(cluster, caller);
  return cluster.serviceEntries.filter(
    (entry) =>
      entry.hosts.some((name) => matchesName(name, host)) &&
      (entry.ports.length === 0 || entry.ports.some(({ number }) => number === port)) &&
      (entry.exportTo.length === 0 ||
        entry.exportTo.some(
          (to) => to === "*" || to === caller.namespace || (to === "." && entry.namespace === caller.namespace),
        )) &&
      entry.hosts.some((name) => imports(sidecar, caller, name, entry.namespace, port)),
  );
}
