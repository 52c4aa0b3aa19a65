/**
 * What running code holds on to. A `Context` is what a `with` modifier may change: the documents, what replaces parts of
 * them, mocks, and the caches that depend on all of these. A `Frame` is one activation of a rule or query.
 */
import type { NormalRule, Place } from "../compile/normal-form.js";
import type { CanonicalKey, Value } from "../value/index.js";
import type { InputPaths } from "./input-paths.js";
import type { Joins } from "./join.js";
import type { Override } from "./overrides.js";
import type { Session } from "./session.js";

/** What stands in for a function: a value, or something to call. */
export type Mock =
  | { readonly value: Value }
  | { readonly call: (args: readonly Value[], context: Context) => Value | undefined };

let contexts = 0;

export class Context {
  readonly session: Session;
  readonly input: Value | undefined;
  /** Base documents. */
  readonly data: Value | undefined;
  /** Replaced parts of `data`. */
  readonly overrides: Override | undefined;
  /** By built-in name, or `data.` path with NULs. */
  readonly mocks: ReadonlyMap<string, Mock> | undefined;
  readonly paths: InputPaths;
  /** Distinguishes what caches of different contexts hold. */
  readonly id: number;
  private read: (Value | undefined)[] | undefined;
  private streamed: object | undefined;
  private alsoStreamed: Set<object> | undefined;
  private joined: Map<object, Joins> | undefined;
  private memo: Map<object, Value | undefined> | undefined;
  private keyedMemo: Map<object, Map<CanonicalKey, Value | undefined>> | undefined;

  constructor(
    session: Session,
    input: Value | undefined,
    data: Value | undefined,
    paths: InputPaths,
    overrides?: Override,
    mocks?: ReadonlyMap<string, Mock>,
  ) {
    this.session = session;
    this.input = input;
    this.data = data;
    this.paths = paths;
    this.overrides = overrides;
    this.mocks = mocks;
    this.id = ++contexts;
  }

  /** Values of paths below `input` that were read, by the numbers of the paths. */
  get inputs(): (Value | undefined)[] {
    this.read ??= new Array(this.paths.remembered);
    return this.read;
  }

  /** Values of whole documents, by the object that stands for the document. Undefined values are remembered too. */
  get documents(): Map<object, Value | undefined> {
    this.memo ??= new Map();
    return this.memo;
  }

  /** True the first time it is asked about a set in this context. */
  mayStream(rules: object): boolean {
    if (this.streamed === rules || this.alsoStreamed?.has(rules)) return false;
    if (this.streamed === undefined) this.streamed = rules;
    else {
      this.alsoStreamed ??= new Set();
      this.alsoStreamed.add(rules);
    }
    return true;
  }

  /** What the loop that `owner` stands for knows of the collections it went through. */
  joins(owner: object): Joins {
    this.joined ??= new Map();
    let joins = this.joined.get(owner);
    if (joins === undefined) {
      joins = new Map();
      this.joined.set(owner, joins);
    }
    return joins;
  }

  /** Values of single keys of partial rules. */
  keys(owner: object): Map<CanonicalKey, Value | undefined> {
    this.keyedMemo ??= new Map();
    let keys = this.keyedMemo.get(owner);
    if (keys === undefined) {
      keys = new Map();
      this.keyedMemo.set(owner, keys);
    }
    return keys;
  }
}

export interface FrameSize {
  readonly slots: number;
  readonly extras: number;
}

const NO_EXTRAS: unknown[] = [];
const NOWHERE: readonly Place[] = [];

export class Frame {
  readonly slots: (Value | undefined)[];
  /** What code keeps beside variables: collections being built, contexts to return to. */
  readonly extras: unknown[];
  readonly constants: readonly Value[];
  /** Places of the nodes that messages may be about. */
  readonly places: readonly Place[];
  /** The rule that runs, for messages. */
  readonly rule: NormalRule | undefined;
  context: Context;
  /** Outcome so far, for rules with one value. */
  result: Value | undefined;
  /** Key that a partial rule is asked for. */
  key: Value | undefined;
  /** Where the members of a set go. */
  take: ((member: Value) => boolean) | undefined;
  /** Where results go, for everything else. */
  sink: ((frame: Frame) => boolean) | undefined;

  constructor(
    context: Context,
    constants: readonly Value[],
    code: FrameSize,
    rule: NormalRule | undefined,
    places: readonly Place[] = NOWHERE,
  ) {
    this.slots = new Array<Value | undefined>(code.slots);
    this.extras = code.extras === 0 ? NO_EXTRAS : new Array<unknown>(code.extras);
    this.constants = constants;
    this.rule = rule;
    this.places = places;
    this.context = context;
    this.result = undefined;
    this.key = undefined;
    this.take = undefined;
    this.sink = undefined;
  }
}

/** Runs from one literal on; true stops all alternatives. */
export type Step = (frame: Frame) => boolean;
/** A known term's value; undefined when it has none. */
export type Getter = (frame: Frame) => Value | undefined;
/** Compares with a value, binding what is unbound in the pattern. */
export type Matcher = (frame: Frame, value: Value) => boolean;
