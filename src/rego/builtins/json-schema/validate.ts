/**
 * A document against a compiled schema. Errors come in the order and the words of OPA's validator; where several
 * alternatives fail, those of the closest one are told, which is what the score is for.
 */
import {
  compareNumbers,
  isArray,
  isNumber,
  isObject,
  type JsonObject,
  multiply,
  type Num,
  objectEntries,
  objectGet,
  remainder,
  toBigInt,
  type Value,
} from "../../value/index.js";
import { formatFloat } from "../go-float.js";
import { isFormat } from "./formats.js";
import { comparable, type SchemaNode } from "./schema.js";

export interface SchemaError {
  readonly field: string;
  readonly type: string;
  readonly description: string;
}

class Result {
  readonly errors: SchemaError[] = [];
  score = 0;

  get valid(): boolean {
    return this.errors.length === 0;
  }

  add(path: Path, type: string, description: string): void {
    this.errors.push({ field: fieldOf(path), type, description });
    this.score -= 2;
  }

  merge(other: Result): void {
    for (const error of other.errors) this.errors.push(error);
    this.score += other.score;
  }
}

/** Property names and indexes from the root. */
type Path = readonly string[];

function fieldOf(path: Path): string {
  return path.length === 0 ? "(Root)" : path.join(".");
}

/** All errors; none when the document matches. `spend` bounds the work. */
export function validateDocument(
  schema: SchemaNode,
  document: Value,
  spend: (steps: number) => void,
): readonly SchemaError[] {
  return new Validator(spend).check(schema, document, []).errors;
}

class Validator {
  readonly #spend: (steps: number) => void;
  #depth = 0;

  constructor(spend: (steps: number) => void) {
    this.#spend = spend;
  }

  check(schema: SchemaNode, value: Value, path: Path): Result {
    const result = new Result();
    this.#validate(schema, value, result, path);
    return result;
  }

  #validate(given: SchemaNode, value: Value, result: Result, path: Path): void {
    this.#spend(1);
    // References in a circle would never end, whatever the document.
    if (++this.#depth > 1_000) throw new RangeError("schema recursion");
    const schema = resolved(given);
    if (schema.pass !== undefined) {
      if (!schema.pass) result.add(path, "false", "False always fails validation");
    } else if (this.#hasType(schema, value, result, path)) {
      this.#combinations(schema, value, result, path);
      if (isArray(value)) this.#array(schema, value, result, path);
      else if (isObject(value)) this.#object(schema, value as JsonObject, result, path);
      else if (isNumber(value)) checkNumber(schema, value, result, path);
      checkValue(schema, value, result, path);
      if (typeof value === "string") checkString(schema, value, result, path);
      if (isObject(value)) this.#properties(schema, value as JsonObject, result, path);
      result.score++;
    }
    this.#depth--;
  }

