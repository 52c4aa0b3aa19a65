/**
 * What types things have at one place of a policy: layers, each with the variables of one body and the documents that
 * are known there, over the layers around it. A layer of a `with` only has documents: what is learnt of variables under
 * it belongs to the body.
 */
import { type CanonicalKey, canonicalKey, type Value } from "../../value/index.js";
import type { Step } from "../constants.js";
import type { Local } from "../normal-form.js";
import { ANY, isEmpty, isKind, type ObjectType, objectType, type Property, setType, type Type } from "./model.js";
import { select, valuesOf } from "./parts.js";
import { typeOfValue } from "./type-of.js";
import { or } from "./union.js";

/** Known documents below one path. Where rules continue another rule's path, a node has both a type and children. */
export class TypeNode {
  type: Type | undefined;
  readonly children = new Map<CanonicalKey, { readonly key: Value; readonly node: TypeNode }>();

  child(key: Value): TypeNode | undefined {
    return this.children.get(canonicalKey(key))?.node;
  }

  private ensure(key: Value): TypeNode {
    const id = canonicalKey(key);
    const found = this.children.get(id);
    if (found !== undefined) return found.node;
    const node = new TypeNode();
    this.children.set(id, { key, node });
    return node;
  }

  /** Sets the type at a path, whatever was there. */
  put(path: readonly Value[], type: Type | undefined): void {
    let node: TypeNode = this;
    for (const key of path) node = node.ensure(key);
    node.type = type;
  }

  /** Adds what one rule contributes to the document at a path, which may lie in, or above, what other rules add to. */
  add(path: readonly Value[], type: Type): void {
    let node: TypeNode = this;
    for (let at = 0; at < path.length; at++) {
      const key = path[at] as Value;
      const known = node.child(key);
      if (at + 1 < path.length && known !== undefined && isKind(known.type, "object")) {
        known.type = withPart(known.type, path.slice(at + 1), type);
      }
      node = known ?? node.ensure(key);
    }
    const merged = merge(node.type, type);
    node.type = merged;
    if (!isKind(type, "object") || node.children.size === 0) return;
    let whole = merged;
    for (const { path: inside, type: part } of node.leaves()) {
      if (isKind(whole, "object")) whole = withPart(whole, inside, part);
    }
    node.type = whole;
  }

  private *leaves(path: readonly Value[] = []): Generator<{ path: readonly Value[]; type: Type }> {
    for (const { key, node } of this.children.values()) {
      const inside = [...path, key];
      if (node.type !== undefined) yield { path: inside, type: node.type };
      else yield* node.leaves(inside);
    }
  }

  /** The type of everything at and below this node. Base documents may add to it. */
  extent(): Type {
    if (this.type !== undefined) return this.type;
    const fixed: Property[] = [];
    for (const { key, node } of this.children.values()) {
      if (key !== null && typeof typeOfValue(key) === "string") fixed.push({ key, type: node.extent() });
    }
    return objectType(fixed, { key: "string", value: ANY });
  }
}

/** An object type in which something of `type` stands at a path, under keys that count as varying. */
function withPart(object: ObjectType, [key, ...rest]: readonly Value[], type: Type): ObjectType {
  if (key === undefined) return object;
  const part = rest.length === 0 ? type : withPart(objectType([]), rest, type);
  return objectType(object.fixed, {
    key: or(object.rest?.key, typeOfValue(key)),
    value: or(object.rest?.value, part),
  });
}

/** The type of a document to which two rules contribute. */
function merge(a: Type | undefined, b: Type | undefined): Type | undefined {
  if (a === undefined) return b;
  if (b === undefined || a === b) return a;
  if (isKind(a, "any") && !isKind(b, "any")) return merge(b, a);
  if (isKind(a, "set") && isKind(b, "set")) return setType(or(a.of, b.of));
  if (isKind(a, "object") && a.fixed.length === 0) {
    if (isKind(b, "object") && b.fixed.length === 0) {
      if (a.rest === undefined) return b;
      if (b.rest === undefined) return a;
      return objectType([], { key: or(a.rest.key, b.rest.key), value: merge(a.rest.value, b.rest.value) });
    }
    if (isKind(b, "any") && a.rest !== undefined) {
      const at = b.of.findIndex((each) => isKind(each, "object") && each.fixed.length === 0 && each.rest !== undefined);
      const open = b.of[at];
      if (isKind(open, "object")) {
        const rest = { key: or(open.rest?.key, a.rest.key), value: or(open.rest?.value, a.rest.value) };
        return { kind: "any", of: b.of.map((each, index) => (index === at ? objectType([], rest) : each)) };
      }
    }
  }
  return or(a, b);
}

