import { RingfenceError } from "../../../diagnostics/index.js";
import { compile } from "../../../rego/index.js";
import { regoProblems } from "../../../targets/index.js";
import { type DeclareCommand, examples } from "../../command.js";
import { loadBundles, type VerifyOptions, verifyOptions } from "./bundles.js";
import { load } from "./load.js";

interface Options extends VerifyOptions {
  readonly strict?: true;
  readonly bundle?: true;
  readonly v0Compatible?: true;
  readonly json?: true;
}

export const regoCheck: DeclareCommand = (group, cli) => {
  verifyOptions(group.command("check"))
    .description("parse and compile Rego modules, and report every error")
    .argument("<path...>", "modules, data files and folders of them")
    .option("-S, --strict", "unused imports and variables are errors")
    .option("-b, --bundle", "the paths are bundles, .tar.gz or folders")
    .option("--v0-compatible", "modules are Rego v0 unless they say otherwise")
    .option("--json", "print JSON")
    .addHelpText("after", examples(["rego check --strict policies", "a folder of modules"]))
    .action((paths: string[], options: Options) => {
      const version = options.v0Compatible === true ? "v0" : "v1";
      cli.terminal.step("compiling");
      const { modules, data, sources } =
        options.bundle === true ? loadBundles(paths, version, options) : load(paths, version);
      try {
        compile(modules, { data, strict: options.strict === true });
      } catch (error) {
        throw new RingfenceError(regoProblems(error, sources, "REGO_INVALID"));
      }
      if (options.json === true) cli.terminal.json({ modules: modules.length, errors: [] });
    });
};
