/** Doubles as Go's strconv.FormatFloat prints them: exponents of two digits at least, shortest digits by default. */

/**
 * @param format `e`, `E`, `f`, `g`, `G`, `x`, `X` or `b`
 * @param precision digits after the point (`e`, `f`, `x`) or significant digits (`g`); undefined for the shortest form
 * @param keepZeros keeps trailing zeros of `g`, as the `#` flag does
 */
export function formatFloat(value: number, format: string, precision: number | undefined, keepZeros = false): string {
  const lower = format.toLowerCase();
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const magnitude = Math.abs(value);
  const text = sign + unsigned(magnitude, lower, precision, keepZeros);
  return format === lower ? text : text.toUpperCase();
}

function unsigned(value: number, format: string, precision: number | undefined, keepZeros: boolean): string {
  switch (format) {
    case "e":
      return goExponent(precision === undefined ? value.toExponential() : exponential(value, precision));
    case "f":
      return precision === undefined ? plainDecimal(value) : fixed(value, precision);
    case "x":
      return hexadecimal(value, precision);
    case "b":
      return binaryExponent(value);
    default:
      return general(value, precision, keepZeros);
  }
}

function general(value: number, precision: number | undefined, keepZeros: boolean): string {
  const shortest = precision === undefined;
  const significant = shortest ? undefined : Math.max(1, precision);
  const scientific = significant === undefined ? value.toExponential() : exponential(value, significant - 1);
  const at = scientific.indexOf("e");
  const exponent = Number(scientific.slice(at + 1));
  let digits = scientific.slice(0, at).replace(".", "");
  const limit = shortest
    ? 6
    : (significant ?? 1) > digits.length && digits.length > exponent
      ? digits.length
      : (significant ?? 1);
  if (!keepZeros && !shortest) digits = digits.replace(/0+$/, "") || "0";
  if (keepZeros) digits = digits.padEnd(significant ?? 6, "0");
  if (exponent < -4 || exponent >= limit) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return goExponent(`${digits.charAt(0)}${fraction}e${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`);
  }
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return digits.padEnd(exponent + 1, "0");
  return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

function goExponent(text: string): string {
  return text.replace(/e([+-])([0-9])$/, "e$10$2");
}

/** All digits of the double's exact value are known, so any precision is exact and rounds half to even. */
function exactDecimal(value: number): { digits: string; point: number } {
  const { mantissa, exponent } = parts(value);
  if (exponent >= 0) {
    const digits = (mantissa << BigInt(exponent)).toString();
    return { digits, point: digits.length };
  }
  const digits = (mantissa * 5n ** BigInt(-exponent)).toString();
  return { digits, point: digits.length + exponent };
}

/** Rounds 0.digits × 10^point after `keep` digits, half to even. */
function roundDigits(digits: string, keep: number): { digits: string; carried: boolean } {
  if (keep < 0) return { digits: "", carried: false };
  if (keep >= digits.length) return { digits: digits.padEnd(keep, "0"), carried: false };
  const head = digits.slice(0, keep);
  const next = digits.charCodeAt(keep) - 48;
  const rest = /[1-9]/.test(digits.slice(keep + 1));
  const odd = keep > 0 && digits.charCodeAt(keep - 1) % 2 === 1;
  if (next < 5 || (next === 5 && !rest && !odd)) return { digits: head, carried: false };
  const raised = (BigInt(head === "" ? "0" : head) + 1n).toString().padStart(keep, "0");
  return { digits: raised, carried: raised.length > keep };
}

function exponential(value: number, precision: number): string {
  if (value === 0) return `0${precision > 0 ? `.${"0".repeat(precision)}` : ""}e+0`;
  const exact = exactDecimal(value);
  const { digits, carried } = roundDigits(exact.digits, precision + 1);
  const exponent = exact.point - 1 + (carried ? 1 : 0);
  const kept = carried ? digits.slice(0, precision + 1) : digits;
  const fraction = precision > 0 ? `.${kept.slice(1)}` : "";
  return `${kept.charAt(0)}${fraction}e${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
}

function fixed(value: number, precision: number): string {
  const exact = value === 0 ? { digits: "0", point: 1 } : exactDecimal(value);
  const padded = exact.point < 1 ? "0".repeat(1 - exact.point) + exact.digits : exact.digits;
  const point = Math.max(exact.point, 1);
  const { digits, carried } = roundDigits(padded, point + precision);
  const whole = point + (carried ? 1 : 0);
  return precision === 0 ? digits.slice(0, whole) : `${digits.slice(0, whole)}.${digits.slice(whole)}`;
}

function plainDecimal(value: number): string {
  const text = value.toExponential();
  const at = text.indexOf("e");
  const exponent = Number(text.slice(at + 1));
  const digits = text.slice(0, at).replace(".", "");
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return digits.padEnd(exponent + 1, "0");
  return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

function parts(value: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | 0x10000000000000n, exponent: biased - 1075 };
}

function binaryExponent(value: number): string {
  const { mantissa, exponent } = parts(value);
  return `${mantissa}p${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
}

function hexadecimal(value: number, precision: number | undefined): string {
  let { mantissa, exponent } = parts(value);
  if (mantissa === 0n) return `0x0${precision ? `.${"0".repeat(precision)}` : ""}p+00`;
  while (mantissa < 1n << 60n) {
    mantissa <<= 1n;
    exponent--;
  }
  if (precision !== undefined && precision < 15) {
    const shift = BigInt(60 - precision * 4);
    const rest = mantissa & ((1n << shift) - 1n);
    const half = 1n << (shift - 1n);
    mantissa >>= shift;
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa += 1n;
    mantissa <<= shift;
    if (mantissa >= 1n << 61n) {
      mantissa >>= 1n;
      exponent++;
    }
  }
  const power = exponent + 60;
  let fraction = (mantissa & ((1n << 60n) - 1n)).toString(16).padStart(15, "0");
  fraction =
    precision === undefined ? fraction.replace(/0+$/, "") : fraction.slice(0, precision).padEnd(precision, "0");
  const dot = fraction === "" ? "" : `.${fraction}`;
  return `0x1${dot}p${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
