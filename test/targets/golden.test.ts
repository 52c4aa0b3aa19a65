/**
 * Whole trees of files, target by target, as they would be applied. `npm run golden` rewrites them; a change shows in
 * the diff of a review, where a reader judges it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { derive } from "../../src/policy/index.js";
import { compile, TARGETS } from "../../src/targets/index.js";
import { loadWorkflow } from "../../src/workflow/index.js";

const ROOT = resolve(import.meta.dirname, "../..");
const GOLDEN = join(ROOT, "test/golden");
const UPDATE = process.env.UPDATE_GOLDEN === "1";

const workflows = readdirSync(GOLDEN).map((name) => {
  const own = join(GOLDEN, name, "ringfence.yaml");
  return [name, existsSync(own) ? own : join(ROOT, "examples", name, "ringfence.yaml")] as const;
});

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

describe.each(workflows)("%s", (name, path) => {
  const policy = derive(loadWorkflow({ path, text: readFileSync(path, "utf8") }));
  const chosen = TARGETS.filter((target) => target.chosen(policy));

  it.each(chosen.map((target) => [target.name]))("%s", (target) => {
    const folder = join(GOLDEN, name, target);
    const { files } = compile(policy, { targets: [target] });
    if (UPDATE) {
      if (process.env.CI !== undefined) throw new Error("goldens are not rewritten in CI");
      rmSync(folder, { recursive: true, force: true });
      for (const file of files) {
        mkdirSync(dirname(join(folder, file.path)), { recursive: true });
        writeFileSync(join(folder, file.path), file.text);
      }
    }

    expect(filesBelow(folder)).toEqual(files.map((file) => file.path));
    for (const file of files) expect(readFileSync(join(folder, file.path), "utf8"), file.path).toBe(file.text);
  });

  it("has no tree of a target that it does not choose", () => {
    const folders = readdirSync(join(GOLDEN, name), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const names = chosen.map((target) => target.name);
    expect(folders.map((entry) => entry.name).filter((folder) => !names.includes(folder))).toEqual([]);
  });
});
