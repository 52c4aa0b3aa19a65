/** Values of the Rego language: their types, order, identity, arithmetic, and their JSON, YAML and Rego notations. */
export { abs, add, ceil, divide, floor, multiply, product, remainder, round, subtract, sum } from "./arithmetic.js";
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
export { jsonObject, readJson, ValueSyntaxError } from "./read-json.js";
export { readYaml, resolvePlain } from "./read-yaml.js";
export {
  type CanonicalKey,
  canonicalKey,
  compare,
  compareStrings,
  equal,
  isArray,
  isNumber,
  isObject,
  isSet,
  type JsonObject,
  lookup,
  lookupName,
  objectEntries,
  objectFrom,
  objectGet,
  objectKeys,
  objectSize,
  objectValues,
  RegoObject,
  RegoSet,
  typeName,
  type Value,
} from "./value.js";
export { jsonKey, quoteGo, regoText, toJson, writeJson } from "./write.js";
