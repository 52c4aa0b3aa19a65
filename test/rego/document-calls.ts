/** Calls whose arguments are documents in another language: GraphQL, JSON Schema, templates, tokens, Rego. */
import { createHmac } from "node:crypto";
import { RegoSet, type Value } from "../../src/rego/value/index.js";
import type { Call } from "./opa-calls.js";

const SCHEMA = `
"""A thing
  with lines"""
type Query { dog(id: ID!, n: Int = 1, in: In, e: E): Dog  pets: [Pet!]!  name: String }
interface Pet { name(upper: Boolean): String }
type Dog implements Pet { name(upper: Boolean): String barks: Boolean! friend: Pet age: Int }
type Cat implements Pet { name(upper: Boolean): String meows: Boolean! age: String }
union Animal = Dog | Cat
enum E { A B }
input In { a: Int! b: [String] c: In }
type Subscription { tick: Int tock: Int }
directive @mark(x: Int!) repeatable on FIELD
extend type Dog { tail: Int } # trailing
`;

const QUERIES = [
  "{ dog(id: 1) { name } }",
  "query Q($id: ID!, $n: Int) { dog(id: $id, n: $n) { name(upper: true) ...F friend { ... on Cat { meows } } } } fragment F on Dog { barks @skip(if: false) }",
  "{ dog { name } }",
  "{ dog(id: 1) }",
  "{ name { x } }",
  "{ nope }",
  "{ dog(id: 1, zz: 2) { name } }",
  "{ dog(id: 1, id: 2) { name } }",
  '{ dog(id: 1, in: {a: 1, b: ["x"]}) { name } }',
  '{ dog(id: 1, in: {b: ["x"]}) { name } }',
  "{ dog(id: 1, in: {a: 1, z: 2}) { name } }",
  '{ dog(id: 1, in: {a: "s"}) { name } }',
  "{ dog(id: 1, e: A) { name } }",
  "{ dog(id: 1, e: C) { name } }",
  '{ dog(id: 1, e: "A") { name } }',
  "{ dog(id: 1, n: 99999999999999999999) { name } }",
  "{ pets { name barks } }",
  "{ pets { ... on Dog { age } ... on Cat { age } } }",
  "{ pets { ... on Dog { x: name } ... on Cat { x: name(upper: true) } } }",
  "{ a: name a: pets { name } }",
  "{ dog(id: 1) { name @mark(x: 1) @mark(x: 2) } }",
  "{ dog(id: 1) { name @mark } }",
  "{ dog(id: 1) { name @include(if: true) @include(if: true) } }",
  "{ dog(id: 1) { name @unknown } }",
  "query ($x: Int) { name }",
  "query ($x: Dog) { dog(id: $x) { name } }",
  "query ($x: Int) { dog(id: $x) { name } }",
  "query ($x: ID) { dog(id: $x) { name } }",
  "query ($x: ID = 3) { dog(id: $x) { name } }",
  "{ dog(id: $y) { name } }",
  "{ ...F } fragment F on Query { ...F }",
  "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }",
  "{ name } fragment F on Query { name }",
  "{ ...Z }",
  "{ ... on Dog { name } }",
  "{ ... on String { name } }",
  "{ name } { name }",
  "query A { name } query A { name }",
  "mutation { name }",
  "subscription { tick }",
  "subscription { tick tock }",
  "{ __schema { types { name } } __typename }",
  '{ __type(name: "Dog") { fields { type { fields { type { fields { name } } } } } } }',
  "{ dog(id: 1) { friend { ... on Dog { barks } } } }",
  "{ dog(id: 1) { friend { ...X } } } fragment X on Cat { meows }",
  "# comment\nquery { # inner\n name }",
  '{ dog(id: """\n  block\n   more\n""") { name } }',
  '{ dog(id: "\\u00e9\\n") { name } }',
  "{",
  "{ }",
  "{ a: }",
  "query ($x: Int = $y) { name }",
  "fragment on on Query { name }",
  "{ name ... }",
  "{ 'x' }",
  "{ dog(id: 01) { name } }",
  "{ dog(id: 1.) { name } }",
  '{ dog(id: "x) { name } }',
  "{ name \u0007 }",
  "",
];

