/**
 * NetworkPolicies as evidence: somebody wrote down that these pods talk to those. Only peers that select certain
 * workloads count; a policy that lets in everyone, or a whole namespace, says nothing of who calls.
 */
import {
  type Cluster,
  describeSelector,
  matches,
  NAME_LABEL,
  type NetworkPolicy,
  type PolicyPeer,
  type PolicyPort,
  portsNamed,
} from "../cluster/index.js";
import type { Span } from "../diagnostics/index.js";
import type { CallContext } from "./calls.js";
import type { DraftWorkload } from "./inventory.js";

interface Link {
  readonly from: DraftWorkload;
  readonly to: DraftWorkload;
  readonly ports: readonly PolicyPort[] | undefined;
  readonly cited: string;
  readonly place: () => Span;
}

export function addNetworkPolicies(context: CallContext): void {
  for (const policy of context.cluster.networkPolicies) {
    for (const direction of ["ingress", "egress"] as const) {
      for (const [index, rule] of policy[direction].entries()) {
        const place = () => policy.object.origin.spanOf(["spec", direction, index]);
        const cited = `NetworkPolicy ${policy.name} (${direction} rule ${index + 1})`;
        const own = context.inventory.matching(policy.namespace, policy.podSelector);
        for (const peer of rule.peers ?? []) {
          const others = peersOf(context, policy, peer, `${cited}`, place);
          for (const { draft: one } of own) {
            for (const other of others) {
              const [from, to] = direction === "ingress" ? [other, one] : [one, other];
              if (from !== to) addLink(context, { from, to, ports: rule.ports, cited, place });
            }
          }
        }
      }
    }
  }
}

function peersOf(
  context: CallContext,
  policy: NetworkPolicy,
  { ipBlock, podSelector, namespaceSelector }: PolicyPeer,
  cited: string,
  place: () => Span,
): readonly DraftWorkload[] {
  const broad = (text: string) => {
    context.remarks.add("broad", cited, text, place());
    return [];
  };
  if (ipBlock !== undefined) return broad(`names the addresses ${ipBlock.text}`);
  if (podSelector === undefined || podSelector.requirements.length === 0) {
    const whole =
      namespaceSelector === undefined
        ? `the namespace ${policy.namespace}`
        : `namespaces (${describeSelector(namespaceSelector)})`;
    return broad(`names every pod of ${whole}`);
  }
  const namespaces =
    namespaceSelector === undefined ? [policy.namespace] : namespacesOf(context.cluster, namespaceSelector);
  const found = namespaces.flatMap((namespace) =>
    context.inventory.matching(namespace, podSelector).map(({ draft }) => draft),
  );
  if (found.length === 0) {
    const where = namespaceSelector === undefined ? "" : ` of namespaces (${describeSelector(namespaceSelector)})`;
    // DNS and the controllers of the cluster are no part of a workflow
    if (!/k8s-app=(?:kube-dns|coredns)/.test(describeSelector(podSelector))) {
      context.remarks.add("dangling", `pods (${describeSelector(podSelector)})`, `peers${where} in ${cited}`, place());
    }
  }
  // as good as everyone: what most of the cluster matches was not written for one caller
  if (found.length > 3 && found.length * 2 > context.inventory.workloads.length)
    return broad("names more than half of all workloads");
  return found;
}

function namespacesOf(cluster: Cluster, selector: NonNullable<PolicyPeer["namespaceSelector"]>): readonly string[] {
  return [...cluster.namespaces.values()]
    .filter(({ labels, name }) => matches(selector, new Map(labels).set(NAME_LABEL, name)))
    .map(({ name }) => name);
}

function addLink(context: CallContext, { from, to, ports, cited, place }: Link): void {
  const numbers = ports === undefined ? undefined : ports.flatMap((port) => numbersOf(to, port));
  if (numbers === undefined) {
    // without a port it only confirms what other evidence says, unless there is but one
    if (context.flows.portsBetween(from.name, to.name).length > 0) return;
    const known = [...to.ports.keys()];
    if (known.length !== 1) {
      context.remarks.add("broad", cited, `lets ${from.name} reach every port of ${to.name}`, place());
      return;
    }
    context.flows.add({
      from: from.name,
      to: to.name,
      port: known[0] ?? 0,
      evidence: { text: cited, place },
      authority: "network",
    });
    return;
  }
  for (const port of new Set(numbers)) {
    context.inventory.port(to, port);
    context.flows.add({ from: from.name, to: to.name, port, evidence: { text: cited, place }, authority: "network" });
  }
}

function numbersOf(to: DraftWorkload, { protocol, port, endPort }: PolicyPort): readonly number[] {
  if (protocol !== "TCP") return [];
  if (typeof port === "string") return to.source?.pods.flatMap((pod) => portsNamed(pod, port, protocol)) ?? [];
  if (port === undefined || endPort !== undefined) {
    return [...to.ports.keys()].filter((known) => known >= (port ?? 1) && known <= (endPort ?? 65_535));
  }
  return [port];
}
