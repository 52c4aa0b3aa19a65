import { describe, expect, it } from "vitest";
import {
  abs,
  add,
  ceil,
  compareNumbers,
  divide,
  equal,
  floor,
  multiply,
  type Num,
  numberText,
  parseNumber,
  product,
  remainder,
  round,
  subtract,
  sum,
} from "./index.js";

const n = (text: string): number | Num => {
  const value = parseNumber(text);
  if (value === undefined) throw new Error(`not a number: ${text}`);
  return value;
};
const text = (value: number | Num) => numberText(value);

describe("numbers", () => {
  it("keep their text, and stand for themselves only when JavaScript prints the same", () => {
    for (const source of ["1e2", "1.50", "-0", "1E+5", "12345678901234567890", "0.00000000000000000001", "3.0"]) {
      expect(text(n(source))).toBe(source);
      expect(typeof n(source)).toBe("object");
    }
    for (const source of ["0", "-1", "9007199254740991", "0.1", "123.456"]) expect(typeof n(source)).toBe("number");
    for (const source of ["", "01", "1.", ".5", "+1", "0x1", "NaN", "1e99999999999"]) {
      expect(parseNumber(source)).toBeUndefined();
    }
  });

  it("compare exactly, whatever the notation or the size", () => {
    expect(equal(n("1.0"), 1)).toBe(true);
    expect(equal(n("1e2"), n("100.00"))).toBe(true);
    expect(equal(n("-0"), 0)).toBe(true);
    expect(equal(n("9007199254740993"), n("9007199254740992"))).toBe(false);
    expect(compareNumbers(n("9007199254740993"), n("9007199254740992"))).toBe(1);
    expect(compareNumbers(n("1e999999999"), n("-1e999999999"))).toBe(1);
    expect(compareNumbers(n("1e-999999999"), 0)).toBe(1);
    expect(compareNumbers(n("0.1"), n("0.1000000000000000000001"))).toBe(-1);
    expect(compareNumbers(n("-12345678901234567890"), n("-12345678901234567891"))).toBe(1);
  });
});

describe("arithmetic", () => {
  it.each([
    ["36893488147419103233 + 1", add(n("36893488147419103233"), 1), "36893488147419103234"],
    ["9007199254740991 + 1", add(9007199254740991, 1), "9007199254740992"],
    ["1e30 + 1", add(n("1e30"), 1), "1000000000000000000000000000001"],
    ["0.1 + 0.2", add(0.1, 0.2), "0.3"],
    ["1.50 + 0", add(n("1.50"), 0), "1.5"],
    ["1234567.5 + 0", add(1234567.5, 0), "1.2345675e+06"],
    ["1e-7 + 0", add(n("1e-7"), 0), "1e-07"],
    ["1 - 0.9", subtract(1, 0.9), "0.10000000000000000002"],
    ["100000000.25 * 1", multiply(100000000.25, 1), "1.0000000025e+08"],
    ["-1 * 0", multiply(-1, 0), "0"],
    ["1 / 3", divide(1, 3), "0.33333333333333333334"],
    ["10 / 4", divide(10, 4), "2.5"],
    ["0 / -5", divide(0, -5), "-0"],
    ["36893488147419103233 / 1", divide(n("36893488147419103233"), 1), "36893488147419103230"],
    ["-5 % 3", remainder(-5, 3), "-2"],
    ["36893488147419103233 % 7", remainder(n("36893488147419103233"), 7), "5"],
    ["abs(-1.50)", abs(n("-1.50")), "1.5"],
    ["abs(-36893488147419103233)", abs(n("-36893488147419103233")), "36893488147419103230"],
    ["round(2.5)", round(2.5), "3"],
    ["round(-2.5)", round(-2.5), "-3"],
    ["round(36893488147419103233)", round(n("36893488147419103233")), "36893488147419103232"],
    ["ceil(1.2)", ceil(1.2), "2"],
    ["ceil(-1.2)", ceil(-1.2), "-1"],
    ["ceil(-0.3)", ceil(-0.3), "1"],
    ["floor(-1.2)", floor(-1.2), "-2"],
    ["floor(-0.3)", floor(-0.3), "0"],
    ["sum of 1, 1.5", sum([1, 1.5]), "2.5"],
    ["sum beyond 2^53", sum([9007199254740991, 1, 1]), "9007199254740993"],
    ["product of 1.1, 1.1", product([1.1, 1.1]), "1.2100000000000002"],
    ["product of big integers", product([n("36893488147419103233"), 2]), "73786976294838206466"],
    ["product of nothing", product([]), "1"],
  ])("%s", (_what, value, expected) => {
    expect(text(value)).toBe(expected);
  });

  it("refuses zero divisors, fractional remainders and results beyond bounds", () => {
    expect(() => divide(1, n("0.0"))).toThrow("divide by zero");
    expect(() => remainder(1, 0)).toThrow("modulo by zero");
    expect(() => remainder(1.5, 1)).toThrow("modulo on floating-point number");
    expect(() => add(n("1e999999999"), 1)).toThrow("number too large");
    expect(() => add(n("1e-999999999"), 1)).toThrow("number out of bounds");
    const huge = n(`1e90000`);
    expect(() => multiply(multiply(huge, huge), huge)).toThrow("number too large");
  });
});
