/** The command line: arguments in, exit code out. What each command does stands in commands/. */
import { Command, CommanderError, Help } from "commander";
import { RingfenceError } from "../diagnostics/index.js";
import type { Cli } from "./command.js";
import { exitCodeOf } from "./command.js";
import { COMMANDS } from "./commands/index.js";
import { openTerminal, processStreams, type Streams, type Terminal } from "./terminal.js";
import { packageVersion } from "./version.js";

/**
 * Runs one command.
 * @returns 0 done or yes, 1 no, 2 usage, 3 invalid input, 4 environment, 70 our bug
 */
export async function main(args: readonly string[], streams: Streams = processStreams): Promise<number> {
  const terminal = openTerminal(streams);
  let exitCode = 0;
  const cli: Cli = {
    terminal,
    today: new Date().toISOString().slice(0, 10),
    exit(code) {
      exitCode = code;
    },
  };
  const json = args.includes("--json");
  // In JSON the whole mistake is one problem: commander's own words are not for a program to read.
  const program = buildProgram(cli, json);
  try {
    await program.parseAsync([...args], { from: "user" });
    terminal.done();
    return exitCode;
  } catch (error) {
    return report(error, terminal, json, streams.env);
  }
}

export function buildProgram(cli: Cli, json = false): Command {
  const program = new Command("ringfence")
    .description("Zero trust for AI workflow automation, from one file.")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "explain the command, with examples")
    .helpCommand("help [command]", "explain a command")
    .showHelpAfterError("(--help explains the command)");
  for (const declare of COMMANDS) declare(program, cli);
  settle(program, cli, json);
  return program;
}

/** Every command of the tree throws instead of ending the process, and writes through the terminal. */
function settle(command: Command, cli: Cli, json: boolean): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => cli.terminal.result(text),
    writeErr: (text) => (json ? undefined : cli.terminal.note(text)),
    getOutHelpWidth: () => Math.min(cli.terminal.columns ?? 100, 120),
  });
  command.createHelp = () => Object.assign(new Help(), { sortSubcommands: false });
  for (const child of command.commands) settle(child, cli, json);
}

function report(error: unknown, terminal: Terminal, json: boolean, env: Streams["env"]): number {
  if (error instanceof CommanderError) {
    // Help and version are answers; commander has written its own words for the rest.
    if (error.exitCode === 0) return 0;
    if (json) {
      const [message = "", ...more] = error.message.replace(/^error: /, "").split("\n");
      const near = /Did you mean (.+)\?/.exec(more.join(" "))?.[1];
      const hint = near === undefined ? "--help explains the command" : `did you mean \`${near}\`?`;
      terminal.fail(new RingfenceError({ code: "USAGE", message, hint }), true);
    }
    return 2;
  }
  if (error instanceof RingfenceError) {
    terminal.fail(error, json);
    return exitCodeOf(error.code);
  }
  const detail = error instanceof Error ? error.message : String(error);
  const bug = new RingfenceError({
    code: "INTERNAL",
    message: `this is a bug in Ringfence: ${detail.split("\n", 1)[0]}`,
    hint: "RINGFENCE_DEBUG=1 prints where; please report it with the input that leads here",
  });
  terminal.fail(bug, json);
  if (env.RINGFENCE_DEBUG !== undefined && error instanceof Error) terminal.note(error.stack ?? "");
  return 70;
}
