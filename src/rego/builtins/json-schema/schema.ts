/**
 * JSON Schemas (drafts 4, 6, 7 and the mixture that is meant without `$schema`) read into nodes that validation walks.
 * Nothing is generated and nothing is fetched: a reference must lead into the same document.
 */
import {
  compareNumbers,
  isArray,
  isNumber,
  isObject,
  type JsonObject,
  type Num,
  objectEntries,
  objectGet,
  RegoSet,
  readJson,
  type Value,
  writeJson,
} from "../../value/index.js";
import { BuiltinError } from "../builtin.js";
import { type Pattern, patternOf } from "../patterns.js";

type Numeric = number | Num;

/** One schema, or the verdict of a boolean one. */
export interface SchemaNode {
  pass?: boolean;
  reference?: SchemaNode;
  types: string[];
  properties: Map<string, SchemaNode>;
  patternProperties: { readonly pattern: Pattern; readonly schema: SchemaNode }[];
  additionalProperties?: boolean | SchemaNode;
  propertyNames?: SchemaNode;
  dependencies: Map<string, readonly string[] | SchemaNode>;
  items: SchemaNode[];
  itemsIsOne: boolean;
  additionalItems?: boolean | SchemaNode;
  contains?: SchemaNode;
  uniqueItems: boolean;
  required: string[];
  limits: Map<string, number>;
  multipleOf?: Numeric;
  minimum?: Numeric;
  exclusiveMinimum?: Numeric;
  maximum?: Numeric;
  exclusiveMaximum?: Numeric;
  pattern?: { readonly source: string; readonly compiled: Pattern };
  format: string;
  constant?: string;
  enum?: string[];
  oneOf: SchemaNode[];
  anyOf: SchemaNode[];
  allOf: SchemaNode[];
  not?: SchemaNode;
  if?: SchemaNode;
  then?: SchemaNode;
  else?: SchemaNode;
}

const TYPES = ["array", "boolean", "integer", "number", "null", "object", "string"];
const HYBRID = 99;
const DRAFTS: ReadonlyMap<string, number> = new Map([
  ["http://json-schema.org/draft-04/schema", 4],
  ["http://json-schema.org/draft-06/schema", 6],
  ["http://json-schema.org/draft-07/schema", 7],
]);
const MAX_NODES = 100_000;
const MAX_DEPTH = 500;

/** The text that equal JSON values share, as constants and enumerations are compared: numbers as doubles. */
export function comparable(value: Value): string {
  return writeJson(readDoubles(value));
}

function readDoubles(value: Value): Value {
  if (isNumber(value)) return Number(typeof value === "number" ? value : value.text);
  if (isArray(value)) return value.map(readDoubles);
  if (!isObject(value)) return value;
  return Object.fromEntries(objectEntries(value).map(([key, item]) => [String(key), readDoubles(item)])) as JsonObject;
}

/** @throws BuiltinError with the message of the first mistake */
export function compileSchema(document: Value): SchemaNode {
  return new SchemaReader(document).root();
}

function blankNode(): SchemaNode {
  return {
    types: [],
    properties: new Map(),
    patternProperties: [],
    dependencies: new Map(),
    items: [],
    itemsIsOne: false,
    uniqueItems: false,
    required: [],
    limits: new Map(),
    format: "",
    oneOf: [],
    anyOf: [],
    allOf: [],
  };
}

function invalidType(expected: string, given: string): BuiltinError {
  return new BuiltinError(`Invalid type. Expected: ${expected}, given: ${given}`);
}

class SchemaReader {
  readonly #document: Value;
  readonly #draft: number;
  readonly #references = new Map<string, SchemaNode>();
  readonly #identified = new Map<string, Value>();
  #nodes = 0;
  #depth = 0;

  constructor(document: Value) {
    this.#document = document;
    this.#draft = draftOf(document);
    this.#identify(document, 0);
  }

  root(): SchemaNode {
    const node = blankNode();
    this.#references.set("#", node);
    this.#read(this.#document, node);
    return node;
  }

