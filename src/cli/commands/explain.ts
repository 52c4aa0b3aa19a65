import { CODES, type Code, RingfenceError, suggest } from "../../diagnostics/index.js";
import { type DeclareCommand, examples } from "../command.js";

const EXITS: Readonly<Record<number, string>> = {
  1: "the answer is no",
  2: "the command line was wrong",
  3: "the input was wrong",
  4: "something around the program was missing",
  70: "a bug of Ringfence's own",
};

export const explain: DeclareCommand = (program, cli) => {
  program
    .command("explain")
    .description("say what an error code means")
    .argument("[code]", "the code in brackets at the end of a message; all of them when absent")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(["explain WORKFLOW_UNKNOWN_NAME", "what this code means"], ["explain", "list all codes"]),
    )
    .action((code: string | undefined, { json }: { json?: true }) => {
      const all = Object.keys(CODES) as Code[];
      const chosen = code === undefined ? all : all.filter((known) => known === code.toUpperCase());
      if (chosen.length === 0) {
        const near = suggest(code?.toUpperCase() ?? "", all);
        throw new RingfenceError({
          code: "USAGE",
          message: `there is no error code \`${code}\``,
          hint: near === undefined ? "`ringfence explain` lists all of them" : `did you mean \`${near}\`?`,
        });
      }
      if (json === true) {
        cli.terminal.json(chosen.map((known) => ({ code: known, ...CODES[known] })));
        return;
      }
      const width = Math.max(...chosen.map((known) => known.length));
      const lines = chosen.map((known) => {
        const { exit, summary } = CODES[known];
        return `${cli.terminal.palette.bold(known.padEnd(width))}  ${summary} (exit code ${exit}: ${EXITS[exit]})`;
      });
      cli.terminal.result(lines.join("\n"));
    });
};
