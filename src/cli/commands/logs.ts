import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { RingfenceError } from "../../diagnostics/index.js";
import { openPolicy, stateOf } from "../../ringfence.js";
import { type Cli, type DeclareCommand, examples } from "../command.js";
import { namesRunning, type RunningOptions } from "./running.js";

interface Options extends RunningOptions {
  readonly decisions?: true;
  readonly lines: string;
  readonly follow?: true;
  readonly json?: true;
}

const POLL_MS = 300;
const TAIL_BYTES = 256 * 1024;

export const logs: DeclareCommand = (program, cli) => {
  namesRunning(program.command("logs"))
    .description("show what workloads write, or what was decided about their requests")
    .argument("[workload...]", "names of workloads; all of them when absent")
    .option("--decisions", "the records of decisions instead, as JSON lines")
    .option("-n, --lines <count>", "how many of the last lines", "50")
    .option("--follow", "go on with what is written from now on")
    .option("--json", "print JSON lines: `{workload, line}`, or the record of a decision")
    .addHelpText(
      "after",
      examples(
        ["logs model-server", "its last 50 lines"],
        ["logs --decisions --follow", "every decision as it is made"],
      ),
    )
    .action(async (names: readonly string[], options: Options) => {
      const policy = openPolicy(options.file);
      const state = stateOf(options.file, policy.workflow, options.state);
      const known = policy.workloads.map(({ name }) => name);
      const unknown = names.find((name) => !known.includes(name));
      if (unknown !== undefined)
        throw new RingfenceError({ code: "USAGE", message: `there is no workload \`${unknown}\`` });
      const count = Number(options.lines);
      if (!Number.isInteger(count) || count < 0) {
        throw new RingfenceError({ code: "USAGE", message: `--lines takes a number, not \`${options.lines}\`` });
      }
      const chosen = names.length === 0 ? known : names;
      const files = chosen.map((name) => {
        const path = options.decisions === true ? state.decisions(name) : state.log(name);
        // A record names its workload itself.
        if (options.decisions === true) return new Tail(path, printable);
        if (options.json === true) return new Tail(path, (line) => JSON.stringify({ workload: name, line }));
        return new Tail(path, (line) => `${chosen.length > 1 ? `${name} | ` : ""}${printable(line)}`);
      });
      for (const file of files) print(cli, file.last(count));
      while (options.follow === true) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        for (const file of files) print(cli, file.more());
      }
    });
};

function print(cli: Cli, lines: readonly string[]): void {
  if (lines.length > 0) cli.terminal.result(lines.join("\n"));
}

/** The end of a file that grows. */
class Tail {
  readonly #path: string;
  readonly #write: (line: string) => string;
  #at = 0;
  #rest = "";

  /** @param write one line of the file as it is printed */
  constructor(path: string, write: (line: string) => string) {
    this.#path = path;
    this.#write = write;
  }

  last(count: number): string[] {
    const lines = this.more();
    return count === 0 ? [] : lines.slice(-count);
  }

  more(): string[] {
    if (!existsSync(this.#path)) return [];
    const file = openSync(this.#path, "r");
    try {
      const { size } = fstatSync(file);
      if (size < this.#at) this.#at = 0;
      if (size - this.#at > TAIL_BYTES) this.#at = size - TAIL_BYTES;
      const bytes = Buffer.alloc(size - this.#at);
      readSync(file, bytes, 0, bytes.length, this.#at);
      this.#at = size;
      const lines = (this.#rest + bytes.toString("utf8")).split("\n");
      this.#rest = lines.pop() ?? "";
      return lines.map(this.#write);
    } finally {
      closeSync(file);
    }
  }
}

/** What a workload writes must not write to the terminal of who reads it. */
function printable(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is the place that removes them
  return line.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "·");
}
