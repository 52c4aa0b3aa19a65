/** Values of the Rego language: their types, order, identity, arithmetic, and their JSON, YAML and Rego notations. */
export { abs, add, ceil, divide, floor, multiply, product, remainder, round, subtract, sum } from "./arithmetic.js";
export { type CanonicalKey, canonicalKey } from "./canonical-key.js";
export { RegoObject, RegoSet } from "./collections.js";
export { equal } from "./equality.js";
export {
  ArithmeticError,
  asNum,
  compareNumbers,
  Num,
  numberFrom,
  numberFromBigInt,
  numberText,
  parseNumber,
  toBigInt,
  toDouble,
  toSafeInteger,
} from "./num.js";
export {
  lookup,
  lookupName,
  objectEntries,
  objectFrom,
  objectGet,
  objectKeys,
  objectSize,
  objectValues,
} from "./objects.js";
export { compare, compareStrings } from "./order.js";
export { jsonObject, readJson, ValueSyntaxError } from "./read-json.js";
export { readYaml, resolvePlain } from "./read-yaml.js";
export { isArray, isNumber, isObject, isSet, type JsonObject, typeName, type Value } from "./value.js";
export { jsonKey, quoteGo, regoText, toJson, writeJson } from "./write.js";
