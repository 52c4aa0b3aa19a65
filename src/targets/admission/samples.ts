/** Pods for generated tests: one as a workload's pods are, and pods that differ from it in one thing that is refused. */
import type { Policy, Workload } from "../../policy/index.js";
import { LABELS } from "../names.js";
import type { Value, ValueMap } from "../yaml.js";

interface Change {
  readonly labels?: ValueMap;
  readonly spec?: ValueMap;
  readonly container?: ValueMap;
  readonly security?: ValueMap;
}

const SECURE: ValueMap = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };

export function samplePod(policy: Policy, workload: Workload, change: Change = {}): Value {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: workload.name,
      namespace: workload.zone,
      labels: {
        [LABELS.workflow]: policy.workflow,
        [LABELS.workload]: workload.name,
        [LABELS.zone]: workload.zone,
        ...change.labels,
      },
    },
    spec: {
      serviceAccountName: workload.name,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "main",
          image: workload.image ?? "",
          securityContext: { ...SECURE, ...change.security },
          ...change.container,
        },
      ],
      ...change.spec,
    },
  };
}

export function refusedPods(
  policy: Policy,
  workload: Workload,
): { security: { name: string; object: Value }[]; placement: { name: string; object: Value }[] } {
  const pod = (name: string, change: Change) => ({ name, object: samplePod(policy, workload, change) });
  const evil: ValueMap = { name: "extra", image: "evil.invalid/tool:1", securityContext: SECURE };
  const [, ...rest] = (workload.image ?? "").split("/");
  return {
    security: [
      pod("host network", { spec: { hostNetwork: true } }),
      pod("host processes", { spec: { hostPID: true } }),
      pod("privileged", { security: { privileged: true, allowPrivilegeEscalation: true } }),
      pod("a capability more", { security: { capabilities: { drop: ["ALL"], add: ["SYS_ADMIN"] } } }),
      pod("privilege escalation", { security: { allowPrivilegeEscalation: true } }),
      pod("a path of the host", { spec: { volumes: [{ name: "host", hostPath: { path: "/" } }] } }),
      pod("root", {
        spec: { securityContext: { runAsNonRoot: true, runAsUser: 0, seccompProfile: { type: "RuntimeDefault" } } },
      }),
      pod("no seccomp profile", { spec: { securityContext: { runAsNonRoot: true } } }),
      pod("an ephemeral container with privileges", {
        spec: { ephemeralContainers: [{ ...evil, securityContext: { privileged: true } }] },
      }),
    ],
    placement: [
      pod(`${workload.name} with another image`, { container: { image: "evil.invalid/tool:1" } }),
      pod(`${workload.name} with its image's name alone`, {
        container: { image: rest.length === 0 ? `evil.invalid/${workload.image}` : `evil.invalid/${rest.join("/")}` },
      }),
      pod(`${workload.name} with another init container`, { spec: { initContainers: [evil] } }),
      pod(`${workload.name} with another ephemeral container`, { spec: { ephemeralContainers: [evil] } }),
      pod(`${workload.name} under another account`, { spec: { serviceAccountName: "default" } }),
      pod(`${workload.name} without its label`, { labels: { [LABELS.workload]: "somebody-else" } }),
      pod(`${workload.name} without its zone`, { labels: { [LABELS.zone]: "elsewhere" } }),
      pod(`${workload.name} with the mesh's container from elsewhere`, {
        spec: { initContainers: [{ ...evil, name: "istio-init" }] },
      }),
    ],
  };
}
