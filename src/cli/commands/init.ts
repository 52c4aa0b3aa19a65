import { existsSync, mkdirSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { RingfenceError } from "../../diagnostics/index.js";
import { CI_PATHS, CI_SYSTEMS, ciTemplate, workflowTemplate } from "../../workflow/index.js";
import { choice, type DeclareCommand, deliver, examples } from "../command.js";
import { packageVersion } from "../version.js";

export const init: DeclareCommand = (program, cli) => {
  program
    .command("init")
    .description("write a commented workflow file to start from")
    .argument("[name]", "name of the workflow; the folder's when absent")
    .option(
      "-o, --output <path>",
      "where to write; - is standard output (default: ringfence.yaml, or where the CI looks)",
    )
    .option("--ci <system>", `write a pipeline for this repository instead: ${CI_SYSTEMS.join(", ")}`)
    .option("--force", "replace a file that is there")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        ["init", "ringfence.yaml here"],
        ["init triage -o -", "look at it first"],
        ["init --ci github", "a pipeline that checks, compiles and tests on each change"],
      ),
    )
    .action(async (given: string | undefined, options: Options) => {
      const { force, json, ci } = options;
      const system = ci === undefined ? undefined : choice("--ci", ci, CI_SYSTEMS);
      const output = options.output ?? (system === undefined ? "ringfence.yaml" : CI_PATHS[system]);
      const name = system === undefined ? workflowName(given) : undefined;
      const text = system === undefined ? workflowTemplate(name ?? "") : ciTemplate(system, packageVersion());
      if (output !== "-" && force !== true && existsSync(output)) {
        throw new RingfenceError({
          code: "FILE_UNWRITABLE",
          message: `\`${output}\` is there already`,
          hint: "choose another place with -o, or replace it with --force",
        });
      }
      if (output !== "-") mkdirSync(dirname(output), { recursive: true });
      await deliver(cli, text, output);
      if (output === "-") return;
      if (json === true) {
        cli.terminal.json({ ...(name === undefined ? {} : { workflow: name }), path: output });
        return;
      }
      const next = `ringfence check${output === "ringfence.yaml" ? "" : ` -f ${output}`}`;
      cli.terminal.note(system === undefined ? `wrote ${output}: next, \`${next}\`` : `wrote ${output}`);
    });
};

interface Options {
  readonly output?: string;
  readonly force?: true;
  readonly json?: true;
  readonly ci?: string;
}

function workflowName(given: string | undefined): string {
  const name = given ?? nameFrom(basename(resolve(".")));
  if (/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/.test(name)) return name;
  throw new RingfenceError({
    code: "USAGE",
    message: `\`${name}\` cannot be the name of a workflow`,
    hint: "use lower-case letters, digits and `-`, at most 40",
  });
}

function nameFrom(folder: string): string {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 40);
  return name === "" ? "workflow" : name;
}
