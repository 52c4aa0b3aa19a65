/** What a program that reads standard error gets, and what a terminal without colours gets. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { main } from "./main.js";
import { openTerminal } from "./terminal.js";

const folder = mkdtempSync(join(tmpdir(), "main-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const code = await main(args, {
    stdout: { isTTY: false, write: (text) => (out += text) },
    stderr: { isTTY: false, write: (text) => (err += text) },
    env: {},
  });
  return { code, out, err };
}

describe("a mistake of the command line", () => {
  it.each([["chekc"], ["check", "--bad"], ["map", "extra"]])("is a problem in JSON for %s", async (...args) => {
    const { code, out, err } = await run(...args, "--json");
    expect([code, out]).toEqual([2, ""]);
    const { problems } = JSON.parse(err) as { problems: { code: string; message: string }[] };
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code: "USAGE", message: expect.stringMatching(/^(unknown|too many)/) });
    expect((await run(...args)).err).toMatch(/^error: /);
  });
});

describe("a file that is no text", () => {
  const file = join(folder, "ringfence.yaml");
  const read = async (bytes: Uint8Array) => {
    writeFileSync(file, bytes);
    return run("check", "--file", file);
  };

  it("is invalid input when it is not UTF-8", async () => {
    const { code, err } = await read(Uint8Array.of(0x61, 0xff, 0xfe));
    expect(code).toBe(3);
    expect(err).toContain("is not UTF-8 text");
  });

  it("is told of a NUL character by its name", async () => {
    const { code, err } = await read(Buffer.from("workflow: a\nname: b\0c\n"));
    expect(code).toBe(3);
    expect(err).toContain("a NUL character stands here");
    expect(err).toMatch(/ringfence\.yaml:2:8/);
  });

  it("is not told to write what it does not hold", async () => {
    const { err } = await read(Buffer.from("apiVersion: ringfence.dev/v1\nworkflow: n\n"));
    expect(err).not.toContain('"false"');
  });
});

it("writes no escape sequence where colours are off", () => {
  let written = "";
  const stream = { isTTY: true, write: (text: string) => (written += text) };
  const terminal = openTerminal({ stdout: stream, stderr: stream, env: { NO_COLOR: "1" } });
  terminal.step("reading");
  terminal.note("done");
  terminal.done();
  expect(written).toBe("done\n");
});
