/**
 * Code for references. A path is a chain of steps, each of which looks a known key up or tries every element; in `data`
 * the constant prefix is resolved to a rule or package when the code is made, and followed with care for `with` when a
 * part of `data` is replaced at run time.
 */
import type { DocumentPath, NormalTerm, RefTerm } from "../compile/normal-form.js";
import {
  type CanonicalKey,
  canonicalKey,
  compare,
  isArray,
  isObject,
  isSet,
  type JsonObject,
  lookup,
  objectEntries,
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
import type { Context, Frame, Getter, Matcher, Sink } from "./frame.js";
import type { RuleSet } from "./rule-set.js";

/** One step of a path: a known key, or a pattern that elements' keys are matched with; `any` for a wildcard. */
type Part = { readonly get: Getter } | { readonly match: Matcher; readonly any: boolean };

export abstract class RefCoder extends TermCoder {
  protected refGetter(term: RefTerm): Getter {
    const { base, path } = term;
    if (base === "data") return this.dataGetter(path);
    const start: Getter = base === "input" ? (frame) => frame.context.input : this.getter(base);
    const names = path.map((part) => (part.kind === "constant" ? part.value : undefined));
    if (names.every((name) => typeof name === "string")) return namesGetter(start, names as string[]);
    const keys = path.map((part) => this.getter(part));
    return (frame) => {
      let value = start(frame);
      for (let i = 0; i < keys.length && value !== undefined; i++) {
        const key = (keys[i] as Getter)(frame);
        value = key === undefined ? undefined : lookup(value, key);
      }
      return value;
    };
  }

  private dataGetter(path: readonly NormalTerm[]): Getter {
    const keys = path.map((part) => this.getter(part));
    const { node, depth } = this.constantPrefix(path);
    const careful = (frame: Frame): Value | undefined => {
      const values = evaluateAll(frame, keys, 0);
      if (values === undefined) return undefined;
      return valueAt(frame.context, rootPosition(this.linkage.root(), frame.context), values, 0);
    };
    const rules = node?.rules;
    if (rules !== undefined && rules.kind === "complete") {
      const rest = keys.slice(depth);
      return (frame) => {
        if (frame.context.overrides !== undefined) return careful(frame);
        let value = rules.complete(frame.context);
        for (let i = 0; i < rest.length && value !== undefined; i++) {
          const key = (rest[i] as Getter)(frame);
          value = key === undefined ? undefined : lookup(value, key);
        }
        return value;
      };
    }
    if (rules?.keyed === true && keys.length > depth) {
      const prefix = node?.path ?? [];
      const rest = keys.slice(depth + 1);
      const keyGetter = keys[depth] as Getter;
      return (frame) => {
        const { context } = frame;
        if (context.overrides !== undefined || hasBase(context, prefix)) return careful(frame);
        const key = keyGetter(frame);
        let value = key === undefined ? undefined : rules.at(context, key);
        for (let i = 0; i < rest.length && value !== undefined; i++) {
          const next = (rest[i] as Getter)(frame);
          value = next === undefined ? undefined : lookup(value, next);
        }
        return value;
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
   * Code that goes through every value of a reference with unbound variables in its path, binding them, and calls the
   * sink that `final` gives once they are bound.
   */
  protected refWalk(term: RefTerm, final: () => Sink): (frame: Frame) => boolean {
    const { base, path } = term;
    const start = base === "input" || base === "data" ? undefined : this.getter(base);
    const parts = path.map((part): Part => {
      if (this.isBound(part)) return { get: this.getter(part) };
      return { match: this.matcher(part), any: part.kind === "local" && part.local.name.startsWith("$") };
    });
    const last = final();
    const sinks = valueSinks(parts, last);
    const first = sinks[0] as Sink;
    if (base === "input") {
      return (frame) => {
        const { input } = frame.context;
        return input !== undefined && first(frame, input);
      };
    }
    if (start !== undefined) {
      return (frame) => {
        const value = start(frame);
        return value !== undefined && first(frame, value);
      };
    }
    const walk = dataWalk(parts, sinks, this.existential && this.linkage.streaming);
    const careful = (frame: Frame): boolean => walk(frame, rootPosition(this.linkage.root(), frame.context), 0);
    const { node, depth } = this.constantPrefix(path);
    if (node === undefined) return baseWalk(parts, depth, sinks[depth] as Sink, careful);
    if (depth === 0) return careful;
    return (frame) => {
      const { context } = frame;
      if (context.overrides !== undefined) return careful(frame);
      let base = context.data;
      for (let i = 0; i < depth && base !== undefined; i++) base = lookup(base, (node.path[i] ?? null) as Value);
      return walk(frame, { node, base, over: undefined }, depth);
    };
  }
}

/** Reads base documents directly while nothing is replaced. */
function baseGetter(keys: readonly Getter[], careful: Getter): Getter {
  return (frame) => {
    const { context } = frame;
    if (context.overrides !== undefined) return careful(frame);
    let value = context.data;
    for (let i = 0; i < keys.length && value !== undefined; i++) {
      const key = (keys[i] as Getter)(frame);
      value = key === undefined ? undefined : lookupBase(value, key);
    }
    return value;
  };
}

/** Walks base documents directly while nothing is replaced; the first `depth` parts are known. */
function baseWalk(
  parts: readonly Part[],
  depth: number,
  sink: Sink,
  careful: (frame: Frame) => boolean,
): (frame: Frame) => boolean {
  const keys = parts.slice(0, depth).map((part) => ("get" in part ? part.get : () => undefined));
  return (frame) => {
    const { context } = frame;
    if (context.overrides !== undefined) return careful(frame);
    let value = context.data;
    for (let i = 0; i < keys.length && value !== undefined; i++) {
      const key = (keys[i] as Getter)(frame);
      value = key === undefined ? undefined : lookupBase(value, key);
    }
    return value !== undefined && sink(frame, value);
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

function namesGetter(start: Getter, names: readonly string[]): Getter {
  const [first, second] = names;
  if (names.length === 1) return (frame) => member(start(frame), first as string);
  if (names.length === 2) return (frame) => member(member(start(frame), first as string), second as string);
  return (frame) => {
    let value = start(frame);
    for (let i = 0; i < names.length && value !== undefined; i++) value = member(value, names[i] as string);
    return value;
  };
}

function member(value: Value | undefined, name: string): Value | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  // Most are plain objects of parsed JSON; one look at the prototype tells.
  if (Object.getPrototypeOf(value) !== Object.prototype) return lookup(value, name);
  return Object.hasOwn(value, name) ? (value as JsonObject)[name] : undefined;
}

function evaluateAll(frame: Frame, getters: readonly Getter[], from: number): Value[] | undefined {
  const values: Value[] = [];
  for (let i = from; i < getters.length; i++) {
    const value = (getters[i] as Getter)(frame);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

/** For each number of steps taken, the sink that takes the remaining ones through plain values. */
function valueSinks(parts: readonly Part[], last: Sink): Sink[] {
  const sinks: Sink[] = new Array(parts.length + 1);
  sinks[parts.length] = last;
  for (let i = parts.length - 1; i >= 0; i--) {
    const part = parts[i] as Part;
    const next = sinks[i + 1] as Sink;
    if ("get" in part) sinks[i] = lookupSink(part.get, next);
    else sinks[i] = part.any ? allElementsSink(next) : elementsSink(part.match, next);
  }
  return sinks;
}

function lookupSink(get: Getter, next: Sink): Sink {
  return (frame, value) => {
    const key = get(frame);
    if (key === undefined) return false;
    const element = lookup(value, key);
    return element !== undefined && next(frame, element);
  };
}

/** Every element, whatever its key. */
function allElementsSink(next: Sink): Sink {
  return (frame, value) => {
    if (typeof value !== "object" || value === null) return false;
    const { session } = frame.context;
    if (isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        session.step();
        if (next(frame, value[i] as Value)) return true;
      }
      return false;
    }
    if (isSet(value)) {
      for (const element of value.sorted()) {
        session.step();
        if (next(frame, element)) return true;
      }
      return false;
    }
    if (!isObject(value)) return false;
    for (const [, element] of objectEntries(value)) {
      session.step();
      if (next(frame, element)) return true;
    }
    return false;
  };
}

function elementsSink(match: Matcher, next: Sink): Sink {
  return (frame, value) => {
    if (typeof value !== "object" || value === null) return false;
    const { session } = frame.context;
    if (isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        session.step();
        if (match(frame, i) && next(frame, value[i] as Value)) return true;
      }
      return false;
    }
    if (isSet(value)) {
      for (const element of value.sorted()) {
        session.step();
        if (match(frame, element) && next(frame, element)) return true;
      }
      return false;
    }
    if (!isObject(value)) return false;
    for (const [key, element] of objectEntries(value)) {
      session.step();
      if (match(frame, key) && next(frame, element)) return true;
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
function stream(frame: Frame, rules: RuleSet, match: Matcher, sink: Sink): boolean | undefined {
  const { context } = frame;
  if (context.session.strict || !context.mayStream(rules)) return undefined;
  let count = 0;
  let outcome: boolean | undefined = false;
  rules.each(context, ({ value }) => {
    if (++count > STREAM_LIMIT) outcome = undefined;
    else if (match(frame, value) && sink(frame, value)) outcome = true;
    return outcome !== false;
  });
  return outcome;
}

function dataWalk(parts: readonly Part[], sinks: readonly Sink[], streaming: boolean): DataWalk {
  const walk: DataWalk = (frame, position, at) => {
    const { context } = frame;
    const { node, base, over } = position;
    const sink = sinks[at] as Sink;
    if (over?.value !== undefined) return sink(frame, over.value);
    if (isPlain(position)) return base !== undefined && sink(frame, base);
    if (at === parts.length) return pass(frame, documentAt(context, position), sink);
    const part = parts[at] as Part;
    const rules = node?.rules;
    if (rules !== undefined && rules.kind === "complete") return pass(frame, rules.complete(context), sink);
    if (rules !== undefined && rules.kind !== "function") {
      if ("get" in part && rules.keyed && base === undefined && over === undefined) {
        const key = part.get(frame);
        return key !== undefined && pass(frame, rules.at(context, key), sinks[at + 1] as Sink);
      }
      if (streaming && "match" in part && rules.kind === "set" && rules.keyed && base === undefined) {
        const outcome = stream(frame, rules, part.match, sinks[at + 1] as Sink);
        if (outcome !== undefined) return outcome;
      }
      return pass(frame, documentAt(context, position), sink);
    }
    if ("get" in part) {
      const key = part.get(frame);
      return key !== undefined && walk(frame, below(position, key), at + 1);
    }
    for (const key of keysAt(position)) {
      context.session.step();
      if (part.match(frame, key) && walk(frame, below(position, key), at + 1)) return true;
    }
    return false;
  };
  return walk;
}

function pass(frame: Frame, value: Value | undefined, sink: Sink): boolean {
  return value !== undefined && sink(frame, value);
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
