/** Rules about values: their types, the fields of input objects, and variables in their places. */
import { quoteGo } from "../../value/index.js";
import { type Definition, isCompatible, KIND, type TypeRef, typeText, type ValueNode } from "./nodes.js";
import type { Report } from "./rules.js";
import type { Observer, Walk } from "./walk.js";

const SCALARS = new Set(["Int", "Float", "String", "Boolean", "ID"]);

export const valueRules = (report: Report): Observer => ({
  value(value, walk) {
    if (value.Kind === KIND.variable) checkVariable(value, walk, report);
    if (value.Kind === KIND.object) checkRepeatedFields(value, report);
    checkOneOfVariables(value, report);
    if (value.definition !== undefined && value.expectedType !== undefined) {
      checkValue(value, value.definition, value.expectedType, report);
    }
  },
});

function checkVariable(value: ValueNode, walk: Walk, report: Report): void {
  if (walk.operation === undefined) return;
  const variable = value.variable;
  if (variable === undefined) {
    const by = walk.operation.Name === "" ? "" : ` by operation "${walk.operation.Name}"`;
    report(`Variable "$${value.Raw}" is not defined${by}.`, value.position);
    return;
  }
  if (value.expectedType === undefined || variable.Type === undefined) return;
  const hasDefault = variable.DefaultValue !== undefined && variable.DefaultValue.Kind !== KIND.null;
  const wanted =
    hasDefault || value.expectedDefault === true ? { ...value.expectedType, NonNull: false } : value.expectedType;
  if (isCompatible(variable.Type, wanted)) return;
  report(
    `Variable "$${value.Raw}" of type "${typeText(variable.Type)}" used in position expecting type "${typeText(value.expectedType)}".`,
    value.position,
  );
}

function checkRepeatedFields(value: ValueNode, report: Report): void {
  const seen = new Set<string>();
  for (const child of value.Children) {
    if (seen.has(child.Name)) report(`There can be only one input field named "${child.Name}".`, child.position);
    seen.add(child.Name);
  }
}

function isOneOf(definition: Definition | undefined): boolean {
  return definition?.Directives.some(({ Name }) => Name === "oneOf") === true;
}

function checkOneOfVariables(value: ValueNode, report: Report): void {
  if (value.Kind !== KIND.object || !isOneOf(value.definition)) return;
  for (const child of value.Children) {
    const variable = child.Value?.Kind === KIND.variable ? child.Value.variable : undefined;
    if (variable?.Type === undefined || variable.Type.NonNull) continue;
    report(
      `Variable "$${variable.Variable}" is of type "${typeText(variable.Type)}" but must be non-nullable to be used for OneOf Input Object "${value.definition?.Name}".`,
      variable.position,
    );
  }
}

function checkValue(value: ValueNode, definition: Definition, expected: TypeRef, report: Report): void {
  const wrong = (): void => report(unexpected(value, definition, expected), value.position);
  if (value.Kind === KIND.null && expected.NonNull) {
    report(`Expected value of type "${typeText(expected)}", found ${valueText(value)}.`, value.position);
  }
  // Other scalars take any value.
  if (definition.Kind === "SCALAR" && !SCALARS.has(definition.Name)) return;
  if (!isReadable(value)) wrong();
  const accepts = (...names: string[]): boolean => names.includes(definition.Name);
  switch (value.Kind) {
    case KIND.list:
      if (expected.Elem === undefined) wrong();
      return;
    case KIND.int:
      if (!accepts("Int", "Float", "ID")) wrong();
      return;
    case KIND.float:
      if (!accepts("Float")) wrong();
      return;
    case KIND.boolean:
      if (!accepts("Boolean")) wrong();
      return;
    case KIND.string:
    case KIND.block:
      if (!accepts("String", "ID")) wrong();
      return;
    case KIND.enum:
      if (definition.Kind !== "ENUM") wrong();
      else if (!definition.EnumValues.some(({ Name }) => Name === value.Raw)) {
        report(`Value "${value.Raw}" does not exist in "${typeText(expected)}" enum.`, value.position);
      }
      return;
    case KIND.object:
      checkObject(value, definition, report);
      return;
    default:
  }
}

const INT64_MAX = 9223372036854775807n;

/** Do the number and all numbers inside fit into 64 bits? */
function isReadable(value: ValueNode): boolean {
  if (value.Kind === KIND.int) {
    if (!/^-?[0-9]+$/.test(value.Raw)) return false;
    const number = BigInt(value.Raw);
    return number <= INT64_MAX && number >= -INT64_MAX - 1n;
  }
  if (value.Kind === KIND.float) return Number.isFinite(Number(value.Raw));
  return value.Children.every((child) => child.Value === undefined || isReadable(child.Value));
}

function unexpected(value: ValueNode, definition: Definition, expected: TypeRef): string {
  const text = typeText(expected);
  const shown = valueText(value);
  switch (text.replace(/!$/, "")) {
    case "Int":
      return /^-?[0-9]+$/.test(value.Raw) && Math.abs(Number(value.Raw)) > 2147483647
        ? `Int cannot represent non 32-bit signed integer value: ${shown}`
        : `Int cannot represent non-integer value: ${shown}`;
    case "String":
    case "[String]":
      return `String cannot represent a non string value: ${shown}`;
    case "Boolean":
      return `Boolean cannot represent a non boolean value: ${shown}`;
    case "Float":
      return `Float cannot represent non numeric value: ${shown}`;
    case "ID":
      return `ID cannot represent a non-string and non-integer value: ${shown}`;
    default:
      return definition.Kind === "ENUM"
        ? `Enum "${text}" cannot represent non-enum value: ${shown}.`
        : `Expected value of type "${text}", found ${shown}.`;
  }
}

function valueText(value: ValueNode): string {
  switch (value.Kind) {
    case KIND.variable:
      return `$${value.Raw}`;
    case KIND.string:
    case KIND.block:
      return quoteGo(value.Raw);
    case KIND.list:
      return `[${value.Children.map((child) => (child.Value === undefined ? "<nil>" : valueText(child.Value))).join(",")}]`;
    case KIND.object:
      return `{${value.Children.map((child) => `${child.Name}:${child.Value === undefined ? "<nil>" : valueText(child.Value)}`).join(",")}}`;
    default:
      return value.Raw;
  }
}

function checkObject(value: ValueNode, definition: Definition, report: Report): void {
  for (const field of definition.Fields) {
    if (field.Type?.NonNull !== true || field.DefaultValue !== undefined) continue;
    if (value.Children.some(({ Name }) => Name === field.Name)) continue;
    report(
      `Field "${definition.Name}.${field.Name}" of required type "${typeText(field.Type)}" was not provided.`,
      value.position,
    );
  }
  if (isOneOf(definition)) {
    const [only, ...others] = value.Children;
    if (only === undefined || others.length > 0) {
      report(`OneOf Input Object "${definition.Name}" must specify exactly one key.`, value.position);
    } else if (only.Value === undefined || only.Value.Kind === KIND.null) {
      report(`Field "${definition.Name}.${only.Name}" must be non-null.`, only.position);
    }
  }
  for (const child of value.Children) {
    if (definition.Fields.some(({ Name }) => Name === child.Name)) continue;
    report(`Field "${child.Name}" is not defined by type "${definition.Name}".`, child.position);
  }
}
