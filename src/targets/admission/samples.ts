/** Pods for generated tests that differ from a workload's in one thing that is refused. */
import type { Policy, Workload } from "../../policy/index.js";
import { LABELS } from "../names.js";
import type { ValueMap } from "../yaml.js";
import { injectedFacts } from "./facts.js";
import { leavingPods, ownProxies } from "./mesh-samples.js";
import { type Change, type Sample, SECURE, samplePod } from "./sample-pod.js";

export function refusedPods(
  policy: Policy,
  workload: Workload,
): {
  readonly security: Sample[];
  readonly placement: Sample[];
  /** refused whichever workload of a zone it is */
  readonly zone: Sample[];
  readonly mesh: Sample[];
} {
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
      pod(`${workload.name} with a volume of another image`, {
        spec: { volumes: [{ name: "tools", image: { reference: "evil.invalid/tool:1" } }] },
      }),
    ],
    zone: [
      pod(`${workload.name} with a token for the cluster's API`, token({})),
      pod(`${workload.name} with a token for somebody else`, token({ audience: "https://kubernetes.default.svc" })),
      ...(injectedFacts(policy)["istio-proxy"] === undefined ? [] : ownProxies(pod, workload)),
    ],
    mesh: leavingPods(policy, pod),
  };
}

function token(more: ValueMap): Change {
  const sources = [{ serviceAccountToken: { path: "token", ...more } }];
  return { spec: { volumes: [{ name: "token", projected: { sources } }] } };
}
