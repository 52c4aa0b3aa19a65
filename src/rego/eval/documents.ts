/**
 * The `data` document at run time: the tree of rules over the base documents over what `with` replaces. Stepping through
 * it keeps all three in view; a whole document is built only where a reference ends.
 */
import type { DocumentPath, NormalRule } from "../compile/normal-form.js";
import type { RuleNode } from "../compile/rule-tree.js";
import {
  type CanonicalKey,
  canonicalKey,
  compare,
  equal,
  isArray,
  isObject,
  lookup,
  objectEntries,
  objectFrom,
  RegoSet,
  type Value,
} from "../value/index.js";
import type { CodeStore } from "./code-store.js";
import type { Context } from "./frame.js";
import { merged, type Override } from "./overrides.js";
import { keyConflict, RuleSet } from "./rule-set.js";

export class DocumentNode {
  readonly path: DocumentPath;
  /** The key under which the node shows, where that is not its own. */
  readonly label: Value | undefined;
  readonly children: ReadonlyMap<CanonicalKey, DocumentNode>;
  readonly rules: RuleSet | undefined;

  constructor(node: RuleNode, store: CodeStore) {
    const children = new Map<CanonicalKey, DocumentNode>();
    // In the order of their keys, which decides what error of a whole document comes first.
    const sorted = [...node.children].sort(([a, left], [b, right]) => compare(left.label ?? a, right.label ?? b));
    for (const [key, child] of sorted) children.set(key, new DocumentNode(child, store));
    this.path = node.path;
    this.label = node.label;
    this.children = children;
    this.rules =
      node.rules.length === 0 ? undefined : new RuleSet(node.path, node.rules, store, node.children.size > 0);
  }

  find(path: DocumentPath): DocumentNode | undefined {
    let node: DocumentNode | undefined = this;
    for (const part of path) {
      node = node.children.get(part);
      if (node === undefined) return undefined;
    }
    return node;
  }
}

/** A place in `data`. */
export interface Position {
  readonly node: DocumentNode | undefined;
  readonly base: Value | undefined;
  readonly over: Override | undefined;
}

export function rootPosition(root: DocumentNode, context: Context): Position {
  return { node: root, base: context.data, over: context.overrides };
}

export function below(position: Position, key: Value): Position {
  const part = typeof key === "string" ? key : undefined;
  return {
    node: position.node?.children.get(canonicalKey(key)),
    base: position.base === undefined ? undefined : lookupBase(position.base, key),
    over: part === undefined ? undefined : position.over?.children.get(part),
  };
}

/** A step in base documents, which OPA addresses by text: there `2` and `"2"` are one key, of objects and of arrays. */
export function lookupBase(base: Value, key: Value): Value | undefined {
  const found = lookup(base, key);
  if (found !== undefined) return found;
  if (typeof key === "number" && isObject(base)) return lookup(base, String(key));
  if (typeof key === "string" && isArray(base) && /^(?:0|[1-9][0-9]{0,9})$/.test(key)) return base[Number(key)];
  return undefined;
}

/** Whether only plain data is left, so that steps need no care. */
export function isPlain({ node, over }: Position): boolean {
  return node === undefined && over === undefined;
}

/** The value at a position followed by `keys` from index `at` on. */
export function valueAt(context: Context, start: Position, keys: readonly Value[], from: number): Value | undefined {
  let position = start;
  for (let at = from; at < keys.length; at++) {
    const { node, base, over } = position;
    if (over?.value !== undefined) return lookupAll(over.value, keys, at);
    if (node === undefined && over === undefined) {
      let value = base;
      for (; at < keys.length && value !== undefined; at++) value = lookupBase(value, keys[at] as Value);
      return value;
    }
    const rules = node?.rules;
    if (node !== undefined && rules !== undefined && rules.kind !== "function") {
      if (rules.kind === "complete") return lookupAll(rules.complete(context), keys, at);
      const key = keys[at] as Value;
      if (rules.keyed && base === undefined && over === undefined) {
        return lookupAll(rules.at(context, key), keys, at + 1);
      }
      return lookupAll(documentAt(context, position), keys, at);
    }
    position = below(position, keys[at] as Value);
  }
  return documentAt(context, position);
}

function lookupAll(value: Value | undefined, keys: readonly Value[], from: number): Value | undefined {
  let result = value;
  for (let at = from; at < keys.length && result !== undefined; at++) result = lookup(result, keys[at] as Value);
  return result;
}

