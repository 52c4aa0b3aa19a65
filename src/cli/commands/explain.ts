import { CODES, type Code, RingfenceError, suggest } from "../../diagnostics/index.js";
import { type DeclareCommand, examples } from "../command.js";
import { explainDecision } from "./explain-decision.js";

const EXITS: Readonly<Record<number, string>> = {
  1: "the answer is no",
  2: "the command line was wrong",
  3: "the input was wrong",
  4: "something around the program was missing",
  70: "a bug of Ringfence's own",
};

const DECISION_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

interface Options {
  readonly file: string;
  readonly state?: string;
  readonly json?: true;
}

export const explain: DeclareCommand = (program, cli) => {
  program
    .command("explain")
    .description("say what an error code means, or why a request was allowed or denied")
    .argument("[code]", "the code in brackets at the end of a message, or the id of a decision; all codes when absent")
    .option("-f, --file <path>", "the workflow file, for a decision", "ringfence.yaml")
    .option("--state <folder>", "the folder that `up` keeps its state in")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        ["explain WORKFLOW_UNKNOWN_NAME", "what this code means"],
        ["explain", "list all codes"],
        ["explain 1b4e28ba-2fa1-4d24-8f1a-0b6a5c8d2f11", "why this request was decided as it was"],
      ),
    )
    .action(async (code: string | undefined, { file, state, json }: Options) => {
      if (code !== undefined && DECISION_ID.test(code)) {
        await explainDecision(cli, code, file, state, json === true);
        return;
      }
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
