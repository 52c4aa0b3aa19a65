import { RingfenceError } from "../../../diagnostics/index.js";
import { compile, parse, RegoError } from "../../../rego/index.js";
import { regoProblems } from "../../../targets/index.js";
import { type DeclareCommand, examples } from "../../command.js";
import { loadBundles, type VerifyOptions, verifyOptions } from "./bundles.js";
import { load } from "./load.js";

interface Options extends VerifyOptions {
  readonly verbose?: true;
  readonly run?: string;
  readonly coverage?: true;
  readonly bundle?: true;
  readonly v0Compatible?: true;
  readonly json?: true;
}

interface Outcome {
  readonly name: string;
  readonly file: string;
  readonly result: "pass" | "fail" | "error" | "skipped";
  readonly error?: string;
}

export const regoTest: DeclareCommand = (group, cli) => {
  verifyOptions(group.command("test"))
    .description("run the rules whose names begin with test_")
    .argument("<path...>", "modules, tests, data files and folders of them")
    .option("-v, --verbose", "a line for each test")
    .option("-r, --run <pattern>", "only tests whose path matches this regular expression")
    .option("-c, --coverage", "say which lines were evaluated")
    .option("-b, --bundle", "the paths are bundles, .tar.gz or folders")
    .option("--v0-compatible", "modules are Rego v0 unless they say otherwise")
    .option("--json", "print JSON")
    .addHelpText("after", examples(["rego test deploy/opa/bundle deploy/opa/test", "the generated tests"]))
    .action((paths: string[], options: Options) => {
      cli.terminal.step("running tests");
      const version = options.v0Compatible === true ? "v0" : "v1";
      const { modules, data, sources } =
        options.bundle === true ? loadBundles(paths, version, options) : load(paths, version);
      let outcomes: Outcome[];
      let report: unknown;
      try {
        const policy = compile(modules, { data });
        const covered = options.coverage === true ? policy.covered() : undefined;
        const wanted = options.run === undefined ? undefined : new RegExp(options.run);
        outcomes = modules.flatMap(({ file, text, version }) => {
          const module = parse(text, file, version === undefined ? {} : { version });
          const names = new Set(
            module.rules.map(({ head }) => head.name.name).filter((name) => /^(todo_)?test_/.test(name)),
          );
          return [...names].flatMap((name): Outcome[] => {
            const path = `data.${[...module.package.path, name].join(".")}`;
            if (wanted !== undefined && !wanted.test(path)) return [];
            if (name.startsWith("todo_")) return [{ name: path, file, result: "skipped" }];
            return [run((covered ?? policy).rule([...module.package.path, name]), path, file)];
          });
        });
        report = covered?.report();
      } catch (error) {
        throw new RingfenceError(regoProblems(error, sources, "REGO_INVALID"));
      }
      const failed = outcomes.filter(({ result }) => result === "fail" || result === "error");
      if (options.json === true || options.coverage === true) {
        cli.terminal.json({ outcomes, ...(report === undefined ? {} : { coverage: report }) });
      } else {
        const shown = options.verbose === true ? outcomes : failed;
        for (const { name, file, result, error } of shown) {
          cli.terminal.result(`${file}: ${name}: ${result.toUpperCase()}${error === undefined ? "" : `\n  ${error}`}`);
        }
        const skipped = outcomes.filter(({ result }) => result === "skipped").length;
        const counted = outcomes.length - skipped;
        if (counted > failed.length) cli.terminal.result(`PASS: ${counted - failed.length}/${counted}`);
        if (failed.length > 0) cli.terminal.result(`FAIL: ${failed.length}/${counted}`);
        if (skipped > 0) cli.terminal.result(`SKIPPED: ${skipped}`);
      }
      if (outcomes.length === 0)
        throw new RingfenceError({
          code: "REGO_INVALID",
          message: "there is no test in these files",
          hint: "a test is a rule whose name begins with `test_`",
        });
      if (failed.length > 0) cli.exit(1);
    });
};

function run(rule: { evaluate(input: unknown): unknown }, name: string, file: string): Outcome {
  try {
    return { name, file, result: rule.evaluate(undefined) === true ? "pass" : "fail" };
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    return { name, file, result: "error", error: error.message };
  }
}
