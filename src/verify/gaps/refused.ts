/** Workloads that the manifests' own admission rules would not let in. */
import { describeObject } from "../../cluster/index.js";
import { judgeAdmission } from "../admission.js";
import { at, type Check } from "./check.js";

export const refusedByAdmission: Check = {
  id: "refused-by-admission",
  severity: "medium",
  title: "a workload does not meet an admission rule of the same manifests",
  remedy: "change the workload so that it meets the rule; it cannot start beside it",
  *find({ cluster }) {
    for (const { workload, constraint, action, message } of judgeAdmission(cluster).refusals) {
      const verb = action === "deny" ? "refuses it" : `objects to it (${action})`;
      yield {
        subject: workload.id,
        text: `${describeObject(constraint)} ${verb}: ${message}`,
        evidence: [
          at(workload.object, ["metadata", "name"], "this object"),
          at(constraint, ["metadata", "name"], "this constraint"),
        ],
      };
    }
  },
};
