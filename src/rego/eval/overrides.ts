/** What `with` puts in the place of parts of a document: persistent trees by path, merged into values on demand. */
import { isObject, objectEntries, objectFrom, objectGet, RegoObject, type Value } from "../value/index.js";

/** A replaced document, or replaced parts of one. */
export interface Override {
  /** Replaces everything here. */
  readonly value?: Value;
  readonly children: ReadonlyMap<string, Override>;
}

const NONE: ReadonlyMap<string, Override> = new Map();

/** The override with `value` at `path`. */
export function override(tree: Override | undefined, path: readonly string[], value: Value, at = 0): Override {
  if (at === path.length) return { value, children: NONE };
  if (tree?.value !== undefined) return { value: replaceAt(tree.value, path, value, at), children: NONE };
  const children = new Map(tree?.children ?? NONE);
  const part = path[at] as string;
  children.set(part, override(children.get(part), path, value, at + 1));
  return { children };
}

/** A copy of `target` with `value` at `path`; what isn't an object on the way becomes one. */
export function replaceAt(target: Value | undefined, path: readonly string[], value: Value, at = 0): Value {
  if (at === path.length) return value;
  const part = path[at] as string;
  const object = target !== undefined && isObject(target) ? target : RegoObject.EMPTY;
  const entries = objectEntries(object).filter(([key]) => key !== part);
  return objectFrom([...entries, [part, replaceAt(objectGet(object, part), path, value, at + 1)]]);
}

/** A base document with its overridden parts. */
export function merged(base: Value | undefined, over: Override | undefined): Value | undefined {
  if (over === undefined) return base;
  if (over.value !== undefined) return over.value;
  const result = new Map<Value, Value>();
  if (base !== undefined && isObject(base)) for (const [key, value] of objectEntries(base)) result.set(key, value);
  for (const [key, child] of over.children) {
    const value = merged(result.get(key), child);
    if (value !== undefined) result.set(key, value);
  }
  return objectFrom(result);
}
