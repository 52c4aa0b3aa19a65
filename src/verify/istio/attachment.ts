/** Which policies concern which pod: by namespace, by root namespace, by label, by the object that they target. */
import type { Attachment, Cluster, Labels, Pod, Workload } from "../../cluster/index.js";

interface Attached extends Attachment {
  readonly namespace: string;
}

export function selects(selector: Labels | undefined, labels: Labels): boolean {
  if (selector === undefined) return true;
  for (const [key, value] of selector) if (labels.get(key) !== value) return false;
  return true;
}

/** What a proxy is, for the policies that look for it. */
export interface Seat {
  readonly namespace: string;
  readonly labels: Labels;
  readonly kind: "sidecar" | "gateway" | "ambient";
}

export function seatOf(workload: Workload, pod: Pod, kind: Seat["kind"]): Seat {
  return { namespace: workload.namespace, labels: pod.labels, kind };
}

const GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name";

/**
 * Whether a policy is enforced by the proxy on this seat. Policies of the root namespace reach every namespace; a
 * policy with a target is for gateways (and waypoints, which have no pods in manifests) alone.
 */
export function applies(policy: Attached, seat: Seat, rootNamespace: string): boolean {
  if (policy.namespace !== seat.namespace && policy.namespace !== rootNamespace) return false;
  if (policy.targetRefs.length > 0) {
    if (seat.kind !== "gateway" || policy.namespace !== seat.namespace) return false;
    const name = seat.labels.get(GATEWAY_NAME);
    return policy.targetRefs.some((ref) => ref.kind === "Gateway" && ref.name === name);
  }
  return selects(policy.selector, seat.labels);
}

interface Namespaced {
  readonly namespace: string;
}

const indexes = new WeakMap<readonly Namespaced[], ReadonlyMap<string, readonly Namespaced[]>>();
const NONE: readonly never[] = [];

/** The objects of a list that live in a namespace: a cluster has many, a namespace few, and everybody asks. */
export function inNamespace<P extends Namespaced>(objects: readonly P[], namespace: string): readonly P[] {
  if (objects.length === 0) return NONE;
  let index = indexes.get(objects) as ReadonlyMap<string, readonly P[]> | undefined;
  if (index === undefined) {
    const made = new Map<string, P[]>();
    for (const object of objects) {
      const group = made.get(object.namespace);
      if (group === undefined) made.set(object.namespace, [object]);
      else group.push(object);
    }
    index = made;
    indexes.set(objects, made);
  }
  return index.get(namespace) ?? NONE;
}

/** The policies of a list that are enforced on a seat. */
export function attachedTo<P extends Attached>(
  policies: readonly P[],
  seat: Seat,
  rootNamespace: string,
): readonly P[] {
  const own = inNamespace(policies, seat.namespace);
  const root = seat.namespace === rootNamespace ? NONE : inNamespace(policies, rootNamespace);
  return [...root, ...own].filter((policy) => applies(policy, seat, rootNamespace));
}

/** A document that could not be read, and so might have said anything about pods of this namespace. */
export function unreadable(
  cluster: Cluster,
  namespace: string,
  kinds: ReadonlySet<string>,
): Cluster["skipped"][number] | undefined {
  return cluster.skipped.find(
    ({ group, kind, namespace: where }) =>
      (kind === undefined || (kinds.has(kind) && (group === undefined || group.endsWith("istio.io")))) &&
      (where === undefined || where === "" || where === namespace || where === cluster.mesh.rootNamespace),
  );
}
