/**
 * Terminal sessions: each file of sessions/ holds files (`-- name --`) and, after `-- session --`, commands with what
 * they print. A line of standard error begins with `! `; `[exit N]` follows where the exit code isn't 0. What varies
 * with the version stands as `<version>`.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const FOLDER = join(import.meta.dirname, "sessions");

interface Session {
  readonly files: ReadonlyMap<string, string>;
  readonly commands: readonly { readonly line: string; readonly printed: string }[];
}

function parse(text: string): Session {
  const files = new Map<string, string>();
  const parts = text.split(/^-- (.+) --\n/m);
  let session = "";
  for (let i = 1; i < parts.length; i += 2) {
    if (parts[i] === "session") session = parts[i + 1] ?? "";
    else files.set(parts[i] ?? "", parts[i + 1] ?? "");
  }
  const commands = session
    .split(/^(?=\$ )/m)
    .filter((block) => block.startsWith("$ "))
    .map((block) => {
      const [first = "", ...rest] = block.split("\n");
      return { line: first.slice(2), printed: rest.join("\n").trimEnd() };
    });
  return { files, commands };
}

function run(line: string, cwd: string): string {
  const script = `ringfence() { "${process.execPath}" "${ROOT}/bin/ringfence.js" "$@"; }; ${line}`;
  const env = { PATH: process.env.PATH, HOME: cwd, TZ: "UTC" };
  const result = spawnSync("bash", ["-c", script], { cwd, env, encoding: "utf8" });
  const errors =
    result.stderr === ""
      ? ""
      : result.stderr
          .trimEnd()
          .replaceAll(/^(?=.)/gm, "! ")
          .replaceAll(/^$/gm, "!");
  const parts = [result.stdout.trimEnd(), errors, result.status === 0 ? "" : `[exit ${result.status}]`];
  return parts
    .filter((part) => part !== "")
    .join("\n")
    .replaceAll(ROOT, "<root>");
}

describe("sessions", () => {
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith(".txt"))) {
    it(name, () => {
      const path = join(FOLDER, name);
      const text = readFileSync(path, "utf8");
      const { files, commands } = parse(text);
      const cwd = mkdtempSync(join(tmpdir(), "session-"));
      try {
        for (const [file, content] of files) {
          mkdirSync(dirname(join(cwd, file)), { recursive: true });
          writeFileSync(join(cwd, file), content);
        }
        const printed = commands.map(({ line }) => `$ ${line}\n${run(line, cwd)}`.trimEnd());
        if (process.env.UPDATE_GOLDEN !== undefined && process.env.CI === undefined) {
          writeFileSync(
            path,
            `${text.slice(0, text.indexOf("-- session --"))}-- session --\n${printed.join("\n\n")}\n`,
          );
          return;
        }
        expect(printed.join("\n\n")).toBe(
          commands.map((command) => `$ ${command.line}\n${command.printed}`.trimEnd()).join("\n\n"),
        );
      } finally {
        rmSync(cwd, { recursive: true, force: true });
      }
    });
  }
});
