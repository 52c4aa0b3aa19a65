/** The language case by case: rules of package `t`, an input, and the document that they make. */
import { describe, expect, it } from "vitest";
import { compile, type PolicyOptions } from "./index.js";

interface Case {
  readonly rules: string;
  readonly input?: unknown;
  readonly data?: unknown;
  readonly want: unknown;
  readonly version?: "v0" | "v1";
}

function document({ rules, input, data, version }: Case): unknown {
  const options: PolicyOptions = data === undefined ? {} : { data };
  return compile([{ file: "t.rego", text: `package t\n${rules}`, version: version ?? "v1" }], options)
    .rule("data.t")
    .evaluate(input);
}

const CASES: Record<string, Record<string, Case>> = {
  "complete rules": {
    "a default stands in for undefined bodies": {
      rules: "default p := 1\np := 2 if input.x",
      input: {},
      want: { p: 1 },
    },
    "false is a value, undefined is none": {
      rules: 'p := startswith("a", "b")\nq if startswith("a", "b")',
      want: { p: false },
    },
    "an else chain stops at its first success": {
      rules: "p := 1 if input.a\nelse := 2 if input.b\nelse := 3",
      input: { b: true },
      want: { p: 2 },
    },
    "bodies of one head are alternatives": {
      rules: "p { input.a } { input.b }",
      input: { b: 1 },
      version: "v0",
      want: { p: true },
    },
  },
  functions: {
    "arguments are patterns": {
      rules: 'f([x, 1]) := x\nf({"k": x}) := x\np := [f([7, 1]), f({"k": 8})]\nq := f([7, 2])',
      want: { p: [7, 8] },
    },
    "numbers in heads are constant parts, whatever their text": {
      rules: "p[1e2].k := 1 if input.none\np.a.k := input.none\nq[3.0] := 2\nr := q[3]",
      input: {},
      want: { p: { "1e2": {}, a: {} }, q: { "3.0": 2 }, r: 2 },
    },
    "a rule without arguments may be called, where its value may be anything": {
      rules: "g() := out if out := input.x\np if g() == 1\nq := [g() | true]\nr if not g() == 2\ns if g(1)",
      input: { x: 1 },
      want: { g: 1, p: true, q: [1], r: true, s: true },
    },
    "what is called before a plain `not` has to be defined": {
      rules: "g := out if out := input.x\np if not g()\nq if not g() == 1",
      input: {},
      want: { p: true },
    },
    "a repeated argument has to be equal": { rules: "f(x, x) := x\np := f(1, 1)\nq := f(1, 2)", want: { p: 1 } },
    "a default needs defined arguments": {
      rules: "default f(_) := 0\nf(x) := x if x > 1\np := f(1)\nq := f(input.none)",
      input: {},
      want: { p: 0 },
    },
    "definitions are chosen by constants": {
      rules: 'f("a") := 1\nf("b") := 2\nf(x) := 3 if x == "c"\np := [f("a"), f("b"), f("c")]',
      want: { p: [1, 2, 3] },
    },
  },
  "partial rules": {
    "a set exists when empty": {
      rules: "p contains x if some x in input.none\nq[k] := 1 if some k in input.none",
      input: {},
      want: { p: [], q: {} },
    },
    "v0 adds to sets without a value": {
      rules: "p[x] { x = input[_] }",
      input: [2, 1, 2],
      version: "v0",
      want: { p: [1, 2] },
    },
    "a key may be asked for alone": {
      rules: "p[x] := y if { some y; x := input[y] }\nq := p.b",
      input: ["a", "b"],
      want: { p: { a: 0, b: 1 }, q: 1 },
    },
    "general refs merge with their siblings": {
      rules: 'p[q].r := i if q := ["a", "b"][i]\np.c.r := 2\np.d := 3',
      want: { p: { a: { r: 0 }, b: { r: 1 }, c: { r: 2 }, d: 3 } },
    },
    "sets at the end of general refs merge": {
      rules: 'p[q] contains 1 if q := ["a", "b"][_]\np.b contains 2',
      want: { p: { a: [1], b: [1, 2] } },
    },
    "numbers are keys of their own": {
      rules: 'p[1] := "n"\np["1x"] := "s"\nq := p[1]',
      want: { p: { "1": "n", "1x": "s" }, q: "n" },
    },
  },
  unification: {
    "it goes both ways": { rules: "p := [x, y] if [x, 2] = [1, y]", want: { p: [1, 2] } },
    "aliases wait for a value": { rules: "p := [x, y] if { x = y; y = 1 }", want: { p: [1, 1] } },
    "object keys have to agree": {
      rules: 'p := x if {"a": x} = input\nq := x if {"a": x, "b": 1} = input',
      input: { a: 1 },
      want: { p: 1 },
    },
    "patterns find members of sets": {
      rules: "s := {[1, 2], [1, 3], [2, 4]}\np := {x | s[[1, x]]}",
      want: {
        s: [
          [1, 2],
          [1, 3],
          [2, 4],
        ],
        p: [2, 3],
      },
    },
    "a variable in its own path compares": { rules: "p := x if x = input[x]", input: [5, 1, 7], want: { p: 1 } },
    "two references meet": {
      rules: "p := {[i, j] | input.a[i] = input.b[j]}",
      input: { a: [1, 2], b: [2, 1] },
      want: {
        p: [
          [0, 1],
          [1, 0],
        ],
      },
    },
  },
  references: {
    "an array takes whole numbers only": {
      rules: 'p := [input[0], object.get({}, "x", 9)]\nq := input["0"]\nr := input[y] if y := 1.5',
      input: [4],
      want: { p: [4, 9] },
    },
    "a set gives its member": { rules: "s := {1, 2}\np := s[1]\nq := s[3]", want: { s: [1, 2], p: 1 } },
    "base documents and rules are one tree": {
      rules: "p := data.t.base",
      data: { t: { base: 1 } },
      want: { base: 1, p: 1 },
    },
    "variables go through packages": {
      rules: "a.x := 1\na.y := 2\np := {k: v | v := data.t.a[k]}",
      want: { a: { x: 1, y: 2 }, p: { x: 1, y: 2 } },
    },
  },
  iteration: {
    "some, with and without keys": {
      rules: "p := [x | some x in input]\nq := [[k, v] | some k, v in input]",
      input: ["a", "b"],
      want: {
        p: ["a", "b"],
        q: [
          [0, "a"],
          [1, "b"],
        ],
      },
    },
    "every holds for nothing, and never for a scalar": {
      rules:
        "p if every x in [] { x > 1 }\nq if every x in input.n { x > 1 }\nr if every k, v in [2, 3] { v == k + 2 }",
      input: { n: 5 },
      want: { p: true, r: true },
    },
    "closures wait for what they share": {
      rules: "p := n if { n := count([x | x := input[_]; x > least]); least = 1 }",
      input: [1, 2, 3],
      want: { p: 2 },
    },
    walk: { rules: "p := {path | walk(input, [path, 1])}", input: { a: 1, b: [1] }, want: { p: [["a"], ["b", 0]] } },
    "membership of values and pairs": {
      rules: 'p := [1 in [1], data.key in {"a": 2}, 2 in {"a": 2}]\nq if ("a", 2 in {"a": 2})',
      data: { key: "a" },
      want: { p: [true, false, true], q: true },
    },
  },
  with: {
    "input, and parts of it": {
      rules: 'q := input.a\np := [x, y] if { x := q with input as {"a": 1}; y := q with input.a as 2 }',
      input: { a: 0 },
      want: { p: [1, 2], q: 0 },
    },
    "rules and base documents": {
      rules:
        'allow if data.roles[input.user]\np if allow with data.roles as {"a": true} with input.user as "a"\nr := 1\nq := x if x := [r, 2] with data.t.r as 5',
      want: { p: true, q: [5, 2], r: 1 },
    },
    "functions and built-ins": {
      rules:
        "f(x) := x + 1\ng(x) := f(x) * 10\nfake(_) := 7\np := x if x := g(1) with data.t.f as fake\nq := x if x := count([1]) with count as 9\nsum_of(x) := sum([x])\nr := x if x := g(1) with f as sum_of",
      want: { p: 70, q: 9, r: 10 },
    },
    "ends with its literal": {
      rules: "p := [x, y] if { x := input with input as 1; y := input }",
      input: 2,
      want: { p: [1, 2] },
    },
  },
  strings: {
    templates: {
      rules: 'p := $"{input.a}-{input.none}-{[1, "x"]}"',
      input: { a: "v" },
      want: { p: '<undefined>-<undefined>-[1, "x"]'.replace("<undefined>", "v") },
    },
    "raw strings keep their text": { rules: 'p := `a\\n"b`', want: { p: 'a\\n"b' } },
  },
  "keywords on request": {
    "and, or and not": {
      rules: "import rego.v2\np if { input.a or input.b and not { input.c } }",
      input: { a: false, b: true },
      want: { p: true },
    },
    "operands have scopes of their own": {
      rules: "import future.keywords.and\np if { { a := 1; a > 0 } and { a := 2; a > 1 } }",
      want: { p: true },
    },
    "v0 knows them by import only": {
      rules: "import future.keywords.in\nimport future.keywords.if\np if { 1 in input }\nevery := 3",
      input: [1],
      version: "v0",
      want: { p: true, every: 3 },
    },
    "keywords are fine as parts of references": {
      rules: "p := input.if.in\nq.default := 1",
      input: { if: { in: 5 } },
      want: { p: 5, q: { default: 1 } },
    },
  },
  metadata: {
    "is a constant of its rule": {
      rules: "# METADATA\n# title: one\n# authors: [Ann <ann@example.com>]\np := rego.metadata.rule()",
      want: { p: { scope: "rule", title: "one", authors: [{ name: "Ann", email: "ann@example.com" }] } },
    },
  },
};

for (const [group, cases] of Object.entries(CASES)) {
  describe(group, () => {
    it.each(Object.entries(cases))("%s", (_, one) => {
      expect(document(one)).toEqual(one.want);
    });
  });
}

describe("rule index", () => {
  const rules = Array.from(
    { length: 200 },
    (_, i) => `p contains ${i} if { input.a == ${i % 20}; input.b in {${i % 7}, "x"}; [_, ${i % 3}] = input.c }`,
  );
  const policy = compile([{ file: "t.rego", text: `package t\n${rules.join("\n")}\np contains "any" if input.d` }]);

  it("leaves nothing out that matches", () => {
    for (let a = 0; a < 20; a++) {
      for (const b of [0, 3, "x", "y"]) {
        for (let c = 0; c < 3; c++) {
          const wanted = Array.from({ length: 200 }, (_, i) => i).filter(
            (i) => i % 20 === a && (i % 7 === b || b === "x") && i % 3 === c,
          );
          expect(policy.rule("data.t.p").evaluate({ a, b, c: [0, c], d: false })).toEqual(wanted);
        }
      }
    }
    expect(policy.rule("data.t.p").evaluate({ d: 1 })).toEqual(["any"]);
  });
});
