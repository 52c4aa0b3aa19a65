/**
 * Binary floating point with a mantissa of chosen width, rounding to nearest even: what OPA computes fractions in
 * (64 bits; 53 in `product`). Doubles give other last digits, so the arithmetic is done on BigInt mantissas. Decimal
 * input and shortest-decimal output follow the rounding of Go's big.Float, whose results policies can observe.
 */
import { ArithmeticError, asNum, type Num } from "./num.js";

/** sign × mantissa × 2^exponent; the mantissa has exactly the chosen number of bits, or is 0n. */
export interface BinaryFloat {
  readonly negative: boolean;
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** Binary exponents beyond this are refused; their decimal expansion would be all that a policy ever computes. */
const MAX_EXPONENT = 200_000;

export function bitLength(value: bigint): number {
  if (value === 0n) return 0;
  const hex = value.toString(16);
  return (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex.charAt(0), 16)));
}

/** Rounds to `bits` bits; `sticky` says that a non-zero part below the mantissa was cut off already. */
function rounded(negative: boolean, mantissa: bigint, exponent: number, bits: number, sticky = false): BinaryFloat {
  if (mantissa === 0n) return { negative, mantissa, exponent: 0 };
  const excess = bitLength(mantissa) - bits;
  let m = mantissa;
  let e = exponent;
  if (excess < 0) {
    m <<= BigInt(-excess);
    e += excess;
  } else if (excess > 0) {
    const shift = BigInt(excess);
    const rest = m & ((1n << shift) - 1n);
    const half = 1n << (shift - 1n);
    m >>= shift;
    e += excess;
    if (rest > half || (rest === half && (sticky || (m & 1n) === 1n))) m += 1n;
    if (bitLength(m) > bits) {
      m >>= 1n;
      e += 1;
    }
  }
  if (Math.abs(e) > MAX_EXPONENT) throw new ArithmeticError("number out of bounds");
  return { negative, mantissa: m, exponent: e };
}

/** 5^n with a mantissa of `bits` bits, by repeated squaring with 64 spare bits. */
function powerOfFive(n: number, bits: number): BinaryFloat {
  const exact = Math.min(n, 27);
  let result = rounded(false, 5n ** BigInt(exact), 0, bits);
  let rest = n - exact;
  let factor = rounded(false, 5n, 0, bits + 64);
  while (rest > 0) {
    if (rest % 2 === 1) {
      result = rounded(false, result.mantissa * factor.mantissa, result.exponent + factor.exponent, bits);
    }
    rest = Math.floor(rest / 2);
    if (rest > 0) factor = rounded(false, factor.mantissa ** 2n, factor.exponent * 2, bits + 64);
  }
  return result;
}

/**
 * The nearest float of a decimal.
 * @throws ArithmeticError when it is out of bounds
 */
export function floatOf(value: number | Num, bits: number): BinaryFloat {
  const num = asNum(value);
  if (num.digits === "") return { negative: num.negative, mantissa: 0n, exponent: 0 };
  const { digits, scale } = writtenMantissa(num.text);
  if (Math.abs(scale) > MAX_EXPONENT) throw new ArithmeticError("number out of bounds");
  const mantissa = BigInt(digits);
  if (scale === 0) return rounded(num.negative, mantissa, 0, bits);
  const power = powerOfFive(Math.abs(scale), bits + 64);
  if (scale > 0) {
    return rounded(num.negative, mantissa * power.mantissa, scale + power.exponent, bits);
  }
  return quotientOf(num.negative, mantissa, scale, power.mantissa, power.exponent, bits);
}

/** All digits as written and the power of ten that they are to be multiplied with. */
function writtenMantissa(text: string): { digits: string; scale: number } {
  const at = text.search(/[eE]/);
  const exponent = at < 0 ? 0 : Number(text.slice(at + 1));
  const mantissa = (at < 0 ? text : text.slice(0, at)).replace("-", "");
  const dot = mantissa.indexOf(".");
  if (dot < 0) return { digits: mantissa, scale: exponent };
  return { digits: mantissa.replace(".", ""), scale: exponent - (mantissa.length - dot - 1) };
}

function quotientOf(negative: boolean, m1: bigint, e1: number, m2: bigint, e2: number, bits: number): BinaryFloat {
  const shift = Math.max(0, bits + 2 - (bitLength(m1) - bitLength(m2)));
  const dividend = m1 << BigInt(shift);
  const quotient = dividend / m2;
  const sticky = quotient * m2 !== dividend;
  // The sticky bit becomes a real low bit, so that one rounding sees it.
  return rounded(negative, (quotient << 1n) | (sticky ? 1n : 0n), e1 - e2 - shift - 1, bits);
}

