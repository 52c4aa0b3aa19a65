/**
 * The TLS mode that a client's proxy uses towards a host: the DestinationRule that it finds in its own namespace, else in
 * the host's, else in the root namespace; in each the most specific host counts. Without one, automatic mutual TLS.
 */
import type { ClientTlsMode, Cluster, DestinationRule, Labels, TrafficPolicy } from "../../../cluster/index.js";
import { inNamespace, selects } from "../../istio/attachment.js";

export interface ClientTls {
  /** `AUTO`: mutual TLS where the destination is known to take it */
  readonly mode: ClientTlsMode | "AUTO";
  readonly rule: DestinationRule | undefined;
}

export interface Client {
  readonly namespace: string;
  readonly labels: Labels;
}

/** `name`, `name.namespace`, … as a full name, seen from the rule's namespace. */
function fullHost({ host, namespace }: DestinationRule): string {
  if (host.includes("*") || host.endsWith(".svc.cluster.local")) return host;
  const parts = host.split(".");
  if (parts.length === 1) return `${host}.${namespace}.svc.cluster.local`;
  // A dotted name could be `name.namespace`; istiod takes it as written, and so as no Service.
  return host;
}

function matchesHost(pattern: string, host: string): boolean {
  if (pattern === host || pattern === "*") return true;
  return pattern.startsWith("*") && host.endsWith(pattern.slice(1));
}

function visible(rule: DestinationRule, clientNamespace: string): boolean {
  if (rule.exportTo.length === 0) return true;
  return rule.exportTo.some(
    (to) => to === "*" || to === clientNamespace || (to === "." && rule.namespace === clientNamespace),
  );
}

/** Every TLS setting that could hold: more than one where equally specific rules or subsets disagree. */
export function clientTls(
  cluster: Cluster,
  client: Client,
  service: { readonly host: string; readonly namespace: string; readonly port: number },
): readonly ClientTls[] {
  const auto: ClientTls = { mode: cluster.mesh.autoMtls ? "AUTO" : "DISABLE", rule: undefined };
  for (const namespace of new Set([client.namespace, service.namespace, cluster.mesh.rootNamespace])) {
    const rules = inNamespace(cluster.destinationRules, namespace).filter(
      (rule) =>
        matchesHost(fullHost(rule), service.host) &&
        (namespace === client.namespace || visible(rule, client.namespace)) &&
        (rule.selector === undefined || (namespace === client.namespace && selects(rule.selector, client.labels))),
    );
    if (rules.length === 0) continue;
    const longest = Math.max(...rules.map((rule) => specificity(fullHost(rule))));
    const found = rules
      .filter((rule) => specificity(fullHost(rule)) === longest)
      .flatMap((rule) =>
        modesOf(rule, service.port).map((mode): ClientTls => (mode === undefined ? { ...auto, rule } : { mode, rule })),
      );
    return found;
  }
  return [auto];
}

function specificity(host: string): number {
  return host.includes("*") ? host.length : 10_000 + host.length;
}

function modesOf(rule: DestinationRule, port: number): readonly (ClientTlsMode | undefined)[] {
  const whole = modeOf(rule.policy, port);
  // A subset with a policy of its own is used by whoever a VirtualService sends there.
  const subsets = rule.subsets.flatMap(({ policy }) => (policy === undefined ? [] : [modeOf(policy, port) ?? whole]));
  return [...new Set([whole, ...subsets])];
}

/** Settings of a port replace those of the rule whole. */
function modeOf(policy: TrafficPolicy | undefined, port: number): ClientTlsMode | undefined {
  if (policy === undefined) return undefined;
  return policy.ports.has(port) ? policy.ports.get(port) : policy.tlsMode;
}
