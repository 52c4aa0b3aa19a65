/** Which variables a normal term or literal mentions, and which it would bind. Closures are looked into on demand only. */
import type {
  ComprehensionTerm,
  FunctionName,
  Local,
  NormalBody,
  NormalBranch,
  NormalLiteral,
  NormalRule,
  NormalTerm,
} from "./normal-form.js";

/** Whether a variable is `_` for its author. */
export function isWildcard({ name }: Local): boolean {
  return name.startsWith("$");
}

/** Whether a variable has no author, who does not know of it. */
export function isHidden(local: Local): boolean {
  return local.generated && !isWildcard(local);
}

/** A variable as its author knows it. */
export function shownVariable(local: Local): string {
  return isWildcard(local) ? "_" : local.name;
}

/** All variables of a term outside of its closures. */
export function termLocals(term: NormalTerm, into: Set<Local>): void {
  switch (term.kind) {
    case "local":
      into.add(term.local);
      break;
    case "array":
    case "set":
      for (const item of term.items) termLocals(item, into);
      break;
    case "object":
      for (const [key, value] of term.entries) {
        termLocals(key, into);
        termLocals(value, into);
      }
      break;
    case "ref":
      if (typeof term.base !== "string") termLocals(term.base, into);
      for (const part of term.path) if (part.kind !== "constant") termLocals(part, into);
      break;
  }
}

/** The terms that stand directly in a literal; bodies of closures are not among them. */
export function literalTerms(literal: NormalLiteral): readonly NormalTerm[] {
  const terms = ownTerms(literal);
  if (literal.with.length === 0) return terms;
  const replaced: NormalTerm[] = [];
  for (const { value } of literal.with) if (!isFunctionName(value)) replaced.push(value);
  return [...terms, ...replaced];
}

function ownTerms(literal: NormalLiteral): readonly NormalTerm[] {
  switch (literal.kind) {
    case "test":
      return [literal.term];
    case "unify":
      return [literal.left, literal.right];
    case "call":
      return literal.result === undefined ? literal.args : [...literal.args, literal.result];
    case "not":
      return literal.closure ? NO_TERMS : literal.body.flatMap(literalTerms);
    case "every":
      return [literal.domain];
    default:
      return NO_TERMS;
  }
}

const NO_TERMS: readonly NormalTerm[] = [];

export function isFunctionName(value: NormalTerm | FunctionName): value is FunctionName {
  return value.kind === "function-name";
}

export function literalLocals(literal: NormalLiteral): ReadonlySet<Local> {
  const terms = literalTerms(literal);
  if (terms.every(isGround)) return NO_LOCALS;
  const locals = new Set<Local>();
  for (const term of terms) termLocals(term, locals);
  return locals;
}

const NO_LOCALS: ReadonlySet<Local> = new Set();

function isGround(term: NormalTerm): boolean {
  return allBound(term, NO_LOCALS);
}

/** The comprehensions of a term, outermost only. */
export function comprehensions(term: NormalTerm): ComprehensionTerm[] {
  switch (term.kind) {
    case "comprehension":
      return [term];
    case "array":
    case "set":
      return term.items.flatMap(comprehensions);
    case "object":
      return term.entries.flatMap(([key, value]) => [...comprehensions(key), ...comprehensions(value)]);
    case "ref":
      return [
        ...(typeof term.base === "string" ? [] : comprehensions(term.base)),
        ...term.path.flatMap(comprehensions),
      ];
    default:
      return [];
  }
}

const NO_BODIES: readonly NormalBody[] = [];

/** Bodies of the closures that a literal holds directly. */
export function closureBodies(literal: NormalLiteral): readonly NormalBody[] {
  if (!hasClosures(literal)) return NO_BODIES;
  const bodies: NormalBody[] = [];
  if (literal.kind === "every" || (literal.kind === "not" && literal.closure)) bodies.push(literal.body);
  if (literal.kind === "and" || literal.kind === "or") bodies.push(...literal.operands);
  if (literal.kind === "not" && !literal.closure)
    for (const inner of literal.body) bodies.push(...closureBodies(inner));
  for (const term of literalTerms(literal)) for (const { body } of comprehensions(term)) bodies.push(body);
  return bodies;
}

/** Whether a literal holds closures, at any depth. */
export function hasClosures(literal: NormalLiteral): boolean {
  if (literal.kind === "every" || literal.kind === "and" || literal.kind === "or") return true;
  if (literal.kind === "not" && (literal.closure || literal.body.some(hasClosures))) return true;
  return literalTerms(literal).some(hasComprehension);
}

