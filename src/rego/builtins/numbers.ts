/** Arithmetic, bits, number formatting and ranges. */
import {
  abs,
  add,
  ceil,
  divide,
  floor,
  isNumber,
  isSet,
  multiply,
  numberFromBigInt,
  numberText,
  RegoSet,
  remainder,
  round,
  subtract,
  toBigInt,
  type Value,
} from "../value/index.js";
import { type Builtin, type BuiltinContext, BuiltinError, builtin } from "./builtin.js";
import { ANY_SET, array, oneOf } from "./decl.js";
import { bigIntAt, intAt, numberAt, operandError, setAt, stringAt, typeError, valueAt } from "./operands.js";

/** Shifts beyond this are refused: their result would be megabytes of digits. */
const MAX_SHIFT = 100_000n;

function minus(args: readonly Value[]): Value {
  const a = valueAt(args, 0);
  const b = valueAt(args, 1);
  if (isNumber(a) && isNumber(b)) return subtract(a, b);
  if (isSet(a) && isSet(b)) return difference(a, b);
  if (!isNumber(a) && !isSet(a)) throw typeError(0, a, "number", "set");
  throw typeError(1, b, isNumber(b) ? "set" : "number");
}

export function difference(a: RegoSet, b: RegoSet): RegoSet {
  const result = new RegoSet();
  for (const value of a.unordered()) if (!b.has(value)) result.add(value);
  return result;
}

function shift(args: readonly Value[]): bigint {
  const bits = bigIntAt(args, 1);
  if (bits < 0n) throw operandError(1, "must be an unsigned integer number but got a negative integer");
  return bits;
}

function shiftLeft(args: readonly Value[]): Value {
  const value = bigIntAt(args, 0);
  const bits = shift(args);
  if (bits > MAX_SHIFT && value !== 0n) throw new BuiltinError("number too large");
  return numberFromBigInt(value === 0n ? 0n : value << bits);
}

function shiftRight(args: readonly Value[]): Value {
  const value = bigIntAt(args, 0);
  const bits = shift(args);
  return numberFromBigInt(bits > 4n * MAX_SHIFT ? (value < 0n ? -1n : 0n) : value >> bits);
}

const RADIXES: ReadonlyMap<string, number> = new Map([
  ["2", 2],
  ["8", 8],
  ["10", 10],
  ["16", 16],
]);

function formatInt(args: readonly Value[]): Value {
  const value = numberAt(args, 0);
  const radix = RADIXES.get(numberText(numberAt(args, 1)));
  if (radix === undefined) throw operandError(1, "must be one of {2, 8, 10, 16}");
  return (toBigInt(value) ?? toBigInt(truncated(value)) ?? 0n).toString(radix);
}

/** Towards zero; `floor` and `ceil` are OPA's, whose results between -1 and 1 are zero one way or the other. */
function truncated(value: ReturnType<typeof numberAt>): ReturnType<typeof numberAt> {
  return numberText(value).startsWith("-") ? multiply(floor(abs(value)), -1) : floor(value);
}

function range(first: bigint, last: bigint, step: bigint, context: BuiltinContext): Value {
  const distance = last >= first ? last - first : first - last;
  const count = distance / step + 1n;
  if (count > 4_294_967_295n) throw new BuiltinError("range too long");
  context.spend(Number(count));
  context.grow(Number(count));
  const by = last >= first ? step : -step;
  const items: Value[] = [];
  for (let i = 0n, value = first; i < count; i++, value += by) items.push(numberFromBigInt(value));
  return items;
}

function rangeStep(args: readonly Value[], context: BuiltinContext): Value {
  const first = bigIntAt(args, 0);
  const last = bigIntAt(args, 1);
  const step = bigIntAt(args, 2);
  if (step <= 0n) throw new BuiltinError("numbers.range_step: step must be a positive integer");
  return range(first, last, step, context);
}

/** The same within a query for the same arguments. */
function randIntn(args: readonly Value[], context: BuiltinContext): Value {
  const name = stringAt(args, 0);
  const bound = Math.abs(intAt(args, 1));
  if (bound === 0) return 0;
  const key = `rand.intn\u0000${bound}\u0000${name}`;
  const known = context.cache.get(key);
  if (known !== undefined) return known;
  const bits = context.randomBytes(16).reduce((total, byte) => (total << 8n) | BigInt(byte), 0n);
  const value = Number(bits % BigInt(bound));
  context.cache.set(key, value);
  return value;
}

const UNARY = ["number"] as const;
const BINARY = ["number", "number"] as const;

export const NUMBERS: readonly Builtin[] = [
  builtin("plus", BINARY, "number", (args) => add(numberAt(args, 0), numberAt(args, 1)), { infix: "+" }),
  builtin("minus", [oneOf("number", ANY_SET), oneOf("number", ANY_SET)], oneOf("number", ANY_SET), minus, {
    infix: "-",
  }),
  builtin("mul", BINARY, "number", (args) => multiply(numberAt(args, 0), numberAt(args, 1)), { infix: "*" }),
  builtin("div", BINARY, "number", (args) => divide(numberAt(args, 0), numberAt(args, 1)), { infix: "/" }),
  builtin("rem", BINARY, "number", (args) => remainder(numberAt(args, 0), numberAt(args, 1)), { infix: "%" }),
  builtin("abs", UNARY, "number", (args) => abs(numberAt(args, 0))),
  builtin("round", UNARY, "number", (args) => round(numberAt(args, 0))),
  builtin("ceil", UNARY, "number", (args) => ceil(numberAt(args, 0))),
  builtin("floor", UNARY, "number", (args) => floor(numberAt(args, 0))),
  builtin("bits.and", BINARY, "number", (args) => numberFromBigInt(bigIntAt(args, 0) & bigIntAt(args, 1))),
  builtin("bits.or", BINARY, "number", (args) => numberFromBigInt(bigIntAt(args, 0) | bigIntAt(args, 1))),
  builtin("bits.xor", BINARY, "number", (args) => numberFromBigInt(bigIntAt(args, 0) ^ bigIntAt(args, 1))),
  builtin("bits.negate", UNARY, "number", (args) => numberFromBigInt(~bigIntAt(args, 0))),
  builtin("bits.lsh", BINARY, "number", shiftLeft),
  builtin("bits.rsh", BINARY, "number", shiftRight),
  builtin("format_int", BINARY, "string", formatInt),
  builtin("numbers.range", BINARY, array("number"), (args, context) =>
    range(bigIntAt(args, 0), bigIntAt(args, 1), 1n, context),
  ),
  builtin("numbers.range_step", ["number", "number", "number"], array("number"), rangeStep),
  builtin("rand.intn", ["string", "number"], "number", randIntn, { nondeterministic: true }),
  builtin("and", [ANY_SET, ANY_SET], ANY_SET, (args) => intersect(setAt(args, 0), setAt(args, 1)), { infix: "&" }),
  builtin("or", [ANY_SET, ANY_SET], ANY_SET, (args) => unite([setAt(args, 0), setAt(args, 1)]), { infix: "|" }),
];

export function intersect(a: RegoSet, b: RegoSet): RegoSet {
  const result = new RegoSet();
  for (const value of a.unordered()) if (b.has(value)) result.add(value);
  return result;
}

export function unite(sets: readonly RegoSet[]): RegoSet {
  const result = new RegoSet();
  for (const set of sets) for (const value of set.unordered()) result.add(value);
  return result;
}
