/**
 * The normal form: what every policy is reduced to, and the only thing that evaluators read, the concrete one (`eval/`)
 * and any symbolic one. Names are resolved: a variable is a `Local` with a slot in its rule's frame, everything else is
 * `input`, `data` or a constant. Bodies are lists of literals in an order in which each literal's inputs are bound by
 * the literals before it.
 *
 * INVARIANT after the last stage:
 * - calls are literals of their own, never part of a term; so are references inside collections, arguments and brackets;
 * - hence collections, arguments and brackets hold constants, locals and collections of them only, and a reference or a
 *   comprehension stands alone: as a tested term, a side of a unification, or an `every` domain;
 * - head terms (`value`, `key`, `path`) are constants, locals and collections of them;
 * - hoisted literals carry the `with` modifiers of the literal that they were hoisted from, and stand before it, also
 *   when it is a plain `not`; closures (`not` bodies, comprehensions, `every`, `and`, `or`) keep their own.
 */
import type { Source } from "../syntax/source.js";
import type { CanonicalKey, Value } from "../value/index.js";

/** A variable of one rule or query. Slots are unique within its frame. */
export interface Local {
  /** Name in the source; generated ones start with `__`, wildcards with `$`. */
  readonly name: string;
  readonly slot: number;
  /** Not written by the author as a name: a hoisted value or a wildcard. */
  readonly generated: boolean;
  /** Offset of its first mention, where the source has one. */
  readonly at?: number;
}

/** A path below `data`: names, and other scalars where a rule's head has them. */
export type DocumentPath = readonly CanonicalKey[];

export interface Place {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

export type NormalTerm = ConstantTerm | LocalTerm | ArrayTerm | SetTerm | ObjectTerm | RefTerm | ComprehensionTerm;

export interface ConstantTerm {
  readonly kind: "constant";
  readonly value: Value;
}
export interface LocalTerm {
  readonly kind: "local";
  readonly local: Local;
}
export interface ArrayTerm {
  readonly kind: "array";
  readonly items: readonly NormalTerm[];
}
export interface SetTerm {
  readonly kind: "set";
  readonly items: readonly NormalTerm[];
}
/** The last of equal keys wins. */
export interface ObjectTerm {
  readonly kind: "object";
  readonly entries: readonly (readonly [NormalTerm, NormalTerm])[];
}
export interface RefTerm {
  readonly kind: "ref";
  /** `input` and `data` are the documents; a term is a value that the path steps into. */
  readonly base: "input" | "data" | NormalTerm;
  /** May be empty for `input` and `data`. */
  readonly path: readonly NormalTerm[];
  readonly at: Place;
  /** Written as a call without arguments. */
  readonly called?: true;
}
export interface ComprehensionTerm {
  readonly kind: "comprehension";
  readonly of: "array" | "set" | "object";
  readonly key?: NormalTerm;
  readonly value: NormalTerm;
  readonly body: NormalBody;
  readonly at: Place;
  /** Captures an operand of `print` or of a template, whose unbound variables are a mistake of their own kind. */
  readonly printed?: boolean;
}

export type NormalBody = readonly NormalLiteral[];

/** What `with` replaces while its literal runs. `path` of `data` or `input` may be empty. */
export interface NormalWith {
  readonly target:
    | { readonly kind: "input" | "data"; readonly path: readonly string[] }
    | { readonly kind: "builtin"; readonly name: string }
    | { readonly kind: "function"; readonly path: DocumentPath };
  /** A value, or a function or built-in that takes the target's place. */
  readonly value: NormalTerm | FunctionName;
}
export interface FunctionName {
  readonly kind: "function-name";
  readonly callee: Callee;
}

export type Callee =
  | { readonly kind: "builtin"; readonly name: string }
  /** Path below `data`. */
  | { readonly kind: "function"; readonly path: DocumentPath };

interface LiteralBase {
  readonly with: readonly NormalWith[];
  readonly at: Place;
  /** Made by the compiler from a part of another literal. */
  readonly generated?: boolean;
}

export type NormalLiteral = TestLiteral | UnifyLiteral | CallLiteral | NotLiteral | EveryLiteral | LogicalLiteral;

/** Succeeds for each value of the term that is defined and not `false`. */
export interface TestLiteral extends LiteralBase {
  readonly kind: "test";
  readonly term: NormalTerm;
}
export interface UnifyLiteral extends LiteralBase {
  readonly kind: "unify";
  readonly left: NormalTerm;
  readonly right: NormalTerm;
  /** `:=`: the left side takes the right side's value and never the other way round. */
  readonly assign: boolean;
}
/** With `result`, unifies the outcome with it; without, succeeds when the outcome is not `false`. */
export interface CallLiteral extends LiteralBase {
  readonly kind: "call";
  readonly callee: Callee;
  readonly args: readonly NormalTerm[];
  readonly result?: NormalTerm;
}
/** Succeeds when the body has no solution. A plain `not` holds one literal. */
export interface NotLiteral extends LiteralBase {
  readonly kind: "not";
  readonly body: NormalBody;
  /** `future.keywords.not`: what is hoisted stays inside. */
  readonly closure: boolean;
  /** Written without braces, so that it declares no variables of its own. */
  readonly implicit?: boolean;
}
export interface EveryLiteral extends LiteralBase {
  readonly kind: "every";
  readonly key?: Local;
  readonly value: Local;
  readonly domain: NormalTerm;
  readonly body: NormalBody;
}
/** Succeeds once, when all (`and`) or one (`or`) of the operands have a solution; tried in order. */
export interface LogicalLiteral extends LiteralBase {
  readonly kind: "and" | "or";
  readonly operands: readonly NormalBody[];
  /** Which operands were written without braces, and declare no variables of their own. */
  readonly implicit: readonly boolean[];
}

/** One way of defining a rule's value: its main body, or an `else` branch. */
export interface NormalBranch {
  readonly body: NormalBody;
  /** Absent for members of a set. */
  readonly value: NormalTerm;
  readonly at: Place;
}

/**
 * One definition. The document that it adds to is `data.<ground path>`; `path` continues that with parts that vary.
 */
export interface NormalRule {
  /** Ground path below `data`. */
  readonly ground: DocumentPath;
  /** Numbers of the ground path as their author wrote them (`1e2`), by their position in it. */
  readonly labels?: ReadonlyMap<number, Value>;
  /** `complete` has an empty `path`; `object` a non-empty one; `set` adds `key` to the set at `path`. */
  readonly kind: "complete" | "function" | "object" | "set";
  readonly path: readonly NormalTerm[];
  readonly key?: NormalTerm;
  /** Slots 0..n-1 hold the arguments of a function; patterns are literals of the body. */
  readonly arity: number;
  /** The main body, then the `else` branches. */
  readonly branches: readonly NormalBranch[];
  readonly frameSize: number;
  readonly isDefault: boolean;
  readonly at: Place;
  /** Name as written, for messages. */
  readonly name: string;
  readonly module: number;
}

export interface NormalQuery {
  readonly body: NormalBody;
  /** Variables of the query's own body, in order of appearance. */
  readonly bindings: readonly Local[];
  readonly frameSize: number;
}

/** A compiled set of modules, before code. */
export interface NormalForm {
  readonly rules: readonly NormalRule[];
  /** Paths of all packages below `data`, also of those without rules. */
  readonly packages: readonly (readonly string[])[];
}