function hasComprehension(term: NormalTerm): boolean {
  switch (term.kind) {
    case "comprehension":
      return true;
    case "array":
    case "set":
      return term.items.some(hasComprehension);
    case "object":
      return term.entries.some(([key, value]) => hasComprehension(key) || hasComprehension(value));
    case "ref":
      return (typeof term.base !== "string" && hasComprehension(term.base)) || term.path.some(hasComprehension);
    default:
      return false;
  }
}

/** Whether a literal holds neither variables nor closures. */
export function isPlainLiteral(literal: NormalLiteral): boolean {
  if (literal.kind === "every" || literal.kind === "and" || literal.kind === "or") return false;
  if (literal.kind === "not" && literal.closure) return false;
  return literalTerms(literal).every(isPlainTerm);
}

/** Whether a term holds neither variables nor closures. */
export function isPlainTerm(term: NormalTerm): boolean {
  switch (term.kind) {
    case "constant":
      return true;
    case "array":
    case "set":
      return term.items.every(isPlainTerm);
    case "object":
      return term.entries.every(([key, value]) => isPlainTerm(key) && isPlainTerm(value));
    case "ref":
      return (typeof term.base === "string" || isPlainTerm(term.base)) && term.path.every(isPlainTerm);
    default:
      return false;
  }
}

/** Every variable that the closures of a literal mention, at any depth. */
export function closureLocals(literal: NormalLiteral, into: Set<Local> = new Set()): Set<Local> {
  for (const term of literalTerms(literal)) {
    for (const comprehension of comprehensions(term)) {
      termLocals(comprehension.value, into);
      if (comprehension.key !== undefined) termLocals(comprehension.key, into);
    }
  }
  for (const body of closureBodies(literal)) {
    for (const inner of body) {
      for (const local of literalLocals(inner)) into.add(local);
      closureLocals(inner, into);
    }
  }
  return into;
}

/**
 * Variables of a pattern that matching it with a known value binds: in arrays and object values. Those in sets count for
 * the safety check, as in OPA, though no match ever binds them.
 */
export function patternLocals(term: NormalTerm, into: Set<Local>): void {
  if (term.kind === "local") into.add(term.local);
  else if (term.kind === "array" || term.kind === "set") for (const item of term.items) patternLocals(item, into);
  else if (term.kind === "object") for (const [, value] of term.entries) patternLocals(value, into);
  else if (term.kind === "ref") for (const part of term.path) patternLocals(part, into);
}

export function allBound(term: NormalTerm, bound: ReadonlySet<Local>): boolean {
  switch (term.kind) {
    case "local":
      return bound.has(term.local);
    case "array":
    case "set":
      return term.items.every((item) => allBound(item, bound));
    case "object":
      return term.entries.every(([key, value]) => allBound(key, bound) && allBound(value, bound));
    case "ref":
      if (typeof term.base !== "string" && !allBound(term.base, bound)) return false;
      return term.path.every((part) => part.kind === "constant" || allBound(part, bound));
    default:
      return true;
  }
}

/** Takes two collections apart into the pairs of parts that have to be equal; other terms are one pair. */
export function pairUp(left: NormalTerm, right: NormalTerm): [NormalTerm, NormalTerm][] {
  if (left.kind === "array" && right.kind === "array" && left.items.length === right.items.length) {
    return left.items.flatMap((item, index) => pairUp(item, right.items[index] as NormalTerm));
  }
  if (left.kind === "object" && right.kind === "object" && left.entries.length === right.entries.length) {
    const pairs: [NormalTerm, NormalTerm][] = [];
    for (const [key, value] of left.entries) {
      const other = right.entries.find(([candidate]) => sameKey(key, candidate));
      if (other === undefined) return [[left, right]];
      pairs.push(...pairUp(value, other[1]));
    }
    return pairs;
  }
  return [[left, right]];
}

function sameKey(a: NormalTerm, b: NormalTerm): boolean {
  if (a.kind === "local") return b.kind === "local" && a.local === b.local;
  return a.kind === "constant" && b.kind === "constant" && typeof a.value === "string" && a.value === b.value;
}

/** The variables of a branch that stand for arguments. */
export function argumentLocals(rule: NormalRule, branch: NormalBranch): Set<Local> {
  const args = new Set<Local>();
  if (rule.arity === 0) return args;
  const collect = (local: Local): void => {
    if (local.slot < rule.arity) args.add(local);
  };
  for (const literal of branch.body) {
    for (const local of literalLocals(literal)) collect(local);
    for (const local of closureLocals(literal)) collect(local);
  }
  const inValue = new Set<Local>();
  termLocals(branch.value, inValue);
  for (const local of inValue) collect(local);
  return args;
}
