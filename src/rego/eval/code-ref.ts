/**
 * Code for references. The known beginning of a path is read at once; from there each step looks a known key up or tries
 * every element. In `data` the constant prefix is resolved to a rule or package when the code is made, and followed with
 * care for `with` when a part of `data` is replaced at run time.
 */
import type { DocumentPath, NormalTerm, RefTerm } from "../compile/normal-form.js";
import { isWildcard } from "../compile/variables.js";
import {
  type CanonicalKey,
  canonicalKey,
  compare,
  isObject,
  isSet,
  lookup,
  objectKeys,
  objectValues,
  RegoObject,
  type Value,
} from "../value/index.js";
import { TermCoder } from "./code-term.js";
import {
  below,
  type DocumentNode,
  documentAt,
  isPlain,
  lookupBase,
  type Position,
  rootPosition,
  valueAt,
} from "./documents.js";
import type { Context, Frame, Getter, Step } from "./frame.js";
import { type Equality, joinedStep } from "./join.js";
import { accepts, Operand, read, readAll, Target } from "./operand.js";
import type { RuleSet } from "./rule-set.js";

/** One step of a path: a known key, or a pattern that elements' keys are matched with. */
type Part = { readonly known: Operand; readonly name: string | undefined } | { readonly key: Target };

/** What is done with each value that a reference meets. */
interface End {
  readonly target: Target;
  readonly next: Step;
}

export abstract class RefCoder extends TermCoder {
  /** What the steps that compare do, for the loops before them. */
  private readonly equalities = new Map<Step, readonly Equality[]>();

  protected refOperand(term: RefTerm): Operand {
    const { base, path } = term;
    if (base === "data") return Operand.of(this.dataGetter(path));
    const names = namesOf(path);
    if (names !== undefined && base === "input") return this.inputPath(names);
    if (names !== undefined && base !== "input" && base.kind === "local") return Operand.path(base.local.slot, names);
    const start = base === "input" ? this.inputPath([]) : this.operand(base);
    const keys = path.map((part) => this.operand(part));
    return Operand.of((frame) => {
      let value = read(frame, start);
      for (let i = 0; i < keys.length && value !== undefined; i++) {
        const key = read(frame, keys[i] as Operand);
        value = key === undefined ? undefined : lookup(value, key);
      }
      return value;
    });
  }

  private inputPath(names: readonly string[]): Operand {
    return Operand.input(this.linkage.inputPaths.number(names), names);
  }

  private dataGetter(path: readonly NormalTerm[]): Getter {
    const keys = path.map((part) => this.operand(part));
    const { node, depth } = this.constantPrefix(path);
    const careful = (frame: Frame): Value | undefined => {
      const values = readAll(frame, keys);
      if (values === undefined) return undefined;
      return valueAt(frame.context, rootPosition(this.linkage.root(), frame.context), values, 0);
    };
    const rules = node?.rules;
    if (rules !== undefined && rules.kind === "complete") {
      return (frame) => {
        if (frame.context.overrides !== undefined) return careful(frame);
        return lookupKeys(frame, rules.complete(frame.context), keys, depth);
      };
    }
    if (rules?.keyed === true && keys.length > depth) {
      const prefix = node?.path ?? [];
      const member = keys[depth] as Operand;
      return (frame) => {
        const { context } = frame;
        if (context.overrides !== undefined || hasBase(context, prefix)) return careful(frame);
        const key = read(frame, member);
        return lookupKeys(frame, key === undefined ? undefined : rules.at(context, key), keys, depth + 1);
      };
    }
    return node === undefined ? baseGetter(keys, careful) : careful;
  }

  /** Follows constant names from the root as far as packages go. */
  private constantPrefix(path: readonly NormalTerm[]): { node: DocumentNode | undefined; depth: number } {
    let node: DocumentNode | undefined = this.linkage.root();
    let depth = 0;
    for (; depth < path.length && node !== undefined && node.rules === undefined; depth++) {
      const part = path[depth];
      if (part?.kind !== "constant") break;
      node = node.children.get(canonicalKey(part.value));
    }
    return { node, depth };
  }

