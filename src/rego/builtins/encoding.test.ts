import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { call, shown } from "../../../test/rego/call.js";
import { parseNumber, RegoSet, type Value, writeJson } from "../value/index.js";
import { bytesOfText, textOfBytes } from "./bytes.js";

describe("encodings", () => {
  it.each<[string, Value[], string]>([
    [
      "json.marshal",
      [{ b: RegoSet.of([2, 1]), a: "<&>" }],
      '"{\\"a\\":\\"\\\\u003c\\\\u0026\\\\u003e\\",\\"b\\":[1,2]}"',
    ],
    ["json.marshal_with_options", [{ a: [1] }, { indent: " ", prefix: ">" }], '">{\\n> \\"a\\": [\\n>  1\\n> ]\\n>}"'],
    [
      "json.marshal_with_options",
      [1, { x: 1 }],
      "error: json.marshal_with_options: operand 2 object contained unknown key x",
    ],
    ["json.unmarshal", ['{"a": 1.50}'], '{"a": 1.50}'],
    ["json.is_valid", ["{"], "false"],
    ["json.is_valid", [5], "false"],
    ["yaml.unmarshal", ["a: [yes, 0x1f, 1_000, ~]"], '{"a": ["yes", 31, 1000, null]}'],
    [
      "yaml.marshal",
      [{ b: "yes", a: [1, { c: null }], "1": "x: y" }],
      '"\\"1\\": \'x: y\'\\na:\\n  - 1\\n  - c: null\\nb: \\"yes\\"\\n"',
    ],
    ["base64.decode", ["YQ"], "error: base64.decode: illegal base64 data at input byte 2"],
    ["base64url.decode", ["YQ"], '"a"'],
    ["hex.decode", ["6g"], "error: hex.decode: encoding/hex: invalid byte: U+0067 'g'"],
    ["urlquery.encode", ["a b&é~"], '"a+b%26%C3%A9~"'],
    ["urlquery.decode_object", ["a=1&b=%20&a=2"], '{"a": ["1", "2"], "b": [" "]}'],
    ["urlquery.decode_object", ["a=%zz"], 'error: urlquery.decode_object: invalid URL escape "%zz"'],
    ["urlquery.encode_object", [{ b: "1", a: ["x", "y"] }], '"a=x&a=y&b=1"'],
    ["json.filter", [{ a: { b: 1, c: 2 }, d: [1, 2] }, ["a/b", "d/1"]], '{"a": {"b": 1}, "d": [2]}'],
    ["json.remove", [{ a: [1, 2, 3] }, ["a/0", "a/2"]], '{"a": [2]}'],
    ["json.patch", [{ a: [1] }, [{ op: "add", path: "/a/-", value: 2 }]], '{"a": [1, 2]}'],
    [
      "json.patch",
      [
        { a: 1 },
        [
          { op: "test", path: "/a", value: 1 },
          { op: "move", from: "/a", path: "/b" },
        ],
      ],
      '{"b": 1}',
    ],
    ["json.patch", [{ a: RegoSet.of([1]) }, [{ op: "add", path: ["a", 2], value: 2 }]], '{"a": {1, 2}}'],
    [
      "json.patch",
      [{}, [{ op: "remove", path: "/x" }]],
      'error: json.patch: path "x" does not exist in object term {}',
    ],
    [
      "json.patch",
      [[1], [{ op: "add", path: "/01", value: 1 }]],
      "error: json.patch: leading zeros are not allowed in JSON paths",
    ],
  ])("%s(%j) is %s", (name, args, expected) => {
    expect(shown(name, args)).toBe(expected);
  });

  it("carry bytes that are no text from one encoding to the other", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = textOfBytes(bytes);
        expect([...bytesOfText(text)]).toEqual([...bytes]);
        const hex = Buffer.from(bytes).toString("hex");
        expect(call("hex.encode", [call("base64.decode", [Buffer.from(bytes).toString("base64")]) as Value])).toBe(hex);
        expect(() => JSON.parse(writeJson(text))).not.toThrow();
        expect(writeJson(text)).not.toMatch(/[\ud800-\udfff]|\\ud[89a-f]/u);
      }),
      { seed: 11 },
    );
  });

  it("write YAML that reads back as the same value", () => {
    const scalar = fc.oneof(
      fc.string({ unit: fc.constantFrom(..."ab :-#'\"\n\t[]{},&*!|>%@`?=~.01exyYnN\u00e9😀") }),
      fc.constantFrom(
        "true",
        "null",
        "~",
        "1e3",
        "0x1",
        "yes",
        "2020-01-01",
        "-",
        "---",
        "<<",
        ".inf",
        "1:20",
        "\u0085",
        " x ",
        "",
      ),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        scalar,
        fc.array(tie("tree"), { maxLength: 4 }),
        // `<<` is a merge to whoever reads it, in OPA too.
        fc.dictionary(
          fc.string({ maxLength: 4 }).filter((key) => key !== "<<"),
          tie("tree"),
          { maxKeys: 4 },
        ),
      ),
    }));
    fc.assert(
      fc.property(tree as fc.Arbitrary<Value>, (value) => {
        const text = call("yaml.marshal", [value]) as string;
        expect(writeJson(call("yaml.unmarshal", [text]) as Value), text).toBe(writeJson(value));
      }),
      { seed: 11, numRuns: 500 },
    );
  });

  it("keep the text of numbers that JSON holds", () => {
    expect(shown("json.marshal", [[parseNumber("1.50") as Value, parseNumber("1e2") as Value]])).toBe('"[1.50,1e2]"');
  });
});
