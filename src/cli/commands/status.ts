import type { Palette } from "../../diagnostics/index.js";
import type { Status } from "../../runtime/index.js";
import { type DeclareCommand, examples } from "../command.js";
import { namesRunning, orderRunning, type RunningOptions } from "./running.js";

export const status: DeclareCommand = (program, cli) => {
  namesRunning(program.command("status"))
    .description("show what runs here, and how it is isolated")
    .option("--json", "print JSON")
    .addHelpText("after", examples(["status", "of ringfence.yaml here"], ["status --json", "for programs"]))
    .action(async (options: RunningOptions & { json?: true }) => {
      const running = (await orderRunning(options, "status")) as Status;
      if (options.json === true) cli.terminal.json(running);
      else cli.terminal.result(renderStatus(running, cli.terminal.palette));
      if (running.workloads.some(({ state }) => state !== "ready")) cli.exit(1);
    });
};

/** A running workflow for people. */
export function renderStatus(running: Status, palette: Palette): string {
  const { workflow, isolation, workloads, issuers, decisionPoint, authority, withdrawn } = running;
  const walls =
    isolation.kind === "enforced"
      ? "each workload in a sandbox of its own"
      : palette.yellow(`advisory: no isolation (${isolation.reason})`);
  const width = Math.max(...workloads.map(({ name }) => name.length));
  const lines = workloads.map(({ name, state, edges, restarts, problem }) => {
    const word = state === "ready" ? state : palette.yellow(state);
    const again = restarts === 0 ? "" : `, started again ${restarts} times`;
    const why = problem === undefined || state === "ready" ? "" : ` (${problem})`;
    const cut = withdrawn.some((uri) => uri.endsWith(`/sa/${name}`)) ? palette.red(" identity withdrawn") : "";
    return `  ${name.padEnd(width)}  ${word}${again}${why}${cut}${edges.map((edge) => `  ${palette.bold(edge)}`).join("")}`;
  });
  const tokens = issuers === "development" ? "tokens from `ringfence token`" : "tokens from the declared issuers";
  return [
    `${palette.bold(workflow)}: ${walls}`,
    ...lines,
    `  decisions: ${decisionPoint}; ${tokens}; clients trust ${authority}`,
  ].join("\n");
}
