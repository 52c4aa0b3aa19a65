/**
 * Manifests of real applications, and Istio objects with the verdict of Istio's own validation. The application folders
 * hold alternatives of one object side by side, so there each file is a set of manifests of its own.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readCluster, readSources } from "../../src/cluster/index.js";

const corpus = process.env.RINGFENCE_CORPUS;
if (corpus === undefined) console.log("not run: RINGFENCE_CORPUS is not set");

function folders(path: string): string[] {
  return readdirSync(path)
    .map((name) => join(path, name))
    .filter((child) => statSync(child).isDirectory());
}

describe.skipIf(corpus === undefined)("corpus", () => {
  it("reads every application without a problem other than its own alternatives", () => {
    let objects = 0;
    let files = 0;
    for (const app of folders(join(corpus ?? "", "apps"))) {
      const { sources, problems } = readSources([app]);
      expect(problems).toEqual([]);
      const whole = readCluster(sources);
      expect(whole.problems.filter(({ code }) => code !== "CLUSTER_DUPLICATE").map(({ message }) => message)).toEqual(
        [],
      );
      for (const source of sources) {
        const alone = readCluster([source]);
        files++;
        objects += alone.cluster.objects.length;
      }
    }
    console.log(`applications: ${objects} objects in ${files} files`);
    expect(objects).toBeGreaterThan(500);
  });

  it("accepts and refuses Istio objects as Istio does", () => {
    const folder = join(corpus ?? "", "istio-authz/validation");
    const cases: { file: string; valid: boolean; error: string | null }[] = JSON.parse(
      readFileSync(join(folder, "expected.json"), "utf8"),
    );
    const wrong = cases.filter(({ file, valid }) => {
      const { problems } = readCluster(readSources([join(folder, file)]).sources);
      return (problems.length === 0) !== valid;
    });
    console.log(`Istio validation: ${cases.length - wrong.length} of ${cases.length} equal`);
    expect(wrong).toEqual([]);
  });
});