const SCHEMAS = [
  SCHEMA,
  "type Query { a: Int }",
  "type Query { a: Nope }",
  "type Query",
  "type Query { }",
  "type Query { a: Int } type Query { b: Int }",
  "type Query { __a: Int }",
  "schema { query: Q } type Q { a: Int }",
  "schema { query: Z }",
  "schema { query: Q } schema { query: Q } type Q { a: Int }",
  "enum E { true }",
  "enum E { A A }",
  "union U = A | B type A { x: Int }",
  "union U = A | A type A { x: Int }",
  "input I { i: I! }",
  "input I { i: [I!]! } type Query { a(i: I): Int }",
  "input I { q: Query } type Query { a: Int }",
  "interface N { a: Int } type T implements N { b: Int }",
  "interface N { a: Int } type T implements N { a: String }",
  "interface N { a(x: Int): Int } type T implements N { a: Int }",
  "interface N { a: Int } type T implements N { a(x: Int!): Int }",
  "directive @d(x: Int @d) on ARGUMENT_DEFINITION",
  "directive @skip(if: Boolean!) on FIELD",
  "directive @d on FIELD directive @d on FIELD",
  "directive @d on NOWHERE",
  "type Query { a: Int @deprecated }",
  "type Query { a: Int @nope }",
  "type Query @deprecated { a: Int }",
  "type Query { a: Int @deprecated @deprecated }",
  "extend type Nope { a: Int }",
  "extend enum Nope { A }",
  "scalar A extend type A { x: Int }",
  "extend type Query",
  '"d" extend type Query { a: Int }',
  "type Query { a(x: Query): Int }",
  '"""doc""" scalar S @specifiedBy(url: "x")',
  '# c1\n"desc"\n# c2\ntype T { # c3\n # c4\n a: Int # c5\n} # c6',
  "{",
  "type Query { a }",
  "|",
];

const JSON_SCHEMAS: [Value, Value][] = [
  [{ a: 1 }, { type: "object", required: ["b"], properties: { a: { type: "string" } } }],
  [
    { a: 1, z: 2 },
    { additionalProperties: false, properties: { a: {} } },
  ],
  [[1, 2, 2], { uniqueItems: true, minItems: 4, maxItems: 2, items: { type: "string" } }],
  [[1, "x", 3], { items: [{ type: "integer" }], additionalItems: { type: "string" } }],
  [[1, 2], { items: [{}], additionalItems: false }],
  [[1], { contains: { type: "string" } }],
  [
    { n: 5 },
    { properties: { n: { minimum: 6, maximum: 4, multipleOf: 2, exclusiveMinimum: 5, exclusiveMaximum: 5 } } },
  ],
  [{ n: 0.3 }, { properties: { n: { multipleOf: 0.1 } } }],
  [{ s: "abc" }, { properties: { s: { minLength: 5, pattern: "^x", format: "email", enum: ["x", 1], const: "y" } } }],
  [{ s: "abc" }, { properties: { s: { maxLength: 2 } } }],
  [{ a: 1 }, { anyOf: [{ required: ["b"] }, { properties: { a: { type: "string" } } }] }],
  [{ a: 1 }, { oneOf: [{ required: ["a"] }, { properties: { a: { type: "integer" } } }] }],
  [{ a: 1 }, { allOf: [{ required: ["b"] }, { type: "array" }] }],
  [{ a: 1 }, { not: { type: "object" } }],
  [{ a: 1 }, '{"if": {"required": ["a"]}, "then": {"required": ["b"]}}'],
  [{ c: 1 }, { if: { required: ["a"] }, else: { required: ["b"] } }],
  [{ a: 1 }, { dependencies: { a: ["b"] } }],
  [{ a: 1 }, { dependencies: { a: { required: ["q"] } } }],
  [{ abc: 1 }, { patternProperties: { "^a": { type: "string" } } }],
  [{ abc: 1 }, { propertyNames: { maxLength: 1 } }],
  [
    { a: { b: 1 } },
    {
      $ref: "#/definitions/x",
      definitions: { x: { properties: { a: { $ref: "#/definitions/y" } } }, y: { type: "array" } },
    },
  ],
  [{ a: [{ a: [] }] }, { properties: { a: { items: { $ref: "#" } } }, type: "object" }],
  [{ a: 1 }, { minProperties: 2, maxProperties: 0 }],
  [{ a: null }, { properties: { a: { type: ["string", "integer"] } } }],
  [{ a: 1.0 }, { properties: { a: { type: "integer" } } }],
  [{ a: 1 }, { properties: { a: false } }],
  [{ a: 1 }, { type: "unknown" }],
  [{ a: 1 }, { type: 5 }],
  [{ a: 1 }, { properties: 5 }],
  [{ a: 1 }, { required: "x" }],
  [{ a: 1 }, { required: ["x", "x"] }],
  [{ a: 1 }, { minLength: -1 }],
  [{ a: 1 }, { minLength: 5, maxLength: 1 }],
  [{ a: 1 }, { pattern: "(" }],
  [{ a: 1 }, { enum: [1, 1] }],
  [{ a: 1 }, { exclusiveMinimum: true }],
  [{ a: 1 }, { $ref: "#/nope" }],
  [{ a: 1 }, { multipleOf: 0 }],
  [{ a: 1 }, { $schema: "http://json-schema.org/draft-04/schema#", minimum: 1, exclusiveMinimum: 5 }],
  ['{"a": 1}', '{"type": "object"}'],
  ["{", "{}"],
  ["{}", "{"],
  [[1], { type: "array" }],
  [5, {}],
  [{ d: "2020-13-01" }, { properties: { d: { format: "date" } } }],
  [
    { d: "12:00:00Z", h: "a_b", i: "1.2.3", u: "x y" },
    { properties: { d: { format: "time" }, h: { format: "hostname" }, i: { format: "ipv4" }, u: { format: "uri" } } },
  ],
];

