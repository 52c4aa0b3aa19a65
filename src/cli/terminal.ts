/**
 * The only file that writes to the terminal. Results go to standard output, everything about how it went to standard
 * error; colours and the passing line of progress only where a person looks on.
 */
import { writeSync } from "node:fs";
import pc from "picocolors";
import {
  type Palette,
  PLAIN,
  type Problem,
  problemToJson,
  type RingfenceError,
  renderProblem,
} from "../diagnostics/index.js";

export interface Terminal {
  /** for results: colours when standard output is a terminal */
  readonly palette: Palette;
  /** columns of standard output; undefined when it isn't a terminal */
  readonly columns: number | undefined;
  /** Writes a result, whole, with a line break at its end. */
  result(text: string): void;
  json(value: unknown): void;
  /** A line for people on standard error. */
  note(text: string): void;
  warn(problem: Problem): void;
  fail(error: RingfenceError, json: boolean): void;
  /** Says what is being done, where a person looks on; the next line takes its place. */
  step(text: string): void;
  done(): void;
}

export interface Streams {
  readonly stdout: { write(text: string): void; readonly isTTY: boolean; readonly columns?: number };
  readonly stderr: { write(text: string): void; readonly isTTY: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The process's own streams. Writes are synchronous: a command that ends right after must not lose its last lines. */
export const processStreams: Streams = {
  stdout: { write: (text) => writeAll(1, text), isTTY: process.stdout.isTTY === true, columns: process.stdout.columns },
  stderr: { write: (text) => writeAll(2, text), isTTY: process.stderr.isTTY === true },
  env: process.env,
};

function writeAll(descriptor: 1 | 2, text: string): void {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(descriptor, bytes));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EPIPE") return; // the reader has seen enough
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

export function openTerminal({ stdout, stderr, env }: Streams): Terminal {
  const plain = (env.NO_COLOR !== undefined && env.NO_COLOR !== "") || env.TERM === "dumb";
  const colours = (isTTY: boolean): Palette => {
    const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "" && env.FORCE_COLOR !== "0";
    return !plain && (isTTY || forced) ? pc.createColors(true) : PLAIN;
  };
  const errors = colours(stderr.isTTY);
  let passing = false;
  const clear = (): void => {
    if (passing) stderr.write("\r\u001b[2K");
    passing = false;
  };
  const line = (text: string): string => (text.endsWith("\n") || text === "" ? text : `${text}\n`);
  return {
    palette: colours(stdout.isTTY),
    columns: stdout.isTTY ? stdout.columns : undefined,
    result(text) {
      clear();
      stdout.write(line(text));
    },
    json(value) {
      clear();
      stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    note(text) {
      clear();
      stderr.write(line(text));
    },
    warn(problem) {
      clear();
      stderr.write(`${renderProblem(problem, errors, "warning")}\n`);
    },
    fail(error, json) {
      clear();
      if (json) {
        stderr.write(`${JSON.stringify({ problems: error.problems.map(problemToJson) }, null, 2)}\n`);
        return;
      }
      stderr.write(`${error.problems.map((problem) => renderProblem(problem, errors)).join("\n\n")}\n`);
      if (error.problems.length > 1) stderr.write(`\n${error.problems.length} problems\n`);
    },
    step(text) {
      // A line that passes needs escape sequences to go again.
      if (!stderr.isTTY || plain) return;
      clear();
      stderr.write(errors.dim(`${text} …`));
      passing = true;
    },
    done: clear,
  };
}
