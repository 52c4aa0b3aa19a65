/**
 * Code for bodies. Each literal's code calls the code of the rest of its body once for each of its solutions, so
 * backtracking is a return, and `true` coming back means that nobody wants more.
 */
import type {
  CallLiteral,
  EveryLiteral,
  LogicalLiteral,
  NormalBody,
  NormalLiteral,
  NormalTerm,
  NotLiteral,
  UnifyLiteral,
} from "../compile/normal-form.js";
import { pairUp } from "../compile/variables.js";
import { isArray, isObject, isSet, objectEntries, type Value } from "../value/index.js";
import { type CallCode, callCode } from "./code-call.js";
import { RefCoder } from "./code-ref.js";
import { withCode } from "./code-with.js";
import type { Frame, Step } from "./frame.js";
import { accepts, read, Target } from "./operand.js";

const YES: Step = () => true;
const NOT_FALSE = Target.of((_frame, value) => value !== false);
type Pair = [NormalTerm, NormalTerm];

export class LiteralCoder extends RefCoder {
  /** Tracing is off for what is being made. */
  private silent = false;

  /** Code for a body; `final` is asked for the code of its end once everything is bound. */
  body(body: NormalBody, final: () => Step, from = 0): Step {
    const literal = body[from];
    if (literal === undefined) return final();
    return this.literal(literal, () => this.body(body, final, from + 1));
  }

  private literal(literal: NormalLiteral, rest: () => Step): Step {
    if (this.linkage.tracer === undefined || this.silent) return this.modified(literal, rest);
    return this.traced(literal, rest);
  }

  private traced(literal: NormalLiteral, rest: () => Step): Step {
    const { tracer } = this.linkage;
    if (tracer === undefined) return this.modified(literal, rest);
    const counter = this.newExtra();
    const inner = this.modified(literal, () => {
      const next = rest();
      return (frame) => {
        frame.extras[counter] = true;
        tracer.exit(literal, frame);
        return next(frame);
      };
    });
    return (frame) => {
      tracer.enter(literal, frame);
      frame.extras[counter] = false;
      const stop = inner(frame);
      tracer.leave(literal, frame, frame.extras[counter] === true);
      return stop;
    };
  }

  private modified(literal: NormalLiteral, rest: () => Step): Step {
    if (literal.with.length === 0) return this.plain(literal, rest);
    const modify = withCode(literal.with, this, this.linkage);
    const outerContext = this.newExtra();
    const inner = this.plain(literal, () => {
      const next = rest();
      return (frame) => {
        const inside = frame.context;
        frame.context = frame.extras[outerContext] as Frame["context"];
        const stop = next(frame);
        frame.context = inside;
        return stop;
      };
    });
    return (frame) => {
      const outer = frame.context;
      const context = modify(frame);
      if (context === undefined) return false;
      const before = frame.extras[outerContext];
      frame.extras[outerContext] = outer;
      frame.context = context;
      const stop = inner(frame);
      frame.context = outer;
      frame.extras[outerContext] = before;
      return stop;
    };
  }

  private plain(literal: NormalLiteral, rest: () => Step): Step {
    switch (literal.kind) {
      case "test":
        return this.test(literal.term, rest);
      case "unify":
        return this.unify(literal, rest);
      case "call":
        return this.call(literal, rest);
      case "not":
        return this.not(literal, rest);
      case "every":
        return this.every(literal, rest);
      case "and":
      case "or":
        return this.logical(literal, rest);
    }
  }

  private test(term: NormalTerm, rest: () => Step): Step {
    if (term.kind === "ref" && !this.isBound(term)) {
      return this.refWalk(term, () => ({ target: NOT_FALSE, next: rest() }));
    }
    const operand = this.operand(term);
    const next = rest();
    return (frame) => {
      const value = read(frame, operand);
      return value !== undefined && value !== false && next(frame);
    };
  }

  private unify(literal: UnifyLiteral, rest: () => Step): Step {
    return this.pairs(pairUp(literal.left, literal.right), rest);
  }

