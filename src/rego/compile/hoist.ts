/**
 * Takes references and comprehensions out of collections, arguments and brackets, after ordering, into unifications
 * directly before the literal, also before a plain `not`: `not startswith(input.x, "a")` is undefined without
 * `input.x`. Closures keep what is theirs. What `=` or a test holds directly stays, so `not input.x == "a"` is true
 * without `input.x`, because `==` is a unification by then.
 */
import type { Local, NormalBody, NormalLiteral, NormalRule, NormalTerm, Place } from "./normal-form.js";
import { isFunctionName } from "./variables.js";

class Hoister {
  private slots: number;

  constructor(slots: number) {
    this.slots = slots;
  }

  get frameSize(): number {
    return this.slots;
  }

  body(body: NormalBody): NormalBody {
    const result: NormalLiteral[] = [];
    for (const literal of body) result.push(this.literal(literal, result));
    return result;
  }

  /** Rewrites a literal; what it needs before it goes to `before`. */
  private literal(given: NormalLiteral, before: NormalLiteral[]): NormalLiteral {
    const literal = asEquality(given);
    const base = literal.with.length === 0 ? literal : { ...literal, with: this.withs(literal, before) };
    switch (base.kind) {
      case "test":
        return { ...base, term: this.inside(base.term, literal, before) };
      case "unify": {
        const left = this.inside(base.left, literal, before);
        const right = this.inside(base.right, literal, before);
        return left === base.left && right === base.right ? base : { ...base, left, right };
      }
      case "call": {
        const args = base.args.map((arg) => this.outside(arg, literal, before));
        const { result } = base;
        return { ...base, args, ...(result === undefined ? {} : { result: this.outside(result, literal, before) }) };
      }
      case "every":
        return { ...base, domain: this.inside(base.domain, literal, before), body: this.body(base.body) };
      case "and":
      case "or":
        return { ...base, operands: base.operands.map((operand) => this.body(operand)) };
      case "not":
        if (base.closure) return { ...base, body: this.body(base.body) };
        return { ...base, body: base.body.map((inner) => this.negated(inner, literal, before)) };
    }
  }

  private withs(literal: NormalLiteral, before: NormalLiteral[]): NormalLiteral["with"] {
    return literal.with.map((each) => ({
      ...each,
      value: isFunctionName(each.value) ? each.value : this.inside(each.value, literal, before),
    }));
  }

  /** The literal under a plain `not`; its hoisted parts inherit the modifiers of the `not`. */
  private negated(inner: NormalLiteral, outer: NormalLiteral, before: NormalLiteral[]): NormalLiteral {
    const hoisted: NormalLiteral[] = [];
    const rewritten = this.literal(inner, hoisted);
    for (const each of hoisted) before.push({ ...each, with: outer.with });
    return rewritten;
  }

  /** A term that may stay a reference or comprehension itself. */
  private inside(term: NormalTerm, literal: NormalLiteral, before: NormalLiteral[]): NormalTerm {
    switch (term.kind) {
      case "ref":
        if ((typeof term.base === "string" || isSimple(term.base)) && term.path.every(isSimple)) return term;
        return {
          ...term,
          base: typeof term.base === "string" ? term.base : this.outside(term.base, literal, before),
          path: term.path.map((part) => this.outside(part, literal, before)),
        };
      case "comprehension":
        return { ...term, body: this.body(term.body) };
      default:
        return this.outside(term, literal, before);
    }
  }

  /** A term in a place where nothing may need evaluation. */
  private outside(term: NormalTerm, literal: NormalLiteral, before: NormalLiteral[]): NormalTerm {
    if (isSimple(term)) return term;
    const outside = (part: NormalTerm): NormalTerm => this.outside(part, literal, before);
    switch (term.kind) {
      case "ref":
      case "comprehension": {
        const right = this.inside(term, literal, before);
        const local: Local = { name: `__local${this.slots}__`, slot: this.slots++, generated: true };
        const left: NormalTerm = { kind: "local", local };
        const at: Place = term.at;
        before.push({ kind: "unify", left, right, assign: true, with: literal.with, at, generated: true });
        return left;
      }
      case "array":
      case "set":
        return { ...term, items: term.items.map(outside) };
      case "object":
        return { ...term, entries: term.entries.map(([key, value]) => [outside(key), outside(value)] as const) };
      default:
        return term;
    }
  }
}

function isSimple(term: NormalTerm): boolean {
  return term.kind === "constant" || term.kind === "local";
}

/** `a == b` as the unification `a = b`, when both sides are known by then, as they are after the safety check. */
function asEquality(literal: NormalLiteral): NormalLiteral {
  if (literal.kind !== "call" || literal.result !== undefined || literal.callee.kind !== "builtin") return literal;
  if (literal.callee.name !== "equal" || literal.args.length !== 2) return literal;
  const [left, right] = literal.args as [NormalTerm, NormalTerm];
  const { with: withs, at, generated } = literal;
  const origin = generated === undefined ? {} : { generated };
  return { kind: "unify", left, right, assign: false, with: withs, at, ...origin };
}

export function hoistRule(rule: NormalRule): NormalRule {
  const hoister = new Hoister(rule.frameSize);
  const branches = rule.branches.map((branch) => ({ ...branch, body: hoister.body(branch.body) }));
  return { ...rule, branches, frameSize: hoister.frameSize };
}

export function hoistQuery(body: NormalBody, frameSize: number): { body: NormalBody; frameSize: number } {
  const hoister = new Hoister(frameSize);
  const hoisted = hoister.body(body);
  return { body: hoisted, frameSize: hoister.frameSize };
}
