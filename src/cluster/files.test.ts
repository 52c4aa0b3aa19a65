import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readSources } from "./files.js";

const root = mkdtempSync(join(tmpdir(), "ringfence-files-"));
afterAll(() => rmSync(root, { recursive: true }));

function put(path: string, content: string | Uint8Array = "a: 1\n"): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), content);
}

put("set/b.yaml");
put("set/a.json", "{}");
put("set/deep/c.yml");
put("set/notes.txt");
put("set/.hidden/d.yaml");
put("set/node_modules/e.yaml");
put("latin1.yaml", Uint8Array.of(0xe9));
symlinkSync(join(root, "set"), join(root, "set", "deep", "loop"));

describe("readSources", () => {
  it("reads a folder once, in the order of its names, and follows no link in circles", () => {
    const { sources, problems } = readSources([join(root, "set")]);
    expect(problems).toEqual([]);
    expect(sources.map(({ path }) => relative(root, path))).toEqual(["set/a.json", "set/b.yaml", "set/deep/c.yml"]);
  });

  it("reads a named file whatever its name, and keeps the order of the arguments", () => {
    const { sources } = readSources([join(root, "set/notes.txt"), join(root, "set/a.json")]);
    expect(sources.map(({ path }) => relative(root, path))).toEqual(["set/notes.txt", "set/a.json"]);
  });

  it("reports what it cannot read and goes on", () => {
    const { sources, problems } = readSources([
      join(root, "gone"),
      join(root, "latin1.yaml"),
      join(root, "set/a.json"),
    ]);
    expect(sources).toHaveLength(1);
    expect(problems.map(({ code }) => code)).toEqual(["FILE_NOT_FOUND", "FILE_UNREADABLE"]);
  });
});
