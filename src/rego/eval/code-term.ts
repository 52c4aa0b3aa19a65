/**
 * Code for terms: getters for what is known, matchers for patterns. The coder walks a body in order and knows at each
 * place which variables are bound, so no check for that is left at run time.
 */

import type { Builtin } from "../builtins/index.js";
import type {
  ComprehensionTerm,
  ConstantTerm,
  Local,
  NormalBody,
  NormalTerm,
  Place,
  RefTerm,
} from "../compile/normal-form.js";
import { allBound } from "../compile/variables.js";
import {
  equal,
  isArray,
  isObject,
  isSet,
  objectGet,
  objectSize,
  RegoObject,
  RegoSet,
  type Value,
} from "../value/index.js";
import type { DocumentNode } from "./documents.js";
import type { Frame, Getter, Matcher, Step } from "./frame.js";
import type { InputPaths } from "./input-paths.js";
import { accepts, Operand, read, readAll, Target } from "./operand.js";
import { keyConflict } from "./rule-set.js";
import type { Shape } from "./shape.js";
import type { Tracer } from "./tracer.js";

/** What code refers to beyond its own rule. */
export interface Linkage {
  /** Root of the documents; asked for when code runs or is made, not before. */
  readonly root: () => DocumentNode;
  readonly builtin: (name: string) => Builtin | undefined;
  readonly inputPaths: InputPaths;
  readonly tracer: Tracer | undefined;
  /** Sets may be delivered while they are found: nobody watches the order of evaluation. */
  readonly streaming: boolean;
}

export abstract class TermCoder {
  protected readonly linkage: Linkage;
  protected readonly bound = new Set<Local>();
  private readonly indexes: ReadonlyMap<ConstantTerm, number>;
  private readonly nodes: ReadonlyMap<object, number>;
  private slots: number;
  private extras = 0;
  /** One solution of the current body is enough, so neither their order nor repetition can be noticed. */
  protected existential = false;

  constructor(linkage: Linkage, form: Pick<Shape, "indexes" | "nodes">, slots: number) {
    this.linkage = linkage;
    this.indexes = form.indexes;
    this.nodes = form.nodes;
    this.slots = slots;
  }

  get size(): { slots: number; extras: number } {
    return { slots: this.slots, extras: this.extras };
  }

  protected abstract body(body: NormalBody, final: () => Step): Step;
  protected abstract refOperand(term: RefTerm): Operand;

  /** For bodies of which one solution is enough. */
  wantOne(): void {
    this.existential = true;
  }

  /** Counts an argument as bound. */
  assume(local: Local): void {
    this.bind(local);
  }

  protected bind(local: Local): void {
    this.bound.add(local);
  }

  protected isBound(term: NormalTerm): boolean {
    return allBound(term, this.bound);
  }

  /** Makes the code of a closure: what is bound inside is not bound after it. */
  protected enclosed<T>(make: () => T, existential: boolean): T {
    const before = [...this.bound];
    const outside = this.existential;
    this.existential = existential;
    const made = make();
    this.existential = outside;
    this.bound.clear();
    for (const local of before) this.bound.add(local);
    return made;
  }

  /** Where a node stands in the body that runs, which may not be the one that its code was made from. */
  protected placeOf(node: { readonly at: Place }): (frame: Frame) => Place {
    const index = this.nodes.get(node) ?? -1;
    const { at } = node;
    return (frame) => frame.places[index] ?? at;
  }

  protected newSlot(): Local {
    return { name: `__slot${this.slots}__`, slot: this.slots++, generated: true };
  }

  protected newExtra(): number {
    return this.extras++;
  }

  /** A term all of whose variables are bound, ready to read. */
  operand(term: NormalTerm): Operand {
    switch (term.kind) {
      case "constant": {
        const index = this.indexes.get(term);
        const { value } = term;
        return index === undefined ? Operand.of(() => value) : Operand.constant(index);
      }
      case "local":
        return Operand.local(term.local.slot);
      case "array":
        return Operand.of(this.arrayGetter(term.items));
      case "set":
        return Operand.of(this.setGetter(term.items));
      case "object":
        return Operand.of(this.objectGetter(term.entries));
      case "ref":
        return this.refOperand(term);
      case "comprehension":
        return Operand.of(this.comprehensionGetter(term));
    }
  }

  /** Code for a term all of whose variables are bound. */
  getter(term: NormalTerm): Getter {
    return this.operand(term).getter;
  }

  private arrayGetter(terms: readonly NormalTerm[]): Getter {
    const items = terms.map((item) => this.operand(item));
    return (frame) => readAll(frame, items);
  }

