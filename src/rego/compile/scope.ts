/**
 * Names. `Environment` is what a module sees beyond its rules' own variables; `Scope` is one body, with the bodies that
 * enclose it. A name that a body mentions outside of closures and nobody declares belongs to that body as a whole; a
 * declared one (`:=`, `some`) exists from its declaration on.
 */
import type { RegoProblem } from "../error.js";
import type { Literal, RefTerm, Term, VarTerm, With } from "../syntax/ast.js";
import type { Source } from "../syntax/source.js";
import type { DocumentPath, Local } from "./normal-form.js";

/** What a rule name, import alias or root document stands for. */
export interface GlobalRef {
  readonly base: "input" | "data";
  readonly path: readonly string[];
}

export interface BuiltinFacts {
  readonly name: string;
  readonly arity: number;
  readonly variadic: boolean;
  /** Produces no value (`print`). */
  readonly isVoid: boolean;
  readonly relation: boolean;
  readonly deprecated: boolean;
  /** Reason for which it may only be mocked. */
  readonly refused: string | undefined;
}

export interface Environment {
  readonly source: Source;
  readonly version: "v0" | "v1";
  readonly packagePath: readonly string[];
  readonly globals: ReadonlyMap<string, GlobalRef>;
  readonly problems: RegoProblem[];
  /** Found while names are resolved, but reported in the turn of the stages of these names. */
  readonly later: { readonly functions: RegoProblem[]; readonly types: RegoProblem[] };
  /** Unused `:=` variables and imports are errors. */
  readonly strict: boolean;
  /** `print` calls are kept. */
  readonly print: boolean;
  builtin(name: string): BuiltinFacts | undefined;
  /** Arity of the function at a path below `data`. */
  functionArity(path: DocumentPath): number | undefined;
  /** Whether a rule without arguments stands at exactly this path below `data`. */
  isRule(path: DocumentPath): boolean;
  /** Whether a path leads into the document of one rule. */
  isPartOfRule(path: DocumentPath): boolean;
}

type Declaration = "assigned" | "declared" | "argument" | "implicit";

interface Declared {
  readonly local: Local;
  readonly by: Declaration;
  /** Where to report it as unused, if that is wanted. */
  readonly declaredAt: number | undefined;
  used: boolean;
}

const NO_NAMES: ReadonlyMap<string, Declared> = new Map();

export class Scope {
  readonly parent: Scope | undefined;
  /** Names that this body declares further down. */
  private pending: ReadonlySet<string> | undefined;
  private seenEarly: Set<string> | undefined;
  /** None until one is defined: most rules of large policies have no variables. */
  private names: Map<string, Declared> | undefined;

  constructor(parent: Scope | undefined) {
    this.parent = parent;
  }

  /** Announces names that the body is going to declare. */
  expect(names: ReadonlySet<string>): void {
    this.pending = names;
  }

  find(name: string): Local | undefined {
    if (this.pending?.has(name) === true && this.names?.has(name) !== true) {
      this.seenEarly ??= new Set();
      this.seenEarly.add(name);
    }
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const found = scope.names?.get(name);
      if (found !== undefined) {
        found.used = true;
        return found.local;
      }
    }
    return undefined;
  }

  /** As `find`, without counting as a use. */
  has(name: string): boolean {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      if (scope.names?.has(name) === true) return true;
    }
    return false;
  }

  /** How this very body declared a name. */
  declaration(name: string): Declaration | undefined {
    return this.names?.get(name)?.by;
  }

  wasSeenEarly(name: string): boolean {
    return this.seenEarly?.has(name) === true;
  }

  define(name: string, local: Local, by: Declaration, declaredAt?: number): void {
    this.names ??= new Map();
    this.names.set(name, { local, by, declaredAt, used: false });
  }

  /** Runs a translation whose mentions of this body's names are no uses. */
  withoutUses<T>(run: () => T): T {
    const unused = [...(this.names ?? NO_NAMES).values()].filter((declared) => !declared.used);
    const result = run();
    for (const declared of unused) declared.used = false;
    return result;
  }

  /** Declared names that nothing mentioned. */
  unused(): { name: string; at: number }[] {
    const unused: { name: string; at: number }[] = [];
    for (const [name, { declaredAt, used }] of this.names ?? NO_NAMES) {
      if (!used && declaredAt !== undefined) unused.push({ name, at: declaredAt });
    }
    return unused;
  }
}

