/**
 * The OpenTelemetry Collector. Its statements see one level of a map, so bodies and attributes are flattened first; then
 * fields go by their name and what is left by what it looks like. A record on which a statement fails is dropped.
 */
import type { Policy } from "../../policy/index.js";
import type { Artifact } from "../target.js";
import { toYaml, type Value } from "../yaml.js";
import {
  COUNTED_FIELDS,
  COUNTS,
  FIELD_TAILS,
  NAME_FIELDS,
  OPEN_KEYS,
  SECRET_FIELDS,
  SECRET_WORDS,
  VALUE_FIELDS,
} from "./secret-names.js";
import { ALTERNATIVE_PATTERNS, REDACTED, type SecretPattern } from "./secret-patterns.js";

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
          ...ALTERNATIVE_PATTERNS.map(
            (pattern) => `replace_pattern(log.body, ${ottl(pattern)}, "${REDACTED}") where IsString(log.body)`,
          ),
          ...BASE64.map(({ pattern, by }) => `replace_pattern(log.body, ${pattern}, "${by}") where IsString(log.body)`),
          // A list has no keys to flatten by: as text, its elements are redacted like any other.
          `set(log.body, "${REDACTED}") where IsList(log.body)`,
          ...inMap("log.attributes"),
          ...inMap("resource.attributes"),
        ],
      },
    ],
  };
}

const any = (words: readonly string[]) => `(${words.join("|")})`;
/** What may follow a name: a number, `_confirmation`. */
const TAIL = `([_.-]?${any(FIELD_TAILS)})?[_.-]?v?[0-9]*`;
const INNER = "(\\\\.[^.]+)*$$";
const COUNTED = any(COUNTED_FIELDS);
const named = (fields: readonly string[]) => any(fields.map((field) => [...field].join("[_.-]?")));
const capital = (word: string) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
/** A word of its own, by a separator or by a capital. */
const word = (words: readonly string[]) =>
  `((^|[^a-z])${any(words)}|(?-i:[a-z]${any(words.map(capital))}))[_.-]?v?[0-9]*`;
const KEYS = ["key", "keys"];
/** By the end of their name: with a plural, but for those whose plural counts. */
const isCounted = (field: string) => COUNTED_FIELDS.some((counted) => counted === `${field}s`);
const [singular, plural] = [SECRET_FIELDS.filter(isCounted), SECRET_FIELDS.filter((field) => !isCounted(field))];
const NAMES = `(${named(plural)}s?|${named(singular)})`;

/** Keys of a flattened map that say that what they hold is a secret, whatever the map. */
const SECRET_KEYS = [
  `(?i)${NAMES}${TAIL}${INNER}`,
  `(?i)${word(SECRET_WORDS)}${INNER}`,
  // What lies below a plural that otherwise counts, and below a key of something.
  `(?i)(${COUNTED}|[a-z0-9][_-]${any(KEYS)})(\\\\.[^.]+)+$$`,
  // {name: DB_PASSWORD, value: …}, ["--password", …]: once flattened, nothing says which belongs to which, so such go.
  `(?i)(^|\\\\.)(env|environment|headers?|variables|settings|params|parameters|args|options)\\\\.([0-9]+\\\\.)?${any(VALUE_FIELDS)}$$`,
  `(?i)(^|\\\\.)((raw|request|response)?[_-]?headers?|args|argv|arguments|cmd|cmdline|command)(\\\\.[0-9]+)+$$`,
];
/** Those that do unless they are one of `OPEN_KEYS` or a count. */
const LOOSE_KEYS = [`(?i)[a-z0-9][_-]${any(KEYS)}[_.-]?v?[0-9]*$$`, `[a-z](Key|Keys)[0-9]*$$`, `(?i)${COUNTED}$$`];
const KEPT_KEYS = `(?i)((^|[^a-z])${any(OPEN_KEYS)}[_.-]?${any(KEYS)}|(^|[^a-z])${any(COUNTS)}[_.-]?${COUNTED})$$`;

function inMap(map: string, condition?: string): string[] {
  const where = condition === undefined ? "" : ` where ${condition}`;
  const lone = `(?i)^${any(VALUE_FIELDS)}$$`;
  const names = NAME_FIELDS.map(
    (field) =>
      `IsString(${map}["${field}"]) and IsMatch(${map}["${field}"], "(?i)(${NAMES}|[_-]${any([...KEYS, ...SECRET_WORDS])})[^A-Za-z]*$$")`,
  );
  const and = (extra: string) => ` where ${condition === undefined ? "" : `${condition} and `}${extra}`;
  return [
    `flatten(${map})${where}`,
    ...SECRET_KEYS.map((keys) => `delete_matching_keys(${map}, "${keys}")${where}`),
    `delete_matching_keys(${map}, "${lone}")${and(`(${names.join(" or ")})`)}`,
    // There is no "unless" in a pattern: what stays is set aside and put back.
    `set(log.cache["kept"], ${map})${where}`,
    `keep_matching_keys(log.cache["kept"], "${KEPT_KEYS}")${where}`,
    ...LOOSE_KEYS.map((keys) => `delete_matching_keys(${map}, "${keys}")${where}`),
    `merge_maps(${map}, log.cache["kept"], "upsert")${where}`,
    ...ALTERNATIVE_PATTERNS.flatMap((pattern) => [
      `replace_all_patterns(${map}, "value", ${ottl(pattern)}, "${REDACTED}")${where}`,
      `replace_all_patterns(${map}, "key", ${ottl(pattern)}, "${REDACTED}")${where}`,
    ]),
    ...BASE64.map(({ pattern, by }) => `replace_all_patterns(${map}, "value", ${pattern}, "${by}")${where}`),
  ];
}

/**
 * Anything that may be base64, of some length: the collector cannot look inside, so it goes unseen. Digits of a hash alone
 * are no base64 that could hide something. A `$` is doubled, since the collector's configuration gives it a meaning.
 */
const BASE64 = [
  // Over several lines, the last and shorter one included.
  { pattern: "[A-Za-z0-9+/]{56,}((\\\\[rn]|[\\r\\n])+[A-Za-z0-9+/]+={0,2})+", by: REDACTED },
  { pattern: "(^|[\\s\"'=:,(])[A-Za-z0-9+/]*[G-Zg-z+][A-Za-z0-9+/]{19,}={0,2}", by: `$$1${REDACTED}` },
  // Behind a word with a hyphen: longer, since paths look so too.
  { pattern: "-[A-Za-z0-9+/]*[G-Zg-z+][A-Za-z0-9+/]{27,}={0,2}", by: `-${REDACTED}` },
].map(({ pattern, by }) => ({ pattern: JSON.stringify(pattern), by }));

/** An expression as a string literal of the collector's language. */
function ottl({ source, ignoreCase }: SecretPattern): string {
  return JSON.stringify(`${ignoreCase === true ? "(?i)" : ""}${source.replaceAll("$", "$$$$")}`);
}
