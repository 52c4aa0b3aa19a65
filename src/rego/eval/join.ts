/**
 * Loops whose next literal wants a part of the element to equal what is known already (`some port in input.ports;
 * port.id == id`). The second time that such a loop goes through one collection in a context, the elements are filed under
 * that part, and from then on only those that match are visited, in the order of the loop.
 */
import {
  type CanonicalKey,
  canonicalKey,
  isNumber,
  isObject,
  isSet,
  objectKeys,
  objectValues,
  type Value,
} from "../value/index.js";
import type { Context, Step } from "./frame.js";
import { accepts, followed, type Operand, read, type Target } from "./operand.js";

/** A step that goes on with `next` when a path from a slot and another operand have equal values. */
export interface Equality {
  readonly slot: number;
  readonly names: readonly string[];
  readonly other: Operand;
  readonly next: Step;
}

/** A loop: where elements come from, and the slot that takes each. */
export interface Loop {
  readonly from: Operand;
  readonly key: Target;
  readonly slot: number;
}

/** Smaller collections are quicker to go through. */
const LEAST = 4;

/** What is known in a context about the collections that a loop goes through; true after the first time. */
export type Joins = Map<object, ElementIndex | true>;

/** Collections that a loop remembers; with more it starts anew, so that evaluation keeps no garbage. */
const MOST = 256;

/** Code of a loop with its equality; `scan` is the plain one. */
export function joinedStep({ from, key, slot }: Loop, equality: Equality, scan: Step): Step {
  const { other, next } = equality;
  return (frame) => {
    const collection = read(frame, from);
    if (typeof collection !== "object" || collection === null) return false;
    const index = indexFor(frame.context, equality, collection);
    if (index === undefined) return scan(frame);
    const wanted = read(frame, other);
    if (wanted === undefined) return false;
    const { session } = frame.context;
    session.step();
    for (let at = index.first(wanted); at >= 0; at = index.next(at)) {
      session.step();
      if (!accepts(frame, index.keyAt(at), key)) continue;
      frame.slots[slot] = index.elements[at];
      if (next(frame)) return true;
    }
    return false;
  };
}

/** The index of a collection, from the second time on that a loop goes through it. */
function indexFor(context: Context, equality: Equality, collection: Value & object): ElementIndex | undefined {
  if (Array.isArray(collection) ? collection.length < LEAST : isSet(collection) && collection.size < LEAST) {
    return undefined;
  }
  const joins = context.joins(equality);
  let known = joins.get(collection);
  if (known === undefined) {
    if (joins.size >= MOST) joins.clear();
    joins.set(collection, true);
    return undefined;
  }
  if (known === true) {
    known = new ElementIndex(collection, equality.names);
    context.session.spend(known.elements.length);
    joins.set(collection, known);
  }
  return known.usable ? known : undefined;
}

const NOTHING: readonly Value[] = [];

/** The elements of a collection by the value at a path in each. */
export class ElementIndex {
  readonly elements: readonly Value[];
  /** There are enough elements, and the parts are scalars. */
  readonly usable: boolean;
  private readonly keys: readonly Value[] | undefined;
  private readonly firsts = new Map<CanonicalKey, number>();
  /** For each position the next one with an equal part, or -1. */
  private readonly nexts: number[];

  constructor(collection: Value, names: readonly string[]) {
    const isPairs = isObject(collection);
    this.elements = Array.isArray(collection)
      ? collection
      : isSet(collection)
        ? collection.sorted()
        : isPairs
          ? objectValues(collection)
          : NOTHING;
    this.keys = Array.isArray(collection) ? undefined : isPairs ? objectKeys(collection) : this.elements;
    this.nexts = new Array(this.elements.length).fill(-1);
    this.usable = this.elements.length >= LEAST && this.fill(names);
  }

  private fill(names: readonly string[]): boolean {
    for (let at = this.elements.length - 1; at >= 0; at--) {
      const part = followed(this.elements[at], names);
      if (part === undefined) continue;
      if (!isScalar(part)) return false;
      const key = canonicalKey(part);
      this.nexts[at] = this.firsts.get(key) ?? -1;
      this.firsts.set(key, at);
    }
    return true;
  }

  /** The first position with this part, or -1. */
  first(part: Value): number {
    return isScalar(part) ? (this.firsts.get(canonicalKey(part)) ?? -1) : -1;
  }

  next(at: number): number {
    return this.nexts[at] as number;
  }

  keyAt(at: number): Value {
    return this.keys === undefined ? at : (this.keys[at] as Value);
  }
}

function isScalar(value: Value): boolean {
  return typeof value !== "object" || value === null || isNumber(value);
}
