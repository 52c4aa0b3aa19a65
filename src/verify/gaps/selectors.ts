/** Selectors that match nothing: a policy that holds for nobody, a peer that is nobody, a Service that leads nowhere. */
import {
  type Cluster,
  describeObject,
  describeSelector,
  endpointsOf,
  type LabelSelector,
  matches,
  NAME_LABEL,
  type NetworkPolicy,
} from "../../cluster/index.js";
import { suggest } from "../../diagnostics/index.js";
import { at, type Check, type Finding } from "./check.js";

export const selectorMatchesNothing: Check = {
  id: "selector-matches-nothing",
  severity: "medium",
  title: "a selector matches nothing in the manifests",
  remedy: "correct the labels; for a namespace's name use `kubernetes.io/metadata.name`, which the API server sets",
  *find({ cluster }) {
    for (const policy of cluster.networkPolicies) yield* unmatchedIn(cluster, policy);
    for (const service of cluster.services) {
      if (service.selector === undefined || endpointsOf(cluster, service).length > 0 || service.ports.length === 0)
        continue;
      yield {
        subject: describeObject(service.object),
        text: `no pod of ${service.namespace} has ${describeSelector(service.selector)}`,
        evidence: [at(service.object, ["spec", "selector"], "this selector")],
      };
    }
  },
};

function* unmatchedIn(cluster: Cluster, policy: NetworkPolicy): Generator<Finding> {
  const { object } = policy;
  const finding = (text: string, path: readonly (string | number)[]): Finding => ({
    subject: describeObject(object),
    text,
    evidence: [at(object, path, "this selector")],
  });
  if (!anyPod(cluster, [policy.namespace], policy.podSelector) && policy.podSelector.requirements.length > 0) {
    const text = `the policy is for no pod: none of ${policy.namespace} has ${describeSelector(policy.podSelector)}`;
    yield finding(text, ["spec", "podSelector"]);
  }
  for (const direction of ["ingress", "egress"] as const) {
    for (const [index, rule] of policy[direction].entries()) {
      for (const [peerIndex, peer] of (rule.peers ?? []).entries()) {
        if (peer.ipBlock !== undefined) continue;
        const path = ["spec", direction, index, direction === "ingress" ? "from" : "to", peerIndex];
        const selector = peer.namespaceSelector;
        if (selector !== undefined && namesAnother(cluster, selector)) continue;
        const spaces = selector === undefined ? [policy.namespace] : namespacesWith(cluster, selector);
        if (selector !== undefined && spaces.length === 0) {
          yield finding(`no namespace has ${describeSelector(selector)}`, [...path, "namespaceSelector"]);
        } else if (peer.podSelector !== undefined && !anyPod(cluster, spaces, peer.podSelector)) {
          const where = spaces.length === 1 ? `of ${spaces[0]}` : "of these namespaces";
          yield finding(`no pod ${where} has ${describeSelector(peer.podSelector)}`, [...path, "podSelector"]);
        }
      }
    }
  }
}

/**
 * Whether the selector names, by the label that the API server sets, a namespace of which the manifests hold nothing:
 * that is installed by somebody else, and so are its pods. A name that is almost one of theirs is a slip.
 */
function namesAnother(cluster: Cluster, { requirements }: LabelSelector): boolean {
  const own = [...cluster.namespaces.values()]
    .filter(({ name, object }) => object !== undefined || cluster.workloadsByNamespace.has(name))
    .map(({ name }) => name);
  return requirements.some(
    ({ key, operator, values }) =>
      key === NAME_LABEL && operator === "In" && values.some((name) => !own.includes(name) && !isSlip(name, own)),
  );
}

/** Two edits make any short name of another. */
function isSlip(name: string, own: readonly string[]): boolean {
  return name.length > 5 && suggest(name, own) !== undefined;
}

function namespacesWith(cluster: Cluster, selector: LabelSelector): readonly string[] {
  return [...cluster.namespaces.values()].filter(({ labels }) => matches(selector, labels)).map(({ name }) => name);
}

/** Whatever runs a Gateway puts its name on the pods that it makes. */
const GATEWAY = "gateway.networking.k8s.io/gateway-name";

function anyPod(cluster: Cluster, namespaces: readonly string[], selector: LabelSelector): boolean {
  const gateway = selector.requirements.find(({ key }) => key === GATEWAY)?.values ?? [];
  if (cluster.gateways.some((one) => namespaces.includes(one.namespace) && gateway.includes(one.name))) return true;
  return namespaces.some((name) =>
    (cluster.workloadsByNamespace.get(name) ?? []).some(({ pods }) =>
      pods.some(
        ({ labels, injectedKeys }) =>
          matches(selector, labels) || selector.requirements.some(({ key }) => injectedKeys.includes(key)),
      ),
    ),
  );
}
