/** Runs one input through the engine: gives what became of it, or throws what must not be thrown. */
import { BUILTINS, compile, format, parse, parseQuery, RegoError, readJson, readYaml } from "../../dist/rego/index.js";

/** Whatever a text says, its evaluation ends soon. */
const LIMITS = { steps: 20_000, output: 200_000, depth: 100, timeMs: 1_000 };

export class Subject {
  constructor() {
    this.rules = builtinRules();
  }

  run(input) {
    switch (input.kind) {
      case "parse":
        return refusable(() => {
          parse(input.text, "fuzz.rego", { version: input.version, checkAnnotations: true });
          return "parsed";
        });
      case "format":
        return refusable(() => {
          format(input.text, "fuzz.rego", { version: input.version });
          return "formatted";
        });
      case "query":
        return refusable(() => {
          parseQuery(input.text, "fuzz");
          return "parsed";
        });
      case "json":
        return refusable(() => {
          readJson(input.text);
          return "read";
        });
      case "yaml":
        return refusable(() => {
          readYaml(input.text);
          return "read";
        });
      case "compile":
        return this.compile(input);
      default:
        return this.document(input);
    }
  }

  compile({ text, version, document }) {
    let rule;
    const outcome = refusable(() => {
      const policy = compile([{ file: "fuzz.rego", text, version }], { data: { a: [1, "a"], k: "a" }, limits: LIMITS });
      rule = policy.rule("data.t");
      return "compiled";
    });
    return rule === undefined ? outcome : evaluate(rule, () => readJson(document));
  }

  document({ rule, plain, document }) {
    const reader = this.rules[rule % this.rules.length];
    return evaluate(reader, () => (plain ? JSON.parse(document) : readJson(document)));
  }
}

function evaluate(rule, read) {
  return refusable(() => {
    const value = rule.evaluate(read(), { limits: LIMITS, strictErrors: true });
    return value === undefined ? "undefined" : "value";
  });
}

/** Errors of the language are outcomes, with their codes; everything else is a mistake of ours. */
function refusable(run) {
  try {
    return run();
  } catch (error) {
    if (error instanceof RegoError && error.problems.length > 0) return error.code;
    if (error instanceof Error && error.name === "ValueSyntaxError") return "not read";
    throw error;
  }
}

/** Built-in functions to call, in a fixed order. */
const FUNCTIONS = [...BUILTINS.values()].filter(
  ({ name, decl, refused, infix }) =>
    refused === undefined &&
    decl.result !== undefined &&
    infix !== ":=" &&
    infix !== "=" &&
    !name.startsWith("rego.metadata") &&
    !name.startsWith("internal."),
);
/** The language's own steps, where no function is called. */
const STEPS = [
  "x := input.a[_]; y := input.b[x]",
  "x := [k | input.a[k] == input.b[_]]",
  "x := {v: k | some k, v in input.a}",
  "every v in input.a { v in input.b }",
  "not input.a[input.b]; x := {input.a, input.b, input[_][_]}",
  'x := $"{input.a} {input.b.c}"',
  "x := input.a with input.a as input.b",
  "[x, y] := input.a; input.b == {x, y}",
];
const OPERANDS = ["a", "b", "c", "d", "e"];

/** Declared types of the operands of each rule of `builtinRules`. */
export const SIGNATURES = [...FUNCTIONS.map(({ decl }) => decl.args), ...STEPS.map(() => ["any", "any"])];

/** One rule for each function and step, with parts of the input as operands. */
function builtinRules() {
  const calls = FUNCTIONS.map(({ name, decl, relation }) => {
    const operands = decl.args.map((_, at) => `input.${OPERANDS[at]}`).join(", ");
    return relation === true ? `[x | ${name}(${operands}, x)]` : `${name}(${operands})`;
  });
  const terms = [...calls, ...STEPS.map((step) => `[input.c | ${step}]`)];
  const rules = terms.map((term, at) => `r${at} := ${term}`);
  const imports = ["import future.keywords.in", "import future.keywords.every"];
  const text = `${["package b", ...imports, ...rules].join("\n")}\n`;
  const policy = compile([{ file: "builtins.rego", text, version: "v0" }]);
  return terms.map((_, at) => policy.rule(`data.b.r${at}`));
}