/** Names declared by a body's own literals, closures excluded. */
export function declaredNames(body: readonly Literal[]): Set<string> {
  const names = new Set<string>();
  for (const literal of body) {
    if (literal.kind === "some") for (const { name } of literal.vars) names.add(name);
    else if (literal.kind === "some-in") {
      patternNames(literal.value, names);
      if (literal.key !== undefined) patternNames(literal.key, names);
    } else if (literal.kind === "expression" && isAssignment(literal.term)) {
      const target = literal.term.kind === "call" ? literal.term.args[0] : undefined;
      if (target !== undefined) patternNames(target, names);
    }
  }
  return names;
}

export function isAssignment(term: Term): boolean {
  return term.kind === "call" && term.infix === ":=";
}

/** Variables of a pattern: the names that an assignment to it declares. */
export function patternNames(term: Term, into: Set<string>): void {
  switch (term.kind) {
    case "var":
      if (term.name !== "_") into.add(term.name);
      break;
    case "array":
    case "set":
      for (const item of term.items) patternNames(item, into);
      break;
    case "object":
      for (const [, value] of term.entries) patternNames(value, into);
      break;
  }
}

/** All names that a body mentions outside of closures, with the offset of the first mention. Template expressions count as mentions. */
export function mentionedNames(
  body: readonly Literal[],
  into: Map<string, number>,
  isFunction: (name: string) => boolean,
): void {
  for (const literal of body) {
    switch (literal.kind) {
      case "expression":
        mentionedInTerm(literal.term, into);
        break;
      case "some-in":
        if (literal.key !== undefined) mentionedInTerm(literal.key, into);
        mentionedInTerm(literal.value, into);
        mentionedInTerm(literal.domain, into);
        break;
      case "every":
        mentionedInTerm(literal.domain, into);
        break;
    }
    mentionedInWiths(literal.with, into, isFunction);
  }
}

/** The name of a function that replaces another one is no variable. */
function mentionedInWiths(
  withs: readonly With[],
  into: Map<string, number>,
  isFunction: (name: string) => boolean = () => false,
): void {
  for (const { value } of withs) {
    const name = value.kind === "var" || value.kind === "ref" ? operatorName(value)?.join(".") : undefined;
    if (name === undefined || !isFunction(name)) mentionedInTerm(value, into);
  }
}

/** The parts of a dotted name; undefined for any other reference. */
export function operatorName(operator: VarTerm | RefTerm): string[] | undefined {
  if (operator.kind === "var") return [operator.name];
  if (operator.head.kind !== "var") return undefined;
  const name = [operator.head.name];
  for (const part of operator.path) {
    if (part.kind !== "string") return undefined;
    name.push(part.value);
  }
  return name;
}

export function mentionedInTerm(term: Term, into: Map<string, number>): void {
  switch (term.kind) {
    case "var":
      if (term.name !== "_" && !into.has(term.name)) into.set(term.name, term.start);
      break;
    case "ref":
      mentionedInTerm(term.head, into);
      for (const part of term.path) if (part.kind !== "string") mentionedInTerm(part, into);
      break;
    case "array":
    case "set":
      for (const item of term.items) mentionedInTerm(item, into);
      break;
    case "object":
      for (const [key, value] of term.entries) {
        mentionedInTerm(key, into);
        mentionedInTerm(value, into);
      }
      break;
    case "call":
      for (const arg of term.args) mentionedInTerm(arg, into);
      break;
    case "template":
      for (const part of term.parts) {
        if (typeof part === "string") continue;
        mentionedInTerm(part.term, into);
        mentionedInWiths(part.with, into);
      }
      break;
  }
}
