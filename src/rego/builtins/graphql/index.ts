/** `graphql.*`: parsing of queries and schemas, and validation of one against the other. */
import { isObject, type JsonObject, RegoObject, type Value } from "../../value/index.js";
import { type Builtin, type BuiltinContext, BuiltinError, builtin } from "../builtin.js";
import { ANY_OBJECT, oneOf, tuple } from "../decl.js";
import { stringAt, typeError, valueAt } from "../operands.js";
import { GraphqlError } from "./lexer.js";
import { decodeNode, encodeNode, type QueryDocument, type SchemaDocument, ShapeError } from "./nodes.js";
import { parseQuery } from "./parse-query.js";
import { parseSchema } from "./parse-schema.js";
import { validateQuery } from "./rules.js";
import { buildSchema, type Schema } from "./schema.js";

function located(error: GraphqlError): BuiltinError {
  if (error.position === undefined) return new BuiltinError(`GraphQL parse error: ${error.message}`);
  const { line, column } = error.position;
  return new BuiltinError(`${error.message.replace(/\.$/, "")} in GraphQL string at location ${line}:${column}`);
}

/** Errors of documents as errors of the call. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof GraphqlError) throw located(error);
    if (error instanceof ShapeError) throw new BuiltinError(error.message);
    throw error;
  }
}

function queryAt(args: readonly Value[], position: number, context: BuiltinContext): QueryDocument {
  const value = valueAt(args, position);
  if (typeof value === "string") {
    context.spend(1 + (value.length >>> 4));
    return reading(() => parseQuery(value));
  }
  if (isObject(value)) return reading(() => decodeNode("QueryDocument", value));
  throw typeError(position - 1, value, "string", "object");
}

function schemaDocumentAt(args: readonly Value[], position: number, context: BuiltinContext): SchemaDocument {
  const value = valueAt(args, position);
  if (typeof value === "string") {
    context.spend(1 + (value.length >>> 4));
    return reading(() => parseSchema(value));
  }
  if (isObject(value)) return reading(() => decodeNode("SchemaDocument", value));
  throw typeError(position - 1, value, "string", "object");
}

interface Prepared {
  readonly tree: Value;
  readonly schema: Schema;
}

const MAX_CACHED = 20;
const prepared = new Map<string, Prepared>();

/** The schema and its visible form, kept for texts that come again. */
function schemaAt(args: readonly Value[], position: number, context: BuiltinContext): Prepared {
  const text = valueAt(args, position);
  const known = typeof text === "string" ? prepared.get(text) : undefined;
  if (known !== undefined) return known;
  const document = schemaDocumentAt(args, position, context);
  const tree = encodeNode(document);
  let schema: Schema;
  try {
    schema = buildSchema(document);
  } catch (error) {
    if (!(error instanceof GraphqlError)) throw error;
    const { line, column } = error.position ?? { line: 0, column: 0 };
    const where = error.position === undefined ? "input" : `input:${line}:${column}`;
    throw new BuiltinError(`Error in gqlparser SchemaDocument to Schema conversion: ${where}: ${error.message}`);
  }
  const result = { tree, schema };
  if (typeof text === "string" && text.length < 1_000_000) {
    if (prepared.size >= MAX_CACHED) {
      const oldest = prepared.keys().next().value;
      if (oldest !== undefined) prepared.delete(oldest);
    }
    prepared.set(text, result);
  }
  return result;
}

function parse(args: readonly Value[], context: BuiltinContext): Value {
  const document = queryAt(args, 0, context);
  const { tree, schema } = schemaAt(args, 1, context);
  const query = encodeNode(document);
  const [first, ...others] = validateQuery(schema, document, context.spend);
  if (first !== undefined) {
    const rest = others.map(({ message, position }) =>
      position === undefined ? `input: ${message}` : `input:${position.line}:${position.column}: ${message}`,
    );
    throw located(new GraphqlError([first.message, ...rest].join("\n"), first.position));
  }
  return [query, tree];
}

/** What `run` gives, or `otherwise` when a document is wrong. */
function verdict(otherwise: Value, run: (args: readonly Value[], context: BuiltinContext) => Value) {
  return (args: readonly Value[], context: BuiltinContext): Value => {
    try {
      return run(args, context);
    } catch (error) {
      if (error instanceof BuiltinError) return otherwise;
      throw error;
    }
  };
}

const EMPTY: JsonObject | RegoObject = RegoObject.EMPTY;
const DOCUMENT = oneOf("string", ANY_OBJECT);

export const GRAPHQL: readonly Builtin[] = [
  builtin("graphql.parse", [DOCUMENT, DOCUMENT], tuple(ANY_OBJECT, ANY_OBJECT), parse),
  builtin(
    "graphql.parse_and_verify",
    [DOCUMENT, DOCUMENT],
    tuple("boolean", ANY_OBJECT, ANY_OBJECT),
    verdict([false, EMPTY, EMPTY], (args, context) => {
      const [query, schema] = parse(args, context) as [Value, Value];
      return [true, query, schema];
    }),
  ),
  builtin("graphql.parse_query", ["string"], ANY_OBJECT, (args, context) => {
    stringAt(args, 0);
    return encodeNode(queryAt(args, 0, context));
  }),
  builtin("graphql.parse_schema", ["string"], ANY_OBJECT, (args, context) => {
    stringAt(args, 0);
    return encodeNode(schemaDocumentAt(args, 0, context));
  }),
  builtin(
    "graphql.is_valid",
    [DOCUMENT, DOCUMENT],
    "boolean",
    verdict(false, (args, context) => {
      parse(args, context);
      return true;
    }),
  ),
  builtin(
    "graphql.schema_is_valid",
    [DOCUMENT],
    "boolean",
    verdict(false, (args, context) => {
      schemaAt(args, 0, context);
      return true;
    }),
  ),
];
