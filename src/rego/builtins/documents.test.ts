import { describe, expect, it } from "vitest";
import { call, shown } from "../../../test/rego/call.js";
import type { Value } from "../value/index.js";

const SCHEMA = "type Query { dog(id: ID!): Dog } type Dog { name: String friend: Dog }";

describe("GraphQL", () => {
  it.each<[string, Value[], string]>([
    ["graphql.is_valid", ["{ dog(id: 1) { name } }", SCHEMA], "true"],
    ["graphql.is_valid", ["{ dog { name } }", SCHEMA], "false"],
    ["graphql.is_valid", ["{ dog(id: 1) { ...F } } fragment F on Dog { ...F }", SCHEMA], "false"],
    [
      "graphql.parse_query",
      ["{ a: }"],
      "error: graphql.parse_query: Expected Name, found } in GraphQL string at location 1:6",
    ],
    [
      "graphql.parse_query",
      ["{ 'x' }"],
      "error: graphql.parse_query: Expected Name, found <Invalid> in GraphQL string at location 1:3",
    ],
    ["graphql.schema_is_valid", ["type Query { a: Nope }"], "false"],
    ["graphql.parse_and_verify", ["{", SCHEMA], "[false, {}, {}]"],
    [
      "graphql.parse",
      ["{ dog(id: 1) }", SCHEMA],
      'error: graphql.parse: Field "dog" of type "Dog" must have a selection of subfields in GraphQL string at location 1:3',
    ],
    [
      "graphql.parse_query",
      ["{a}"],
      '{"Operations": [{"Name": "", "Operation": "query", "SelectionSet": [{"Alias": "a", "Name": "a"}]}]}',
    ],
  ])("%s(%j) is %s", (name, args, expected) => {
    expect(shown(name, args)).toBe(expected);
  });

  it("validates documents given as values, in which a fragment never passes for one", () => {
    const query = call("graphql.parse_query", ["{ dog(id: 1) { name } }"]) as Value;
    const schema = call("graphql.parse_schema", [SCHEMA]) as Value;
    expect(call("graphql.is_valid", [query, schema])).toBe(true);
    const spread = call("graphql.parse_query", ["{ dog(id: 1) { ...F } } fragment F on Dog { name }"]) as Value;
    expect(call("graphql.is_valid", [spread, schema])).toBe(false);
    expect(call("graphql.is_valid", [{ Operations: 5 }, schema])).toBe(false);
  });
});

describe("JSON Schema", () => {
  it.each<[Value, Value, string]>([
    [
      { a: 1 },
      { required: ["b"] },
      '[false, [{"desc": "b is required", "error": "(Root): b is required", "field": "(Root)", "type": "required"}]]',
    ],
    [
      { a: [1, "x"] },
      { properties: { a: { items: { type: "integer" } } } },
      '[false, [{"desc": "Invalid type. Expected: integer, given: string", "error": "a.1: Invalid type. Expected: integer, given: string", "field": "a.1", "type": "invalid_type"}]]',
    ],
    [{ n: 0.3 }, { properties: { n: { multipleOf: 0.1 } } }, "[true, []]"],
    [
      [{ a: [] }],
      {
        $ref: "#/definitions/x",
        definitions: { x: { type: "array", items: { properties: { a: { $ref: "#/definitions/x" } } } } },
      },
      "[true, []]",
    ],
    [
      {},
      { $ref: "http://example.com/schema" },
      "error: json.match_schema: remote reference loading disabled: http://example.com/schema",
    ],
    [{}, { $ref: "#" }, "error: json.match_schema: limit exceeded"],
  ])("%j against %j is %s", (document, schema, expected) => {
    expect(shown("json.match_schema", [document, schema])).toBe(expected);
  });
});

describe("templates", () => {
  it.each<[string, Value, string]>([
    ["{{.a}} {{.zz}}", { a: 1.5 }, '"1.5 <undefined>"'],
    ["{{range $i, $e := .l}}{{if $i}},{{end}}{{$e}}{{end}}", { l: ["a", "b"] }, '"a,b"'],
    [
      '{{define "t"}}{{template "t"}}{{end}}{{template "t"}}',
      {},
      'error: strings.render_template: template: template:1: executing "template": exceeded maximum template depth',
    ],
    ["{{nope}}", {}, 'error: strings.render_template: template: template:1: function "nope" not defined'],
    [
      "{{.a.b}}",
      { a: "x" },
      'error: strings.render_template: template: template:1: executing "template": can\'t evaluate field b',
    ],
    ["{{.constructor}}", {}, '"<undefined>"'],
  ])("%j with %j is %s", (template, data, expected) => {
    expect(shown("strings.render_template", [template, data])).toBe(expected);
  });
});

describe("rego.parse_module", () => {
  it("answers the tree, or the mistake with its place", () => {
    expect(shown("rego.parse_module", ["x.rego", "package a.b\n\np := 1"])).toContain('"name": "p"');
    expect(shown("rego.parse_module", ["x.rego", "package a\n\np :="])).toMatch(
      /^error: rego.parse_module: .*x.rego:3/s,
    );
  });
});
