/**
 * How code reads what is known and takes what it meets. Most of either is a variable, a constant or a path of names, which
 * these read in place; a call of code made for the term is left to the rest.
 */
import { equal, lookupName, type Value } from "../value/index.js";
import type { Context, Frame, Getter, Matcher } from "./frame.js";

const LOCAL = 0;
const CONSTANT = 1;
const NAMES = 2;
const INPUT = 3;
const OTHER = 4;

const NO_NAMES: readonly string[] = [];

/** A term all of whose variables are bound. */
export class Operand {
  readonly kind: number;
  /** Slot or number of the constant; of a path, the slot that it starts from, or its number among those of the input. */
  readonly at: number;
  readonly names: readonly string[];
  readonly getter: Getter;

  private constructor(kind: number, at: number, names: readonly string[], getter: Getter) {
    this.kind = kind;
    this.at = at;
    this.names = names;
    this.getter = getter;
  }

  static local(slot: number): Operand {
    return new Operand(LOCAL, slot, NO_NAMES, (frame) => frame.slots[slot]);
  }

  static constant(index: number): Operand {
    return new Operand(CONSTANT, index, NO_NAMES, (frame) => frame.constants[index]);
  }

  /** Names to follow from the value in a slot. */
  static path(slot: number, names: readonly string[]): Operand {
    return new Operand(NAMES, slot, names, (frame) => followed(frame.slots[slot], names));
  }

  /** Names to follow from the input, read once in a context; `number` is the path's. */
  static input(number: number, names: readonly string[]): Operand {
    return new Operand(INPUT, number, names, ({ context }) => inputAt(context, number, names));
  }

  /** Where this is a path from a slot. */
  get path(): { readonly slot: number; readonly names: readonly string[] } | undefined {
    return this.kind === NAMES ? { slot: this.at, names: this.names } : undefined;
  }

  /** Reading it runs no rule and no function. */
  get isPlain(): boolean {
    return this.kind !== OTHER;
  }

  /** Whether it is read from this slot. */
  reads(slot: number): boolean {
    return (this.kind === LOCAL || this.kind === NAMES) && this.at === slot;
  }

  static of(getter: Getter): Operand {
    return new Operand(OTHER, 0, NO_NAMES, getter);
  }
}

/** The operand's value; undefined when it has none. */
export function read(frame: Frame, operand: Operand): Value | undefined {
  switch (operand.kind) {
    case LOCAL:
      return frame.slots[operand.at];
    case CONSTANT:
      return frame.constants[operand.at];
    case NAMES:
      return followed(frame.slots[operand.at], operand.names);
    case INPUT:
      return inputAt(frame.context, operand.at, operand.names);
    default:
      return operand.getter(frame);
  }
}

/** The values of several operands, or undefined when one has none. */
export function readAll(frame: Frame, operands: readonly Operand[]): Value[] | undefined {
  const values = new Array<Value>(operands.length);
  for (let i = 0; i < operands.length; i++) {
    const value = read(frame, operands[i] as Operand);
    if (value === undefined) return undefined;
    values[i] = value;
  }
  return values;
}

/** The value of a path of names below `input`, by the path's number where it has one. */
export function inputAt(context: Context, number: number, names: readonly string[]): Value | undefined {
  if (number < 0) return followed(context.input, names);
  const known = context.inputs[number];
  if (known !== undefined) return known;
  const value = followed(context.input, names);
  context.inputs[number] = value;
  return value;
}

/** What names lead to, step by step. */
export function followed(from: Value | undefined, names: readonly string[]): Value | undefined {
  if (names.length === 1) return from === undefined ? undefined : lookupName(from, names[0] as string);
  let value = from;
  for (let i = 0; i < names.length && value !== undefined; i++) value = lookupName(value, names[i] as string);
  return value;
}

/** A pattern for values that are met: a slot to put them in, a known value that they must equal, or more. */
export class Target {
  /** Takes every value. */
  static readonly ANY: Target = new Target(-1, undefined, undefined);

  /** -1 for none. */
  readonly slot: number;
  readonly known: Operand | undefined;
  readonly match: Matcher | undefined;

  private constructor(slot: number, known: Operand | undefined, match: Matcher | undefined) {
    this.slot = slot;
    this.known = known;
    this.match = match;
  }

  static slot(slot: number): Target {
    return new Target(slot, undefined, undefined);
  }

  static known(known: Operand): Target {
    return new Target(-1, known, undefined);
  }

  static of(match: Matcher): Target {
    return new Target(-1, undefined, match);
  }
}

/** Compares a value with a pattern and binds what is unbound in it. */
export function accepts(frame: Frame, value: Value, target: Target): boolean {
  if (target.slot >= 0) {
    frame.slots[target.slot] = value;
    return true;
  }
  if (target.known !== undefined) {
    const known = read(frame, target.known);
    return known !== undefined && equal(known, value);
  }
  return target.match === undefined || target.match(frame, value);
}
