import { statSync } from "node:fs";
import { RingfenceError } from "../../../diagnostics/index.js";
import { listFiles, readSource, writeWholeFile } from "../../../files/index.js";
import { format, RegoError } from "../../../rego/index.js";
import { regoProblems } from "../../../targets/index.js";
import { type DeclareCommand, examples } from "../../command.js";
import { lineDiff } from "./line-diff.js";

interface Options {
  readonly list?: true;
  readonly diff?: true;
  readonly write?: true;
  readonly fail?: true;
  readonly v0Compatible?: true;
  readonly v0V1?: true;
  readonly regoV1?: true;
  readonly v1Compatible?: true;
  readonly dropV0Imports?: true;
  readonly json?: true;
}

interface Formatted {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

export const regoFmt: DeclareCommand = (group, cli) => {
  group
    .command("fmt")
    .description("format modules, as `opa fmt` does")
    .argument("[path...]", "modules and folders of them; - or nothing is standard input")
    .option("-l, --list", "name the files that would change")
    .option("-d, --diff", "show what would change")
    .option("-w, --write", "write the files that change")
    .option("--fail", "exit with 1 when a file would change")
    .option("--v0-compatible", "modules are Rego v0 unless they say otherwise")
    .option("--v0-v1", "write modules that v0 and v1 both read; they are v0 unless --v1-compatible")
    .option("--rego-v1", "the same as --v0-v1")
    .option("--v1-compatible", "modules are Rego v1")
    .option("--drop-v0-imports", "leave out the rego.v1 and future.keywords imports that v1 makes idle")
    .option("--json", "print what would change as JSON")
    .addHelpText(
      "after",
      examples(
        ["rego fmt policy.rego", "the formatted module"],
        ["rego fmt -l --fail policies", "for a build: fail where something is not formatted"],
        ["rego fmt -w --v0-v1 templates", "make v0 modules readable for v1, too"],
      ),
    )
    .action(async (paths: string[], options: Options) => {
      const both = options.v0V1 === true || options.regoV1 === true;
      const v0 = options.v0Compatible === true || (both && options.v1Compatible !== true);
      const files = paths.length === 0 ? ["-"] : paths.flatMap(modulesAt);
      const results = files.map((path): Formatted => {
        const source = readSource(path);
        try {
          const after = format(source.text, path, {
            version: v0 ? "v0" : "v1",
            bothVersions: both,
            dropIdleImports: options.dropV0Imports === true,
          });
          return { path, before: source.text, after };
        } catch (error) {
          if (!(error instanceof RegoError)) throw error;
          throw new RingfenceError(regoProblems(error, [source], "REGO_INVALID"));
        }
      });
      const changed = results.filter(({ before, after }) => before !== after);
      if (options.json === true) {
        cli.terminal.json({ files: results.length, changed: changed.map(({ path }) => path) });
      } else if (options.list === true) for (const { path } of changed) cli.terminal.result(path);
      else if (options.diff === true)
        for (const { path, before, after } of changed) cli.terminal.result(lineDiff(path, before, after));
      else if (options.write !== true) for (const { after } of results) cli.terminal.result(after);
      if (options.write === true)
        for (const { path, after } of changed) {
          if (path === "-") cli.terminal.result(after);
          else await writeWholeFile(path, after, { mode: statSync(path).mode & 0o777 });
        }
      if (options.fail === true && changed.length > 0) cli.exit(1);
    });
};

/** A file that is named is formatted whatever its ending; of a folder, the modules. */
function modulesAt(path: string): string[] {
  return listFiles([path], [".rego"]);
}
