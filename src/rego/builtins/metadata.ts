/**
 * `rego.metadata.*` and `rego.parse_module`. The former are constants that the compiler puts in; a call that reaches the
 * table stands where there is no rule.
 */
import type { Value } from "../value/index.js";
import { type Builtin, BuiltinError, builtin } from "./builtin.js";
import { ANY_ARRAY, object } from "./decl.js";
import { moduleValue } from "./module-value.js";
import { stringAt } from "./operands.js";

const outsideRule = (): Value => {
  throw new BuiltinError("metadata exist in rules only");
};

export const METADATA: readonly Builtin[] = [
  builtin("rego.metadata.chain", [], ANY_ARRAY, outsideRule),
  builtin("rego.metadata.rule", [], "any", outsideRule),
  builtin("rego.parse_module", ["string", "string"], object("string", "any"), (args, context) => {
    const text = stringAt(args, 1);
    context.spend(1 + (text.length >>> 4));
    return moduleValue(stringAt(args, 0), text);
  }),
];
