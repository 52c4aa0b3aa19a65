import { describe, expect, it } from "vitest";
import { readJson, readYaml, ValueSyntaxError, writeJson } from "./index.js";

describe("readJson", () => {
  it("keeps the text of every number", () => {
    const source = '{"a":1e2,"b":[1.50,-0,12345678901234567890,0.1],"c":"1e2 , 1.50 "}';
    expect(writeJson(readJson(source))).toBe(source);
    expect(writeJson(readJson(" 1.0 "))).toBe("1.0");
  });

  it("makes `__proto__` an own key in both parsers", () => {
    for (const source of ['{"__proto__":{"x":1}}', '{"__proto__":{"x":1.0}}']) {
      const value = readJson(source) as object;
      expect(Object.hasOwn(value, "__proto__")).toBe(true);
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(writeJson(value as never)).toBe(source);
    }
  });

  it("replaces lone surrogates and keeps pairs", () => {
    expect(readJson('"\\ud800"')).toBe("\ufffd");
    expect(readJson('"\\ud83d\\ude00"')).toBe("😀");
  });

  it.each([
    "",
    "[1e2",
    '{"a":1e2',
    "[1e2,]",
    '{"a" 1e2}',
    "{1e2:1}",
    "1e2 x",
    "[01.0]",
    '["\\x", 1e2]',
    "[1e2}",
    "nul",
  ])("refuses %j", (source) => {
    expect(() => readJson(source)).toThrow(ValueSyntaxError);
  });

  it("refuses deep nesting before it can exhaust the stack", () => {
    expect(() => readJson("[".repeat(1_000_000))).toThrow("nested deeper");
    expect(() => readJson(`${"[".repeat(500_000)}${"]".repeat(500_000)}`)).toThrow("nested deeper");
    expect(() => readJson(`"${"[".repeat(5_000)}"`)).not.toThrow();
  });
});

describe("readYaml", () => {
  it("resolves scalars as OPA does", () => {
    const source = [
      "plain: [yes, on, true, ~, null, 2020-01-01, 1.50, 1e3, 0x10, 0o17, 017, 1_000, 0b11, -5, .5]",
      "quoted: ['1', \"true\"]",
      "big: [9007199254740993, 18446744073709551615, 123456789012345678901234]",
      "tagged: [!!str 1, !!float 2, !!int 3, !custom x]",
    ].join("\n");
    expect(writeJson(readYaml(source))).toBe(
      '{"big":[9007199254740993,18446744073709551615,1.2345678901234569e+23],' +
        '"plain":["yes","on",true,null,null,"2020-01-01",1.5,1000,16,15,15,1000,3,-5,0.5],' +
        '"quoted":["1","true"],"tagged":["1",2,3,"x"]}',
    );
  });

  it("takes the first document, the last of equal keys, and merges", () => {
    expect(readYaml("a: 1\n---\na: 2\n")).toEqual({ a: 1 });
    expect(readYaml("a: 1\na: 2\n")).toEqual({ a: 2 });
    expect(readYaml("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n")).toEqual({ x: { a: 1, b: 2 }, y: { a: 1, b: 3 } });
    expect(readYaml("1: a\ntrue: b\n1.5: c\n")).toEqual({ "1": "a", true: "b", "1.5": "c" });
    expect(readYaml("")).toBe(null);
  });

  it.each(["a: [", "null: a", "? [1]\n: v", "a: *nowhere", "a: .inf", "a: 1\n---\nb: [", "!!int x", "\tx: 1"])(
    "refuses %j",
    (source) => {
      expect(() => readYaml(source)).toThrow(ValueSyntaxError);
    },
  );

  it("refuses alias bombs and makes `__proto__` an own key", () => {
    const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}]`);
    expect(() => readYaml(["l0: &l0 [x]", ...levels].join("\n"))).toThrow(ValueSyntaxError);
    expect(Object.hasOwn(readYaml("__proto__: {x: 1}") as object, "__proto__")).toBe(true);
  });
});
