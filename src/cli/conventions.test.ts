/** What every command of the tree keeps to, whatever it does. */
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { buildProgram } from "./main.js";
import { openTerminal } from "./terminal.js";

const printed: string[] = [];
const stream = { isTTY: false, write: (text: string) => void printed.push(text) };
const terminal = openTerminal({ stdout: stream, stderr: stream, env: {} });
const program = buildProgram({ terminal, today: "2026-01-01", exit: () => undefined });

/** Commands that do something themselves, by what a user types. */
function leaves(command: Command, path: readonly string[] = []): [string, Command][] {
  const children = command.commands.filter((child) => child.name() !== "help");
  if (children.length === 0) return [[path.join(" "), command]];
  return children.flatMap((child) => leaves(child, [...path, child.name()]));
}

describe.each(leaves(program))("ringfence %s", (path, command) => {
  it("takes --json", () => {
    expect(command.options.map(({ long }) => long)).toContain("--json");
  });

  it("explains itself, with examples of its own", () => {
    printed.length = 0;
    command.outputHelp();
    expect(printed.join("")).toMatch(new RegExp(`Examples:\\n {2}\\$ .*ringfence ${path}`));
    expect(command.description()).not.toBe("");
  });

  it("says what each option is for", () => {
    expect(command.options.filter(({ description }) => description === "").map(({ long }) => long)).toEqual([]);
  });
});