/** The whole document at a position. */
export function documentAt(context: Context, position: Position): Value | undefined {
  const { node, base, over } = position;
  if (over?.value !== undefined) return over.value;
  if (node === undefined) return merged(base, over);
  const { rules } = node;
  if (rules?.kind === "complete") return rules.complete(context);
  if (rules?.kind === "function" && node.children.size === 0) return undefined;
  const { documents } = context;
  if (documents.has(node)) return documents.get(node);
  const value = build(context, position);
  documents.set(node, value);
  return value;
}

function build(context: Context, { node, base, over }: Position): Value | undefined {
  if (base === undefined && over === undefined && node?.rules?.kind === "set" && node.rules.keyed) {
    return setOf(context, node.rules);
  }
  const builder = new Builder();
  if (node !== undefined) collect(context, node, () => builder, base, over, false);
  return builder.finish(merged(base, over));
}

/** The members of a set that is nothing else. */
function setOf(context: Context, rules: RuleSet): RegoSet {
  const set = new RegoSet();
  const { session } = context;
  rules.members(context, (member) => {
    session.grow(1);
    set.add(member);
    return false;
  });
  return set;
}

/**
 * An object or set in the making, into which several rules put their parts. Where a base document has a value too, the
 * whole shows that one, as OPA's does; asking for the rule by its path gives the rule's.
 */
class Builder {
  private readonly entries = new Map<CanonicalKey, { readonly key: Value; value: Value | Builder }>();
  private members: RegoSet | undefined;

  at(key: Value, rule?: NormalRule): Builder {
    const canonical = canonicalKey(key);
    const entry = this.entries.get(canonical);
    if (entry === undefined) {
      const inner = new Builder();
      this.entries.set(canonical, { key, value: inner });
      return inner;
    }
    if (entry.value instanceof Builder) return entry.value;
    throw keyConflict(rule?.at);
  }

  put(key: Value, value: Value, rule?: NormalRule): void {
    const canonical = canonicalKey(key);
    const entry = this.entries.get(canonical);
    if (entry === undefined) this.entries.set(canonical, { key, value });
    else if (entry.value instanceof Builder || !equal(entry.value, value)) throw keyConflict(rule?.at);
  }

  add(member: Value): void {
    this.members ??= new RegoSet();
    this.members.add(member);
  }

  markSet(): void {
    this.members ??= new RegoSet();
  }

  finish(base: Value | undefined): Value {
    if (this.members !== undefined && this.entries.size === 0) return this.members;
    const result = new Map<CanonicalKey, readonly [Value, Value]>();
    if (base !== undefined && isObject(base)) {
      for (const [key, value] of objectEntries(base)) result.set(canonicalKey(key), [key, value]);
    }
    for (const [canonical, { key, value }] of this.entries) {
      const under = result.get(canonical)?.[1];
      if (value instanceof Builder) result.set(canonical, [key, value.finish(under)]);
      else if (under === undefined) result.set(canonical, [key, value]);
    }
    return objectFrom(result.values());
  }
}

/**
 * Adds what a node's rules and children define. `place` gives the builder for the node; below the head of a partial rule
 * (`inRule`) it is asked for only when there is something to add, because there only what has a value shows.
 */
function collect(
  context: Context,
  node: DocumentNode,
  place: () => Builder,
  base: Value | undefined,
  over: Override | undefined,
  inRule: boolean,
): void {
  const { rules } = node;
  const partial = rules !== undefined && rules.kind !== "function" && rules.kind !== "complete";
  if (!inRule) {
    const builder = place();
    if (rules?.kind === "set") builder.markSet();
  }
  if (partial) {
    rules.each(context, ({ path, value, member }, rule) => {
      context.session.grow(1);
      let target = place();
      const last = member ? path.length : path.length - 1;
      for (let at = 0; at < last; at++) target = target.at(path[at] as Value, rule);
      if (member) target.add(value);
      else target.put(path[path.length - 1] as Value, value, rule);
      return false;
    });
  }
  for (const [key, child] of node.children) {
    const childOver = typeof key === "string" ? over?.children.get(key) : undefined;
    const childRules = child.rules;
    const shown = child.label ?? key;
    if (childOver?.value !== undefined) place().put(shown, childOver.value);
    else if (childRules?.kind === "complete") {
      const value = childRules.complete(context);
      if (value !== undefined) place().put(shown, value, childRules.definitions[0]);
    } else if (childRules?.kind !== "function" || child.children.size > 0) {
      const childBase = base === undefined ? undefined : lookup(base, key);
      const inside = inRule || partial;
      if (!inside && childRules !== undefined && child.children.size === 0) {
        // By way of the cache, since other rules may read the same document.
        const value = documentAt(context, { node: child, base: childBase, over: childOver });
        if (value !== undefined) place().put(shown, value);
        continue;
      }
      collect(context, child, () => place().at(shown, childRules?.definitions[0]), childBase, childOver, inside);
    }
  }
}
