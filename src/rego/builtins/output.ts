/** What policies write: `print`, `trace`, template strings and the mark that names a test case. */
import { isSet, regoText, type Value } from "../value/index.js";
import { type Builtin, type BuiltinContext, builtin, procedure } from "./builtin.js";
import { array, set } from "./decl.js";
import { arrayAt, stringAt } from "./operands.js";

/**
 * Each operand is the set of values that an expression has: none prints as `<undefined>`, several print one line each,
 * in all combinations. A scalar stands for itself.
 */
function lines(operands: readonly Value[], context: BuiltinContext): readonly string[][] {
  let rows: string[][] = [[]];
  for (const operand of operands) {
    const texts = isSet(operand)
      ? operand.size === 0
        ? ["<undefined>"]
        : operand.sorted().map(shown)
      : [shown(operand)];
    context.grow(rows.length * texts.length);
    rows = rows.flatMap((row) => texts.map((text) => [...row, text]));
  }
  return rows;
}

function shown(value: Value): string {
  return typeof value === "string" ? value : regoText(value);
}

function print(args: readonly Value[], context: BuiltinContext): Value {
  if (context.print !== undefined) {
    for (const row of lines(arrayAt(args, 0), context)) context.print(row.join(" "));
  }
  return true;
}

function templateString(args: readonly Value[], context: BuiltinContext): Value {
  const text = lines(arrayAt(args, 0), context).map((row) => row.join(""))[0] ?? "";
  context.grow(text.length);
  return text;
}

function trace(args: readonly Value[], context: BuiltinContext): Value {
  const text = stringAt(args, 0);
  context.note?.(text);
  return true;
}

export const OUTPUT: readonly Builtin[] = [
  procedure("print", { args: [], variadic: "any" }, () => true),
  procedure("internal.print", { args: [array(set("any"))] }, print),
  procedure("internal.test_case", { args: [array("any")] }, () => true),
  builtin("internal.template_string", [array("any")], "string", templateString),
  builtin("trace", ["string"], "boolean", trace),
];
