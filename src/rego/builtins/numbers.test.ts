import { describe, expect, it } from "vitest";
import { call, shown } from "../../../test/rego/call.js";
import { parseNumber, RegoSet, type Value } from "../value/index.js";
import { plainContext } from "./index.js";

const n = (text: string): Value => parseNumber(text) as Value;

describe("numbers", () => {
  it.each<[string, Value[], string]>([
    ["plus", [n("1e30"), 1], "1000000000000000000000000000001"],
    ["plus", [1, "a"], "error: plus: operand 2 must be number but got string"],
    ["minus", [RegoSet.of([1, 2]), RegoSet.of([2])], "{1}"],
    ["minus", [1, RegoSet.of([2])], "error: minus: operand 2 must be number but got set"],
    ["minus", [RegoSet.of([2]), 1], "error: minus: operand 2 must be set but got number"],
    ["div", [1, 0], "error: div: divide by zero"],
    ["rem", [1.5, 1], "error: rem: modulo on floating-point number"],
    ["bits.lsh", [1, 70], "1180591620717411303424"],
    ["bits.lsh", [1, -1], "error: bits.lsh: operand 2 must be an unsigned integer number but got a negative integer"],
    ["bits.lsh", [1, n("1e9")], "error: bits.lsh: number too large"],
    ["bits.lsh", [0, n("1e9")], "0"],
    ["bits.rsh", [-5, n("1e9")], "-1"],
    ["bits.and", [1.5, 1], "error: bits.and: operand 1 must be integer number but got floating-point number"],
    ["bits.negate", [0], "-1"],
    ["format_int", [-15.9, 16], '"-f"'],
    ["format_int", [15, 3], "error: format_int: operand 2 must be one of {2, 8, 10, 16}"],
    ["numbers.range", [3, 1], "[3, 2, 1]"],
    [
      "numbers.range",
      [n("9007199254740991"), n("9007199254740993")],
      "[9007199254740991, 9007199254740992, 9007199254740993]",
    ],
    ["numbers.range_step", [0, 7, 3], "[0, 3, 6]"],
    ["numbers.range_step", [0, 7, 0], "error: numbers.range_step: numbers.range_step: step must be a positive integer"],
    ["rand.intn", ["x", 0], "0"],
  ])("%s(%j) is %s", (name, args, expected) => {
    expect(shown(name, args)).toBe(expected);
  });

  it("draws the same number for the same arguments within a query", () => {
    const context = plainContext(0n, 42);
    const draws = Array.from({ length: 20 }, (_, i) => call("rand.intn", [`name ${i}`, 1_000_000], context));
    expect(new Set(draws).size).toBeGreaterThan(15);
    expect(draws).toEqual(Array.from({ length: 20 }, (_, i) => call("rand.intn", [`name ${i}`, 1_000_000], context)));
    expect(draws.every((draw) => typeof draw === "number" && draw >= 0 && draw < 1_000_000)).toBe(true);
  });
});