  /** Takes the first pair with a known side, and again, as the safety check found it possible. */
  private pairs(pairs: readonly Pair[], rest: () => Step): Step {
    if (pairs.length === 0) return rest();
    const known = pairs.findIndex(([left, right]) => this.isBound(left) || this.isBound(right));
    if (known >= 0) {
      const [left, right] = pairs[known] as Pair;
      const others = pairs.filter((_, index) => index !== known);
      const next = (): Step => this.pairs(others, rest);
      return this.isBound(left) ? this.known(left, right, next) : this.known(right, left, next);
    }
    const walked = pairs.findIndex(([left, right]) => left.kind === "ref" || right.kind === "ref");
    if (walked < 0) return () => false;
    const [left, right] = pairs[walked] as Pair;
    const others = pairs.filter((_, index) => index !== walked);
    const [ref, other] = left.kind === "ref" ? [left, right] : [right, left];
    if (ref.kind !== "ref") return () => false;
    return this.refWalk(ref, () => {
      // A second reference waits for the value of the first.
      const held: NormalTerm = other.kind === "ref" ? { kind: "local", local: this.newSlot() } : other;
      const target = this.target(held);
      return { target, next: this.pairs(held === other ? others : [[held, other], ...others], rest) };
    });
  }

  /** `source` is bound; `term` may be anything. */
  private known(source: NormalTerm, term: NormalTerm, rest: () => Step): Step {
    if (term.kind === "ref" && !this.isBound(term)) {
      const wanted = this.target(source);
      return this.refWalk(term, () => ({ target: wanted, next: rest() }));
    }
    const later =
      (source.kind === "constant" && term.kind !== "constant" && term.kind !== "comprehension") ||
      (source.kind === "comprehension" && term.kind === "ref");
    if (later && this.isBound(term)) return this.known(term, source, rest);
    const operand = this.operand(source);
    const target = this.target(term);
    return this.check(operand, { target, next: rest() });
  }

  private call(literal: CallLiteral, rest: () => Step): Step {
    const args = literal.args.map((arg) => this.operand(arg));
    const code: CallCode = callCode(literal, args, this.linkage, this.placeOf(literal));
    const result = literal.result === undefined ? undefined : this.target(literal.result);
    if (code.relation) return this.relation(code, result, rest());
    const next = rest();
    const { run, isVoid } = code;
    if (result !== undefined) {
      return (frame) => {
        const value = run(frame);
        return value !== undefined && accepts(frame, value, result) && next(frame);
      };
    }
    return (frame) => {
      const value = run(frame);
      return value !== undefined && (isVoid || value !== false) && next(frame);
    };
  }

  private relation(code: CallCode, result: Target | undefined, next: Step): Step {
    return (frame) => {
      const answers = code.run(frame);
      if (answers === undefined) return false;
      for (const answer of answers as readonly Value[]) {
        frame.context.session.step();
        if (result !== undefined ? !accepts(frame, answer, result) : answer === false) continue;
        if (next(frame)) return true;
      }
      return false;
    };
  }

  private not(literal: NotLiteral, rest: () => Step): Step {
    const outside = this.silent;
    // What a plain `not` negates is told by the `not`.
    this.silent ||= !literal.closure;
    const inner = this.enclosed(() => this.body(literal.body, () => YES), true);
    this.silent = outside;
    const next = rest();
    return (frame) => !this.isolated(inner, frame) && next(frame);
  }

  /** Runs a closure's code; its context changes end with it. */
  private isolated(inner: Step, frame: Frame): boolean {
    const { context } = frame;
    const found = inner(frame);
    frame.context = context;
    return found;
  }

  private every(literal: EveryLiteral, rest: () => Step): Step {
    const domain = this.getter(literal.domain);
    const keySlot = literal.key?.slot ?? -1;
    const valueSlot = literal.value.slot;
    const inner = this.enclosed(() => {
      if (literal.key !== undefined) this.bind(literal.key);
      this.bind(literal.value);
      return this.body(literal.body, () => YES);
    }, true);
    const next = rest();
    const holds = (frame: Frame, key: Value, value: Value): boolean => {
      frame.context.session.step();
      if (keySlot >= 0) frame.slots[keySlot] = key;
      frame.slots[valueSlot] = value;
      return this.isolated(inner, frame);
    };
    return (frame) => {
      const collection = domain(frame);
      if (collection === undefined) return false;
      if (isArray(collection)) {
        for (let i = 0; i < collection.length; i++) if (!holds(frame, i, collection[i] as Value)) return false;
      } else if (isSet(collection)) {
        for (const member of collection.sorted()) if (!holds(frame, member, member)) return false;
      } else if (isObject(collection)) {
        for (const [key, value] of objectEntries(collection)) if (!holds(frame, key, value)) return false;
      } else return false;
      return next(frame);
    };
  }

  private logical(literal: LogicalLiteral, rest: () => Step): Step {
    const operands = literal.operands.map((operand) => this.enclosed(() => this.body(operand, () => YES), true));
    const next = rest();
    const settles = literal.kind === "or";
    return (frame) => {
      let outcome = !settles;
      for (const operand of operands) {
        outcome = this.isolated(operand, frame);
        if (outcome === settles) break;
      }
      return outcome && next(frame);
    };
  }
}
