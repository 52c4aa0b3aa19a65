import { rmSync } from "node:fs";
import { order } from "../../runtime/index.js";
import { type DeclareCommand, examples } from "../command.js";
import { namesRunning, type RunningOptions, stateFor } from "./running.js";

const PAUSE_MS = 50;

export const down: DeclareCommand = (program, cli) => {
  namesRunning(program.command("down"))
    .description("end what `up` started, callers before who they call")
    .option("--purge", "remove its state too: records of decisions, logs, data and the authority")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(["down", "end it, keep its records and data"], ["down --purge", "leave nothing at all"]),
    )
    .action(async (options: RunningOptions & { purge?: true; json?: true }) => {
      const state = stateFor(options);
      const purged = options.purge === true;
      const wasRunning = (await order(state.socket, "down")) !== undefined;
      cli.terminal.step(`ending ${state.workflow}`);
      while (state.holder() !== undefined) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      // Of one that was killed there may be something left.
      state.release();
      if (purged) rmSync(state.path, { recursive: true, force: true });
      if (options.json === true) cli.terminal.json({ workflow: state.workflow, wasRunning, purged });
      else cli.terminal.result(wasRunning ? `${state.workflow} has ended` : `${state.workflow} was not running`);
    });
};
