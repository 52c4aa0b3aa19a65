import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canonicalKey,
  compare,
  equal,
  lookup,
  objectEntries,
  objectGet,
  parseNumber,
  RegoObject,
  RegoSet,
  readJson,
  regoText,
  type Value,
  writeJson,
} from "./index.js";

const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(null, true, false, 0, 1, -1, "", "a", "__proto__", "constructor", "\u0000s", "\uffee", "😀"),
  fc
    .constantFrom("1", "1.0", "1e0", "1.50", "1e2", "12345678901234567890", "0.1", "-0", "1e400", "1e-400")
    .map((text) => parseNumber(text) as Value),
  fc.integer({ min: -3, max: 3 }),
);
const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => RegoSet.of(items)),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((entries) => RegoObject.of(entries)),
    fc.dictionary(fc.constantFrom("a", "b", "__proto__", "\u0000["), tie("value"), { maxKeys: 3 }),
  ),
})).value;

describe("the order of values", () => {
  it("is total, and agrees with equality and canonical keys", () => {
    fc.assert(
      fc.property(anyValue, anyValue, anyValue, (a, b, c) => {
        expect(Math.sign(compare(a, b))).toBe(0 - Math.sign(compare(b, a)));
        expect(equal(a, b)).toBe(compare(a, b) === 0);
        expect(canonicalKey(a) === canonicalKey(b)).toBe(equal(a, b));
        const [x, y, z] = [a, b, c].sort(compare) as [Value, Value, Value];
        expect(compare(x, y) <= 0 && compare(y, z) <= 0 && compare(x, z) <= 0).toBe(true);
      }),
      { seed: 7, numRuns: 3000 },
    );
  });

  it("goes null, boolean, number, string, array, object, set", () => {
    const values: Value[] = [null, false, true, -1, 5, "a", "b", [], [0], {}, { a: 1 }, RegoSet.EMPTY];
    expect([...values].reverse().sort(compare)).toEqual(values);
  });

  it("orders strings by code point, not by UTF-16 unit", () => {
    expect("\uffee" < "😀").toBe(false);
    expect(compare("\uffee", "😀")).toBeLessThan(0);
    expect(compare("a", "ab")).toBeLessThan(0);
  });
});

describe("collections", () => {
  it("treat numbers of one value as one member or key, and keep the first text", () => {
    const one = parseNumber("1.0") as Value;
    expect(regoText(RegoSet.of([1, one]))).toBe("{1}");
    expect(regoText(RegoSet.of([one, 1]))).toBe("{1.0}");
    expect(regoText(RegoObject.of([[1, "a"] as const, [one, "b"] as const]))).toBe('{1: "b"}');
  });

  it("find the same members and keys whatever their number", () => {
    const part = fc.oneof(leaf, fc.array(leaf, { maxLength: 2 }), fc.dictionary(fc.constantFrom("a", "b"), leaf));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), anyValue, (values, other) => {
        const first = new Map<unknown, Value>();
        for (const value of values) if (!first.has(canonicalKey(value))) first.set(canonicalKey(value), value);
        const members = [...first.values()].sort(compare);
        const set = RegoSet.of(values);
        expect(set.sorted().map(regoText)).toEqual(members.map(regoText));
        expect(set.size).toBe(first.size);
        const object = RegoObject.of(values.map((value, at) => [value, at] as const));
        expect(object.keys().map(regoText)).toEqual(members.map(regoText));
        for (const value of [...values, other]) {
          const key = canonicalKey(value);
          expect(set.get(value)).toBe(first.get(key));
          expect(object.get(value)).toBe(
            first.has(key) ? values.findLastIndex((each) => canonicalKey(each) === key) : undefined,
          );
        }
      }),
      { seed: 7 },
    );
  });

  it("keep their order when they are read while they grow", () => {
    const set = new RegoSet();
    const object = new RegoObject();
    for (let i = 40; i > 0; i--) {
      set.add(i);
      object.set(i, -i);
      expect(set.sorted()[0]).toBe(i);
      expect(object.entries()[0]).toEqual([i, -i]);
    }
    expect(object.keys().length).toBe(40);
    expect(object.get(7)).toBe(-7);
  });

  it("look up own properties only", () => {
    const object = readJson('{"a": 1, "__proto__": {"admin": true}}') as { readonly [key: string]: Value };
    expect(objectGet(object, "constructor")).toBeUndefined();
    expect(objectGet(object, "admin")).toBeUndefined();
    expect(objectGet(object, "__proto__")).toEqual({ admin: true });
    expect(objectGet({}, "__proto__")).toBeUndefined();
    expect(objectEntries(object).map(([key]) => key)).toEqual(["__proto__", "a"]);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it("step into arrays by integer value, into sets by member", () => {
    expect(lookup(["x"], parseNumber("0.0") as Value)).toBe("x");
    expect(lookup(["x"], "0")).toBeUndefined();
    expect(lookup(["x"], "length")).toBeUndefined();
    expect(lookup(["x"], 0.5)).toBeUndefined();
    expect(lookup(RegoSet.of(["x"]), "x")).toBe("x");
    expect(lookup("x", 0)).toBeUndefined();
  });
});

describe("notations", () => {
  it("write JSON with sorted sets, keys as text and HTML characters escaped", () => {
    const value = RegoObject.of([
      [1, RegoSet.of(["b", "a"])] as const,
      [["x", 1], null] as const,
      ["<", parseNumber("1.50") as Value] as const,
    ]);
    expect(writeJson(value)).toBe('{"1":["a","b"],"\\u003c":1.50,"[\\"x\\",1]":null}');
    expect(writeJson([{ a: [] }], "  ")).toBe('[\n  {\n    "a": []\n  }\n]');
  });

  it("write Rego notation with Go's quoting", () => {
    const value = RegoObject.of([
      ["é<\u2028\u0001\n\u007f\u00a0😀", RegoSet.EMPTY] as const,
      [1, { x: [true] }] as const,
    ]);
    expect(regoText(value)).toBe('{1: {"x": [true]}, "é<\\u2028\\x01\\n\\x7f\\u00a0😀": set()}');
  });

  it("read back what they write", () => {
    const json = fc.jsonValue({ noUnicodeString: false }).map((value) => JSON.stringify(value));
    fc.assert(
      fc.property(json, (text) => {
        const value = readJson(text);
        expect(equal(readJson(writeJson(value)), value)).toBe(true);
      }),
      { seed: 7 },
    );
  });
});
