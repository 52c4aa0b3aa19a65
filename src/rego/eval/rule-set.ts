/**
 * The definitions of one document, ready to run. Four kinds share the choice of candidate rules through the index and
 * differ in how outcomes meet: a complete rule and a function have one value, partial rules add to a collection.
 */
import type { DocumentPath, NormalRule, NormalTerm } from "../compile/normal-form.js";
import { problemAt, RegoError } from "../error.js";
import { canonicalKey, equal, type Value } from "../value/index.js";
import type { BranchCode, CodeStore } from "./code-store.js";
import { type Context, Frame } from "./frame.js";
import { RuleIndex } from "./rule-index.js";

export interface Emission {
  /** Varying parts of the path. */
  readonly path: readonly Value[];
  /** A member for the set at the path, or the value there. */
  readonly value: Value;
  readonly member: boolean;
}

export class RuleSet {
  readonly path: DocumentPath;
  readonly kind: NormalRule["kind"];
  readonly arity: number;
  /** Single keys can be asked for: all rules have one varying part and nothing else adds to the document. */
  readonly keyed: boolean;
  readonly name: string;
  private readonly rules: readonly NormalRule[];
  private readonly fallback: NormalRule | undefined;
  private readonly store: CodeStore;
  private readonly code: (readonly BranchCode[] | undefined)[] = [];
  private readonly keyedCode: (BranchCode | undefined)[] = [];
  private fallbackCode: readonly BranchCode[] | undefined;
  private index: RuleIndex | undefined;
  private indexed = false;
  private readonly sharedOutcome: boolean;
  private readonly everything: readonly number[];
  private seenContext = 0;
  private seenValue: Value | undefined;

  constructor(path: DocumentPath, rules: readonly NormalRule[], store: CodeStore, hasChildren: boolean) {
    this.path = path;
    this.name = `data.${path.join(".")}`;
    this.rules = rules.filter((rule) => !rule.isDefault);
    this.fallback = rules.find((rule) => rule.isDefault);
    this.store = store;
    const first = rules[0];
    const kinds = new Set(rules.map((rule) => rule.kind));
    this.kind = kinds.size > 1 ? "object" : (first?.kind ?? "complete");
    this.arity = first?.arity ?? 0;
    this.everything = this.rules.map((_, position) => position);
    this.sharedOutcome = sameConstant(this.rules);
    const varying = rules.every((rule) => (rule.kind === "set" ? rule.path.length === 0 : rule.path.length === 1));
    this.keyed = !hasChildren && varying && kinds.size === 1 && (first?.kind === "set" || first?.kind === "object");
  }

  /** Rules and the default, in source order of rules. */
  get definitions(): readonly NormalRule[] {
    return this.fallback === undefined ? this.rules : [...this.rules, this.fallback];
  }

  private candidates(context: Context, args: readonly Value[] | undefined): readonly number[] {
    if (!this.indexed) {
      this.indexed = true;
      this.index = this.store.indexing ? RuleIndex.build(this.rules, this.store.inputPaths) : undefined;
    }
    return this.index === undefined ? this.everything : this.index.find(context, args);
  }

  private branches(position: number): readonly BranchCode[] {
    let code = this.code[position];
    if (code === undefined) {
      const rule = this.rules[position] as NormalRule;
      code = rule.branches.map((_, branch) => this.store.branch(rule, branch, false));
      this.code[position] = code;
    }
    return code;
  }

  /** Value of a complete rule, remembered per context. */
  complete(context: Context): Value | undefined {
    if (context.overrides === undefined && context.mocks === undefined) {
      if (this.seenContext === context.id) return this.seenValue;
      const value = this.evaluate(context, undefined);
      this.seenContext = context.id;
      this.seenValue = value;
      context.session.holds(this);
      return value;
    }
    const { documents } = context;
    if (documents.has(this)) return documents.get(this);
    const value = this.evaluate(context, undefined);
    documents.set(this, value);
    return value;
  }

  /** Drops what was remembered, so that no input outlives its query. */
  forget(): void {
    this.seenContext = 0;
    this.seenValue = undefined;
  }

  call(context: Context, args: readonly Value[]): Value | undefined {
    return this.evaluate(context, args);
  }