  #hasType(schema: SchemaNode, value: Value, result: Result, path: Path): boolean {
    const { types } = schema;
    if (types.length === 0) return true;
    const actual = typeOf(value);
    if (types.includes(actual) || (actual === "integer" && types.includes("number"))) return true;
    const expected = types.length === 1 ? types[0] : `[${types.join(",")}]`;
    result.add(path, "invalid_type", `Invalid type. Expected: ${expected}, given: ${actual}`);
    return false;
  }

  #combinations(schema: SchemaNode, value: Value, result: Result, path: Path): void {
    if (schema.anyOf.length > 0) this.#anyOf(schema.anyOf, value, result, path);
    if (schema.oneOf.length > 0) this.#oneOf(schema.oneOf, value, result, path);
    if (schema.allOf.length > 0) {
      const results = schema.allOf.map((one) => this.check(one, value, path));
      for (const one of results) result.merge(one);
      if (!results.every(({ valid }) => valid)) {
        result.add(path, "number_all_of", "Must validate all the schemas (allOf)");
      }
    }
    if (schema.not !== undefined && this.check(schema.not, value, path).valid) {
      result.add(path, "number_not", "Must not validate the schema (not)");
    }
    if (isObject(value)) this.#dependencies(schema, value as JsonObject, result, path);
    this.#condition(schema, value, result, path);
    result.score++;
  }

  #anyOf(schemas: readonly SchemaNode[], value: Value, result: Result, path: Path): void {
    let best: Result | undefined;
    for (const schema of schemas) {
      const one = this.check(schema, value, path);
      if (one.valid) return;
      if (best === undefined || one.score > best.score) best = one;
    }
    result.add(path, "number_any_of", "Must validate at least one schema (anyOf)");
    if (best !== undefined) result.merge(best);
  }

  #oneOf(schemas: readonly SchemaNode[], value: Value, result: Result, path: Path): void {
    let matches = 0;
    let best: Result | undefined;
    for (const schema of schemas) {
      const one = this.check(schema, value, path);
      if (one.valid) matches++;
      else if (matches === 0 && (best === undefined || one.score > best.score)) best = one;
    }
    if (matches === 1) return;
    result.add(path, "number_one_of", "Must validate one and only one schema (oneOf)");
    if (matches === 0 && best !== undefined) result.merge(best);
  }

  #dependencies(schema: SchemaNode, value: JsonObject, result: Result, path: Path): void {
    for (const [name, dependency] of schema.dependencies) {
      if (objectGet(value, name) === undefined) continue;
      if ("types" in dependency) {
        this.#validate(dependency, value, result, path);
        continue;
      }
      for (const needed of dependency) {
        if (objectGet(value, needed) === undefined) {
          result.add(path, "missing_dependency", `Has a dependency on ${needed}`);
        }
      }
    }
  }

  #condition(schema: SchemaNode, value: Value, result: Result, path: Path): void {
    if (schema.if === undefined) return;
    const holds = this.check(schema.if, value, path).valid;
    const branch = holds ? schema.then : schema.else;
    if (branch === undefined) return;
    const outcome = this.check(branch, value, path);
    if (outcome.valid) return;
    if (holds) result.add(path, "condition_then", 'Must validate "then" as "if" was valid');
    else result.add(path, "condition_else", 'Must validate "else" as "if" was not valid');
    result.merge(outcome);
  }

  #array(schema: SchemaNode, value: readonly Value[], result: Result, path: Path): void {
    const each = (index: number, one: SchemaNode): void => {
      result.merge(this.check(one, value[index] as Value, [...path, String(index)]));
    };
    const [first] = schema.items;
    if (schema.itemsIsOne && first !== undefined) {
      for (const index of value.keys()) each(index, first);
    } else if (schema.items.length > 0) {
      for (const [index, one] of schema.items.entries()) if (index < value.length) each(index, one);
      const additional = schema.additionalItems;
      if (value.length > schema.items.length && additional !== undefined) {
        if (additional === false) {
          result.add(path, "array_no_additional_items", "No additional items allowed on array");
        } else if (additional !== true) {
          for (let index = schema.items.length; index < value.length; index++) each(index, additional);
        }
      }
    }
    checkLimit(schema, "minItems", value.length, result, path);
    checkLimit(schema, "maxItems", value.length, result, path);
    if (schema.uniqueItems) checkUnique(value, result, path);
    if (schema.contains !== undefined) this.#contains(schema.contains, value, result, path);
    result.score++;
  }

  #contains(schema: SchemaNode, value: readonly Value[], result: Result, path: Path): void {
    let best: Result | undefined;
    for (const [index, item] of value.entries()) {
      const one = this.check(schema, item, [...path, String(index)]);
      if (one.valid) return;
      if (best === undefined || one.score > best.score) best = one;
    }
    result.add(path, "contains", "At least one of the items must match");
    if (best !== undefined) result.merge(best);
  }

  #object(schema: SchemaNode, value: JsonObject, result: Result, path: Path): void {
    const entries = objectEntries(value) as readonly (readonly [string, Value])[];
    checkLimit(schema, "minProperties", entries.length, result, path);
    checkLimit(schema, "maxProperties", entries.length, result, path);
    for (const name of schema.required) {
      if (objectGet(value, name) === undefined) result.add(path, "required", `${name} is required`);
      else result.score++;
    }
    for (const [name, item] of entries) this.#undeclared(schema, name, item, result, path);
    if (schema.propertyNames !== undefined) {
      for (const [name] of entries) {
        const outcome = this.check(schema.propertyNames, name, path);
        if (outcome.valid) continue;
        result.add(path, "invalid_property_name", `Property name of "${name}" does not match`);
        result.merge(outcome);
      }
    }
    result.score++;
  }

  /** Pattern properties, and additional ones for what nothing else names. */
  #undeclared(schema: SchemaNode, name: string, item: Value, result: Result, path: Path): void {
    let matched = false;
    for (const { pattern, schema: one } of schema.patternProperties) {
      if (!pattern.test(name)) continue;
      matched = true;
      result.merge(this.check(one, item, [...path, name]));
    }
    if (matched) result.score++;
    const additional = schema.additionalProperties;
    if (matched || schema.properties.has(name) || additional === undefined || additional === true) return;
    if (additional === false) {
      result.add(path, "additional_property_not_allowed", `Additional property ${name} is not allowed`);
    } else {
      result.merge(this.check(additional, item, [...path, name]));
    }
  }

  #properties(schema: SchemaNode, value: JsonObject, result: Result, path: Path): void {
    for (const [name, one] of schema.properties) {
      const item = objectGet(value, name);
      if (item !== undefined) this.#validate(one, item, result, [...path, name]);
    }
  }
}

