import { RingfenceError } from "../../../diagnostics/index.js";
import { readSource } from "../../../files/index.js";
import { compile, parseQuery } from "../../../rego/index.js";
import { regoProblems } from "../../../targets/index.js";
import { choice, type DeclareCommand, examples } from "../../command.js";
import { type VerifyOptions, verifyOptions } from "./bundles.js";
import { collect, loadAll, readData } from "./load.js";
import { type Measurement, measure } from "./measure.js";
import { table } from "./table.js";

const FORMATS = ["pretty", "json", "gobench"] as const;

interface Options extends VerifyOptions {
  readonly data: readonly string[];
  readonly bundle: readonly string[];
  readonly input?: string;
  readonly stdinInput?: true;
  readonly count: string;
  readonly duration: string;
  readonly format: string;
  readonly benchmem: boolean;
  readonly fail: boolean;
  readonly v0Compatible?: true;
  readonly json?: true;
}

export const regoBench: DeclareCommand = (group, cli) => {
  verifyOptions(
    group
      .command("bench")
      .description("measure how long a query takes")
      .argument("<query>", "a Rego query")
      .option("-d, --data <path>", "modules, data files and folders; may be repeated", collect, [])
      .option("-b, --bundle <path>", "a bundle, .tar.gz or folder; may be repeated", collect, [])
      .option("-i, --input <path>", "the input document, JSON or YAML; - is standard input")
      .option("-I, --stdin-input", "read the input from standard input")
      .option("--count <n>", "how often to repeat the measurement", "1")
      .option("--duration <ms>", "how long each measurement runs", "1000"),
  )
    .option("--no-benchmem", "leave out memory")
    .option("--no-fail", "measure a query without a result, too")
    .option("-f, --format <format>", FORMATS.join(", "), "pretty")
    .option("--v0-compatible", "modules are Rego v0 unless they say otherwise")
    .option("--json", "the same as --format json")
    .addHelpText(
      "after",
      examples(
        ["rego bench -d policy.rego -i input.json data.authz.allow", "ns a decision"],
        ["rego bench -b bundle.tar.gz -i input.json --count 5 --format gobench data.authz.allow", "for benchstat"],
      ),
    )
    .action((query: string, options: Options) => {
      const format = choice("--format", options.json === true ? "json" : options.format, FORMATS);
      const count = whole("--count", options.count, 1000);
      const durationMs = whole("--duration", options.duration, 600_000);
      const loaded = loadAll(options, options.v0Compatible === true ? "v0" : "v1");
      const inputPath = options.stdinInput === true ? "-" : options.input;
      const input = inputPath === undefined ? undefined : readData(readSource(inputPath));
      let measured: Measurement[];
      try {
        const policy = compile(loaded.modules, { data: loaded.data });
        const decide = decision(query, policy, input);
        if (!decide() && options.fail) {
          throw new RingfenceError({
            code: "REGO_INVALID",
            message: "the query has no result",
            hint: "`--no-fail` measures it all the same",
          });
        }
        measured = Array.from({ length: count }, () => measure(decide, durationMs));
      } catch (error) {
        const sources = [...loaded.sources, { path: "query", text: query }];
        if (error instanceof RingfenceError) throw error;
        throw new RingfenceError(regoProblems(error, sources, "REGO_INVALID"));
      }
      for (const measurement of measured) {
        const shown = options.benchmem ? measurement : withoutMemory(measurement);
        if (format === "json") cli.terminal.json(asOpa(shown));
        else if (format === "gobench") cli.terminal.result(goBench(shown));
        else cli.terminal.result(pretty(shown));
      }
    });
};

/** One decision; true when it has a result. A path below `data` is read directly, as a program would. */
function decision(query: string, policy: ReturnType<typeof compile>, input: unknown): () => boolean {
  if (isPath(query)) {
    const rule = policy.rule(query.trim());
    return () => rule.value(input) !== undefined;
  }
  const prepared = policy.query(query);
  return () => prepared.solutions(input).length > 0;
}

function isPath(query: string): boolean {
  const [only, ...more] = parseQuery(query, "query").body;
  if (more.length > 0 || only?.kind !== "expression" || only.negated || only.with.length > 0) return false;
  const { term } = only;
  return (
    term.kind === "ref" &&
    term.head.kind === "var" &&
    term.head.name === "data" &&
    term.path.every(({ kind }) => kind === "string")
  );
}

function whole(option: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new RingfenceError({
    code: "USAGE",
    message: `${option} takes a whole number from 1 to ${most}, not \`${text}\``,
  });
}

function withoutMemory({ bytesPerOp: _, ...rest }: Measurement): Measurement {
  return rest;
}

/** The fields of OPA's own report, with percentiles of the evaluation. */
function asOpa({ samples, totalNs, bytesPerOp, percentiles }: Measurement): unknown {
  return {
    N: samples,
    T: Math.round(totalNs),
    Bytes: 0,
    ...(bytesPerOp === undefined ? {} : { MemBytes: Math.round(bytesPerOp * samples) }),
    Extra: Object.fromEntries(
      Object.entries(percentiles).map(([name, ns]) => [`histogram_timer_rego_query_eval_ns_${name}`, ns]),
    ),
  };
}

function figures({ samples, totalNs, bytesPerOp, percentiles }: Measurement): (readonly [string, number])[] {
  return [
    ["samples", samples],
    ["ns/op", totalNs / samples],
    ...(bytesPerOp === undefined ? [] : [["B/op", bytesPerOp] as const]),
    ...Object.entries(percentiles).map(([name, ns]) => [`ns ${name}`, ns] as const),
  ];
}

function pretty(measurement: Measurement): string {
  return table(
    ["figure", "value"],
    figures(measurement).map(([name, value]) => [name, String(Math.round(value))]),
  );
}

function goBench(measurement: Measurement): string {
  const rest = figures(measurement)
    .slice(1)
    .map(([name, value]) => `${Math.round(value)} ${name.replace(/^ns (.*)$/, "$1-ns")}`);
  return [`BenchmarkRegoEval`, String(measurement.samples), ...rest].join("\t");
}
