/**
 * The OpenTelemetry Collector. Its statements see one level of a map, so bodies and attributes are flattened first; then
 * fields go by their name and what is left by what it looks like. A record on which a statement fails is dropped.
 */
import type { Policy } from "../../policy/index.js";
import type { Artifact } from "../target.js";
import { toYaml, type Value } from "../yaml.js";
import {
  NAME_FIELDS,
  REDACTED,
  SECRET_FIELDS,
  SECRET_PATTERNS,
  type SecretPattern,
  VALUE_FIELDS,
} from "./secret-patterns.js";

export function openTelemetry(policy: Policy): Artifact[] {
  return [
    {
      kind: "text",
      path: "logging/opentelemetry/collector.yaml",
      byHand: true,
      text: collectorConfiguration(policy),
      holds: ["redaction"],
    },
  ];
}

function collectorConfiguration(policy: Policy): string {
  const head = [
    "# Merge into the configuration of the collector that runs on each node (the distribution `k8s` or `contrib`). The",
    "# transform stands before every exporter, so nothing leaves the node that it did not see. The files of a zone's",
    "# containers are read, and no others.",
  ];
  const container: Value = { type: "container" };
  // A line that is a JSON object becomes a map, so that its fields are known by name.
  const json: Value = {
    type: "json_parser",
    if: 'type(body) == "string" and body matches "^\\\\s*\\\\{"',
    parse_to: "body",
    on_error: "send_quiet",
  };
  const body: Value = {
    receivers: {
      filelog: {
        include: policy.zones.map(({ name }) => `/var/log/pods/${name}_*/*/*.log`),
        include_file_path: true,
        operators: [container, json],
      },
    },
    processors: { "transform/redact": redactionProcessor(), batch: {} },
    exporters: { otlp: { endpoint: policy.targets.logs.endpoint, tls: { insecure: false } } },
    service: {
      pipelines: {
        logs: { receivers: ["filelog"], processors: ["transform/redact", "batch"], exporters: ["otlp"] },
      },
    },
  };
  return `${head.join("\n")}\n${toYaml(body)}`;
}

/** The processor's configuration: what the engine test runs a real collector with. */
export function redactionProcessor(): Value {
  return {
    error_mode: "propagate",
    log_statements: [
      {
        context: "log",
        statements: [
          ...inMap("log.body", "IsMap(log.body)"),
          ...SECRET_PATTERNS.map(
            (pattern) => `replace_pattern(log.body, ${ottl(pattern)}, "${REDACTED}") where IsString(log.body)`,
          ),
          `replace_pattern(log.body, ${BASE64}, "$$1${REDACTED}") where IsString(log.body)`,
          // A list has no keys to flatten by: as text, its elements are redacted like any other.
          `set(log.body, "${REDACTED}") where IsList(log.body)`,
          ...inMap("log.attributes"),
          ...inMap("resource.attributes"),
        ],
      },
    ],
  };
}

function inMap(map: string, condition?: string): string[] {
  const where = condition === undefined ? "" : ` where ${condition}`;
  const names = SECRET_FIELDS.map((field) => [...field].join("[_.-]?")).join("|");
  const named = `(?i)(${names})(\\\\.[^.]+)*$$`;
  // {name: DB_PASSWORD, value: …}: once flattened, nothing says which value belongs to which name, so such values go.
  const values = `(?i)(^|\\\\.)(env|environment|headers?|variables|settings|params|parameters|args|options)\\\\.([0-9]+\\\\.)?(${VALUE_FIELDS.join("|")})$$`;
  const lone = `(?i)^(${VALUE_FIELDS.join("|")})$$`;
  const names_ = NAME_FIELDS.map(
    (field) => `IsString(${map}["${field}"]) and IsMatch(${map}["${field}"], "(?i)(${names})[^A-Za-z]*$$")`,
  );
  const and = (extra: string) => ` where ${condition === undefined ? "" : `${condition} and `}${extra}`;
  return [
    `flatten(${map})${where}`,
    `delete_matching_keys(${map}, "${named}")${where}`,
    `delete_matching_keys(${map}, "${values}")${where}`,
    `delete_matching_keys(${map}, "${lone}")${and(`(${names_.join(" or ")})`)}`,
    ...SECRET_PATTERNS.flatMap((pattern) => [
      `replace_all_patterns(${map}, "value", ${ottl(pattern)}, "${REDACTED}")${where}`,
      `replace_all_patterns(${map}, "key", ${ottl(pattern)}, "${REDACTED}")${where}`,
    ]),
    `replace_all_patterns(${map}, "value", ${BASE64}, "$$1${REDACTED}")${where}`,
  ];
}

/**
 * Anything that may be base64, of some length: the collector cannot look inside, so it goes unseen. Digits of a hash alone
 * are no base64 that could hide something. A `$` is doubled, since the collector's configuration gives it a meaning.
 */
const BASE64 = JSON.stringify("(^|[\\s\"'=:,(])[A-Za-z0-9+/]*[G-Zg-z+][A-Za-z0-9+/]{19,}={0,2}");

/** An expression as a string literal of the collector's language. */
function ottl({ source, ignoreCase }: SecretPattern): string {
  return JSON.stringify(`${ignoreCase === true ? "(?i)" : ""}${source.replaceAll("$", "$$$$")}`);
}