export class TypeLayer {
  readonly outer: TypeLayer | undefined;
  /** Children are the documents: `input` and `data`. */
  readonly documents: TypeNode | undefined;
  private readonly owner: TypeLayer;
  /** None until something is learnt: most rules of large policies have no variables. */
  private locals: Map<Local, Type | undefined> | undefined;
  private changes = 0;

  private constructor(outer: TypeLayer | undefined, documents: TypeNode | undefined, owner?: TypeLayer) {
    this.outer = outer;
    this.documents = documents;
    this.owner = owner ?? this;
  }

  static outermost(documents: TypeNode): TypeLayer {
    return new TypeLayer(undefined, documents);
  }

  /** For a body inside. */
  inner(): TypeLayer {
    return new TypeLayer(this, undefined);
  }

  /** For a literal with other documents. */
  replacing(documents: TypeNode): TypeLayer {
    return new TypeLayer(this, documents, this.owner);
  }

  /** Changes when something is learnt that a closure at this place would see. */
  get version(): number {
    return this.changes + (this.outer?.version ?? 0);
  }

  learn(local: Local, type: Type | undefined): void {
    this.owner.locals ??= new Map();
    this.owner.locals.set(local, type);
    this.owner.changes++;
  }

  /** The layer that knows of a variable. */
  private of(local: Local): TypeLayer | undefined {
    for (let layer: TypeLayer | undefined = this; layer !== undefined; layer = layer.outer) {
      if (layer.locals?.has(local) === true) return layer;
    }
    return undefined;
  }

  knows(local: Local): boolean {
    return this.of(local) !== undefined;
  }

  local(local: Local): Type | undefined {
    return this.of(local)?.locals?.get(local);
  }

  /** Whether anything is known of a document. */
  knowsDocument(root: "input" | "data"): boolean {
    for (let layer: TypeLayer | undefined = this; layer !== undefined; layer = layer.outer) {
      if (layer.documents?.child(root) !== undefined) return true;
    }
    return false;
  }

  /** Type of the document at a path from `input` or `data` on. */
  document(root: "input" | "data", path: readonly Step[]): Type | undefined {
    const node = this.documents?.child(root);
    const type = node === undefined ? MISSING : within(node, path, 0);
    if (type !== MISSING) return type;
    return this.outer === undefined ? ANY : this.outer.document(root, path);
  }
}

const MISSING = Symbol("missing");

function within(node: TypeNode, path: readonly Step[], at: number): Type | undefined | typeof MISSING {
  if (at >= path.length) return node.extent();
  const step = path[at];
  const child = step === undefined ? undefined : node.child(step.value);
  if (child !== undefined) return within(child, path, at + 1);
  if (node.type !== undefined) return inside(node.type, path, at);
  return step === undefined ? inside(node.extent(), path, at) : MISSING;
}

/** Type of what the steps of a path lead to in a value; undefined when they lead nowhere. */
export function inside(type: Type | undefined, path: readonly Step[], from = 0): Type | undefined {
  let found = type;
  for (let at = from; at < path.length; at++) {
    const step = path[at];
    if (found === undefined) return undefined;
    if (isLookup(step)) found = select(found, step.value);
    else found = isEmpty(found) ? ANY : valuesOf(found);
  }
  return found;
}

/** What a step looks up; constant arrays, objects and sets are matched like patterns instead. */
export function isLookup(step: Step): step is { readonly value: Value } {
  return step !== undefined && typeof typeOfValue(step.value) === "string";
}
