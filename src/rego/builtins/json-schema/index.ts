/** `json.match_schema` and `json.verify_schema`. */
import { isArray, isObject, jsonObject, readJson, type Value, ValueSyntaxError } from "../../value/index.js";
import { type Builtin, type BuiltinContext, BuiltinError, builtin } from "../builtin.js";
import { ANY_OBJECT, array, oneOf, record, tuple } from "../decl.js";
import { valueAt } from "../operands.js";
import { compileSchema, jsonOf, type SchemaNode } from "./schema.js";
import { validateDocument } from "./validate.js";

/** A document: JSON text, an object or an array. */
function documentOf(value: Value): Value {
  if (typeof value === "string") {
    try {
      return readJson(value);
    } catch (error) {
      throw error instanceof ValueSyntaxError ? new BuiltinError("invalid JSON string") : error;
    }
  }
  if (isObject(value) || isArray(value)) return jsonOf(value);
  throw new BuiltinError("wrong type, expected string or object");
}

const MAX_CACHED = 50;
const compiled = new Map<string, SchemaNode>();

function schemaOf(value: Value): SchemaNode {
  const known = typeof value === "string" ? compiled.get(value) : undefined;
  if (known !== undefined) return known;
  const schema = compileSchema(documentOf(value));
  if (typeof value === "string" && value.length < 100_000) {
    if (compiled.size >= MAX_CACHED) {
      const oldest = compiled.keys().next().value;
      if (oldest !== undefined) compiled.delete(oldest);
    }
    compiled.set(value, schema);
  }
  return schema;
}

function match(args: readonly Value[], context: BuiltinContext): Value {
  const document = documentOf(valueAt(args, 0));
  const errors = validateDocument(schemaOf(valueAt(args, 1)), document, context.spend);
  context.grow(errors.length * 4);
  const shown = errors.map(({ field, type, description }) =>
    jsonObject([
      ["error", `${field}: ${description}`],
      ["type", type],
      ["field", field],
      ["desc", description],
    ]),
  );
  return [errors.length === 0, shown];
}

function verify(args: readonly Value[]): Value {
  try {
    schemaOf(valueAt(args, 0));
    return [true, null];
  } catch (error) {
    if (error instanceof BuiltinError) return [false, `jsonschema: ${error.message}`];
    throw error;
  }
}

const DOCUMENT = oneOf("string", ANY_OBJECT);
const FAULT = record({ desc: "string", error: "string", field: "string", type: "string" });
const nondeterministic = { nondeterministic: true } as const;

export const JSON_SCHEMA: readonly Builtin[] = [
  builtin("json.match_schema", [DOCUMENT, DOCUMENT], tuple("boolean", array(FAULT)), match, nondeterministic),
  builtin("json.verify_schema", [DOCUMENT], tuple("boolean", oneOf("null", "string")), verify, nondeterministic),
];