function resolved(schema: SchemaNode): SchemaNode {
  let current = schema;
  for (let i = 0; current.reference !== undefined; i++) {
    if (i > 1_000) throw new RangeError("references in a circle");
    current = current.reference;
  }
  return current;
}

function typeOf(value: Value): string {
  if (value === null) return "null";
  if (isNumber(value)) return toBigInt(value) === undefined ? "number" : "integer";
  if (isArray(value)) return "array";
  return isObject(value) ? "object" : typeof value;
}

const LIMITS: Readonly<Record<string, readonly [type: string, text: string]>> = {
  minItems: ["array_min_items", "Array must have at least # items"],
  maxItems: ["array_max_items", "Array must have at most # items"],
  minProperties: ["array_min_properties", "Must have at least # properties"],
  maxProperties: ["array_max_properties", "Must have at most # properties"],
  minLength: ["string_gte", "String length must be greater than or equal to #"],
  maxLength: ["string_lte", "String length must be less than or equal to #"],
};

function checkLimit(schema: SchemaNode, name: string, size: number, result: Result, path: Path): void {
  const limit = schema.limits.get(name);
  if (limit === undefined || (name.startsWith("min") ? size >= limit : size <= limit)) return;
  const [type, text] = LIMITS[name] ?? ["internal", ""];
  result.add(path, type, text.replace("#", String(limit)));
}

function checkUnique(value: readonly Value[], result: Result, path: Path): void {
  const seen = new Map<string, number>();
  for (const [index, item] of value.entries()) {
    const key = comparable(item);
    const first = seen.get(key);
    if (first !== undefined) result.add(path, "unique", `array items[${first},${index}] must be unique`);
    seen.set(key, index);
  }
}

function checkValue(schema: SchemaNode, value: Value, result: Result, path: Path): void {
  if (schema.constant !== undefined || schema.enum !== undefined) {
    const text = comparable(value);
    if (schema.constant !== undefined && schema.constant !== text) {
      result.add(path, "const", `${fieldOf(path)} does not match: ${schema.constant}`);
    }
    if (schema.enum !== undefined && !schema.enum.includes(text)) {
      result.add(path, "enum", `${fieldOf(path)} must be one of the following: ${schema.enum.join(", ")}`);
    }
  }
  if (schema.format !== "" && typeof value === "string" && !isFormat(schema.format, value)) {
    result.add(path, "format", `Does not match format '${schema.format}'`);
  }
  result.score++;
}

function checkString(schema: SchemaNode, value: string, result: Result, path: Path): void {
  const length = Array.from(value).length;
  checkLimit(schema, "minLength", length, result, path);
  checkLimit(schema, "maxLength", length, result, path);
  if (schema.pattern !== undefined && !schema.pattern.compiled.test(value)) {
    result.add(path, "pattern", `Does not match pattern '${schema.pattern.source}'`);
  }
  result.score++;
}

type Numeric = number | Num;

function checkNumber(schema: SchemaNode, value: Numeric, result: Result, path: Path): void {
  const bound = (limit: Numeric | undefined, fails: (order: number) => boolean, type: string, text: string): void => {
    if (limit !== undefined && fails(compareNumbers(value, limit))) {
      result.add(path, type, `Must be ${text} ${shownNumber(limit)}`);
    }
  };
  if (schema.multipleOf !== undefined && !isMultiple(value, schema.multipleOf)) {
    result.add(path, "multiple_of", `Must be a multiple of ${shownNumber(schema.multipleOf)}`);
  }
  bound(schema.maximum, (order) => order > 0, "number_lte", "less than or equal to");
  bound(schema.exclusiveMaximum, (order) => order >= 0, "number_lt", "less than");
  bound(schema.minimum, (order) => order < 0, "number_gte", "greater than or equal to");
  bound(schema.exclusiveMinimum, (order) => order <= 0, "number_gt", "greater than");
  result.score++;
}

function shownNumber(value: Numeric): string {
  return formatFloat(Number(typeof value === "number" ? value : value.text), "g", undefined);
}

/** Exactly: both numbers are scaled to integers first. */
function isMultiple(value: Numeric, of: Numeric): boolean {
  let [a, b]: [Numeric, Numeric] = [value, of];
  for (let digits = 0; toBigInt(a) === undefined || toBigInt(b) === undefined; digits++) {
    if (digits > 400) return false;
    a = scaled(a);
    b = scaled(b);
  }
  return compareNumbers(remainder(a, b), 0) === 0;
}

function scaled(value: Numeric): Numeric {
  return multiply(value, 10);
}