  /** Notes the schemas that have a name of their own. */
  #identify(value: Value, depth: number): void {
    if (depth > MAX_DEPTH) throw new BuiltinError("schema is nested too deeply");
    if (isArray(value)) for (const item of value) this.#identify(item, depth + 1);
    if (!isObject(value)) return;
    for (const name of ["$id", "id"]) {
      const id = objectGet(value, name);
      if (typeof id === "string" && !this.#identified.has(id)) this.#identified.set(id, value);
    }
    for (const [, item] of objectEntries(value)) this.#identify(item, depth + 1);
  }

  #child(value: Value): SchemaNode {
    const node = blankNode();
    this.#read(value, node);
    return node;
  }

  #read(value: Value, node: SchemaNode): void {
    if (++this.#nodes > MAX_NODES) throw new BuiltinError("schema is too large");
    if (typeof value === "boolean" && this.#draft >= 6) {
      node.pass = value;
      return;
    }
    if (!isObject(value)) throw new BuiltinError("Expected: Valid Schema, given: Invalid JSON");
    if (++this.#depth > MAX_DEPTH) throw new BuiltinError("schema is nested too deeply");
    const members = new Members(value as JsonObject);
    this.#definitions(members);
    for (const name of ["$id", "title", "description"]) members.text(name);
    const reference = members.text("$ref");
    if (reference === undefined) this.#keywords(members, node);
    else node.reference = this.#resolve(reference);
    this.#depth--;
  }

  #definitions(members: Members): void {
    const definitions = members.get("definitions");
    if (definitions === undefined) return;
    if (!isObject(definitions)) throw invalidType("Array Of Schemas", "definitions");
    for (const [, definition] of objectEntries(definitions)) {
      if (!isSchema(definition)) throw invalidType("Array Of Schemas", "definitions");
      this.#child(definition);
    }
  }

  #resolve(reference: string): SchemaNode {
    const known = this.#references.get(reference);
    if (known !== undefined) return known;
    const target = this.#find(reference);
    if (!isSchema(target)) throw new BuiltinError("Valid Schema must be of type object");
    const node = blankNode();
    this.#references.set(reference, node);
    this.#read(target, node);
    return node;
  }

  #find(reference: string): Value {
    const named = this.#identified.get(reference);
    if (named !== undefined) return named;
    const hash = reference.indexOf("#");
    const base = hash < 0 ? reference : reference.slice(0, hash);
    const document = base === "" ? this.#document : (this.#identified.get(base) ?? this.#identified.get(`${base}#`));
    if (document === undefined) {
      // FAIL CLOSED: what would have to be fetched is an error.
      throw new BuiltinError(`remote reference loading disabled: ${reference}`);
    }
    return pointed(document, hash < 0 ? "" : reference.slice(hash + 1));
  }

  #keywords(members: Members, node: SchemaNode): void {
    this.#types(members, node);
    this.#objects(members, node);
    this.#arrays(members, node);
    readNumbers(members, node, this.#draft);
    readLimits(members, node);
    this.#values(members, node);
    this.#combinations(members, node);
  }

  #types(members: Members, node: SchemaNode): void {
    const type = members.get("type");
    if (type === undefined) return;
    const names = typeof type === "string" ? [type] : type;
    if (!isArray(names)) throw invalidType("type", "string/Array Of Strings");
    for (const name of names) {
      if (typeof name !== "string") throw invalidType("type", "string/Array Of Strings");
      if (!TYPES.includes(name)) {
        throw new BuiltinError(
          `has a primitive type that is NOT VALID -- given: /${name}/ Expected valid values are:[${TYPES.join(" ")}]`,
        );
      }
      if (node.types.includes(name)) throw new BuiltinError(`${name} type is duplicated`);
      node.types.push(name);
    }
  }

  #objects(members: Members, node: SchemaNode): void {
    const properties = members.get("properties");
    if (properties !== undefined) {
      if (!isObject(properties)) throw new BuiltinError("Properties must be of type object");
      for (const [name, schema] of objectEntries(properties)) node.properties.set(String(name), this.#child(schema));
    }
    const additional = this.#flagOrSchema(members, "additionalProperties");
    if (additional !== undefined) node.additionalProperties = additional;
    const patterns = members.get("patternProperties");
    if (patterns !== undefined) {
      if (!isObject(patterns)) throw invalidType("Valid Schema", "patternProperties");
      for (const [source, schema] of objectEntries(patterns)) {
        const pattern = compiled(String(source), `Invalid regex pattern '${String(source)}'`);
        node.patternProperties.push({ pattern, schema: this.#child(schema) });
      }
    }
    const names = members.get("propertyNames");
    if (names !== undefined && this.#draft >= 6) {
      if (!isSchema(names)) throw invalidType("Valid Schema", "patternProperties");
      node.propertyNames = this.#child(names);
    }
    this.#dependencies(members, node);
    for (const name of members.list("required") ?? []) {
      if (typeof name !== "string") throw invalidType("string", "required");
      if (node.required.includes(name)) throw new BuiltinError("required items must be unique");
      node.required.push(name);
    }
  }

  #dependencies(members: Members, node: SchemaNode): void {
    const dependencies = members.get("dependencies");
    if (dependencies === undefined) return;
    if (!isObject(dependencies)) throw new BuiltinError("dependencies must be of type object");
    for (const [name, dependency] of objectEntries(dependencies)) {
      const names = isArray(dependency) ? dependency : undefined;
      if (names?.every((item) => typeof item === "string")) {
        node.dependencies.set(String(name), names as readonly string[]);
      } else if (isSchema(dependency)) {
        node.dependencies.set(String(name), this.#child(dependency));
      } else {
        throw new BuiltinError("Dependency must be of type Schema Or Array Of Strings");
      }
    }
  }

  #flagOrSchema(members: Members, name: string): boolean | SchemaNode | undefined {
    const value = members.get(name);
    if (value === undefined || typeof value === "boolean") return value;
    if (!isObject(value)) throw invalidType("boolean/Valid Schema", name);
    return this.#child(value);
  }

  #arrays(members: Members, node: SchemaNode): void {
    const items = members.get("items");
    if (items !== undefined) {
      const list = isArray(items) ? items : [items];
      if (!list.every(isSchema)) throw invalidType("Valid Schema/Array Of Schemas", "items");
      node.items = list.map((item) => this.#child(item));
      node.itemsIsOne = !isArray(items);
    }
    const additional = this.#flagOrSchema(members, "additionalItems");
    if (additional !== undefined) node.additionalItems = additional;
    const unique = members.get("uniqueItems");
    if (unique !== undefined) {
      if (typeof unique !== "boolean") throw new BuiltinError("uniqueItems must be of a boolean");
      node.uniqueItems = unique;
    }
    const contains = members.get("contains");
    if (contains !== undefined && this.#draft >= 6) node.contains = this.#child(contains);
  }

  #values(members: Members, node: SchemaNode): void {
    const pattern = members.text("pattern");
    if (pattern !== undefined) {
      node.pattern = { source: pattern, compiled: compiled(pattern, "pattern must be a valid regex") };
    }
    node.format = members.text("format") ?? "";
    const constant = members.get("const");
    if (constant !== undefined && this.#draft >= 6) node.constant = comparable(constant);
    const choices = members.list("enum");
    if (choices === undefined) return;
    node.enum = choices.map(comparable);
    if (new Set(node.enum).size < node.enum.length) throw new BuiltinError("enum items must be unique");
  }

  #combinations(members: Members, node: SchemaNode): void {
    for (const name of ["oneOf", "anyOf", "allOf"] as const) {
      node[name] = (members.list(name) ?? []).map((schema) => this.#child(schema));
    }
    for (const name of ["not", "if", "then", "else"] as const) {
      if (name !== "not" && this.#draft < 7) continue;
      const schema = members.get(name);
      if (schema === undefined) continue;
      if (!isSchema(schema)) throw new BuiltinError(`${name} must be of an object`);
      node[name] = this.#child(schema);
    }
  }
}

function draftOf(document: Value): number {
  if (typeof document === "boolean") return HYBRID;
  if (!isObject(document)) throw new BuiltinError("schema is invalid");
  const name = objectGet(document, "$schema");
  if (name === undefined) return HYBRID;
  if (typeof name !== "string") throw new BuiltinError("$schema must be of type string");
  return DRAFTS.get(name.replace(/#$/, "")) ?? HYBRID;
}

function isSchema(value: Value): boolean {
  return typeof value === "boolean" || isObject(value);
}

/** What a JSON pointer leads to. @throws BuiltinError when nothing is there */
function pointed(document: Value, pointer: string): Value {
  let current: Value | undefined = document;
  for (const segment of decodeURIComponentSafe(pointer).split("/").slice(1)) {
    const key = segment.replaceAll("~1", "/").replaceAll("~0", "~");
    if (isArray(current)) current = /^[0-9]{1,9}$/.test(key) ? current[Number(key)] : undefined;
    else current = current !== undefined && isObject(current) ? objectGet(current, key) : undefined;
    if (current === undefined) throw new BuiltinError(`Object has no key '${key}'`);
  }
  return current as Value;
}

function decodeURIComponentSafe(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function compiled(source: string, message: string): Pattern {
  try {
    return patternOf(source);
  } catch (error) {
    throw error instanceof BuiltinError ? new BuiltinError(message) : error;
  }
}

/** The members of one schema, with the type errors that they share. */
class Members {
  readonly #object: JsonObject;

  constructor(object: JsonObject) {
    this.#object = object;
  }

  get(name: string): Value | undefined {
    return objectGet(this.#object, name);
  }

  text(name: string): string | undefined {
    const value = this.get(name);
    if (value !== undefined && typeof value !== "string") throw invalidType("string", name);
    return value;
  }

  list(name: string): readonly Value[] | undefined {
    const value = this.get(name);
    if (value !== undefined && !isArray(value)) throw new BuiltinError(`${name} must be of an array`);
    return value;
  }
}

function readNumbers(members: Members, node: SchemaNode, draft: number): void {
  const multiple = members.get("multipleOf");
  if (multiple !== undefined) {
    if (!isNumber(multiple)) throw invalidType("Number", "multipleOf");
    if (compareNumbers(multiple, 0) <= 0) throw new BuiltinError("multipleOf must be strictly greater than 0");
    node.multipleOf = multiple;
  }
  for (const [name, exclusive] of [
    ["minimum", "exclusiveMinimum"],
    ["maximum", "exclusiveMaximum"],
  ] as const) {
    const bound = members.get(name);
    if (bound !== undefined) {
      if (!isNumber(bound)) throw new BuiltinError(`${name} must be of a Number`);
      node[name] = bound;
    }
    readExclusive(members.get(exclusive), node, name, exclusive, draft);
  }
}

/** A flag in draft 4, a number since draft 6, either without `$schema`. */
function readExclusive(
  value: Value | undefined,
  node: SchemaNode,
  name: "minimum" | "maximum",
  exclusive: "exclusiveMinimum" | "exclusiveMaximum",
  draft: number,
): void {
  if (value === undefined) return;
  if (typeof value === "boolean" && (draft === 4 || draft === HYBRID)) {
    const bound = node[name];
    if (bound === undefined) throw new BuiltinError(`${exclusive} cannot be used without ${name}`);
    if (!value) return;
    node[exclusive] = bound;
    delete node[name];
  } else if (isNumber(value) && draft !== 4) {
    node[exclusive] = value;
  } else {
    throw invalidType(draft === 4 ? "boolean" : draft === HYBRID ? "boolean/number" : "number", exclusive);
  }
}

function readLimits(members: Members, node: SchemaNode): void {
  for (const [low, high] of [
    ["minLength", "maxLength"],
    ["minProperties", "maxProperties"],
    ["minItems", "maxItems"],
  ] as const) {
    for (const name of [low, high]) {
      const value = members.get(name);
      if (value === undefined) continue;
      const limit = isNumber(value) ? (typeof value === "number" ? value : (value.short ?? Number.NaN)) : Number.NaN;
      if (!Number.isInteger(limit)) throw new BuiltinError(`${name} must be of an integer`);
      if (limit < 0) throw new BuiltinError(`${name} must be greater than or equal to 0`);
      node.limits.set(name, limit);
    }
    const least = node.limits.get(low);
    const most = node.limits.get(high);
    if (low !== "minItems" && least !== undefined && most !== undefined && least > most) {
      throw new BuiltinError(`${low} cannot be greater than ${high}`);
    }
  }
}

/** JSON of a value: sets as arrays, keys as text. */
export function jsonOf(value: Value): Value {
  return value instanceof RegoSet || typeof value === "object" ? readJson(writeJson(value)) : value;
}