const TEMPLATES: [string, Value][] = [
  ["{{.a}} {{.b.c}} {{.zz}}", { a: "x", b: { c: 1.5 } }],
  ["{{range .l}}[{{.}}]{{else}}none{{end}}", { l: [1, "a", true, null] }],
  ["{{range .l}}x{{else}}none{{end}}", { l: [] }],
  ["{{range $i, $e := .l}}{{$i}}={{$e}};{{end}}", { l: ["a", "b"] }],
  ["{{range $k, $v := .m}}{{$k}}={{$v}};{{end}}", { m: { b: 1, a: 2 } }],
  ["{{if .t}}yes{{else if .u}}maybe{{else}}no{{end}}", { t: "", u: [1] }],
  ["{{with .b}}{{.c}}{{end}}", { b: { c: "in" } }],
  ["{{- .a -}}  \n x", { a: 1 }],
  ["{{/* c */}}a{{$x := .a}}{{$x}}{{$x = .b}}{{$x}}", { a: "1", b: "2" }],
  ['{{len .l}} {{index .l 1}} {{index .m "k"}}', { l: ["a", "b"], m: { k: "v" } }],
  ['{{printf "%s-%v" .a .l}}', { a: "x", l: ["p", "q"] }],
  ['{{eq .a "x"}} {{ne .a "y"}} {{and .a ""}} {{or "" .a}} {{not .a}}', { a: "x" }],
  ['{{.a | printf "%q"}} {{html .h}} {{urlquery .h}} {{print 1 2}}', { a: "x", h: "<a&b>" }],
  ['{{define "t"}}<{{.}}>{{end}}{{template "t" .a}}', { a: "x" }],
  ["{{.m}} {{.l}}", { m: { b: [1], a: null }, l: [[1], {}] }],
  ["{{(index .l 0).k}}", { l: [{ k: "v" }] }],
  ['{{range .l}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}', { l: ["a", "b", "c"] }],
  ["{{lt 1 2}} {{ge 2 2}} {{eq 1 1.0}}", {}],
  ["{{.a.b}}", { a: "x" }],
  ["{{", {}],
  ["{{nope}}", {}],
  ["{{if}}", {}],
  ["{{end}}", {}],
  ["{{index .l 9}}", { l: [] }],
  ["plain", {}],
];

