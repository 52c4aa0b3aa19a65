/** What the full parser takes for a number and nobody else does. */
import type { SchemaOptions } from "yaml";

type Tags = Extract<NonNullable<SchemaOptions["customTags"]>, readonly unknown[]>;

/** `.` has the form of a number in the parser's YAML 1.1, and is text for kubectl: `exportTo: [.]`. */
export const NUMBERS_HAVE_DIGITS = (tags: Tags): Tags => tags.map(withDigit);

function withDigit(tag: Tags[number]): Tags[number] {
  if (typeof tag !== "object" || !("test" in tag) || tag.tag !== "tag:yaml.org,2002:float") return tag;
  const { test } = tag;
  if (test === undefined || test.test(".nan")) return tag;
  return { ...tag, test: new RegExp(`(?=.*[0-9])${test.source}`) };
}
