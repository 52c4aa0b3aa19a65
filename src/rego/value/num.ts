/**
 * Rego numbers are decimals of any size that keep their source text. A JavaScript `number` stands for the two common
 * cases: safe integers, and short decimals whose text JavaScript prints unchanged (such a number *means* that decimal,
 * so `===` is exact decimal equality). Everything else (`1e2`, `1.50`, `12345678901234567890`) is a `Num`: the text,
 * and its digits and decimal point, which compare without ever expanding an exponent.
 */

/** Exponents beyond this are refused by `parseNumber`, so that digits and points stay exact JavaScript integers. */
const MAX_EXPONENT = 1_000_000_000;
/** More digits than this in one integer are refused: `1e1000000000` must not become a billion digits. */
const MAX_INTEGER_DIGITS = 100_000;

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/;

/** An operation on numbers that has no result: division by zero, a number out of bounds. */
export class ArithmeticError extends Error {
  override readonly name = "ArithmeticError";
}

/** A number that a JavaScript number cannot stand for without losing value or text. */
export class Num {
  /** The number as it was written, or as OPA would print it. */
  readonly text: string;
  readonly negative: boolean;
  /** Significant digits without leading or trailing zeros; empty for zero. */
  readonly digits: string;
  /** The value is 0.`digits` × 10^`point`. */
  readonly point: number;
  /** The JavaScript number that stands for the same value, if there is one. */
  readonly short: number | undefined;

  /** Use `parseNumber`; `text` must be a JSON number with an exponent of bounded size. */
  constructor(text: string) {
    this.text = text;
    this.negative = text.charCodeAt(0) === 45;
    const match = NUMBER.exec(text);
    if (match === null) throw new ArithmeticError(`not a number: ${text.slice(0, 40)}`);
    const mantissaEnd = text.search(/[eE]/);
    const mantissa = text.slice(this.negative ? 1 : 0, mantissaEnd < 0 ? undefined : mantissaEnd);
    const fraction = match[1] ?? "";
    const whole = fraction === "" ? mantissa : mantissa.slice(0, mantissa.length - fraction.length - 1);
    const all = whole + fraction;
    let start = 0;
    while (start < all.length && all.charCodeAt(start) === 48) start++;
    let end = all.length;
    while (end > start && all.charCodeAt(end - 1) === 48) end--;
    this.digits = all.slice(start, end);
    this.point = this.digits === "" ? 0 : whole.length - start + Number(match[2] ?? "0");
    this.short = shortForm(this.negative, this.digits, this.point);
  }

  toString(): string {
    return this.text;
  }
}

function shortForm(negative: boolean, digits: string, point: number): number | undefined {
  if (digits === "") return 0;
  if (digits.length > 17 || point > 17 || point < -6) return undefined;
  const sign = negative ? "-" : "";
  const plain =
    point >= digits.length
      ? digits.padEnd(point, "0")
      : point > 0
        ? `${digits.slice(0, point)}.${digits.slice(point)}`
        : `0.${"0".repeat(-point)}${digits}`;
  return shortNumber(sign + plain);
}

/** The JavaScript number that prints as `text`, if it may stand for it. */
function shortNumber(text: string): number | undefined {
  const value = Number(text);
  if (String(value) !== text) return undefined;
  if (Number.isInteger(value)) return Number.isSafeInteger(value) ? value : undefined;
  return Number.isFinite(value) && !text.includes("e") ? value : undefined;
}

/** The number that `text` (JSON syntax) writes, or undefined when it is not one or its exponent is beyond all bounds. */
export function parseNumber(text: string): number | Num | undefined {
  const short = shortNumber(text);
  if (short !== undefined) return short;
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  if (Math.abs(Number(match[2] ?? "0")) > MAX_EXPONENT) return undefined;
  return new Num(text);
}

/** The text of a number as Rego prints it. */
export function numberText(value: number | Num): string {
  return typeof value === "number" ? String(value) : value.text;
}

/** A JavaScript number as a Rego number; for integers and for what JavaScript code computed in doubles. */
export function numberFrom(value: number): number | Num {
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  if (!Number.isFinite(value)) throw new ArithmeticError("number out of bounds");
  return parseNumber(String(value)) ?? 0;
}

export function numberFromBigInt(value: bigint): number | Num {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : new Num(value.toString());
}

/**
 * The integer of exactly this value, or undefined when there is a fraction.
 * @throws ArithmeticError when it has more digits than any policy needs
 */
export function toBigInt(value: number | Num): bigint | undefined {
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : undefined;
  if (value.digits === "") return 0n;
  if (value.point < value.digits.length) return undefined;
  if (value.point > MAX_INTEGER_DIGITS) throw new ArithmeticError("number too large");
  const magnitude = BigInt(value.digits.padEnd(value.point, "0"));
  return value.negative ? -magnitude : magnitude;
}

/** The integer of exactly this value when it is a safe one, else undefined. */
export function toSafeInteger(value: number | Num): number | undefined {
  const short = typeof value === "number" ? value : value.short;
  return short !== undefined && Number.isInteger(short) ? short : undefined;
}

/** The nearest double; infinite when the number is beyond them. */
export function toDouble(value: number | Num): number {
  return typeof value === "number" ? value : Number(value.text);
}

/** Exact numeric order: negative, zero or positive. */
export function compareNumbers(a: number | Num, b: number | Num): number {
  const left = typeof a === "number" ? a : a.short;
  const right = typeof b === "number" ? b : b.short;
  if (left !== undefined && right !== undefined) return left < right ? -1 : left > right ? 1 : 0;
  return compareDecimals(asNum(a), asNum(b));
}

/** The long form of any number. */
export function asNum(value: number | Num): Num {
  return typeof value === "number" ? new Num(String(value)) : value;
}

function compareDecimals(a: Num, b: Num): number {
  const signA = a.digits === "" ? 0 : a.negative ? -1 : 1;
  const signB = b.digits === "" ? 0 : b.negative ? -1 : 1;
  if (signA !== signB) return signA < signB ? -1 : 1;
  if (signA === 0) return 0;
  if (a.point !== b.point) return a.point < b.point ? -signA : signA;
  if (a.digits === b.digits) return 0;
  return a.digits < b.digits ? -signA : signA;
}
