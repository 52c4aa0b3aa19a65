/** Log pipelines that carry on what they should have removed. */
import { type ConfigMap, describeObject } from "../../cluster/index.js";
import { at, type Check } from "./check.js";

interface Pipeline {
  readonly map: ConfigMap;
  readonly key: string;
  readonly text: string;
}

/** Fluentd (`<match …>`) and Fluent Bit (`[OUTPUT]`, or YAML with `outputs:`) configurations. */
function pipelines(maps: readonly ConfigMap[]): readonly Pipeline[] {
  return maps.flatMap((map) =>
    [...map.data].filter(([, text]) => SHIPS.test(withoutComments(text))).map(([key, text]) => ({ map, key, text })),
  );
}

const SHIPS = /^\s*<match\s|^\s*\[OUTPUT\]|^\s*outputs:\s*$/im;
/** Filters that can change or drop what a record says. */
const CHANGES =
  /@type\s+(record_transformer|record_modifier|grep|parser|redact|masking|sanitizer)|^\s*name:?\s+(modify|record_modifier|lua|rewrite_tag|nest|grep|wasm|sql)\b|logs_redaction/im;
/** Removes keys of the record itself and never looks into nested ones. */
const TOP_LEVEL = /remove_keys\s+\S|^\s*(-\s*)?remove(_key)?:?\s+\w/im;
/** Looks into nested records or into text. */
const DEEP = /\.dig\(|\$\.\w+\.\w+|\$\[|gsub|lua|flatten|nest\b|recursive|redact|mask|wasm/i;

function withoutComments(text: string): string {
  return text.replace(/^\s*#.*$/gm, "");
}

export const logsNotRedacted: Check = {
  id: "logs-not-redacted",
  severity: "medium",
  title: "a log pipeline ships records as they are",
  remedy:
    "redact before the output: tokens, credentials and personal data, in nested fields and in the text of messages",
  *find({ cluster }) {
    for (const { map, key, text } of pipelines(cluster.configMaps)) {
      if (CHANGES.test(withoutComments(text))) continue;
      yield {
        subject: describeObject(map.object),
        text: "no filter stands between what is read and what is shipped",
        evidence: [{ ...at(map.object, ["data", key], "this configuration"), withhold: true }],
      };
    }
  },
};

export const redactionTopLevelOnly: Check = {
  id: "redaction-top-level-only",
  severity: "medium",
  title: "log redaction looks at the top level of a record alone",
  remedy: "redact nested fields and text too; a secret is rarely a key of the record itself",
  *find({ cluster }) {
    for (const { map, key, text } of pipelines(cluster.configMaps)) {
      const plain = withoutComments(text);
      if (!CHANGES.test(plain) || !TOP_LEVEL.test(plain) || DEEP.test(plain)) continue;
      yield {
        subject: describeObject(map.object),
        text: "keys are removed by name from the record itself; the same keys one level deeper, and in the message, are shipped",
        evidence: [{ ...at(map.object, ["data", key], "this configuration"), withhold: true }],
      };
    }
  },
};
