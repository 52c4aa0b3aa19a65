import { RingfenceError } from "../../../diagnostics/index.js";
import { readSource } from "../../../files/index.js";
import { compile, parseQuery, RegoObject, renderExplanation, type Value, writeJson } from "../../../rego/index.js";
import { regoProblems } from "../../../targets/index.js";
import { choice, type DeclareCommand, examples } from "../../command.js";
import { type VerifyOptions, verifyOptions } from "./bundles.js";
import { collect, loadAll, readData } from "./load.js";

const FORMATS = ["json", "pretty", "raw", "values", "bindings"] as const;
const EXPLAIN = ["fails", "full"] as const;

interface Options extends VerifyOptions {
  readonly data: readonly string[];
  readonly bundle: readonly string[];
  readonly input?: string;
  readonly stdinInput?: true;
  readonly format: string;
  readonly strict?: true;
  readonly strictBuiltinErrors?: true;
  readonly v0Compatible?: true;
  readonly fail?: true;
  readonly failDefined?: true;
  readonly explain?: string;
  readonly json?: true;
}

export const regoEval: DeclareCommand = (group, cli) => {
  verifyOptions(
    group
      .command("eval")
      .description("evaluate a query")
      .argument("<query>", "a Rego query")
      .option("-d, --data <path>", "modules, data files and folders; may be repeated", collect, [])
      .option("-b, --bundle <path>", "a bundle, .tar.gz or folder; may be repeated", collect, []),
  )
    .option("-i, --input <path>", "the input document, JSON or YAML; - is standard input")
    .option("-I, --stdin-input", "read the input from standard input")
    .option("-f, --format <format>", FORMATS.join(", "), "json")
    .option("-S, --strict", "unused imports and variables are errors")
    .option("--strict-builtin-errors", "a built-in that fails ends the evaluation")
    .option("--v0-compatible", "modules are Rego v0 unless they say otherwise")
    .option("--explain <mode>", `what was evaluated, on standard error: ${EXPLAIN.join(", ")}`)
    .option("--fail", "exit with 1 when the result is undefined or empty")
    .option("--fail-defined", "exit with 1 when the result is defined")
    .option("--json", "the same as --format json")
    .addHelpText(
      "after",
      examples(
        ["rego eval '1 + 1'", "a query alone"],
        ["rego eval -d policy.rego -i input.json 'data.authz.allow'", "with modules and input"],
        ["rego eval -b bundle.tar.gz -i input.json 'data.authz.allow'", "with a bundle"],
      ),
    )
    .action((query: string, options: Options) => {
      const format = choice("--format", options.json === true ? "json" : options.format, FORMATS);
      const explain = options.explain === undefined ? undefined : choice("--explain", options.explain, EXPLAIN);
      const version = options.v0Compatible === true ? "v0" : "v1";
      const loaded = loadAll(options, version);
      const sources = [...loaded.sources, { path: "query", text: query }];
      const inputPath = options.stdinInput === true ? "-" : options.input;
      const input = inputPath === undefined ? undefined : readData(readSource(inputPath));
      cli.terminal.step("evaluating");
      let solutions: readonly Solution[];
      try {
        const policy = compile(loaded.modules, {
          data: loaded.data,
          strict: options.strict === true,
        });
        const explained = explain === undefined ? undefined : policy.explained(explain, { values: true });
        const prepared = (explained ?? policy).query(isSingleExpression(query) ? `${VALUE} := ${query}` : query);
        solutions = prepared.solutions(input, { strictErrors: options.strictBuiltinErrors === true });
        if (explained !== undefined) cli.terminal.note(renderExplanation(explained.explanation()));
      } catch (error) {
        throw new RingfenceError(regoProblems(error, sources, "REGO_INVALID"));
      }
      cli.terminal.result(render(solutions, query, format));
      if (options.fail === true && solutions.length === 0) cli.exit(1);
      if (options.failDefined === true && solutions.length > 0) cli.exit(1);
    });
};

type Solution = ReadonlyMap<string, Value>;

/** OPA's shapes: a query that binds nothing shows its own value. Numbers keep their digits. */
function render(solutions: readonly Solution[], query: string, format: (typeof FORMATS)[number]): string {
  const rows = solutions.map((solution) => ({
    bindings: [...solution].filter(([name]) => name !== VALUE),
    value: solution.get(VALUE) ?? true,
  }));
  const bindings = (row: (typeof rows)[number]) => RegoObject.of(row.bindings);
  switch (format) {
    case "bindings":
      return writeJson(rows.map(bindings), INDENT);
    case "values":
      return rows.map(({ value }) => writeJson(value)).join("\n");
    case "raw":
      return rows.map(({ value }) => (typeof value === "string" ? value : writeJson(value))).join("\n");
    case "pretty":
      if (rows.length === 0) return "undefined";
      return rows.map((row) => writeJson(row.bindings.length > 0 ? bindings(row) : row.value, INDENT)).join("\n");
    case "json": {
      if (rows.length === 0) return "{}";
      const results = rows.map((row) => {
        const shown = `"value": ${inside(row.value, 5)},\n${INDENT.repeat(5)}"text": ${writeJson(query)}`;
        const location = `"location": {\n${INDENT.repeat(6)}"row": 1,\n${INDENT.repeat(6)}"col": 1\n${INDENT.repeat(5)}}`;
        const expression = `{\n${INDENT.repeat(5)}${shown},\n${INDENT.repeat(5)}${location}\n${INDENT.repeat(4)}}`;
        const expressions = `"expressions": [\n${INDENT.repeat(4)}${expression}\n${INDENT.repeat(3)}]`;
        const bound = row.bindings.length === 0 ? "" : `,\n${INDENT.repeat(3)}"bindings": ${inside(bindings(row), 3)}`;
        return `{\n${INDENT.repeat(3)}${expressions}${bound}\n${INDENT.repeat(2)}}`;
      });
      return `{\n${INDENT}"result": [\n${INDENT.repeat(2)}${results.join(`,\n${INDENT.repeat(2)}`)}\n${INDENT}]\n}`;
    }
  }
}

const INDENT = "  ";

/** JSON of a value that stands `depth` levels deep. */
function inside(value: Value, depth: number): string {
  return writeJson(value, INDENT).replaceAll("\n", `\n${INDENT.repeat(depth)}`);
}

/** Under this name the value of a query that is one expression is bound. */
const VALUE = "ringfence_query_value";

/** One expression that binds nothing has a value of its own; anything else is true where it holds. */
function isSingleExpression(query: string): boolean {
  const { body } = parseQuery(query, "query");
  const [only] = body;
  if (body.length !== 1 || only === undefined || only.kind !== "expression") return false;
  try {
    return parseQuery(`${VALUE} := ${query}`, "query").body.length === 1;
  } catch {
    return false;
  }
}
