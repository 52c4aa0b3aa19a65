/** A pod as a workload's pods are, and what may be changed in it for a test. */
import type { Policy, Workload } from "../../policy/index.js";
import { LABELS } from "../names.js";
import type { Value, ValueMap } from "../yaml.js";
import { meshFacts } from "./mesh.js";

export interface Sample {
  readonly name: string;
  readonly object: Value;
}

export interface Change {
  /** `undefined` takes a label away */
  readonly labels?: ValueMap;
  readonly annotations?: ValueMap;
  readonly spec?: ValueMap;
  readonly container?: ValueMap;
  readonly security?: ValueMap;
}

export const SECURE: ValueMap = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };

export function samplePod(policy: Policy, workload: Workload, change: Change = {}): Value {
  const mesh = meshFacts(policy);
  const own = Object.fromEntries(Object.entries(mesh?.own[workload.name] ?? {}).map(([key, [value]]) => [key, value]));
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
        ...mesh?.required,
        ...change.labels,
      },
      annotations: { ...own, ...change.annotations },
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
