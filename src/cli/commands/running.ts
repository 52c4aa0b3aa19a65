/** What the commands around a running workflow share: which one is meant, and how to speak to it. */
import type { Command } from "commander";
import { RingfenceError } from "../../diagnostics/index.js";
import { openPolicy, stateOf } from "../../ringfence.js";
import { order, type StateFolder } from "../../runtime/index.js";

export interface RunningOptions {
  readonly file: string;
  readonly state?: string;
}

/** The options by which a running workflow is named. */
export function namesRunning(command: Command): Command {
  return command
    .option("-f, --file <path>", "the workflow file", "ringfence.yaml")
    .option(
      "--state <folder>",
      "the folder that `up` keeps its state in (default: .ringfence/<workflow> beside the file)",
    );
}

export function stateFor({ file, state }: RunningOptions): StateFolder {
  return stateOf(file, openPolicy(file).workflow, state);
}

/** Gives an order. @throws RUNTIME_NOT_RUNNING */
export async function orderRunning(
  options: RunningOptions,
  name: string,
  body?: Record<string, unknown>,
): Promise<unknown> {
  const state = stateFor(options);
  const answer = await order(state.socket, name, body);
  if (answer !== undefined) return answer;
  throw new RingfenceError({
    code: "RUNTIME_NOT_RUNNING",
    message: `\`${state.workflow}\` is not running`,
    hint: "`ringfence up` starts it",
  });
}
