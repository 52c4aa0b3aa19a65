/**
 * Label selectors with the semantics of Kubernetes: every requirement must hold, the empty selector matches everything,
 * and `NotIn` matches an object that lacks the key. What a *missing* selector means depends on the field that holds it,
 * so there is no selector for it here: the caller sees `undefined`.
 */
import type { Labels } from "./object.js";
import {
  BAD,
  checked,
  list,
  oneOf,
  optional,
  type Reader,
  type Reading,
  record,
  required,
  string,
  stringMap,
} from "./shape.js";

export type Operator = "In" | "NotIn" | "Exists" | "DoesNotExist";

export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  /** sorted; empty for `Exists` and `DoesNotExist` */
  readonly values: readonly string[];
}

export interface LabelSelector {
  /** all must hold; `matchLabels` are `In` with one value */
  readonly requirements: readonly Requirement[];
  /** equal for selectors that are written differently but require the same */
  readonly id: string;
}

const NAME = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const DOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** A qualified name: `app`, `example.com/app`. */
export function isLabelKey(key: string): boolean {
  const slash = key.indexOf("/");
  if (slash === -1) return NAME.test(key);
  const domain = key.slice(0, slash);
  return domain.length <= 253 && DOMAIN.test(domain) && NAME.test(key.slice(slash + 1));
}

export function isLabelValue(value: string): boolean {
  return value === "" || NAME.test(value);
}

const expression = record({
  key: required(string),
  operator: required(oneOf("In", "NotIn", "Exists", "DoesNotExist")),
  values: optional(list(string)),
});

const written = record({
  matchLabels: optional(checked(stringMap, checkLabels)),
  matchExpressions: optional(list(checked(expression, checkExpression))),
});

function checkLabels(labels: Labels, reading: Reading): boolean {
  let good = true;
  for (const [key, value] of labels) {
    reading.within(key, () => {
      if (!isLabelKey(key)) good = reading.refuse("CLUSTER_VALUE", `\`${key}\` is not a label key`);
      else if (!isLabelValue(value)) good = reading.refuse("CLUSTER_VALUE", `\`${value}\` is not a label value`);
    });
  }
  return good;
}

function checkExpression(
  { key, operator, values }: { key: string; operator: Operator; values: readonly string[] | undefined },
  reading: Reading,
): boolean {
  const say = (message: string) => reading.refuse("CLUSTER_VALUE", message);
  if (!isLabelKey(key)) return say(`\`${key}\` is not a label key`);
  const count = values?.length ?? 0;
  if ((operator === "In" || operator === "NotIn") && count === 0)
    return say(`\`${operator}\` needs at least one value`);
  if ((operator === "Exists" || operator === "DoesNotExist") && count > 0)
    return say(`\`${operator}\` takes no values`);
  const wrong = values?.find((value) => !isLabelValue(value));
  return wrong === undefined || say(`\`${wrong}\` is not a label value`);
}

export const labelSelector: Reader<LabelSelector> = (value, reading) => {
  const read = written(value, reading);
  if (read === BAD) return BAD;
  return selectorOf([
    ...[...(read.matchLabels ?? [])].map(([key, label]) => ({ key, operator: "In" as const, values: [label] })),
    ...(read.matchExpressions ?? []).map(({ key, operator, values }) => ({ key, operator, values: values ?? [] })),
  ]);
};

/** A plain map of labels, as Services and ReplicationControllers select. */
export function selectorOfLabels(labels: Labels): LabelSelector {
  return selectorOf([...labels].map(([key, value]) => ({ key, operator: "In" as const, values: [value] })));
}

function selectorOf(requirements: readonly Requirement[]): LabelSelector {
  const unique = new Map<string, Requirement>();
  for (const { key, operator, values } of requirements) {
    const requirement = { key, operator, values: [...new Set(values)].sort() };
    unique.set(JSON.stringify([key, operator, ...requirement.values]), requirement);
  }
  const ids = [...unique.keys()].sort();
  return { requirements: ids.map((id) => unique.get(id) as Requirement), id: ids.join("&") };
}

/** The selector that matches every object. */
export const EVERYTHING: LabelSelector = selectorOf([]);

export function matches(selector: LabelSelector, labels: Labels): boolean {
  return selector.requirements.every((requirement) => holds(requirement, labels));
}

export function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = labels.get(key);
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}

/** The selector in words: `app=web, tier in (a, b), !canary`; `everything` when it requires nothing. */
export function describeSelector(selector: LabelSelector): string {
  if (selector.requirements.length === 0) return "everything";
  return selector.requirements
    .map(({ key, operator, values }) => {
      if (operator === "Exists") return key;
      if (operator === "DoesNotExist") return `!${key}`;
      if (operator === "In") return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(", ")})`;
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values.join(", ")})`;
    })
    .join(", ");
}
