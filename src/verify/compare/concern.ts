/** Which workloads a policy is about: connections between two others are nobody's flows. */
import type { Cluster } from "../../cluster/index.js";
import type { Policy } from "../../policy/index.js";
import { isAuthorizer } from "./control.js";
import type { Seat } from "./seats.js";

/** Workloads that the policy declares, or whose place it governs, and those that decide for it. */
export function concerns(policy: Policy, cluster: Cluster, seat: Seat): boolean {
  if (seat.name !== undefined) return true;
  return policy.zones.some(({ name }) => name === seat.workload.namespace) || isAuthorizer(cluster, seat);
}
