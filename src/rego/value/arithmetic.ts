/**
 * Rego arithmetic. Integers are exact at any size; everything else runs in binary floating point with a 64-bit mantissa
 * (53 bits in `product`), as OPA does, including what it does to values between -1 and 0 in `ceil` and `floor`.
 */
import {
  addFloats,
  type BinaryFloat,
  divideFloats,
  floatOf,
  floatText,
  multiplyFloats,
  truncateFloat,
} from "./mantissa.js";
import { ArithmeticError, type Num, numberFromBigInt, parseNumber, toBigInt } from "./num.js";

type Numeric = number | Num;

const BITS = 64;
const PRODUCT_BITS = 53;
/** An exact product longer than this is refused, so that repeated squaring ends early. */
const MAX_DIGIT_PRODUCT = 100_000;

function numberOfFloat(value: BinaryFloat): Numeric {
  const result = parseNumber(floatText(value));
  if (result === undefined) throw new ArithmeticError("number out of bounds");
  return result;
}

export function add(a: Numeric, b: Numeric): Numeric {
  if (typeof a === "number" && typeof b === "number" && Number.isInteger(a) && Number.isInteger(b)) {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const x = toBigInt(a);
  const y = x === undefined ? undefined : toBigInt(b);
  if (x !== undefined && y !== undefined) return numberFromBigInt(x + y);
  return numberOfFloat(addFloats(floatOf(a, BITS), floatOf(b, BITS), BITS));
}

export function subtract(a: Numeric, b: Numeric): Numeric {
  if (typeof a === "number" && typeof b === "number" && Number.isInteger(a) && Number.isInteger(b)) {
    const difference = a - b;
    if (Number.isSafeInteger(difference)) return difference;
  }
  const x = toBigInt(a);
  const y = x === undefined ? undefined : toBigInt(b);
  if (x !== undefined && y !== undefined) return numberFromBigInt(x - y);
  const right = floatOf(b, BITS);
  return numberOfFloat(addFloats(floatOf(a, BITS), { ...right, negative: !right.negative }, BITS));
}

function exactProduct(x: bigint, y: bigint): bigint {
  const product = x * y;
  if (product.toString(16).length > MAX_DIGIT_PRODUCT) throw new ArithmeticError("number too large");
  return product;
}

export function multiply(a: Numeric, b: Numeric): Numeric {
  if (typeof a === "number" && typeof b === "number" && Number.isInteger(a) && Number.isInteger(b)) {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product === 0 ? 0 : product;
  }
  const x = toBigInt(a);
  const y = x === undefined ? undefined : toBigInt(b);
  if (x !== undefined && y !== undefined) return numberFromBigInt(exactProduct(x, y));
  return numberOfFloat(multiplyFloats(floatOf(a, BITS), floatOf(b, BITS), BITS));
}

/** @throws ArithmeticError on a zero divisor */
export function divide(a: Numeric, b: Numeric): Numeric {
  const divisor = floatOf(b, BITS);
  if (divisor.mantissa === 0n) throw new ArithmeticError("divide by zero");
  if (typeof a === "number" && typeof b === "number" && a !== 0 && Number.isInteger(a) && Number.isInteger(b)) {
    if (a % b === 0) return a / b;
  }
  return numberOfFloat(divideFloats(floatOf(a, BITS), divisor, BITS));
}

/** The remainder with the sign of the dividend. @throws ArithmeticError on a zero divisor or a fraction */
export function remainder(a: Numeric, b: Numeric): Numeric {
  const x = toBigInt(a);
  const y = toBigInt(b);
  if (x === undefined || y === undefined) throw new ArithmeticError("modulo on floating-point number");
  if (y === 0n) throw new ArithmeticError("modulo by zero");
  return numberFromBigInt(x % y);
}

/** Integers within 32 bits pass rounding untouched; larger ones lose what a 64-bit mantissa cannot hold. */
function smallInteger(value: Numeric): number | undefined {
  const short = typeof value === "number" ? value : value.short;
  if (short === undefined || !Number.isInteger(short)) return undefined;
  if (short < -2147483648 || short > 2147483647) return undefined;
  // An exponent form is no small integer, but converts to the same one.
  return short;
}

export function abs(value: Numeric): Numeric {
  const small = smallInteger(value);
  if (small !== undefined) return Math.abs(small);
  return numberOfFloat({ ...floatOf(value, BITS), negative: false });
}

const HALF: BinaryFloat = { negative: false, mantissa: 1n, exponent: -1 };

/** Half away from zero. */
export function round(value: Numeric): Numeric {
  const small = smallInteger(value);
  if (small !== undefined) return small;
  const float = floatOf(value, BITS);
  return numberFromBigInt(truncateFloat(addFloats(float, { ...HALF, negative: float.negative }, BITS)));
}

/** OPA's ceiling: for -1 < value < 0 the result is 1, because the truncated zero has lost its sign. */
export function ceil(value: Numeric): Numeric {
  const small = smallInteger(value);
  if (small !== undefined) return small;
  const whole = truncateFloat(floatOf(value, BITS));
  if (whole < 0n || isWhole(value, whole)) return numberFromBigInt(whole);
  return numberFromBigInt(whole + 1n);
}

/** OPA's floor: for -1 < value < 0 the result is 0. */
export function floor(value: Numeric): Numeric {
  const small = smallInteger(value);
  if (small !== undefined) return small;
  const whole = truncateFloat(floatOf(value, BITS));
  if (whole >= 0n || isWhole(value, whole)) return numberFromBigInt(whole);
  return numberFromBigInt(whole - 1n);
}

function isWhole(value: Numeric, whole: bigint): boolean {
  const float = floatOf(value, BITS);
  const exact = float.exponent >= 0 ? float.mantissa << BigInt(float.exponent) : undefined;
  if (exact !== undefined) return true;
  return (whole < 0n ? -whole : whole) << BigInt(-float.exponent) === float.mantissa;
}

export function sum(values: readonly Numeric[]): Numeric {
  let total = 0;
  let safe = true;
  for (const value of values) {
    if (typeof value !== "number" || !Number.isInteger(value) || !Number.isSafeInteger(total + value)) {
      safe = false;
      break;
    }
    total += value;
  }
  if (safe) return total;
  const integers = values.map(toBigInt);
  if (integers.every((value) => value !== undefined)) {
    return numberFromBigInt(integers.reduce((left, right) => left + right, 0n));
  }
  const zero: BinaryFloat = { negative: false, mantissa: 0n, exponent: 0 };
  return numberOfFloat(values.reduce<BinaryFloat>((left, right) => addFloats(left, floatOf(right, BITS), BITS), zero));
}

export function product(values: readonly Numeric[]): Numeric {
  const integers = values.map(toBigInt);
  if (integers.every((value) => value !== undefined)) return numberFromBigInt(integers.reduce(exactProduct, 1n));
  const one: BinaryFloat = { negative: false, mantissa: 1n, exponent: 0 };
  return numberOfFloat(
    values.reduce<BinaryFloat>((left, right) => multiplyFloats(left, floatOf(right, BITS), PRODUCT_BITS), one),
  );
}
