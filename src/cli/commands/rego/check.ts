import { RingfenceError } from "../../../diagnostics/index.js";
import { compile } from "../../../rego/index.js";
import { regoProblems } from "../../../targets/index.js";
import { type DeclareCommand, examples } from "../../command.js";
import { load } from "./load.js";

export const regoCheck: DeclareCommand = (group, cli) => {
  group
    .command("check")
    .description("parse and compile Rego modules, and report every error")
    .argument("<path...>", "modules, data files and folders of them")
    .option("-S, --strict", "unused imports and variables are errors")
    .option("-b, --bundle", "folders are bundles: only their data.json and data.yaml are data")
    .option("--v0-compatible", "modules are Rego v0 unless they say otherwise")
    .option("--json", "print JSON")
    .addHelpText("after", examples(["rego check --strict policies", "a folder of modules"]))
    .action((paths: string[], options: { strict?: true; bundle?: true; v0Compatible?: true; json?: true }) => {
      const version = options.v0Compatible === true ? "v0" : "v1";
      cli.terminal.step("compiling");
      const { modules, data, sources } = load(paths, version, options.bundle === true);
      try {
        compile(modules, { data, strict: options.strict === true });
      } catch (error) {
        throw new RingfenceError(regoProblems(error, sources, "REGO_INVALID"));
      }
      if (options.json === true) cli.terminal.json({ modules: modules.length, errors: [] });
    });
};