export function addFloats(a: BinaryFloat, b: BinaryFloat, bits: number): BinaryFloat {
  if (a.mantissa === 0n && b.mantissa === 0n) {
    return { negative: a.negative && b.negative, mantissa: 0n, exponent: 0 };
  }
  if (a.mantissa === 0n) return rounded(b.negative, b.mantissa, b.exponent, bits);
  if (b.mantissa === 0n) return rounded(a.negative, a.mantissa, a.exponent, bits);
  const exponent = Math.min(a.exponent, b.exponent);
  const left = (a.negative ? -a.mantissa : a.mantissa) << BigInt(a.exponent - exponent);
  const right = (b.negative ? -b.mantissa : b.mantissa) << BigInt(b.exponent - exponent);
  const sum = left + right;
  return rounded(sum < 0n, sum < 0n ? -sum : sum, exponent, bits);
}

export function multiplyFloats(a: BinaryFloat, b: BinaryFloat, bits: number): BinaryFloat {
  return rounded(a.negative !== b.negative, a.mantissa * b.mantissa, a.exponent + b.exponent, bits);
}

/** `b` must not be zero. */
export function divideFloats(a: BinaryFloat, b: BinaryFloat, bits: number): BinaryFloat {
  const negative = a.negative !== b.negative;
  if (a.mantissa === 0n) return { negative, mantissa: 0n, exponent: 0 };
  return quotientOf(negative, a.mantissa, a.exponent, b.mantissa, b.exponent, bits);
}

/** The integer part, towards zero. */
export function truncateFloat(a: BinaryFloat): bigint {
  const magnitude = a.exponent >= 0 ? a.mantissa << BigInt(a.exponent) : a.mantissa >> BigInt(-a.exponent);
  return a.negative ? -magnitude : magnitude;
}

export function isInteger(a: BinaryFloat): boolean {
  if (a.exponent >= 0 || a.mantissa === 0n) return true;
  const bits = BigInt(-a.exponent);
  return (a.mantissa & ((1n << bits) - 1n)) === 0n;
}

interface Decimal {
  digits: string;
  /** The value is 0.digits × 10^point. */
  point: number;
}

function decimalOf(mantissa: bigint, exponent: number): Decimal {
  const all =
    exponent >= 0 ? (mantissa << BigInt(exponent)).toString() : (mantissa * 5n ** BigInt(-exponent)).toString();
  const point = exponent >= 0 ? all.length : all.length + exponent;
  return { digits: all.replace(/0+$/, ""), point };
}

/** The shortest decimal that reads back as the same float, in the notation OPA prints. */
export function floatText(a: BinaryFloat): string {
  const sign = a.negative ? "-" : "";
  if (a.mantissa === 0n) return `${sign}0`;
  const short = shortest(a);
  if (isInteger(a)) return sign + plainNotation(short);
  const exponent = short.point - 1;
  return sign + (exponent < -4 || exponent >= 6 ? exponentNotation(short) : plainNotation(short));
}

function plainNotation({ digits, point }: Decimal): string {
  if (point <= 0) return `0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return digits.padEnd(point, "0");
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

function exponentNotation({ digits, point }: Decimal): string {
  const exponent = point - 1;
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
  const size = String(Math.abs(exponent)).padStart(2, "0");
  return `${digits.charAt(0)}${fraction}e${exponent < 0 ? "-" : "+"}${size}`;
}

function shortest(a: BinaryFloat): Decimal {
  const exact = decimalOf(a.mantissa, a.exponent);
  const doubled = a.mantissa << 1n;
  const lower = decimalOf(doubled - 1n, a.exponent - 1);
  const upper = decimalOf(doubled + 1n, a.exponent - 1);
  const inclusive = (a.mantissa & 1n) === 0n;
  for (let i = 0; i < exact.digits.length; i++) {
    const digit = exact.digits.charCodeAt(i);
    const low = i < lower.digits.length ? lower.digits.charCodeAt(i) : 48;
    const high = i < upper.digits.length ? upper.digits.charCodeAt(i) : 48;
    const mayCut = low !== digit || (inclusive && i + 1 === lower.digits.length);
    const mayRaise = digit !== high && (inclusive || digit + 1 < high || i + 1 < upper.digits.length);
    if (mayCut && mayRaise) return nearest(exact, i + 1);
    if (mayCut) return cut(exact, i + 1);
    if (mayRaise) return raise(exact, i + 1);
  }
  return exact;
}

function cut({ digits, point }: Decimal, length: number): Decimal {
  return { digits: digits.slice(0, length).replace(/0+$/, ""), point };
}

function raise({ digits, point }: Decimal, length: number): Decimal {
  let end = length;
  while (end > 0 && digits.charCodeAt(end - 1) === 57) end--;
  if (end === 0) return { digits: "1", point: point + 1 };
  return { digits: digits.slice(0, end - 1) + String.fromCharCode(digits.charCodeAt(end - 1) + 1), point };
}

function nearest(decimal: Decimal, length: number): Decimal {
  const { digits } = decimal;
  if (length >= digits.length) return decimal;
  const next = digits.charCodeAt(length);
  const tie = next === 53 && length + 1 === digits.length;
  const up = tie ? length > 0 && digits.charCodeAt(length - 1) % 2 === 1 : next >= 53;
  return up ? raise(decimal, length) : cut(decimal, length);
}
