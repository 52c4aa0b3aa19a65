/** Which workloads an Istio policy is about: selected by label, behind a named Service, or all of a namespace or mesh. */
import { type Attachment, type Cluster, EVERYTHING, type KubeObject, selectorOfLabels } from "../cluster/index.js";
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
  if (policy.targetRefs.length > 0) {
    const services = policy.targetRefs.filter(({ kind, group }) => kind === "Service" && group === "");
    const found = services.flatMap(({ name }) =>
      cluster.services
        .filter((service) => service.name === name && service.namespace === policy.namespace)
        .flatMap((service) => inventory.behind(service)),
    );
    return { workloads: found.map(({ draft }) => draft), gateway: services.length < policy.targetRefs.length };
  }
  const root = policy.namespace === cluster.mesh.rootNamespace;
  const zones = root ? [...cluster.namespaces.keys()] : [policy.namespace];
  const selector = policy.selector === undefined ? EVERYTHING : selectorOfLabels(policy.selector);
  const found = zones.flatMap((zone) => inventory.matching(zone, selector)).map(({ draft }) => draft);
  const labels = [...(policy.selector?.values() ?? [])];
  return { workloads: found, gateway: found.length === 0 && labels.some((value) => /gateway/.test(value)) };
}
