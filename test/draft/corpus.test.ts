/** Every manifest of real applications imports, alone and by folder, into a file that loads; and twice into the same bytes. */
import { readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { readCluster, readSources } from "../../src/cluster/index.js";
import { draftWorkflow } from "../../src/draft/index.js";
import { loadWorkflow } from "../../src/workflow/index.js";

const CORPUS = process.env.RINGFENCE_CORPUS;

/** All manifests below a folder, and all folders that hold one. */
function below(folder: string): string[] {
  const found: string[] = [folder];
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) found.push(...below(path));
    else if (/\.(?:ya?ml|json)$/.test(name)) found.push(path);
  }
  return found;
}

function importAndLoad(path: string): string {
  const { sources } = readSources([path]);
  const { text } = draftWorkflow(readCluster(sources));
  loadWorkflow({ path: "draft.yaml", text });
  return text;
}

describe.runIf(CORPUS !== undefined)("import of real manifests", () => {
  const root = join(CORPUS ?? "", "apps");
  for (const application of CORPUS === undefined ? [] : readdirSync(root).sort()) {
    it(application, () => {
      for (const path of below(join(root, application))) {
        expect(() => importAndLoad(path), relative(root, path)).not.toThrow();
      }
      const whole = join(root, application);
      expect(importAndLoad(whole)).toBe(importAndLoad(whole));
    });
  }
});

describe.runIf(CORPUS === undefined)("import of real manifests", () => {
  it("not run: RINGFENCE_CORPUS is not set", () => {
    console.log("not run: RINGFENCE_CORPUS is not set");
  });
});