  /**
   * Code that goes through every value of a reference with unbound variables in its path, binding them, and goes on as
   * `final` says once they are bound.
   */
  protected refWalk(term: RefTerm, final: () => End): Step {
    const { base, path } = term;
    let known = 0;
    while (known < path.length && this.isBound(path[known] as NormalTerm)) known++;
    if (base !== "data") {
      const from = this.refOperand({ ...term, path: path.slice(0, known) });
      const parts = path.slice(known).map((part) => this.part(part));
      return this.steps(from, parts, final());
    }
    const parts = path.map((part) => this.part(part));
    const end = final();
    const { node, depth } = this.constantPrefix(path);
    const careful = (frame: Frame): boolean => walk(frame, rootPosition(this.linkage.root(), frame.context), 0);
    const ends = parts.map((_, at) => this.rest(parts.slice(at), end));
    const walk = dataWalk(parts, [...ends, end], this.existential && this.linkage.streaming);
    if (node === undefined) {
      const keys = path.slice(0, known).map((part) => this.operand(part));
      const plain = this.steps(Operand.of(baseGetter(keys, () => undefined)), parts.slice(known), end);
      return (frame) => (frame.context.overrides === undefined ? plain(frame) : careful(frame));
    }
    if (depth === 0) return careful;
    return (frame) => {
      const { context } = frame;
      if (context.overrides !== undefined) return careful(frame);
      let base = context.data;
      for (let i = 0; i < depth && base !== undefined; i++) base = lookup(base, (node.path[i] ?? null) as Value);
      return walk(frame, { node, base, over: undefined }, depth);
    };
  }

  private part(term: NormalTerm): Part {
    if (this.isBound(term)) return { known: this.operand(term), name: namesOf([term])?.[0] };
    const isAny = term.kind === "local" && isWildcard(term.local);
    const key = this.target(term);
    return { key: isAny ? Target.ANY : key };
  }

  /** The remaining steps of a path, through plain values. */
  private rest(parts: readonly Part[], end: End): End {
    const { slot } = this.newSlot();
    return { target: Target.slot(slot), next: this.steps(Operand.local(slot), parts, end) };
  }

  private steps(from: Operand, parts: readonly Part[], end: End): Step {
    const [part, ...others] = parts;
    if (part === undefined) return this.check(from, end);
    if (others.length === 0) return this.step(from, part, end);
    const { slot } = this.newSlot();
    const names = namesOfParts(others);
    const next =
      names === undefined ? this.steps(Operand.local(slot), others, end) : this.check(Operand.path(slot, names), end);
    return this.step(from, part, { target: Target.slot(slot), next });
  }

  private step(from: Operand, part: Part, end: End): Step {
    if ("known" in part) return lookupStep(from, part.known, end);
    const scan = elementsStep(from, part.key, end);
    const { slot } = end.target;
    const equality = slot < 0 ? undefined : this.equalities.get(end.next)?.find((each) => each.slot === slot);
    // The other side has to be known before the loop.
    const isOpen = part.key.match !== undefined || (part.key.slot >= 0 && equality?.other.reads(part.key.slot));
    if (equality === undefined || isOpen || equality.other.reads(slot)) return scan;
    return joinedStep({ from, key: part.key, slot }, equality, scan);
  }

  /** Code that reads a known term and goes on when its value fits. */
  protected check(source: Operand, { target, next }: End): Step {
    const step: Step = (frame) => {
      const value = read(frame, source);
      return value !== undefined && accepts(frame, value, target) && next(frame);
    };
    const { known } = target;
    if (known === undefined) return step;
    const equalities: Equality[] = [];
    if (source.path !== undefined && known.isPlain) equalities.push({ ...source.path, other: known, next });
    if (known.path !== undefined && source.isPlain) equalities.push({ ...known.path, other: source, next });
    if (equalities.length > 0) this.equalities.set(step, equalities);
    return step;
  }
}

function namesOfParts(parts: readonly Part[]): readonly string[] | undefined {
  const names: string[] = [];
  for (const part of parts) {
    if (!("known" in part) || part.name === undefined) return undefined;
    names.push(part.name);
  }
  return names;
}

/** A path's names, if it consists of names only. */
function namesOf(path: readonly NormalTerm[]): readonly string[] | undefined {
  const names: string[] = [];
  for (const part of path) {
    if (part.kind !== "constant" || typeof part.value !== "string") return undefined;
    names.push(part.value);
  }
  return names;
}

function lookupKeys(frame: Frame, start: Value | undefined, keys: readonly Operand[], from: number): Value | undefined {
  let value = start;
  for (let i = from; i < keys.length && value !== undefined; i++) {
    const key = read(frame, keys[i] as Operand);
    value = key === undefined ? undefined : lookup(value, key);
  }
  return value;
}

/** Reads base documents directly while nothing is replaced. */
function baseGetter(keys: readonly Operand[], careful: Getter): Getter {
  return (frame) => {
    const { context } = frame;
    if (context.overrides !== undefined) return careful(frame);
    let value = context.data;
    for (let i = 0; i < keys.length && value !== undefined; i++) {
      const key = read(frame, keys[i] as Operand);
      value = key === undefined ? undefined : lookupBase(value, key);
    }
    return value;
  };
}