  private setGetter(terms: readonly NormalTerm[]): Getter {
    const items = terms.map((item) => this.operand(item));
    return (frame) => {
      const set = new RegoSet();
      for (const item of items) {
        const value = read(frame, item);
        if (value === undefined) return undefined;
        set.add(value);
      }
      return set;
    };
  }

  private objectGetter(entries: readonly (readonly [NormalTerm, NormalTerm])[]): Getter {
    const keys = entries.map(([key]) => this.operand(key));
    const values = entries.map(([, value]) => this.operand(value));
    return (frame) => {
      const object = new RegoObject();
      for (let i = 0; i < keys.length; i++) {
        const key = read(frame, keys[i] as Operand);
        const value = read(frame, values[i] as Operand);
        if (key === undefined || value === undefined) return undefined;
        object.set(key, value);
      }
      return object;
    };
  }

  private comprehensionGetter(term: ComprehensionTerm): Getter {
    const extra = this.newExtra();
    const run = this.enclosed(() => this.body(term.body, () => this.adder(term, extra)), false);
    const { of } = term;
    return (frame) => {
      const made: Value[] | RegoSet | RegoObject =
        of === "array" ? [] : of === "set" ? new RegoSet() : new RegoObject();
      frame.extras[extra] = made;
      run(frame);
      return made;
    };
  }

  /** Adds one element to the collection in the making. */
  private adder(term: ComprehensionTerm, extra: number): Step {
    const value = this.operand(term.value);
    if (term.of !== "object") {
      const isArray = term.of === "array";
      return (frame) => {
        const element = read(frame, value);
        if (element === undefined) return false;
        frame.context.session.grow(1);
        if (isArray) (frame.extras[extra] as Value[]).push(element);
        else (frame.extras[extra] as RegoSet).add(element);
        return false;
      };
    }
    const key = term.key === undefined ? undefined : this.operand(term.key);
    const place = this.placeOf(term);
    return (frame) => {
      const element = read(frame, value);
      if (element === undefined) return false;
      frame.context.session.grow(1);
      const name = key === undefined ? undefined : read(frame, key);
      if (name === undefined) return false;
      const object = frame.extras[extra] as RegoObject;
      const before = object.get(name);
      if (before === undefined) object.set(name, element);
      else if (!equal(before, element)) throw keyConflict(place(frame));
      return false;
    };
  }

  /** A pattern to compare values with; the term's unbound variables count as bound from then on. */
  target(term: NormalTerm): Target {
    if (term.kind === "local" && !this.bound.has(term.local)) {
      this.bind(term.local);
      return Target.slot(term.local.slot);
    }
    if (term.kind === "array" && !this.isBound(term)) return Target.of(this.arrayMatcher(term.items));
    if (term.kind === "object" && !this.isBound(term)) return Target.of(this.objectMatcher(term.entries));
    return term.kind === "comprehension" ? this.comprehensionTarget(term) : Target.known(this.operand(term));
  }

  /** Runs a comprehension only for values that it can equal. */
  private comprehensionTarget(term: ComprehensionTerm): Target {
    const run = this.comprehensionGetter(term);
    const { of } = term;
    return Target.of((frame, value) => {
      if (!mayEqual(of, value)) return false;
      const made = run(frame);
      return made !== undefined && equal(made, value);
    });
  }

  private arrayMatcher(terms: readonly NormalTerm[]): Matcher {
    const items = terms.map((item) => this.target(item));
    return (frame, value) => {
      if (!isArray(value) || value.length !== items.length) return false;
      for (let i = 0; i < items.length; i++) {
        if (!accepts(frame, value[i] as Value, items[i] as Target)) return false;
      }
      return true;
    };
  }

  private objectMatcher(entries: readonly (readonly [NormalTerm, NormalTerm])[]): Matcher {
    const pairs = entries.map(([key, value]) => [this.operand(key), this.target(value)] as const);
    return (frame, value) => {
      if (!isObject(value) || objectSize(value) !== pairs.length) return false;
      for (const [keyOperand, target] of pairs) {
        const key = read(frame, keyOperand);
        const member = key === undefined ? undefined : objectGet(value, key);
        if (member === undefined || !accepts(frame, member, target)) return false;
      }
      return true;
    };
  }
}

/** Whether what a comprehension makes can equal a value. */
function mayEqual(of: ComprehensionTerm["of"], value: Value): boolean {
  if (isSet(value)) return true;
  if (of === "array") return isArray(value);
  return of === "object" && isObject(value);
}
