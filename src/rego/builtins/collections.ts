/** Aggregates, arrays, sets, membership, comparison, graphs and `walk`. */
import {
  compare,
  equal,
  isArray,
  isNumber,
  isObject,
  isSet,
  lookup,
  objectEntries,
  objectGet,
  objectSize,
  product,
  RegoSet,
  sum,
  type Value,
} from "../value/index.js";
import { type Builtin, type BuiltinContext, builtin } from "./builtin.js";
import { ANY_ARRAY, ANY_OBJECT, ANY_SET, array, COLLECTION, object, oneOf, set, tuple } from "./decl.js";
import { difference, intersect, unite } from "./numbers.js";
import { arrayAt, elementError, intAt, membersAt, objectAt, setAt, typeError, valueAt } from "./operands.js";

function count(args: readonly Value[]): Value {
  const value = valueAt(args, 0);
  if (typeof value === "string") return countCodePoints(value);
  if (isArray(value)) return value.length;
  if (isSet(value)) return value.size;
  if (isObject(value)) return objectSize(value);
  throw typeError(0, value, "array", "object", "set", "string");
}

function countCodePoints(text: string): number {
  let total = text.length;
  for (let i = 0; i + 1 < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdbff) continue;
    const next = text.charCodeAt(i + 1);
    if (next >= 0xdc00 && next <= 0xdfff) {
      total--;
      i++;
    }
  }
  return total;
}

function numbersAt(args: readonly Value[]): Parameters<typeof sum>[0] {
  const members = membersAt(args, 0, "set", "array");
  for (const member of members) {
    if (!isNumber(member)) throw elementError(0, valueAt(args, 0), member, "number");
  }
  return members as Parameters<typeof sum>[0];
}

function max(args: readonly Value[]): Value | undefined {
  const value = valueAt(args, 0);
  if (isSet(value)) return value.sorted().at(-1);
  return membersAt(args, 0, "set", "array").reduce<Value | undefined>(
    (best, item) => (best === undefined || compare(best, item) <= 0 ? item : best),
    undefined,
  );
}

function min(args: readonly Value[]): Value | undefined {
  const value = valueAt(args, 0);
  if (isSet(value)) return value.sorted()[0];
  return membersAt(args, 0, "set", "array").reduce<Value | undefined>(
    (best, item) => (best === undefined || compare(best, item) >= 0 ? item : best),
    undefined,
  );
}

function member(args: readonly Value[]): Value {
  const item = valueAt(args, 0);
  const collection = valueAt(args, 1);
  if (isSet(collection)) return collection.has(item);
  if (isArray(collection)) return collection.some((other) => equal(item, other));
  if (isObject(collection)) return objectEntries(collection).some(([, other]) => equal(item, other));
  return false;
}

function memberWithKey(args: readonly Value[]): Value {
  const key = valueAt(args, 0);
  const item = valueAt(args, 1);
  const collection = valueAt(args, 2);
  if (isSet(collection)) return collection.has(key) && equal(key, item);
  const found = lookup(collection, key);
  return found !== undefined && equal(item, found);
}

function flatten(args: readonly Value[], context: BuiltinContext): Value {
  const result: Value[] = [];
  for (const item of arrayAt(args, 0)) {
    if (isArray(item)) for (const inner of item) result.push(inner);
    else result.push(item);
  }
  context.grow(result.length);
  return result;
}

function slice(args: readonly Value[]): Value {
  const items = arrayAt(args, 0);
  const stop = Math.min(Math.max(intAt(args, 2), 0), items.length);
  const start = Math.min(Math.max(intAt(args, 1), 0), stop);
  return items.slice(start, stop);
}

function setsAt(args: readonly Value[]): readonly RegoSet[] {
  return setAt(args, 0)
    .sorted()
    .map((item) => {
      if (!isSet(item)) throw typeError(0, item, "set");
      return item;
    });
}

function intersection(args: readonly Value[]): Value {
  const [first, ...rest] = setsAt(args);
  return first === undefined ? RegoSet.EMPTY : rest.reduce(intersect, first);
}

/** The neighbours of a node: nothing for what is neither array nor set. */
function neighbours(edges: Value): readonly Value[] {
  return isArray(edges) ? edges : isSet(edges) ? edges.sorted() : [];
}

function reachable(args: readonly Value[], context: BuiltinContext): Value {
  const graph = objectAt(args, 0);
  const queue = [...membersAt(args, 1, "{array, set}")];
  const reached = new RegoSet();
  for (let i = 0; i < queue.length; i++) {
    const node = queue[i] as Value;
    const edges = objectGet(graph, node);
    if (edges === undefined || reached.has(node)) continue;
    reached.add(node);
    context.spend(1);
    for (const neighbour of neighbours(edges)) if (!reached.has(neighbour)) queue.push(neighbour);
  }
  return reached;
}

