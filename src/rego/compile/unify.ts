/** Which variables a unification gives a value, as far as that is known before values are. */
import { canonicalKey } from "../value/index.js";
import type { Local, NormalTerm, ObjectTerm, RefTerm } from "./normal-form.js";
import { allBound, patternLocals } from "./variables.js";

/** The variables that `left = right` binds when those in `safe` have values. */
export function unify(safe: ReadonlySet<Local>, left: NormalTerm, right: NormalTerm): Set<Local> {
  const unification = new Unification(safe);
  unification.terms(left, right);
  return unification.bound;
}

class Unification {
  readonly bound = new Set<Local>();
  private readonly safe: ReadonlySet<Local>;
  /** Variables that get a value as soon as all of the others have one, and give them one in turn. */
  private readonly waiting = new Map<Local, Set<Local>>();

  constructor(safe: ReadonlySet<Local>) {
    this.safe = safe;
  }

  terms(left: NormalTerm, right: NormalTerm): void {
    switch (left.kind) {
      case "local":
        this.local(left.local, right);
        break;
      case "ref":
        if (this.isKnown(left)) this.known(right);
        break;
      case "comprehension":
        if (right.kind === "local" || right.kind === left.of) {
          if (right.kind !== "set") this.known(right);
        }
        break;
      case "array":
        if (right.kind === "array") {
          if (left.items.length !== right.items.length) return;
          for (const [at, item] of left.items.entries()) this.terms(item, right.items[at] as NormalTerm);
        } else this.composite(left, right);
        break;
      case "object":
        if (right.kind === "object") this.objects(left, right);
        else if (right.kind !== "comprehension") this.composite(left, right);
        break;
      default:
        if (right.kind === "local") this.bind(right.local);
    }
  }

  private local(local: Local, other: NormalTerm): void {
    switch (other.kind) {
      case "local":
        if (this.has(other.local)) this.bind(local);
        else if (this.has(local)) this.bind(other.local);
        else {
          this.wait(local, other.local);
          this.wait(other.local, local);
        }
        break;
      case "array":
      case "object":
        this.all(local, other);
        break;
      case "ref":
        if (this.isKnown(other)) this.bind(local);
        break;
      default:
        this.bind(local);
    }
  }

  /** An array or object, and something that it is not taken apart with. */
  private composite(pattern: NormalTerm, other: NormalTerm): void {
    if (other.kind === "local") this.all(other.local, pattern);
    else if (other.kind === "comprehension" || (other.kind === "ref" && this.isKnown(other))) this.known(pattern);
  }

  private objects(left: ObjectTerm, right: ObjectTerm): void {
    if (left.entries.length !== right.entries.length) return;
    const others = new Map(right.entries.map(([key, value]) => [keyOf(key), value]));
    for (const [key, value] of left.entries) {
      const other = others.get(keyOf(key));
      if (other !== undefined) this.terms(value, other);
    }
  }

  /** A term that is matched with a value. */
  private known(term: NormalTerm): void {
    if (term.kind !== "local" && term.kind !== "array" && term.kind !== "object") return;
    for (const local of pattern(term)) this.bind(local);
  }

  /** A variable and the array or object that it stands for. */
  private all(local: Local, composite: NormalTerm): void {
    const parts = pattern(composite);
    if (this.has(local)) {
      for (const part of parts) this.bind(part);
      return;
    }
    const missing = [...parts].filter((part) => !this.has(part));
    if (missing.length === 0) this.bind(local);
    for (const part of missing) this.wait(local, part);
  }

  private isKnown({ base }: RefTerm): boolean {
    return typeof base === "string" || allBound(base, this.safe);
  }

  private has(local: Local): boolean {
    return this.safe.has(local) || this.bound.has(local);
  }

  private wait(local: Local, part: Local): void {
    const parts = this.waiting.get(local);
    if (parts === undefined) this.waiting.set(local, new Set([part]));
    else parts.add(part);
  }

  private bind(local: Local): void {
    this.bound.add(local);
    const parts = this.waiting.get(local);
    this.waiting.delete(local);
    for (const part of parts ?? []) this.bind(part);
    for (const [other, missing] of this.waiting) {
      if (missing.delete(local) && missing.size === 0) this.bind(other);
    }
  }
}

function pattern(term: NormalTerm): Set<Local> {
  const locals = new Set<Local>();
  patternLocals(term, locals);
  return locals;
}

function keyOf(key: NormalTerm): unknown {
  if (key.kind === "local") return key.local;
  return key.kind === "constant" ? canonicalKey(key.value) : key;
}