const KEY = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function token(header: Record<string, unknown>, payload: unknown, secret = "secret"): string {
  const signed = `${encoded(header)}.${typeof payload === "string" ? Buffer.from(payload).toString("base64url") : encoded(payload)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

const HS256 = { alg: "HS256", typ: "JWT" };
const PLAIN = token(HS256, { iss: "me", aud: "you", exp: 2_000_000_000, nbf: 1_000 });
const TOKENS: [string, Value][] = [
  [PLAIN, { secret: "secret", aud: "you" }],
  [PLAIN, { secret: "secret" }],
  [PLAIN, { secret: "wrong", aud: "you" }],
  [PLAIN, { secret: "secret", aud: "you", iss: "other" }],
  [PLAIN, { secret: "secret", aud: "you", alg: "RS256" }],
  [PLAIN, { secret: "secret", aud: "you", time: 3_000_000_000_000_000_000 }],
  [PLAIN, { secret: "secret", aud: "you", time: 5 }],
  [PLAIN, { secret: "secret", aud: "you", nope: 1 }],
  [PLAIN, { aud: "you" }],
  [PLAIN, { secret: "secret", cert: "x", aud: "you" }],
  [PLAIN, { secret: "secret", aud: 5 }],
  [token(HS256, { aud: ["a", "you"] }), { secret: "secret", aud: "you" }],
  [token(HS256, { exp: "soon" }), { secret: "secret" }],
  [token(HS256, {}), { secret: "secret" }],
  [token({ ...HS256, crit: ["x"], x: 1 }, {}), { secret: "secret" }],
  [token({ ...HS256, crit: [] }, {}), { secret: "secret" }],
  [token({ ...HS256, cty: "JWT" }, token(HS256, { inner: 1 })), { secret: "secret" }],
  [token({ alg: "none" }, {}), { secret: "secret" }],
  [token({ typ: "JWT" }, {}), { secret: "secret" }],
  [token({ ...HS256, enc: "x" }, {}), { secret: "secret" }],
  ["a.b", { secret: "secret" }],
  ["x", { secret: "secret" }],
];

const MODULE = `package foo.bar["b-c"]

import rego.v1
import data.a.b as c
import input.x

# a comment
default p := false

p if {
	some x, y
	input.a[x] == data.b[y].c
	not input.z
	input.q with input as {"a": 1} with data.x as [1, 2.5, "s"]
	every k, v in input.e { v > 1; k != "x" }
	some i in [1, 2]
	some j, i2 in {"a": 1}
	z := count(input.l) + 1 * 2
	_ = input.w[_]
	{1, 2} == {v | some v in input.s; v}
	[v | v := 1][0]
	{k2: v2 | some k2, v2 in input.o}
	true; null; "x" in {"x"}
	f(1)
	set() == {}
} else := 5 if { input.b } else := {"a": 2}

f(x) := x + 1
f2(x, [y, 1]) := z if z := x - -1
f3(_, _) if _ = 1
g() := 1
q contains "a"
q contains x if x := input.r
a.b[x].c := x if x := 1
obj["k"] := 1
r[x] contains y if { x := 1; y := 2 } # last
s.t.u if true
t := $"a{input.x}b{1 + 1}c"
`;

const each = (name: string, args: readonly (readonly Value[])[]): Call[] => args.map((one) => ({ name, args: one }));

export const DOCUMENT_CALLS: readonly Call[] = [
  ...each(
    "graphql.parse_query",
    QUERIES.map((query) => [query]),
  ),
  ...each(
    "graphql.is_valid",
    QUERIES.map((query) => [query, SCHEMA]),
  ),
  ...each(
    "graphql.parse_and_verify",
    QUERIES.slice(0, 12).map((query) => [query, SCHEMA]),
  ),
  ...each(
    "graphql.parse",
    QUERIES.slice(0, 6).map((query) => [query, SCHEMA]),
  ),
  ...each(
    "graphql.parse_schema",
    SCHEMAS.map((schema) => [schema]),
  ),
  ...each(
    "graphql.schema_is_valid",
    SCHEMAS.map((schema) => [schema]),
  ),
  ...each("json.match_schema", JSON_SCHEMAS),
  ...each(
    "json.verify_schema",
    JSON_SCHEMAS.map(([, schema]) => [schema]),
  ),
  ...each("strings.render_template", TEMPLATES),
  ...each(
    "io.jwt.decode",
    TOKENS.map(([text]) => [text]),
  ),
  ...each("io.jwt.decode_verify", TOKENS),
  ...each(
    "io.jwt.verify_hs256",
    TOKENS.map(([text]) => [text, "secret"]),
  ),
  ...each("io.jwt.encode_sign", [
    [{ alg: "HS256", typ: "JWT" }, { a: RegoSet.of([1, "x"]) }, { kty: "oct", k: KEY }],
    [{ alg: "HS384" }, {}, { kty: "oct", k: KEY }],
    [{ alg: "RS256" }, {}, { kty: "oct", k: KEY }],
    [{ alg: "nope" }, {}, { kty: "oct", k: KEY }],
    [{}, {}, { kty: "oct", k: KEY }],
    [{ alg: "HS256" }, {}, {}],
  ]),
  ...each("io.jwt.encode_sign_raw", [
    ['{"alg":"HS256","typ":"text/plain"}', "e", `{"kty":"oct","k":"${KEY}"}`],
    ['{"alg":"HS256"}', "e", `{"kty":"oct","k":"${KEY}"}`],
    ["", "{}", `{"kty":"oct","k":"${KEY}"}`],
  ]),
  ...each("rego.parse_module", [
    ["x.rego", MODULE],
    ["x.rego", "package a\n\np if"],
    ["x.rego", ""],
  ]),
];