  private evaluate(context: Context, args: readonly Value[] | undefined): Value | undefined {
    const { session } = context;
    session.enter();
    let result: Value | undefined;
    const candidates = this.candidates(context, args);
    for (let i = 0; i < candidates.length; i++) {
      const position = candidates[i] as number;
      const value = this.runBranches(context, this.rules[position] as NormalRule, this.branches(position), args);
      if (value === undefined) continue;
      if (result === undefined) result = value;
      else if (!equal(result, value)) throw conflict(this.rules[position] as NormalRule, args !== undefined);
      if (this.sharedOutcome) break;
    }
    if (result === undefined && this.fallback !== undefined) {
      this.fallbackCode ??= [this.store.branch(this.fallback, 0, false)];
      result = this.runBranches(context, this.fallback, this.fallbackCode, args);
    }
    session.depth--;
    return result;
  }

  /** The main body, or else the first `else` that has a value. */
  private runBranches(
    context: Context,
    rule: NormalRule,
    branches: readonly BranchCode[],
    args: readonly Value[] | undefined,
  ): Value | undefined {
    for (let i = 0; i < branches.length; i++) {
      const code = branches[i] as BranchCode;
      const frame = new Frame(context, code.constants, code.shape.size, rule, code.places);
      if (args !== undefined) for (let slot = 0; slot < args.length; slot++) frame.slots[slot] = args[slot];
      code.shape.run(frame);
      if (frame.result !== undefined) return frame.result;
    }
    return undefined;
  }

  /** Runs all partial rules; true from `emit` stops. */
  each(context: Context, emit: (emission: Emission, rule: NormalRule) => boolean): void {
    const { session } = context;
    session.enter();
    for (const position of this.candidates(context, undefined)) {
      const rule = this.rules[position] as NormalRule;
      const code = this.branches(position)[0] as BranchCode;
      const frame = new Frame(context, code.constants, code.shape.size, rule, code.places);
      frame.sink = (at) => {
        const emission = code.shape.emission(at);
        return emission === undefined ? false : emit(emission, rule);
      };
      if (code.shape.run(frame)) break;
    }
    session.depth--;
  }

  /** Runs the rules of a keyed set; true from `take` stops. */
  members(context: Context, take: (member: Value) => boolean): void {
    const { session } = context;
    session.enter();
    for (const position of this.candidates(context, undefined)) {
      const code = this.branches(position)[0] as BranchCode;
      const frame = new Frame(context, code.constants, code.shape.size, this.rules[position], code.places);
      frame.take = take;
      if (code.shape.run(frame)) break;
    }
    session.depth--;
  }

  /** The member or value under one key of a keyed document. */
  at(context: Context, key: Value): Value | undefined {
    const known = context.keys(this);
    const canonical = canonicalKey(key);
    if (known.has(canonical)) return known.get(canonical);
    const value = this.evaluateKey(context, key);
    known.set(canonical, value);
    return value;
  }

  private evaluateKey(context: Context, key: Value): Value | undefined {
    const { session } = context;
    session.enter();
    let result: Value | undefined;
    for (const position of this.candidates(context, undefined)) {
      const rule = this.rules[position] as NormalRule;
      let code = this.keyedCode[position];
      if (code === undefined) {
        code = this.store.branch(rule, 0, true);
        this.keyedCode[position] = code;
      }
      const frame = new Frame(context, code.constants, code.shape.size, rule, code.places);
      frame.key = key;
      code.shape.run(frame);
      const value = frame.result;
      if (value === undefined) continue;
      if (result === undefined) result = value;
      else if (!equal(result, value)) throw conflict(rule, false);
      if (this.kind === "set") break;
    }
    session.depth--;
    return result;
  }
}

/** Whether all rules have the same constant value, so that the first success settles the document. */
function sameConstant(rules: readonly NormalRule[]): boolean {
  let shared: NormalTerm | undefined;
  for (const rule of rules) {
    const branch = rule.branches[0];
    if (rule.branches.length !== 1 || branch?.value.kind !== "constant") return false;
    if (shared?.kind === "constant" && !equal(shared.value, branch.value.value)) return false;
    shared = branch.value;
  }
  return true;
}

/** Two values where there may be one. */
export function conflict(rule: NormalRule | undefined, isFunction: boolean): RegoError {
  if (rule?.kind === "object") return keyConflict(rule.at);
  const message = isFunction
    ? "functions must not produce multiple outputs for same inputs"
    : "complete rules must not produce multiple outputs";
  return new RegoError([problemAt(rule?.at.source, rule?.at.start ?? 0, "eval_conflict_error", message)]);
}

/** Two values under one key. */
export function keyConflict(at: NormalRule["at"] | undefined): RegoError {
  return new RegoError([problemAt(at?.source, at?.start ?? 0, "eval_conflict_error", "object keys must be unique")]);
}
