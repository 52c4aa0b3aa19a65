import { MAP_FORMATS, mapFlows, renderMap } from "../../map/index.js";
import { openPolicy } from "../../ringfence.js";
import { findThreats } from "../../threats/index.js";
import { choice, type DeclareCommand, deliver, examples } from "../command.js";

interface Options {
  readonly file: string;
  readonly format: string;
  readonly output?: string;
  readonly json?: true;
}

export const map: DeclareCommand = (program, cli) => {
  program
    .command("map")
    .description("show the data flows, trust boundaries and findings, as a table or a picture")
    .option("-f, --file <path>", "the workflow file; - is standard input", "ringfence.yaml")
    .option("--format <format>", MAP_FORMATS.join(", "), "table")
    .option("-o, --output <path>", "where to write; standard output when absent")
    .option("--json", "the same as --format json")
    .addHelpText(
      "after",
      examples(
        ["map", "the data-flow table"],
        ["map --format svg -o map.svg", "a picture"],
        ["map --format html -o map.html", "one page with picture, table and findings"],
        ["map --format drawio -o map.drawio", "a picture to edit in draw.io"],
      ),
    )
    .action(async ({ file, format, output, json }: Options) => {
      const chosen = json === true ? "json" : choice("--format", format, MAP_FORMATS);
      cli.terminal.step(`reading ${file}`);
      const policy = openPolicy(file);
      cli.terminal.step("drawing");
      const flows = mapFlows(policy, findThreats(policy, { today: cli.today }));
      const width = cli.terminal.columns;
      await deliver(cli, await renderMap(flows, chosen, width === undefined ? {} : { width }), output);
    });
};
