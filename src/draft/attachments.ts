/** Which workloads an Istio policy is about: selected by label, behind a named Service, or all of a namespace or mesh. */
import {
  type Attachment,
  type Cluster,
  type KubeObject,
  matches,
  selectorOfLabels,
  workloadsOf,
} from "../cluster/index.js";
import type { DraftWorkload, Inventory } from "./inventory.js";

export interface Attached {
  readonly workloads: readonly DraftWorkload[];
  /** it attaches to a gateway, in front of the workloads that the gateway's routes lead to */
  readonly gateway: boolean;
}

export function attachedTo(
  cluster: Cluster,
  inventory: Inventory,
  policy: Attachment & { readonly object: KubeObject; readonly namespace: string },
): Attached {
  const known = (workloads: Cluster["workloads"]) =>
    workloads.map((workload) => inventory.of(workload)).filter((draft) => draft !== undefined);
  if (policy.targetRefs.length > 0) {
    const services = policy.targetRefs.filter(({ kind, group }) => kind === "Service" && group === "");
    const found = services.flatMap(({ name }) =>
      cluster.services
        .filter((service) => service.name === name && service.namespace === policy.namespace)
        .flatMap((service) => known(workloadsOf(cluster, service))),
    );
    return { workloads: found, gateway: services.length < policy.targetRefs.length };
  }
  const root = policy.namespace === cluster.mesh.rootNamespace;
  const candidates = root ? cluster.workloads : (cluster.workloadsByNamespace.get(policy.namespace) ?? []);
  if (policy.selector === undefined || policy.selector.size === 0)
    return { workloads: known(candidates), gateway: false };
  const selector = selectorOfLabels(policy.selector);
  const found = known(candidates.filter(({ pods }) => pods.some((pod) => matches(selector, pod.labels))));
  const gateway =
    found.length === 0 && [...policy.selector.values()].some((value) => /ingressgateway|gateway/.test(value));
  return { workloads: found, gateway };
}
