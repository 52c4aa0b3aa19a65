/**
 * What a plain word of a manifest means. YAML 1.1 as the `yaml` package has it takes `.` and `e1` for numbers that are
 * none, and `22:22` for a number to the base of sixty; the parser that kubectl uses takes them for the texts they are.
 */
import type { DocumentOptions, ParseOptions, SchemaOptions, Tags } from "yaml";

type Options = ParseOptions & DocumentOptions & SchemaOptions;

/** A float has a digit before any exponent. */
const DIGIT_FIRST = "^(?=[-+]?\\.?[0-9])";
const FLOAT = "tag:yaml.org,2002:float";

/** Options of the full parser for a version of YAML. */
export function scalarOptions(version: "1.1" | "1.2"): Options {
  return version === "1.1" ? { version, customTags: withoutSurprises } : { version };
}

function withoutSurprises(tags: Tags): Tags {
  return tags
    .filter((tag) => typeof tag === "string" || !("format" in tag) || tag.format !== "TIME")
    .map((tag) => {
      if (typeof tag === "string" || tag.tag !== FLOAT || !("test" in tag) || tag.test === undefined) return tag;
      if (/nan/i.test(tag.test.source)) return tag;
      return { ...tag, test: new RegExp(DIGIT_FIRST + tag.test.source) };
    });
}