function hasBase(context: Context, path: DocumentPath): boolean {
  let value = context.data;
  for (const part of path) {
    if (value === undefined) return false;
    value = lookup(value, part);
  }
  return value !== undefined;
}

function lookupStep(from: Operand, key: Operand, { target, next }: End): Step {
  return (frame) => {
    const value = read(frame, from);
    const name = value === undefined ? undefined : read(frame, key);
    if (value === undefined || name === undefined) return false;
    const element = lookup(value, name);
    return element !== undefined && accepts(frame, element, target) && next(frame);
  };
}

/** Tries every element. */
function elementsStep(from: Operand, key: Target, { target, next }: End): Step {
  return (frame) => {
    const value = read(frame, from);
    if (typeof value !== "object" || value === null) return false;
    const { session } = frame.context;
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        session.step();
        if (accepts(frame, i, key) && accepts(frame, value[i] as Value, target) && next(frame)) return true;
      }
      return false;
    }
    const isMembers = isSet(value);
    if (!isMembers && !isObject(value)) return false;
    const elements = isMembers ? value.sorted() : objectValues(value);
    const keys = isMembers ? elements : objectKeys(value);
    for (let i = 0; i < elements.length; i++) {
      session.step();
      if (accepts(frame, keys[i] as Value, key) && accepts(frame, elements[i] as Value, target) && next(frame)) {
        return true;
      }
    }
    return false;
  };
}

type DataWalk = (frame: Frame, position: Position, at: number) => boolean;

/** Members delivered straight from the rules' bodies before the whole set is built after all. */
const STREAM_LIMIT = 32;

/**
 * Delivers the members of a partial set while its rules find them, which spares building the set when one of them is
 * enough. Once a query only, so that nothing is computed often.
 * Undefined when the set is needed after all; what was delivered by then does no harm.
 */
function stream(frame: Frame, rules: RuleSet, key: Target, end: End): boolean | undefined {
  const { context } = frame;
  if (context.session.strict || !context.mayStream(rules)) return undefined;
  const { target, next } = end;
  let count = 0;
  let outcome: boolean | undefined = false;
  rules.members(context, (member) => {
    if (++count > STREAM_LIMIT) outcome = undefined;
    else if (accepts(frame, member, key) && accepts(frame, member, target) && next(frame)) outcome = true;
    return outcome !== false;
  });
  return outcome;
}

/** `ends` has, for each number of steps taken, what takes a plain value there. */
function dataWalk(parts: readonly Part[], ends: readonly End[], streaming: boolean): DataWalk {
  const walk: DataWalk = (frame, position, at) => {
    const { context } = frame;
    const { node, base, over } = position;
    const end = ends[at] as End;
    if (over?.value !== undefined) return pass(frame, over.value, end);
    if (isPlain(position)) return pass(frame, base, end);
    if (at === parts.length) return pass(frame, documentAt(context, position), end);
    const part = parts[at] as Part;
    const rules = node?.rules;
    if (rules !== undefined && rules.kind === "complete") return pass(frame, rules.complete(context), end);
    if (rules !== undefined && rules.kind !== "function") {
      if ("known" in part && rules.keyed && base === undefined && over === undefined) {
        const key = read(frame, part.known);
        return key !== undefined && pass(frame, rules.at(context, key), ends[at + 1] as End);
      }
      if (streaming && "key" in part && rules.kind === "set" && rules.keyed && base === undefined) {
        const outcome = stream(frame, rules, part.key, ends[at + 1] as End);
        if (outcome !== undefined) return outcome;
      }
      return pass(frame, documentAt(context, position), end);
    }
    if ("known" in part) {
      const key = read(frame, part.known);
      return key !== undefined && walk(frame, below(position, key), at + 1);
    }
    for (const key of keysAt(position)) {
      context.session.step();
      if (accepts(frame, key, part.key) && walk(frame, below(position, key), at + 1)) return true;
    }
    return false;
  };
  return walk;
}

function pass(frame: Frame, value: Value | undefined, { target, next }: End): boolean {
  return value !== undefined && accepts(frame, value, target) && next(frame);
}

/** Keys of everything at a position, in value order; non-string keys of base documents don't occur. */
function keysAt({ node, base, over }: Position): readonly Value[] {
  const keys = new Set<CanonicalKey>([...(node?.children.keys() ?? []), ...(over?.children.keys() ?? [])]);
  if (base !== undefined && isObject(base)) {
    if (base instanceof RegoObject) {
      for (const [key] of base.entries()) if (typeof key === "string") keys.add(key);
    } else for (const key of Object.keys(base)) keys.add(key);
  }
  return [...keys].map((key) => node?.children.get(key)?.label ?? key).sort(compare);
}
