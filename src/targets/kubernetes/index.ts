import { leftBecause, type Target } from "../target.js";
import { capabilities } from "./capabilities.js";
import { emit } from "./emit.js";

export const kubernetes: Target = {
  name: "kubernetes",
  summary: "namespaces, service accounts, and patches that give existing workloads both",
  layer: "cluster",
  capabilities,
  chosen: () => true,
  holds: () => leftBecause("connects every pod to every other"),
  requires: (policy) => {
    const { mesh } = policy.targets;
    const common = [
      "Each workload runs as the service account and with the labels that the component `workloads` gives it.",
      "Each container runs as a user other than root, and each init container sets `allowPrivilegeEscalation: false` and drops all capabilities: Pod Security `restricted` refuses others.",
    ];
    if (mesh.engine !== "istio" || mesh.mode !== "sidecar") return common;
    return [
      ...common,
      "Istio is installed with its CNI plugin: without it, each pod has an init container that asks for capabilities, and Pod Security refuses the pod.",
    ];
  },
  emit,
};
