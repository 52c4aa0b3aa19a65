/** Types: tests, names, casts and `to_number`. */
import {
  isArray,
  isNumber,
  isObject,
  isSet,
  parseNumber,
  quoteGo,
  RegoSet,
  typeName,
  type Value,
} from "../value/index.js";
import { type Builtin, BuiltinError, builtin } from "./builtin.js";
import { ANY_ARRAY, ANY_OBJECT, ANY_SET, oneOf } from "./decl.js";
import { typeError, valueAt } from "./operands.js";

function toNumber(args: readonly Value[]): Value {
  const value = valueAt(args, 0);
  if (value === null || value === false) return 0;
  if (value === true) return 1;
  if (isNumber(value)) return value;
  if (typeof value !== "string") throw typeError(0, value, "null", "boolean", "number", "string");
  const bare = value.replace(/^[+-]+/, "").toLowerCase();
  if (bare === "inf" || bare === "infinity" || bare === "nan") throw typeError(0, value, "valid number string");
  const number = parseNumber(value);
  if (number === undefined) throw new BuiltinError(`strconv.ParseFloat: parsing ${quoteGo(value)}: invalid syntax`);
  if (!Number.isFinite(Number(value))) {
    throw new BuiltinError(`strconv.ParseFloat: parsing ${quoteGo(value)}: value out of range`);
  }
  return number;
}

function castArray(args: readonly Value[]): Value {
  const value = valueAt(args, 0);
  if (isArray(value)) return value;
  if (isSet(value)) return value.sorted();
  throw typeError(0, value, "array", "set");
}

function castSet(args: readonly Value[]): Value {
  const value = valueAt(args, 0);
  if (isSet(value)) return value;
  if (isArray(value)) return RegoSet.of(value);
  throw typeError(0, value, "array", "set");
}

const cast = (kind: "boolean" | "null" | "object" | "string", test: (value: Value) => boolean): Builtin =>
  builtin(
    `cast_${kind}`,
    ["any"],
    kind === "object" ? ANY_OBJECT : kind,
    (args) => {
      const value = valueAt(args, 0);
      if (!test(value)) throw typeError(0, value, kind);
      return value;
    },
    { deprecated: true },
  );

const is = (kind: string, test: (value: Value) => boolean): Builtin =>
  builtin(`is_${kind}`, ["any"], "boolean", (args) => test(valueAt(args, 0)));

export const KINDS: readonly Builtin[] = [
  is("array", isArray),
  is("boolean", (value) => typeof value === "boolean"),
  is("null", (value) => value === null),
  is("number", isNumber),
  is("object", isObject),
  is("set", isSet),
  is("string", (value) => typeof value === "string"),
  builtin("type_name", ["any"], "string", (args) => typeName(valueAt(args, 0))),
  builtin("to_number", [oneOf("null", "boolean", "number", "string")], "number", toNumber),
  builtin("cast_array", ["any"], ANY_ARRAY, castArray, { deprecated: true }),
  builtin("cast_set", ["any"], ANY_SET, castSet, { deprecated: true }),
  cast("boolean", (value) => typeof value === "boolean"),
  cast("null", (value) => value === null),
  cast("object", isObject),
  cast("string", (value) => typeof value === "string"),
];
