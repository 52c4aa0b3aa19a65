import { type DeclareCommand, examples } from "../command.js";
import { namesRunning, orderRunning, type RunningOptions } from "./running.js";

export const restart: DeclareCommand = (program, cli) => {
  namesRunning(program.command("restart"))
    .description("end a workload with its proxy, and start both again")
    .argument("<workload...>", "names of workloads")
    .option("--json", "print JSON")
    .addHelpText("after", examples(["restart model-server", "after its code has changed"]))
    .action(async (names: readonly string[], options: RunningOptions & { json?: true }) => {
      for (const workload of names) {
        cli.terminal.step(`restarting ${workload}`);
        await orderRunning(options, "restart", { workload });
        if (options.json !== true) cli.terminal.result(`${workload} was restarted`);
      }
      if (options.json === true) cli.terminal.json({ restarted: names });
    });
};
