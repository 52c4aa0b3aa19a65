/**
 * The workflow's `respond` rules where a cluster can see what they react to: alerting rules over the metrics that the
 * mesh, OPA and the collectors count, and the receivers that alerts go to. What acts on an alert is not here.
 */
import type { Policy, ResponseRule } from "../../policy/index.js";
import type { Artifact } from "../target.js";
import { toYaml, type Value } from "../yaml.js";

export function detections(policy: Policy): Artifact[] {
  if (policy.respond.length === 0) return [];
  const alerts = policy.respond.flatMap((rule, index) => alert(policy, rule, index));
  const artifacts: Artifact[] = [];
  if (alerts.length > 0) {
    const body: Value = { groups: [{ name: `ringfence.${policy.workflow}`, rules: alerts }] };
    const head =
      "# Prometheus alerting rules, from `respond` of the workflow file. Alertmanager passes them to the receivers.\n";
    artifacts.push({
      kind: "text",
      path: "logging/detections.yaml",
      byHand: true,
      text: `${head}${toYaml(body)}`,
      holds: ["response"],
    });
  }
  if (policy.receivers.length > 0) {
    artifacts.push({
      kind: "text",
      path: "logging/alertmanager.yaml",
      byHand: true,
      text: alertmanager(policy),
      holds: ["response"],
    });
  }
  return artifacts;
}

/** What each trigger counts, and the labels by which it tells a workload or a user from another. */
function expression(policy: Policy, { when, from, count, withinSeconds }: ResponseRule): string | undefined {
  const zones = policy.zones.map(({ name }) => name).join("|");
  const range = `[${withinSeconds}s]`;
  const by = from === "one-workload" ? "sum by (source_workload, source_workload_namespace)" : "sum";
  switch (when) {
    case "denied-flows":
      return `${by} (increase(istio_requests_total{reporter="destination", response_code="403", destination_workload_namespace=~"${zones}"}${range})) >= ${count}`;
    case "invalid-token":
      return `${by} (increase(istio_requests_total{reporter="destination", response_code="401", destination_workload_namespace=~"${zones}"}${range})) >= ${count}`;
    case "identity-mismatch":
      return `sum (increase(envoy_listener_ssl_fail_verify_san{namespace=~"${zones}"}${range})) + sum (increase(envoy_listener_ssl_fail_verify_error{namespace=~"${zones}"}${range})) >= ${count}`;
    case "secret-in-log":
      return `sum (increase(ringfence_redactions_total{namespace=~"${zones}"}${range})) >= ${count}`;
    case "policy-changed":
      return `sum (increase(apiserver_validating_admission_policy_check_total{policy=~"ringfence\\\\.${policy.workflow}\\\\.ownership\\\\..*", enforcement_action="deny"}${range})) >= ${count}`;
    case "unexpected-workload":
      return `sum (increase(apiserver_validating_admission_policy_check_total{policy=~"ringfence\\\\.${policy.workflow}\\\\.workloads\\\\..*", enforcement_action="deny"}${range})) >= ${count}`;
    default:
      return undefined;
  }
}

function alert(policy: Policy, rule: ResponseRule, index: number): Value[] {
  const expr = expression(policy, rule);
  if (expr === undefined) return [];
  const name = rule.when.split("-").map((part) => part.charAt(0).toUpperCase() + part.slice(1));
  return [
    {
      alert: `Ringfence${name.join("")}`,
      expr,
      labels: {
        severity: rule.do.includes("quarantine") ? "critical" : "warning",
        workflow: policy.workflow,
        rule: String(index + 1),
        response: rule.do.join(","),
        ...(rule.notify.length === 0 ? {} : { notify: rule.notify.join(",") }),
      },
      annotations: {
        summary: `${rule.when} in ${policy.workflow}: at least ${rule.count} within ${rule.withinSeconds} s`,
      },
    },
  ];
}

function alertmanager(policy: Policy): string {
  const receivers: Value[] = policy.receivers.map(({ name, webhook, secret }) => ({
    name,
    webhook_configs: [
      {
        url: webhook,
        send_resolved: true,
        ...(secret === undefined
          ? {}
          : { http_config: { authorization: { credentials_file: `/etc/alertmanager/secrets/${secret}/value` } } }),
      },
    ],
  }));
  const routes: Value[] = policy.receivers.map(({ name }) => ({
    receiver: name,
    matchers: [`workflow="${policy.workflow}"`, `notify=~"(^|.*,)${name}(,.*|$)"`],
    continue: true,
  }));
  const head =
    "# Routes and receivers to merge into Alertmanager's configuration. Credentials come from files, never from here.\n";
  return `${head}${toYaml({ route: { receiver: "nobody", routes }, receivers: [{ name: "nobody" }, ...receivers] })}`;
}
