import { RingfenceError } from "../../../diagnostics/index.js";
import { readSource } from "../../../files/index.js";
import { type Binding, compile, parseQuery, renderExplanation, type Value, writeJson } from "../../../rego/index.js";
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
      let bindings: readonly Binding[];
      try {
        const policy = compile(loaded.modules, {
          data: loaded.data,
          strict: options.strict === true,
        });
        const explained = explain === undefined ? undefined : policy.explained(explain, { values: true });
        const prepared = (explained ?? policy).query(isSingleExpression(query) ? `${VALUE} := ${query}` : query);
        bindings = prepared.evaluate(input, { strictErrors: options.strictBuiltinErrors === true });
        if (explained !== undefined) cli.terminal.note(renderExplanation(explained.explanation()));
      } catch (error) {
        throw new RingfenceError(regoProblems(error, sources, "REGO_INVALID"));
      }
      cli.terminal.result(render(bindings, query, format));
      if (options.fail === true && bindings.length === 0) cli.exit(1);
      if (options.failDefined === true && bindings.length > 0) cli.exit(1);
    });
};

/** OPA's shapes: a query that binds nothing shows its own value. */
function render(bindings: readonly Binding[], query: string, format: (typeof FORMATS)[number]): string {
  const rows = bindings.map((binding) => ({
    bindings: Object.fromEntries(Object.entries(binding).filter(([name]) => name !== VALUE)),
    value: ownValue(binding),
  }));
  const text = (value: unknown) => writeJson(value as Value);
  switch (format) {
    case "bindings":
      return JSON.stringify(
        rows.map((row) => row.bindings),
        null,
        2,
      );
    case "values":
      return rows.map(({ value }) => text(value)).join("\n");
    case "raw":
      return rows.map(({ value }) => (typeof value === "string" ? value : text(value))).join("\n");
    case "pretty":
      return rows.length === 0
        ? "undefined"
        : rows
            .map((row) => JSON.stringify(Object.keys(row.bindings).length > 0 ? row.bindings : row.value, null, 2))
            .join("\n");
    case "json": {
      if (rows.length === 0) return "{}";
      const result = rows.map((row) => ({
        expressions: [{ value: row.value, text: query, location: { row: 1, col: 1 } }],
        ...(Object.keys(row.bindings).length === 0 ? {} : { bindings: row.bindings }),
      }));
      return JSON.stringify({ result }, null, 2);
    }
  }
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

function ownValue(binding: Binding): unknown {
  return Object.hasOwn(binding, VALUE) ? binding[VALUE] : true;
}
