/**
 * What the parser builds: the program as written, with positions, nothing resolved. Every node carries the half-open
 * range `start`..`end` of UTF-16 offsets into its module's source.
 */
import type { Source } from "./source.js";

export type RegoVersion = "v0" | "v1";

interface Node {
  readonly start: number;
  readonly end: number;
}

interface TermNode extends Node {
  /** Range of what parentheses hold, where the own range includes parentheses. */
  readonly inner?: Node;
}

export type Term =
  | NullTerm
  | BooleanTerm
  | NumberTerm
  | StringTerm
  | VarTerm
  | RefTerm
  | ArrayTerm
  | ObjectTerm
  | SetTerm
  | CallTerm
  | ComprehensionTerm
  | TemplateTerm;

export interface NullTerm extends TermNode {
  readonly kind: "null";
}
export interface BooleanTerm extends TermNode {
  readonly kind: "boolean";
  readonly value: boolean;
}
export interface NumberTerm extends TermNode {
  readonly kind: "number";
  /** Source text, sign included. */
  readonly text: string;
}
export interface StringTerm extends TermNode {
  readonly kind: "string";
  readonly value: string;
  readonly raw?: boolean;
}
export interface VarTerm extends TermNode {
  readonly kind: "var";
  /** `_` for a wildcard; every occurrence is a variable of its own. */
  readonly name: string;
}
/** `head.path[0][path[1]]…`; `path` is never empty. A `.name` part is a string term without quotes in the source. */
export interface RefTerm extends TermNode {
  readonly kind: "ref";
  readonly head: Term;
  readonly path: readonly Term[];
}
export interface ArrayTerm extends TermNode {
  readonly kind: "array";
  readonly items: readonly Term[];
}
export interface ObjectTerm extends TermNode {
  readonly kind: "object";
  readonly entries: readonly (readonly [Term, Term])[];
}
export interface SetTerm extends TermNode {
  readonly kind: "set";
  readonly items: readonly Term[];
}
/** A call by name or by operator; operators are calls of the built-in that they stand for (`==` is `equal`). */
export interface CallTerm extends TermNode {
  readonly kind: "call";
  readonly operator: VarTerm | RefTerm;
  readonly args: readonly Term[];
  /** The operator as written, for infix calls. */
  readonly infix?: string;
}
export interface ComprehensionTerm extends TermNode {
  readonly kind: "comprehension";
  readonly of: "array" | "set" | "object";
  /** Key of an object comprehension. */
  readonly key?: Term;
  readonly value: Term;
  readonly body: Body;
}
export interface TemplateTerm extends TermNode {
  readonly kind: "template";
  readonly parts: readonly (string | TemplateExpression)[];
  readonly raw: boolean;
}
export interface TemplateExpression extends Node {
  readonly term: Term;
  readonly with: readonly With[];
}

export type Body = readonly Literal[];

export interface With extends Node {
  readonly target: VarTerm | RefTerm;
  readonly value: Term;
}

interface LiteralNode extends Node {
  readonly with: readonly With[];
}

export type Literal = ExpressionLiteral | SomeLiteral | SomeInLiteral | EveryLiteral | NotLiteral | LogicalLiteral;

/** A term, a call, or `left = right` / `left := right` (calls of `eq` and `assign`). */
export interface ExpressionLiteral extends LiteralNode {
  readonly kind: "expression";
  readonly term: Term;
  /** `not` as in every version: hoisted operands stay outside. */
  readonly negated: boolean;
}
export interface SomeLiteral extends LiteralNode {
  readonly kind: "some";
  readonly vars: readonly VarTerm[];
}
export interface SomeInLiteral extends LiteralNode {
  readonly kind: "some-in";
  readonly key?: Term;
  readonly value: Term;
  readonly domain: Term;
}
export interface EveryLiteral extends LiteralNode {
  readonly kind: "every";
  readonly key?: VarTerm;
  readonly value: VarTerm;
  readonly domain: Term;
  readonly body: Body;
}
/** `not` under `future.keywords.not`: a closure around its body. */
export interface NotLiteral extends LiteralNode {
  readonly kind: "not";
  readonly body: Body;
  /** Written with braces. */
  readonly explicit: boolean;
}
export interface LogicalLiteral extends LiteralNode {
  readonly kind: "and" | "or";
  readonly operands: readonly LogicalOperand[];
}
export interface LogicalOperand {
  readonly body: Body;
  /** Written with braces. */
  readonly explicit: boolean;
}

export interface Head extends Node {
  readonly name: VarTerm;
  /** Parts after the name, before arguments and `contains`. */
  readonly path: readonly Term[];
  /** Present for functions, also with zero arguments. */
  readonly args?: readonly Term[];
  /** Member added to a partial set. */
  readonly key?: Term;
  readonly value?: Term;
  readonly assign: boolean;
}

export interface Else extends Node {
  readonly value?: Term;
  readonly assign: boolean;
  readonly body?: Body;
  readonly hasIf: boolean;
}

export interface Rule extends Node {
  readonly kind: "rule";
  readonly default: boolean;
  readonly head: Head;
  /** Absent for a fact. */
  readonly body?: Body;
  readonly hasIf: boolean;
  readonly elses: readonly Else[];
  /** Set on `{…}` bodies after the first of one head. */
  readonly chained: boolean;
  readonly annotations: readonly Annotations[];
}

export interface Import extends Node {
  /** First part is `input`, `data`, `future` or `rego`. */
  readonly path: readonly string[];
  readonly alias?: string;
}

export interface Package extends Node {
  /** Without `data`. */
  readonly path: readonly string[];
  readonly annotations: readonly Annotations[];
}

export interface Comment extends Node {
  /** Without the `#`. */
  readonly text: string;
}

/** One `# METADATA` block; `fields` is the parsed YAML mapping. */
export interface Annotations extends Node {
  readonly scope: "rule" | "document" | "package" | "subpackages";
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Module {
  readonly source: Source;
  readonly version: RegoVersion;
  readonly package: Package;
  readonly imports: readonly Import[];
  readonly rules: readonly Rule[];
  readonly comments: readonly Comment[];
  /** Annotation blocks in order of appearance. */
  readonly annotations: readonly Annotations[];
}
