import { describe, expect, it } from "vitest";
import { shown } from "../../../test/rego/call.js";
import { parseNumber, RegoSet, type Value } from "../value/index.js";

const n = (text: string): Value => parseNumber(text) as Value;

describe("strings", () => {
  it.each<[string, Value[], string]>([
    ["indexof", ["x😀y", "y"], "2"],
    ["indexof", ["x", ""], "error: indexof: empty search character"],
    ["indexof_n", ["aaa", "aa"], "[0, 1]"],
    ["substring", ["a😀b", 1, 1], '"😀"'],
    ["substring", ["abc", -1, 1], "error: substring: negative offset"],
    ["substring", ["abc", 1, -1], '"bc"'],
    ["split", ["a😀", ""], '["a", "😀"]'],
    ["strings.split_n", ["a,b,c", ",", -2], '["b", "c"]'],
    ["strings.count", ["aaa", "aa"], "1"],
    ["strings.reverse", ["a😀b"], '"b😀a"'],
    ["replace", ["abc", "", "-"], '"-a-b-c-"'],
    ["strings.replace_n", [{ a: "b", b: "a" }, "ab"], '"ba"'],
    [
      "strings.replace_n",
      [{ a: 1 }, "ab"],
      "error: strings.replace_n: operand 1 non-string value found in pattern object",
    ],
    ["upper", ["ßı"], '"ßI"'],
    ["lower", ["İ"], '"i"'],
    ["trim", ["😀a😀", "😀"], '"a"'],
    ["trim_space", ["\u0085 a\ufeff"], '"a\\ufeff"'],
    ["concat", [",", RegoSet.of(["b", "a"])], '"a,b"'],
    ["concat", [",", ["a", 1]], "error: concat: operand 2 must be array of strings but got array containing number"],
    [
      "strings.any_prefix_match",
      [
        ["x", "ab"],
        ["a", "q"],
      ],
      "true",
    ],
    ["sprintf", ["%d|%5d|%-5d|%05d|%+d", [1, 2, 3, 4, 5]], '"1|    2|3    |00004|+5"'],
    ["sprintf", ["%d %s %t", [1.5, 1, true]], '"%!d(float64=1.5) %!s(int64=1) %!t(string=true)"'],
    ["sprintf", ["%s %s", ["a"]], '"a %!s(MISSING)"'],
    ["sprintf", ["%s", ["a", "b"]], '"a%!(EXTRA string=b)"'],
    ["sprintf", ["%s=%v, %d%%", ["a", ["b"], 5]], '"a=[\\"b\\"], 5%"'],
    ["sprintf", ["%v %s %v", [null, { a: 1 }, -0]], '"null {\\"a\\": 1} 0"'],
    ["sprintf", ["%d %d %s", [["a"], true, 1.5]], '"%!d(string=[\\"a\\"]) %!d(string=true) %!s(float64=1.5)"'],
    ["sprintf", ["%v%d", [1.5, n("9007199254740993")]], '"1.59007199254740993"'],
    ["sprintf", ["%v%", [1]], '"1%!(NOVERB)"'],
    ["sprintf", ["plain", [1]], '"plain%!(EXTRA int64=1)"'],
    ["sprintf", ["%[2]d %[1]d", [1, 2]], '"2 1"'],
    ["sprintf", ["%v %v", [n("12345678901234567890"), n("1e2")]], '"12345678901234567890 100"'],
    ["sprintf", ["%.2f %8.3f %e %g", [2.675, 3.5, 1.5, 0.00001]], '"2.67    3.500 1.500000e+00 1e-05"'],
    ["sprintf", ["%q %x %U %c", ["é\n", "hi", 65, 65]], '"\\"é\\\\n\\" 6869 U+0041 A"'],
    ["sprintf", ["%v", [{ a: RegoSet.of([1]) }]], '"{\\"a\\": {1}}"'],
    ["sprintf", ["%", []], '"%!(NOVERB)"'],
    ["internal.template_string", [["a ", RegoSet.of([1]), RegoSet.EMPTY]], '"a 1<undefined>"'],
  ])("%s(%j) is %s", (name, args, expected) => {
    expect(shown(name, args)).toBe(expected);
  });
});
