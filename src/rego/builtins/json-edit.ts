/** `json.filter`, `json.remove` and `json.patch`. Paths are `/a/b` with `~0`/`~1` escapes, or arrays of segments. */
import {
  equal,
  isArray,
  isNumber,
  isObject,
  isSet,
  lookup,
  objectEntries,
  objectGet,
  parseNumber,
  RegoObject,
  RegoSet,
  regoText,
  toSafeInteger,
  typeName,
  type Value,
} from "../value/index.js";
import { type Builtin, type BuiltinContext, BuiltinError, builtin } from "./builtin.js";
import { ANY_ARRAY, ANY_OBJECT, array, object, oneOf, set } from "./decl.js";
import { arrayAt, membersAt, objectAt, operandError, valueAt } from "./operands.js";

type Path = readonly Value[];

function parsePath(path: Value): Path {
  if (isArray(path)) return path;
  if (typeof path !== "string") {
    throw operandError(
      1,
      `must be one of {set, array} containing string paths or array of path segments but got ${typeName(path)}`,
    );
  }
  if (path === "") return [];
  return path
    .replace(/^\/+/, "")
    .split("/")
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** A tree of paths: `true` where one ends. What lies below an end does not matter. */
class PathTree {
  readonly root: RegoObject;

  constructor(paths: readonly Path[]) {
    const root = new RegoObject();
    for (const path of paths) insert(root, path);
    this.root = root;
  }
}

function insert(root: RegoObject, path: Path): void {
  let node = root;
  for (const [index, segment] of path.entries()) {
    if (index === path.length - 1) {
      node.set(segment, null);
      return;
    }
    const child = node.get(segment);
    if (child === null) return;
    if (child instanceof RegoObject) {
      node = child;
    } else {
      const next = new RegoObject();
      node.set(segment, next);
      node = next;
    }
  }
}

function pathsAt(args: readonly Value[]): PathTree {
  return new PathTree(membersAt(args, 1, "set", "array").map(parsePath));
}

/** Keeps what the tree names; array elements are named by their index as text. */
function keep(value: Value, tree: Value | undefined): Value | undefined {
  if (tree === undefined) return undefined;
  if (!(tree instanceof RegoObject)) return value;
  if (isObject(value)) {
    const kept = new RegoObject();
    for (const [key, item] of objectEntries(value)) {
      const result = keep(item, tree.get(key));
      if (result !== undefined) kept.set(key, result);
    }
    return kept;
  }
  if (isArray(value)) {
    return value.map((item, index) => keep(item, tree.get(String(index)))).filter((item) => item !== undefined);
  }
  if (isSet(value)) {
    const kept = new RegoSet();
    for (const item of value.sorted()) {
      const result = keep(item, tree.get(item));
      if (result !== undefined) kept.add(result);
    }
    return kept;
  }
  return value;
}

/** Drops what the tree names. */
function drop(value: Value, tree: Value | undefined): Value | undefined {
  if (tree === undefined) return value;
  if (!(tree instanceof RegoObject)) return undefined;
  if (isObject(value)) {
    const kept = new RegoObject();
    for (const [key, item] of objectEntries(value)) {
      const result = drop(item, tree.get(key));
      if (result !== undefined) kept.set(key, result);
    }
    return kept;
  }
  if (isArray(value)) {
    return value.map((item, index) => drop(item, tree.get(String(index)))).filter((item) => item !== undefined);
  }
  if (isSet(value)) {
    const kept = new RegoSet();
    for (const item of value.sorted()) {
      const result = drop(item, tree.get(item));
      if (result !== undefined) kept.add(result);
    }
    return kept;
  }
  return value;
}

/** Changes the collection at the end of a path; undefined stands for a document that was removed. */
type Edit = (collection: Value, key: Value) => Value;

/** Rebuilds the document along `path`, with `edit` applied to the collection that holds the last segment. */
function editAt(document: Value, path: Path, edit: Edit): Value {
  const [key, ...rest] = path;
  if (key === undefined) throw new BuiltinError("empty path");
  if (rest.length === 0) return edit(document, key);
  const child = step(document, key);
  return replaceChild(document, key, editAt(child, rest, edit));
}

/** The child under one path segment. @throws BuiltinError when there is none */
function step(collection: Value, key: Value): Value {
  const child = isArray(collection) ? collection[indexOf(collection, key)] : lookup(collection, key);
  if (child === undefined) {
    if (isArray(collection) || isObject(collection) || isSet(collection)) {
      throw new BuiltinError(
        `path ${regoText(key)} does not exist in ${typeName(collection)} term ${regoText(collection)}`,
      );
    }
    throw new BuiltinError(`expected composite type for path ${regoText(key)}, found value: ${regoText(collection)}`);
  }
  return child;
}

function replaceChild(collection: Value, key: Value, child: Value): Value {
  if (isArray(collection)) {
    const at = indexOf(collection, key);
    return collection.map((item, index) => (index === at ? child : item));
  }
  if (isSet(collection)) {
    return RegoSet.of([...collection.sorted().filter((item) => !equal(item, key)), child]);
  }
  if (!isObject(collection)) throw notComposite(collection);
  return RegoObject.of([...objectEntries(collection), [key, child]]);
}

function notComposite(value: Value): BuiltinError {
  return new BuiltinError(`expected composite type, found value: ${regoText(value)}`);
}

/** The array position that a segment names; `-` is the one after the last. */
function indexOf(items: readonly Value[], key: Value): number {
  if (typeof key === "string") {
    if (key === "-") return items.length;
    const number = /^[+-]?[0-9]+(?:\.0*)?$/.test(key)
      ? parseNumber(key.replace("+", "").replace(/\..*$/, ""))
      : undefined;
    if (/^0./.test(key)) throw new BuiltinError("leading zeros are not allowed in JSON paths");
    const index = number === undefined ? undefined : toSafeInteger(number);
    if (index === undefined) throw new BuiltinError("invalid string for indexing");
    return index;
  }
  if (!isNumber(key)) throw new BuiltinError("invalid type for indexing");
  const index = toSafeInteger(key);
  if (index === undefined) throw new BuiltinError("invalid number type for indexing");
  return index;
}

const insertInto =
  (value: Value): Edit =>
  (collection, key) => {
    if (isObject(collection)) return RegoObject.of([...objectEntries(collection), [key, value]]);
    if (isSet(collection)) {
      if (!equal(key, value)) {
        throw new BuiltinError(`set key ${regoText(key)} does not equal value to be inserted ${regoText(value)}`);
      }
      return RegoSet.of([...collection.sorted(), value]);
    }
    if (!isArray(collection)) throw notComposite(collection);
    const at = indexOf(collection, key);
    if (at < 0 || at > collection.length) throw new BuiltinError("index for array insertion out of bounds");
    return [...collection.slice(0, at), value, ...collection.slice(at)];
  };

const deleteFrom: Edit = (collection, key) => {
  if (isArray(collection)) {
    const at = indexOf(collection, key);
    if (at < 0 || at >= collection.length) throw new BuiltinError("index for array delete out of bounds");
    return [...collection.slice(0, at), ...collection.slice(at + 1)];
  }
  if (!isObject(collection) && !isSet(collection)) throw notComposite(collection);
  if (lookup(collection, key) === undefined) {
    throw new BuiltinError(
      `path ${regoText(key)} does not exist in ${typeName(collection)} term ${regoText(collection)}`,
    );
  }
  if (isSet(collection)) return RegoSet.of(collection.sorted().filter((item) => !equal(item, key)));
  return RegoObject.of(objectEntries(collection).filter(([other]) => !equal(other, key)));
};

/** A document under edit. Removing the root leaves nothing, until something is added there. */
class Patch {
  #document: Value | undefined;

  constructor(document: Value) {
    this.#document = document;
  }

  get document(): Value | undefined {
    return this.#document;
  }

  at(path: Path): Value {
    return path.reduce<Value>((value, key) => step(value, key), this.#existing());
  }

  insert(path: Path, value: Value): void {
    this.#document = path.length === 0 ? value : editAt(this.#existing(), path, insertInto(value));
  }

  delete(path: Path): void {
    const existing = this.#existing();
    this.#document = path.length === 0 ? undefined : editAt(existing, path, deleteFrom);
  }

  #existing(): Value {
    if (this.#document === undefined) throw new BuiltinError("deleted node encountered");
    return this.#document;
  }
}

function patch(args: readonly Value[], context: BuiltinContext): Value | undefined {
  const operations = arrayAt(args, 1);
  const target = new Patch(valueAt(args, 0));
  for (const operation of operations) {
    context.spend(1);
    if (!isObject(operation)) {
      throw new BuiltinError("must be an array of JSON-Patch objects, but at least one element is not an object");
    }
    const attribute = (name: string): Value => {
      const value = objectGet(operation, name);
      if (value === undefined) throw new BuiltinError(`missing required attribute '${name}'`);
      return value;
    };
    apply(target, attribute("path"), attribute("op"), attribute);
  }
  return target.document;
}

function apply(target: Patch, where: Value, op: Value, attribute: (name: string) => Value): void {
  if (typeof op !== "string") {
    throw new BuiltinError(`attribute 'op' must be a string but found: ${typeName(op)}`);
  }
  const path = parsePath(where);
  switch (op) {
    case "add":
      target.insert(path, attribute("value"));
      return;
    case "remove":
      target.delete(path);
      return;
    case "replace":
      target.delete(path);
      target.insert(path, attribute("value"));
      return;
    case "move": {
      const from = parsePath(attribute("from"));
      const value = target.at(from);
      target.delete(from);
      target.insert(path, value);
      return;
    }
    case "copy":
      target.insert(path, target.at(parsePath(attribute("from"))));
      return;
    case "test": {
      const found = target.at(path);
      if (!equal(found, attribute("value"))) {
        throw new BuiltinError(
          `value from EditTree != patch value.\n\nExpected: ${regoText(attribute("value"))}\n\nFound: ${regoText(found)}`,
        );
      }
      return;
    }
    default:
      throw new BuiltinError(`unrecognized op: '${op}'`);
  }
}

const PATHS = oneOf(array(oneOf("string", ANY_ARRAY)), set(oneOf("string", ANY_ARRAY)));

export const JSON_EDIT: readonly Builtin[] = [
  builtin("json.filter", [ANY_OBJECT, PATHS], ANY_OBJECT, (args) => keep(objectAt(args, 0), pathsAt(args).root)),
  builtin("json.remove", [ANY_OBJECT, PATHS], ANY_OBJECT, (args) => drop(objectAt(args, 0), pathsAt(args).root)),
  builtin("json.patch", ["any", array(object("any", "any", { op: "string", path: "any" }))], "any", patch),
];
