import { describe, expect, it } from "vitest";
import { shown } from "../../../test/rego/call.js";
import { parseNumber, RegoObject, RegoSet, type Value } from "../value/index.js";

const s = (...items: Value[]): RegoSet => RegoSet.of(items);

describe("collections", () => {
  it.each<[string, Value[], string]>([
    ["count", ["a😀é"], "3"],
    ["count", [5], "error: count: operand 1 must be one of {array, object, set, string} but got number"],
    ["sum", [["a"]], "error: sum: operand 1 must be array of numbers but got array containing string"],
    ["max", [[]], "undefined"],
    ["max", [[1, parseNumber("1.0") as Value]], "1.0"],
    ["min", [s("a", 1, null)], "null"],
    ["sort", [["b", 1, s(), [], {}, null, true]], '[null, true, 1, "b", [], {}, set()]'],
    ["internal.member_2", [1, { a: 1 }], "true"],
    ["internal.member_3", [0, "x", ["x"]], "true"],
    ["internal.member_3", ["constructor", {}, {}], "false"],
    ["array.slice", [[1, 2, 3], -5, 99], "[1, 2, 3]"],
    ["array.slice", [[1, 2, 3], 2, 1], "[]"],
    ["array.flatten", [[1, [2, [3]], s(4)]], "[1, 2, [3], {4}]"],
    ["union", [s(s(1), s(2))], "{1, 2}"],
    ["intersection", [s()], "set()"],
    ["intersection", [s(s(1, 2), s(2, 3))], "{2}"],
    ["graph.reachable", [{ a: ["b"], b: ["a", "c"] }, ["a"]], '{"a", "b"}'],
    ["graph.reachable_paths", [{ a: ["b", "c"], b: ["a"], c: [] }, ["a"]], '{["a", "b"], ["a", "c"]}'],
    ["object.get", [{ a: { b: null } }, ["a", "b"], 1], "null"],
    ["object.get", [{}, "__proto__", "none"], '"none"'],
    ["object.get", [RegoObject.of([[[1], "x"] as const]), [[1]], 0], '"x"'],
    ["object.union", [{ a: { b: 1, c: 2 } }, { a: { b: 3 } }], '{"a": {"b": 3, "c": 2}}'],
    ["object.union_n", [[{ a: { b: 2 } }, { a: 4 }, { a: { c: 3 } }]], '{"a": {"c": 3}}'],
    ["object.remove", [{ a: 1, b: 2 }, { a: 0 }], '{"b": 2}'],
    ["object.filter", [{ a: 1, b: 2 }, s("a", "z")], '{"a": 1}'],
    ["object.subset", [{ a: [1, 2, 3] }, { a: [2, 3] }], "true"],
    ["object.subset", [[1, 2], s(2)], "true"],
    ["object.subset", [[], s()], "false"],
    [
      "object.subset",
      [{}, []],
      "error: object.subset: both arguments object.subset must be of the same type or array and set",
    ],
    ["walk", [{ a: [1] }], '[[[], {"a": [1]}], [["a"], [1]], [["a", 0], 1]]'],
    ["to_number", ["0x10"], 'error: to_number: strconv.ParseFloat: parsing "0x10": invalid syntax'],
    ["to_number", ["1.50"], "1.50"],
    ["cast_array", [s(2, 1)], "[1, 2]"],
    ["cast_string", [1], "error: cast_string: operand 1 must be string but got number"],
  ])("%s(%j) is %s", (name, args, expected) => {
    expect(shown(name, args)).toBe(expected);
  });

  it("never touches a prototype", () => {
    const hostile = JSON.parse(
      '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}',
    ) as Value;
    shown("object.union", [{}, hostile]);
    shown("json.patch", [{}, [{ op: "add", path: "/__proto__/polluted", value: 1 }]]);
    shown("json.patch", [{}, [{ op: "add", path: "/constructor/prototype", value: 1 }]]);
    shown("json.filter", [hostile, ["__proto__/polluted"]]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(shown("object.get", [hostile, ["__proto__", "polluted"], 0])).toBe("1");
  });
});
