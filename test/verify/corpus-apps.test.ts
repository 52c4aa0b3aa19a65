/** Real applications: every one verifies without a crash, and the one that ships policies has the edges that are known. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readCluster, readSources } from "../../src/cluster/index.js";
import { CLOSED_WORLD, edgesOf, Network, textReport, verifyCluster } from "../../src/verify/index.js";
import { corpus } from "../engine.js";

const apps = corpus("apps");

function clusterAt(...path: readonly string[]) {
  const { sources, problems } = readSources([join(apps ?? "", ...path)]);
  expect(problems).toEqual([]);
  return readCluster(sources).cluster;
}

describe.skipIf(apps === undefined)("applications of the corpus", () => {
  const names = apps === undefined ? [] : readdirSync(apps, { withFileTypes: true }).filter((one) => one.isDirectory());

  it.each(names.map(({ name }) => [name]))("%s is verified whole", (name) => {
    const cluster = clusterAt(name);
    const verification = verifyCluster(cluster);
    expect(textReport(verification)).toContain(`${cluster.workloads.length} workload`);
    for (const { outcome } of edgesOf(new Network(cluster))) expect(["allowed", "unknown"]).toContain(outcome);
  });

  it("microservices-demo's own policies leave the edges that its calls need, and a frontend that all may call", () => {
    const cluster = clusterAt("microservices-demo", "rendered", "kustomize-network-policies.yaml");
    const lines = readFileSync(join(apps ?? "", "microservices-demo", "expected-flows.tsv"), "utf8")
      .trim()
      .split("\n");
    const known = lines.slice(1).flatMap((line) => {
      const [from = "", to = "", port = ""] = line.split("\t");
      return from.startsWith("external:") ? [] : [`${from} > ${to}:${port}`];
    });
    const edges = edgesOf(new Network(cluster, CLOSED_WORLD)).filter(({ unnamed }) => !unnamed);
    expect(edges.every(({ outcome }) => outcome === "allowed")).toBe(true);
    const found = edges.map(({ from, to, port }) => `${from.name} > ${to.name}:${port}`);
    const frontend = cluster.workloads.flatMap(({ name }) => (name === "frontend" ? [] : [`${name} > frontend:8080`]));
    expect(found.sort()).toEqual([...new Set([...known, ...frontend])].sort());
  });
});
