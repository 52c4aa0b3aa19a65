/**
 * Code for terms: getters for what is known, matchers for patterns. The coder walks a body in order and knows at each
 * place which variables are bound, so no check for that is left at run time.
 */

import type { Builtin } from "../builtins/index.js";
import type { ComprehensionTerm, ConstantTerm, Local, NormalBody, NormalTerm, Place } from "../compile/normal-form.js";
import { allBound } from "../compile/variables.js";
import { equal, isArray, isObject, objectGet, objectSize, RegoObject, RegoSet, type Value } from "../value/index.js";
import type { DocumentNode } from "./documents.js";
import type { Frame, Getter, Matcher, Step } from "./frame.js";
import { keyConflict } from "./rule-set.js";
import type { Shape } from "./shape.js";
import type { Tracer } from "./tracer.js";

/** What code refers to beyond its own rule. */
export interface Linkage {
  /** Root of the documents; asked for when code runs or is made, not before. */
  readonly root: () => DocumentNode;
  readonly builtin: (name: string) => Builtin | undefined;
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
  protected abstract refGetter(term: Extract<NormalTerm, { kind: "ref" }>): Getter;

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

  /** Code for a term all of whose variables are bound. */
  getter(term: NormalTerm): Getter {
    switch (term.kind) {
      case "constant": {
        const index = this.indexes.get(term);
        if (index === undefined) {
          const { value } = term;
          return () => value;
        }
        return (frame) => frame.constants[index];
      }
      case "local": {
        const { slot } = term.local;
        return (frame) => frame.slots[slot];
      }
      case "array":
        return this.arrayGetter(term.items);
      case "set":
        return this.setGetter(term.items);
      case "object":
        return this.objectGetter(term.entries);
      case "ref":
        return this.refGetter(term);
      case "comprehension":
        return this.comprehensionGetter(term);
    }
  }

  private arrayGetter(terms: readonly NormalTerm[]): Getter {
    const items = terms.map((item) => this.getter(item));
    return (frame) => {
      const array = new Array<Value>(items.length);
      for (let i = 0; i < items.length; i++) {
        const value = (items[i] as Getter)(frame);
        if (value === undefined) return undefined;
        array[i] = value;
      }
      return array;
    };
  }

  private setGetter(terms: readonly NormalTerm[]): Getter {
    const items = terms.map((item) => this.getter(item));
    return (frame) => {
      const set = new RegoSet();
      for (const item of items) {
        const value = item(frame);
        if (value === undefined) return undefined;
        set.add(value);
      }
      return set;
    };
  }

  private objectGetter(entries: readonly (readonly [NormalTerm, NormalTerm])[]): Getter {
    const pairs = entries.map(([key, value]) => [this.getter(key), this.getter(value)] as const);
    return (frame) => {
      const object = new RegoObject();
      for (const [keyGetter, valueGetter] of pairs) {
        const key = keyGetter(frame);
        const value = valueGetter(frame);
        if (key === undefined || value === undefined) return undefined;
        object.set(key, value);
      }
      return object;
    };
  }

  private comprehensionGetter(term: ComprehensionTerm): Getter {
    const extra = this.newExtra();
    let value: Getter | undefined;
    let key: Getter | undefined;
    const add = this.adder(term, extra, () => ({ key, value: value as Getter }));
    const run = this.enclosed(
      () =>
        this.body(term.body, () => {
          value = this.getter(term.value);
          key = term.key === undefined ? undefined : this.getter(term.key);
          return add;
        }),
      false,
    );
    const { of } = term;
    return (frame) => {
      const made: Value[] | RegoSet | RegoObject =
        of === "array" ? [] : of === "set" ? new RegoSet() : new RegoObject();
      frame.extras[extra] = made;
      run(frame);
      return made;
    };
  }

  private adder(term: ComprehensionTerm, extra: number, heads: () => { key: Getter | undefined; value: Getter }): Step {
    const place = this.placeOf(term);
    return (frame) => {
      const { key: keyGetter, value: valueGetter } = heads();
      const value = valueGetter(frame);
      if (value === undefined) return false;
      frame.context.session.grow(1);
      const made = frame.extras[extra];
      if (term.of === "array") (made as Value[]).push(value);
      else if (term.of === "set") (made as RegoSet).add(value);
      else {
        const key = keyGetter?.(frame);
        if (key === undefined) return false;
        const object = made as RegoObject;
        const before = object.get(key);
        if (before === undefined) object.set(key, value);
        else if (!equal(before, value)) throw keyConflict(place(frame));
      }
      return false;
    };
  }

  /** Code that compares a value with a term and binds the term's unbound variables, which count as bound from then on. */
  matcher(term: NormalTerm): Matcher {
    if (term.kind === "local" && !this.bound.has(term.local)) {
      const { slot } = term.local;
      this.bind(term.local);
      return (frame, value) => {
        frame.slots[slot] = value;
        return true;
      };
    }
    if (term.kind === "array" && !this.isBound(term)) return this.arrayMatcher(term.items);
    if (term.kind === "object" && !this.isBound(term)) return this.objectMatcher(term.entries);
    const getter = this.getter(term);
    if (term.kind === "constant" && typeof term.value === "string") return (frame, value) => getter(frame) === value;
    return (frame, value) => {
      const known = getter(frame);
      return known !== undefined && (known === value || equal(known, value));
    };
  }

  private arrayMatcher(terms: readonly NormalTerm[]): Matcher {
    const items = terms.map((item) => this.matcher(item));
    return (frame, value) => {
      if (!isArray(value) || value.length !== items.length) return false;
      for (let i = 0; i < items.length; i++) if (!(items[i] as Matcher)(frame, value[i] as Value)) return false;
      return true;
    };
  }

  private objectMatcher(entries: readonly (readonly [NormalTerm, NormalTerm])[]): Matcher {
    const pairs = entries.map(([key, value]) => [this.getter(key), this.matcher(value)] as const);
    return (frame, value) => {
      if (!isObject(value) || objectSize(value) !== pairs.length) return false;
      for (const [keyGetter, matches] of pairs) {
        const key = keyGetter(frame);
        const member = key === undefined ? undefined : objectGet(value, key);
        if (member === undefined || !matches(frame, member)) return false;
      }
      return true;
    };
  }
}
