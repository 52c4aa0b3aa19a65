/**
 * Imports every face of the compiled package, each in a process of its own. Type-stripped tests load modules in the order
 * that a test asks for; only here does each face come first, so that a cycle whose static initialisation needs another
 * order, or a file that the build forgot to copy, shows.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { built } from "./built.js";

const ROOT = resolve(import.meta.dirname, "..");
const dist = dirname(built("index.js"));
const faces = filesNamed("index.js", dist);

/** Every file of a name under a folder, as sorted paths relative to it. */
function filesNamed(name: string, folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return paths.filter((path) => basename(path) === name).sort();
}

/** The names that a module exports when it is the first to be loaded, or what it printed when it could not be. */
function exportsOf(path: string): { readonly names: readonly string[]; readonly error: string } {
  const program = `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(pathToFileURL(path).href)}))))`;
  const done = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
  return { names: done.status === 0 ? JSON.parse(done.stdout) : [], error: done.stderr };
}

describe("the compiled package", () => {
  it("has a face for every folder of the sources that has one", () => {
    const sources = filesNamed("index.ts", join(ROOT, "src")).map((path) => path.replace(/\.ts$/, ".js"));
    expect(sources.length).toBeGreaterThan(10);
    expect(faces).toEqual(sources.sort());
  });

  it.each(faces)("loads %s first", (face) => {
    const { names, error } = exportsOf(join(dist, face));
    expect(error).toBe("");
    expect(names).not.toContain("default");
  });

  it("holds what package.json exports", () => {
    const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      exports: Record<string, string | { readonly default: string }>;
    };
    for (const [name, target] of Object.entries(exports)) {
      if (typeof target === "string") expect(readFileSync(join(ROOT, target), "utf8"), name).not.toBe("");
      else expect(exportsOf(join(ROOT, target.default)).names.length, name).toBeGreaterThan(0);
    }
  });
});
