/** `object.*`: merging, filtering, lookup and subsets. */
import {
  equal,
  isArray,
  isObject,
  isSet,
  type JsonObject,
  lookup,
  objectEntries,
  objectGet,
  objectKeys,
  objectSize,
  RegoObject,
  RegoSet,
  type Value,
} from "../value/index.js";
import { type Builtin, type BuiltinContext, BuiltinError, builtin } from "./builtin.js";
import { ANY_ARRAY, ANY_OBJECT, ANY_SET, array, oneOf, set } from "./decl.js";
import { arrayAt, elementError, objectAt, typeError, valueAt } from "./operands.js";

type AnyObject = JsonObject | RegoObject;

/** The right side wins; objects on both sides are merged. */
function merge(a: AnyObject, b: AnyObject, context: BuiltinContext): RegoObject {
  const result = RegoObject.of(objectEntries(a));
  context.spend(result.size + objectSize(b));
  for (const [key, value] of objectEntries(b)) {
    const old = result.get(key);
    result.set(key, isObject(old) && isObject(value) ? merge(old, value, context) : value);
  }
  return result;
}

function unionN(args: readonly Value[], context: BuiltinContext): Value {
  const objects = arrayAt(args, 0).map((item) => {
    if (!isObject(item)) throw elementError(0, valueAt(args, 0), item, "object");
    return item;
  });
  return objects.reduce<AnyObject>((left, right) => merge(left, right, context), RegoObject.EMPTY);
}

function keysAt(args: readonly Value[]): RegoSet {
  const keys = valueAt(args, 1);
  if (isSet(keys)) return keys;
  if (isArray(keys)) return RegoSet.of(keys);
  if (isObject(keys)) return RegoSet.of(objectKeys(keys));
  throw typeError(1, keys, "object", "set", "array");
}

function remove(args: readonly Value[]): Value {
  const target = objectAt(args, 0);
  const keys = keysAt(args);
  return RegoObject.of(objectEntries(target).filter(([key]) => !keys.has(key)));
}

function filter(args: readonly Value[]): Value {
  const target = objectAt(args, 0);
  const keys = keysAt(args);
  return RegoObject.of(objectEntries(target).filter(([key]) => keys.has(key)));
}

function get(args: readonly Value[]): Value {
  const target = objectAt(args, 0);
  const path = valueAt(args, 1);
  const fallback = valueAt(args, 2);
  if (!isArray(path)) {
    const value = objectGet(target, path);
    return value === undefined ? fallback : value;
  }
  let current: Value = target;
  for (const key of path) {
    const next = lookup(current, key);
    if (next === undefined) return fallback;
    current = next;
  }
  return current;
}

function subset(args: readonly Value[]): Value {
  const superset = valueAt(args, 0);
  const part = valueAt(args, 1);
  if (isObject(superset) && isObject(part)) return objectSubset(superset, part);
  if (isSet(superset) && isSet(part)) return setSubset(superset, part);
  if (isArray(superset) && isArray(part)) return arraySubset(superset, part);
  if (isArray(superset) && isSet(part)) return arraySetSubset(superset, part);
  throw new BuiltinError("both arguments object.subset must be of the same type or array and set", "eval_type_error");
}

function objectSubset(superset: AnyObject, part: AnyObject): boolean {
  return objectEntries(part).every(([key, value]) => {
    const other = objectGet(superset, key);
    if (other === undefined) return false;
    if (equal(value, other)) return true;
    if (isObject(other) && isObject(value)) return objectSubset(other, value);
    if (isSet(other) && isSet(value)) return setSubset(other, value);
    return isArray(other) && isArray(value) && arraySubset(other, value);
  });
}

function setSubset(superset: RegoSet, part: RegoSet): boolean {
  for (const value of part.unordered()) if (!superset.has(value)) return false;
  return true;
}

/** A contiguous run; after a mismatch the search goes on one element further on, as OPA's does. */
function arraySubset(superset: readonly Value[], part: readonly Value[]): boolean {
  let start = 0;
  let matched = 0;
  while (matched < part.length) {
    const item = superset[start + matched];
    if (item === undefined) return false;
    if (equal(item, part[matched] as Value)) {
      matched++;
    } else {
      start++;
      matched = 0;
    }
  }
  return true;
}

/** OPA counts matches, so an element that occurs twice counts twice; an empty array has no subset. */
function arraySetSubset(superset: readonly Value[], part: RegoSet): boolean {
  let unmatched = part.size;
  for (const item of superset) {
    if (part.has(item)) unmatched--;
    if (unmatched === 0) return true;
  }
  return false;
}

const KEYS = oneOf(ANY_ARRAY, ANY_OBJECT, ANY_SET);

export const OBJECTS: readonly Builtin[] = [
  builtin("object.get", [ANY_OBJECT, "any", "any"], "any", get),
  builtin("object.keys", [ANY_OBJECT], set("any"), (args) => RegoSet.of(objectKeys(objectAt(args, 0)))),
  builtin("object.union", [ANY_OBJECT, ANY_OBJECT], ANY_OBJECT, (args, context) =>
    merge(objectAt(args, 0), objectAt(args, 1), context),
  ),
  builtin("object.union_n", [array(ANY_OBJECT)], ANY_OBJECT, unionN),
  builtin("object.remove", [ANY_OBJECT, KEYS], ANY_OBJECT, remove),
  builtin("object.filter", [ANY_OBJECT, KEYS], ANY_OBJECT, filter),
  builtin("object.subset", [KEYS, KEYS], "boolean", subset),
];
