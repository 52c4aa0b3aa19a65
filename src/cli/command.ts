import type { Command } from "commander";
import { CODES, type Code, RingfenceError, suggest } from "../diagnostics/index.js";
import { writeWholeFile } from "../files/index.js";
import type { Terminal } from "./terminal.js";

/** What every command is given. */
export interface Cli {
  readonly terminal: Terminal;
  /** The day that counts for accepted risks, `YYYY-MM-DD`. */
  readonly today: string;
  /** Ends the command with an exit code other than 0. */
  exit(code: number): void;
}

/** A file of commands/ exports one of these: it declares its command on the program. */
export type DeclareCommand = (program: Command, cli: Cli) => void;

/** The examples at the end of a command's `--help`: what to type, and what for. */
export function examples(...lines: readonly (readonly [command: string, purpose: string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  return `\nExamples:\n${lines.map(([command, purpose]) => `  $ ringfence ${command.padEnd(width)}  # ${purpose}`).join("\n")}`;
}

/** Writes a result to `-o PATH`, whole or not at all, or to standard output. */
export async function deliver(cli: Cli, text: string, path: string | undefined): Promise<void> {
  if (path === undefined || path === "-") cli.terminal.result(text);
  else await writeWholeFile(path, text.endsWith("\n") ? text : `${text}\n`, { mode: 0o644 });
}

/** Refuses a value that an option doesn't take, with the nearest that it does. */
export function choice<T extends string>(option: string, value: string, choices: readonly T[]): T {
  const found = choices.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  const near = suggest(value, choices);
  throw new RingfenceError({
    code: "USAGE",
    message: `${option} takes one of ${choices.join(", ")}, not \`${value}\``,
    ...(near === undefined ? {} : { hint: `did you mean \`${near}\`?` }),
  });
}

export function exitCodeOf(code: Code): number {
  return CODES[code].exit;
}
