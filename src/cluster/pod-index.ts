/**
 * Which pods of a namespace a selector matches, without looking at every pod: a requirement of one value leads to the pods
 * that have the label. A list of workloads never changes, and an edit that does not touch it leaves it as it is, so its
 * index is made once, when first asked for.
 */
import type { Cluster } from "./cluster.js";
import type { Pod } from "./pods.js";
import { type LabelSelector, matches } from "./selector.js";
import type { Workload } from "./workloads.js";

export interface SelectedPod {
  readonly workload: Workload;
  readonly pod: Pod;
}

/** by namespace, then by `key=value`; every list in the cluster's order */
type Index = ReadonlyMap<string, ReadonlyMap<string, readonly SelectedPod[]>>;

const indexes = new WeakMap<Cluster["workloads"], Index>();

/** The pods of a namespace that a selector matches, in the order of their workloads. */
export function podsMatching(cluster: Cluster, namespace: string, selector: LabelSelector): readonly SelectedPod[] {
  const labelled = indexOf(cluster).get(namespace);
  if (labelled === undefined) return [];
  let candidates: readonly SelectedPod[] | undefined;
  for (const { key, operator, values } of selector.requirements) {
    if (operator !== "In" || values.length !== 1) continue;
    const having = labelled.get(`${key}=${values[0]}`) ?? [];
    if (candidates === undefined || having.length < candidates.length) candidates = having;
  }
  return (candidates ?? labelled.get(EVERY) ?? []).filter(({ pod }) => matches(selector, pod.labels));
}

/** Where all pods of a namespace stand: no label's key is empty. */
const EVERY = "";

function indexOf(cluster: Cluster): Index {
  const known = indexes.get(cluster.workloads);
  if (known !== undefined) return known;
  const index = new Map<string, Map<string, SelectedPod[]>>();
  for (const [namespace, workloads] of cluster.workloadsByNamespace) {
    const labelled = new Map<string, SelectedPod[]>([[EVERY, []]]);
    const put = (label: string, selected: SelectedPod) => {
      const list = labelled.get(label);
      if (list === undefined) labelled.set(label, [selected]);
      else list.push(selected);
    };
    for (const workload of workloads) {
      for (const pod of workload.pods) {
        put(EVERY, { workload, pod });
        for (const [key, value] of pod.labels) put(`${key}=${value}`, { workload, pod });
      }
    }
    index.set(namespace, labelled);
  }
  indexes.set(cluster.workloads, index);
  return index;
}
