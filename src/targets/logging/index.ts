import type { Policy } from "../../policy/index.js";
import type { Artifact } from "../target.js";
import { leftBecause, type Target } from "../target.js";
import { auditPolicy } from "./audit-policy.js";
import { capabilities } from "./capabilities.js";
import { detections } from "./detections.js";
import { fluentBit } from "./fluent-bit.js";
import { fluentd } from "./fluentd.js";
import { openTelemetry } from "./opentelemetry.js";

export const logging: Target = {
  name: "logging",
  summary: "records without secrets, the audit log, and alerts for what the workflow responds to",
  layer: "logs",
  capabilities,
  chosen: (policy) => policy.targets.logs.engine !== "none",
  holds: () => leftBecause("is about records, not about traffic"),
  requires,
  emit,
};

function requires(policy: Policy): readonly string[] {
  const { engine } = policy.targets.logs;
  const collector = {
    fluentd: "Fluentd",
    "fluent-bit": "Fluent Bit 3 or later",
    opentelemetry: "an OpenTelemetry Collector",
    none: "",
  };
  return [
    `${collector[engine]} runs on each node with this configuration, and nothing else reads the zones' container logs.`,
    "Each API server runs with `--audit-policy-file` and the file `logging/audit-policy.yaml`.",
    "A private key that is logged line by line is known by its first line only: let the collector join multi-line records.",
    ...(policy.respond.length === 0
      ? []
      : ["Prometheus reads the metrics of the mesh and of the API server, and `logging/detections.yaml`."]),
  ];
}

function emit(policy: Policy): readonly Artifact[] {
  const engines = { fluentd, "fluent-bit": fluentBit, opentelemetry: openTelemetry, none: () => [] };
  return [
    { kind: "text", path: "logging/audit-policy.yaml", byHand: true, text: auditPolicy(), holds: ["decision-log"] },
    ...engines[policy.targets.logs.engine](policy),
    ...detections(policy),
  ];
}