function reachablePaths(args: readonly Value[], context: BuiltinContext): Value {
  const graph = objectAt(args, 0);
  const paths = new RegoSet();
  const follow = (node: Value, path: readonly Value[], seen: RegoSet): void => {
    context.spend(path.length);
    const edges = objectGet(graph, node);
    if (edges === undefined) {
      addPath(paths, path, context);
      return;
    }
    const extended = [...path, node];
    const next = neighbours(edges);
    if (next.length === 0) addPath(paths, extended, context);
    const visited = unite([seen, RegoSet.of([node])]);
    for (const neighbour of next) {
      if (visited.has(neighbour)) addPath(paths, extended, context);
      else follow(neighbour, extended, visited);
    }
  };
  for (const node of membersAt(args, 1, "{array, set}")) {
    const edges = objectGet(graph, node);
    if (edges === undefined) continue;
    const next = neighbours(edges);
    if (next.length === 0) addPath(paths, [node], context);
    for (const neighbour of next) follow(neighbour, [node], RegoSet.of([node]));
  }
  return paths;
}

function addPath(paths: RegoSet, path: readonly Value[], context: BuiltinContext): void {
  context.grow(path.length);
  paths.add(path);
}

/** Every value inside `value`, itself first, each with the path that leads to it. */
function walk(args: readonly Value[], context: BuiltinContext): Value {
  const found: Value[] = [];
  const visit = (path: readonly Value[], value: Value): void => {
    context.spend(1);
    context.grow(1);
    found.push([path, value]);
    if (isArray(value)) for (const [index, item] of value.entries()) visit([...path, index], item);
    else if (isSet(value)) for (const item of value.sorted()) visit([...path, item], item);
    else if (isObject(value)) for (const [key, item] of objectEntries(value)) visit([...path, key], item);
  };
  visit([], valueAt(args, 0));
  return found;
}

const comparison = (name: string, infix: string, holds: (a: Value, b: Value) => boolean): Builtin =>
  builtin(name, ["any", "any"], "boolean", (args) => holds(valueAt(args, 0), valueAt(args, 1)), { infix });

const GRAPH = object("any", COLLECTION);
const deprecated = { deprecated: true } as const;

export const COLLECTIONS: readonly Builtin[] = [
  builtin("count", [oneOf("string", ANY_ARRAY, ANY_OBJECT, ANY_SET)], "number", count),
  builtin("sum", [oneOf(array("number"), set("number"))], "number", (args) => sum(numbersAt(args))),
  builtin("product", [oneOf(array("number"), set("number"))], "number", (args) => product(numbersAt(args))),
  builtin("max", [COLLECTION], "any", max),
  builtin("min", [COLLECTION], "any", min),
  builtin("sort", [COLLECTION], ANY_ARRAY, (args) => [...membersAt(args, 0, "set", "array")].sort(compare)),
  builtin("all", [COLLECTION], "boolean", (args) => membersAt(args, 0).every((item) => item === true), deprecated),
  builtin("any", [COLLECTION], "boolean", (args) => membersAt(args, 0).some((item) => item === true), deprecated),
  builtin("internal.member_2", ["any", "any"], "boolean", member, { infix: "in" }),
  builtin("internal.member_3", ["any", "any", "any"], "boolean", memberWithKey, { infix: "in" }),

  builtin("array.concat", [ANY_ARRAY, ANY_ARRAY], ANY_ARRAY, (args, context) => {
    const items = [...arrayAt(args, 0), ...arrayAt(args, 1)];
    context.grow(items.length);
    return items;
  }),
  builtin("array.flatten", [ANY_ARRAY], ANY_ARRAY, flatten),
  builtin("array.slice", [ANY_ARRAY, "number", "number"], ANY_ARRAY, slice),
  builtin("array.reverse", [ANY_ARRAY], ANY_ARRAY, (args) => [...arrayAt(args, 0)].reverse()),

  builtin("intersection", [set(ANY_SET)], ANY_SET, intersection),
  builtin("union", [set(ANY_SET)], ANY_SET, (args) => unite(setsAt(args))),
  builtin("set_diff", [ANY_SET, ANY_SET], ANY_SET, (args) => difference(setAt(args, 0), setAt(args, 1)), deprecated),

  builtin("assign", ["any", "any"], "boolean", (args) => equal(valueAt(args, 0), valueAt(args, 1)), { infix: ":=" }),
  comparison("eq", "=", equal),
  comparison("equal", "==", equal),
  comparison("neq", "!=", (a, b) => !equal(a, b)),
  comparison("lt", "<", (a, b) => compare(a, b) < 0),
  comparison("lte", "<=", (a, b) => compare(a, b) <= 0),
  comparison("gt", ">", (a, b) => compare(a, b) > 0),
  comparison("gte", ">=", (a, b) => compare(a, b) >= 0),

  builtin("graph.reachable", [GRAPH, COLLECTION], ANY_SET, reachable),
  builtin("graph.reachable_paths", [GRAPH, COLLECTION], set(ANY_ARRAY), reachablePaths),
  builtin("walk", ["any"], tuple(ANY_ARRAY, "any"), walk, { relation: true }),
];
