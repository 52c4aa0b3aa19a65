import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { RingfenceError } from "../../diagnostics/index.js";
import { workflowTemplate } from "../../workflow/index.js";
import { type DeclareCommand, deliver, examples } from "../command.js";

export const init: DeclareCommand = (program, cli) => {
  program
    .command("init")
    .description("write a commented workflow file to start from")
    .argument("[name]", "name of the workflow; the folder's when absent")
    .option("-o, --output <path>", "where to write; - is standard output", "ringfence.yaml")
    .option("--force", "replace a file that is there")
    .option("--json", "print JSON")
    .addHelpText("after", examples(["init", "ringfence.yaml here"], ["init triage -o -", "look at it first"]))
    .action(
      async (given: string | undefined, { output, force, json }: { output: string; force?: true; json?: true }) => {
        const name = given ?? nameFrom(basename(resolve(".")));
        if (!/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/.test(name)) {
          throw new RingfenceError({
            code: "USAGE",
            message: `\`${name}\` cannot be the name of a workflow`,
            hint: "use lower-case letters, digits and `-`, at most 40",
          });
        }
        if (output !== "-" && force !== true && existsSync(output)) {
          throw new RingfenceError({
            code: "FILE_UNWRITABLE",
            message: `\`${output}\` is there already`,
            hint: "choose another place with -o, or replace it with --force",
          });
        }
        await deliver(cli, workflowTemplate(name), output);
        if (output === "-") return;
        if (json === true) cli.terminal.json({ workflow: name, path: output });
        else
          cli.terminal.note(
            `wrote ${output}: next, \`ringfence check${output === "ringfence.yaml" ? "" : ` -f ${output}`}\``,
          );
      },
    );
};

function nameFrom(folder: string): string {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 40);
  return name === "" ? "workflow" : name;
}
