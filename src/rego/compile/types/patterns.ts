/**
 * Two ways in which types of terms meet: a term is matched with a type (an argument with a declaration), or two terms
 * are made equal. Both tell whether that can ever succeed, and teach the variables without a type what they stand for.
 */
import { canonicalKey } from "../../value/index.js";
import { constantOf } from "../constants.js";
import type { NormalTerm, ObjectTerm } from "../normal-form.js";
import type { TypeLayer } from "./environment.js";
import { ANY, type ArrayType, isKind, isUnknown, type ObjectType, type Type } from "./model.js";
import { mayEqual, select, valuesOf } from "./parts.js";
import { asJson } from "./type-of.js";
import { or } from "./union.js";

export type TypeOf = (term: NormalTerm, layer: TypeLayer) => Type | undefined;

export class Patterns {
  private readonly typeOf: TypeOf;

  constructor(typeOf: TypeOf) {
    this.typeOf = typeOf;
  }

  /**
   * Whether a term can be of a type.
   * @param more the type is one of several: variables get it in addition to what they have
   */
  match(term: NormalTerm, type: Type | undefined, layer: TypeLayer, more = false): boolean {
    switch (term.kind) {
      case "local":
        if (more) layer.learn(term.local, or(layer.local(term.local), type));
        else {
          const known = layer.local(term.local);
          if (known !== undefined) return mayEqual(known, type);
          layer.learn(term.local, type);
        }
        return true;
      case "array":
      case "set":
      case "object":
        return this.matchComposite(term, type, layer, more);
      default:
        return mayEqual(this.typeOf(term, layer), type);
    }
  }

  private matchComposite(
    term: Extract<NormalTerm, { kind: "array" | "set" | "object" }>,
    type: Type | undefined,
    layer: TypeLayer,
    more: boolean,
  ): boolean {
    if (isKind(type, "any")) {
      if (type.of.length > 0) {
        // All of them are tried, so that variables learn of all.
        return type.of.map((member) => this.match(term, member, layer, true)).includes(true);
      }
      for (const part of partsOf(term)) this.match(part, ANY, layer, true);
      return true;
    }
    if (term.kind === "array" && isKind(type, "array")) return this.matchArray(term.items, type, layer, more);
    if (term.kind === "object" && isKind(type, "object")) return this.matchObject(term, type, layer, more);
    if (term.kind === "set" && isKind(type, "set")) {
      return term.items.every((item) => this.match(item, valuesOf(type), layer, more));
    }
    return false;
  }

  private matchArray(items: readonly NormalTerm[], type: ArrayType, layer: TypeLayer, more: boolean): boolean {
    if (items.length !== type.fixed.length && type.rest === undefined) return false;
    return items.every((item, at) => this.match(item, type.fixed[at] ?? type.rest, layer, more));
  }

  private matchObject(term: ObjectTerm, type: ObjectType, layer: TypeLayer, more: boolean): boolean {
    const entries = distinctEntries(term);
    if (entries.length !== type.fixed.length && type.rest?.value === undefined) return false;
    for (const [key, value] of entries) {
      const constant = constantOf(key);
      if (constant === undefined) this.match(value, ANY, layer, more);
      else {
        const wanted = select(type, asJson(constant));
        if (wanted === undefined || !this.match(value, wanted, layer, more)) return false;
      }
    }
    return true;
  }

  /** Whether two terms can be equal; `a` and `b` are their types. */
  equate(
    left: NormalTerm,
    right: NormalTerm,
    layer: TypeLayer,
    a: Type | undefined = this.typeOf(left, layer),
    b: Type | undefined = this.typeOf(right, layer),
  ): boolean {
    const noneA = isUnknown(a);
    const noneB = isUnknown(b);
    if (noneA && !noneB) return this.match(left, b, layer);
    if (noneB && !noneA) return this.match(right, a, layer);
    if (!noneA && !noneB) return mayEqual(a, b);
    return this.equateUnknown(left, right, layer, a, b);
  }

  private equateUnknown(
    left: NormalTerm,
    right: NormalTerm,
    layer: TypeLayer,
    a: Type | undefined,
    b: Type | undefined,
  ): boolean {
    if (left.kind === "array" || left.kind === "object") return this.equateComposite(left, right, layer);
    if (left.kind === "local") {
      if (right.kind === "array" || right.kind === "object") return this.equateComposite(right, left, layer);
      if (right.kind === "local") {
        return this.match(left, ANY, layer) && this.match(right, layer.local(left.local), layer);
      }
      if (right.kind === "ref") return this.match(left, ANY, layer);
      if (a === undefined && b !== undefined) return this.match(left, b, layer);
    }
    if (left.kind === "ref" && right.kind === "local") return this.match(right, ANY, layer);
    if (right.kind === "local" && b === undefined && a !== undefined) return this.match(right, a, layer);
    return false;
  }

  private equateComposite(
    left: Extract<NormalTerm, { kind: "array" | "object" }>,
    right: NormalTerm,
    layer: TypeLayer,
  ): boolean {
    if (right.kind === "local") {
      return this.match(left, ANY, layer) && this.match(right, this.typeOf(left, layer), layer);
    }
    if (left.kind === "array" && right.kind === "array") {
      if (left.items.length !== right.items.length) return false;
      return left.items.every((item, at) => this.equate(item, right.items[at] as NormalTerm, layer));
    }
    if (left.kind === "object" && right.kind === "object") {
      const [ours, theirs] = [distinctEntries(left), distinctEntries(right)];
      if (ours.length !== theirs.length) return false;
      const others = new Map(theirs.map(([key, value]) => [keyOf(key), value]));
      return ours.every(([key, value]) => {
        const other = others.get(keyOf(key));
        return other !== undefined && this.equate(value, other, layer);
      });
    }
    return false;
  }
}

function partsOf(term: Extract<NormalTerm, { kind: "array" | "set" | "object" }>): readonly NormalTerm[] {
  return term.kind === "object" ? term.entries.flat() : term.items;
}

/** The entries of an object; of equal keys the last one. */
export function distinctEntries(term: ObjectTerm): readonly (readonly [NormalTerm, NormalTerm])[] {
  if (term.entries.length < 2) return term.entries;
  return [...new Map(term.entries.map((entry) => [keyOf(entry[0]), entry])).values()];
}

/** The same for terms that are equal as they are written. */
function keyOf(term: NormalTerm): unknown {
  if (term.kind === "local") return term.local;
  const constant = constantOf(term);
  return constant === undefined ? term : canonicalKey(constant);
}
