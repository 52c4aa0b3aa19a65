/**
 * Checks references step by step: whether there can be anything at their ends, as far as types tell. A variable in a
 * bracket that has no type yet gets that of the keys it runs through.
 */
import type { RegoProblem } from "../../error.js";
import { problemAt } from "../../error.js";
import { constantOf, type Step } from "../constants.js";
import type { NormalTerm, RefTerm } from "../normal-form.js";
import { inside, isLookup, type TypeLayer, type TypeNode } from "./environment.js";
import { ANY, isEmpty, isKind, isUnknown, shownType, type Type } from "./model.js";
import { keysOf, mayEqual, select, valuesOf } from "./parts.js";
import type { Patterns, TypeOf } from "./patterns.js";
import { asJson, typeOfValue } from "./type-of.js";

export class References {
  private readonly patterns: Patterns;
  private readonly typeOf: TypeOf;

  constructor(patterns: Patterns, typeOf: TypeOf) {
    this.patterns = patterns;
    this.typeOf = typeOf;
  }

  /** Type of what a reference leads to; undefined when that is nothing or unknown. */
  type(ref: RefTerm, layer: TypeLayer): Type | undefined {
    const { base, path } = ref;
    if (base === "input" || base === "data") {
      return layer.knowsDocument(base) ? layer.document(base, path.map(stepOf)) : ANY;
    }
    return inside(this.baseType(base, layer), path.map(stepOf));
  }

  /** As in OPA, a reference into a scalar constant is into something unknown. */
  private baseType(base: NormalTerm, layer: TypeLayer): Type | undefined {
    return base.kind === "constant" ? undefined : this.typeOf(base, layer);
  }

  /** The problem with a reference, if there is one. */
  check(ref: RefTerm, layer: TypeLayer): RegoProblem | undefined {
    if (typeof ref.base === "string" && ref.path.every(isName) && !layer.knowsDocument(ref.base)) return undefined;
    const type = this.type(ref, layer);
    if (isKind(type, "function")) {
      const name = ["data", ...ref.path.map((part) => String(constantOf(part)))].join(".");
      return problem(ref, `function ${name} used as reference, not called`, "write its arguments in parentheses");
    }
    const walk = new Walk(ref, layer, this.patterns);
    if (ref.base === "input" || ref.base === "data") return walk.document(ref.base);
    if (ref.base.kind === "local") {
      if (!layer.knows(ref.base.local)) layer.learn(ref.base.local, ANY);
      return walk.value(layer.local(ref.base.local) ?? ANY, 0);
    }
    if (ref.base.kind === "constant") return walk.value(ANY, 0);
    // A composite stands for a variable that was given its value before.
    if (isUnknown(this.typeOf(ref.base, layer))) this.patterns.match(ref.base, ANY, layer);
    return walk.value(this.typeOf(ref.base, layer) ?? ANY, 0);
  }
}

class Walk {
  private readonly ref: RefTerm;
  private readonly path: readonly NormalTerm[];
  private readonly layer: TypeLayer;
  private readonly patterns: Patterns;

  constructor(ref: RefTerm, layer: TypeLayer, patterns: Patterns) {
    this.ref = ref;
    this.path = ref.path;
    this.layer = layer;
    this.patterns = patterns;
  }

  /** From a document on: through each layer that knows it, as far as it does. */
  document(root: "input" | "data"): RegoProblem | undefined {
    for (let layer: TypeLayer | undefined = this.layer; layer !== undefined; layer = layer.outer) {
      let node = layer.documents?.child(root);
      for (let at = 0; node !== undefined; at++) {
        if (node.type !== undefined) return this.value(node.type, at);
        const step = this.path[at];
        if (step === undefined) return undefined;
        const failed = this.nodeStep(node, step, at);
        if (failed !== undefined) return failed;
        const constant = constantOf(step);
        node = constant === undefined ? undefined : node.child(constant);
      }
    }
    return this.value(ANY, 0);
  }

  /** A step below a document of which only parts are known. */
  private nodeStep(node: TypeNode, step: NormalTerm, at: number): RegoProblem | undefined {
    if (at < 2 && step.kind !== "local" && typeof constantOf(step) !== "string") {
      return this.undefinedRef(at, "names below `data` and `input` are strings");
    }
    if (step.kind !== "local") return undefined;
    const keys = keysOf(node.extent());
    const known = this.layer.local(step.local);
    if (known === undefined) this.layer.learn(step.local, keys);
    else if (!mayEqual(keys, known)) return this.wrongKey(at, known, keys);
    return undefined;
  }

  /** From a value of `type` on, with the step at `at`. */
  value(type: Type | undefined, at: number): RegoProblem | undefined {
    const step = this.path[at];
    if (step === undefined) return undefined;
    if (isEmpty(type)) return this.emptyStep(type, step, at);
    const keys = keysOf(type);
    if (keys === undefined) return this.undefinedRef(at, `${shownType(type)} has no elements`);
    const lookup = stepOf(step);
    if (isLookup(lookup)) {
      const found = select(type, lookup.value);
      if (found !== undefined) return this.value(found, at + 1);
      return this.undefinedRef(at, `${shownType(type)} has no such element`);
    }
    if (step.kind === "local") {
      const known = this.layer.local(step.local);
      if (known === undefined) this.layer.learn(step.local, keys);
      else if (!mayEqual(known, keys)) return this.wrongKey(at, known, keys);
    } else if (!this.patterns.match(step, keys, this.layer)) {
      return this.undefinedRef(at, `keys are ${shownType(keys)} there`);
    }
    return this.value(valuesOf(type), at + 1);
  }

  /** Nothing is ever found in an empty collection, but iterating it is no mistake. */
  private emptyStep(type: Type | undefined, step: NormalTerm, at: number): RegoProblem | undefined {
    if (isLookup(stepOf(step))) return this.undefinedRef(at, `${shownType(type)} has no elements`);
    if (step.kind !== "local") return undefined;
    const known = this.layer.local(step.local);
    const keys = keysOf(type);
    if (known === undefined) this.layer.learn(step.local, ANY);
    else if (keys !== undefined && !mayEqual(known, keys)) return this.wrongKey(at, known, keys);
    return undefined;
  }

  private wrongKey(at: number, known: Type, keys: Type | undefined): RegoProblem {
    return this.undefinedRef(at, `the key is ${shownType(known)}, but keys are ${shownType(keys)} there`);
  }

  private undefinedRef(at: number, hint: string): RegoProblem {
    const part = this.path.length > 1 ? ` (step ${at + 1})` : "";
    return problem(this.ref, `undefined ref: ${textOf(this.ref)}`, `${hint}${part}`);
  }
}

function isName(term: NormalTerm): boolean {
  return term.kind === "constant" && typeof term.value === "string";
}

/** As what is looked up in objects, whose keys are JSON values. */
function stepOf(term: NormalTerm): Step {
  const value = constantOf(term);
  if (value === undefined) return undefined;
  return { value: typeof typeOfValue(value) === "string" ? value : asJson(value) };
}

function problem({ at }: RefTerm, message: string, hint: string): RegoProblem {
  return problemAt(at.source, at.start, "rego_type_error", message, hint);
}

function textOf({ at: { source, start, end } }: RefTerm): string {
  return source.text.slice(start, Math.min(end, start + 80)).split("\n")[0] ?? "";
}
