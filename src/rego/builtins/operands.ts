/** Checked access to the operands of a call, with OPA's type error messages. Positions are 0-based, messages 1-based. */
import {
  isArray,
  isNumber,
  isObject,
  isSet,
  type JsonObject,
  type Num,
  type RegoObject,
  type RegoSet,
  toBigInt,
  typeName,
  type Value,
} from "../value/index.js";
import { BuiltinError } from "./builtin.js";

export function operandError(position: number, text: string): BuiltinError {
  return new BuiltinError(`operand ${position + 1} ${text}`, "eval_type_error");
}

/** The error of an operand that is none of `expected`. */
export function typeError(position: number, got: Value, ...expected: string[]): BuiltinError {
  const wanted = expected.length === 1 ? expected[0] : `one of {${expected.join(", ")}}`;
  return operandError(position, `must be ${wanted} but got ${typeName(got)}`);
}

/** The error of a collection with an element that is none of `expected`. */
export function elementError(position: number, collection: Value, got: Value, ...expected: string[]): BuiltinError {
  const kind = typeName(collection);
  const wanted = expected.length === 1 ? `${expected[0]}s` : `(any of) {${expected.join(", ")}}`;
  return operandError(position, `must be ${kind} of ${wanted} but got ${kind} containing ${typeName(got)}`);
}

function at(args: readonly Value[], position: number): Value {
  const value = args[position];
  if (value === undefined) throw operandError(position, "is missing");
  return value;
}

export function stringAt(args: readonly Value[], position: number): string {
  const value = at(args, position);
  if (typeof value !== "string") throw typeError(position, value, "string");
  return value;
}

export function numberAt(args: readonly Value[], position: number): number | Num {
  const value = at(args, position);
  if (!isNumber(value)) throw typeError(position, value, "number");
  return value;
}

const INT64_MAX = 9223372036854775807n;
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const MIN_SAFE = -MAX_SAFE;

/** The integer of 64 bits that is written without an exponent, or undefined. */
export function int64Of(value: Value): bigint | undefined {
  if (!isNumber(value)) return undefined;
  if (typeof value !== "number" && /[eE]/.test(value.text)) return undefined;
  const integer = toBigInt(value);
  return integer === undefined || integer > INT64_MAX || integer < -INT64_MAX - 1n ? undefined : integer;
}

/** An integer of 64 bits, clamped to safe integers, beyond which no position or count lies. */
export function intAt(args: readonly Value[], position: number): number {
  const value = numberAt(args, position);
  if (typeof value === "number" && Number.isInteger(value)) return value;
  const integer = int64Of(value);
  if (integer === undefined) throw operandError(position, "must be integer number but got floating-point number");
  const clamped = integer < MIN_SAFE ? MIN_SAFE : integer > MAX_SAFE ? MAX_SAFE : integer;
  return Number(clamped);
}

export function bigIntAt(args: readonly Value[], position: number): bigint {
  const value = at(args, position);
  if (!isNumber(value)) throw typeError(position, value, "integer");
  const integer = toBigInt(value);
  if (integer === undefined) throw operandError(position, "must be integer number but got floating-point number");
  return integer;
}

export function setAt(args: readonly Value[], position: number): RegoSet {
  const value = at(args, position);
  if (!isSet(value)) throw typeError(position, value, "set");
  return value;
}

export function arrayAt(args: readonly Value[], position: number): readonly Value[] {
  const value = at(args, position);
  if (!isArray(value)) throw typeError(position, value, "array");
  return value;
}

export function objectAt(args: readonly Value[], position: number): JsonObject | RegoObject {
  const value = at(args, position);
  if (!isObject(value)) throw typeError(position, value, "object");
  return value;
}

/** The members of an array, or of a set in value order. */
export function membersAt(args: readonly Value[], position: number, ...names: string[]): readonly Value[] {
  const value = at(args, position);
  if (isArray(value)) return value;
  if (isSet(value)) return value.sorted();
  throw typeError(position, value, ...(names.length === 0 ? ["array", "set"] : names));
}

/** The members of an array or a set, all of which must be strings. */
export function stringsAt(args: readonly Value[], position: number, ...names: string[]): readonly string[] {
  const members = membersAt(args, position, ...names);
  for (const member of members) {
    if (typeof member !== "string") throw elementError(position, at(args, position), member, "string");
  }
  return members as readonly string[];
}

/** Any value; the compiler has checked the arity. */
export function valueAt(args: readonly Value[], position: number): Value {
  return at(args, position);
}
