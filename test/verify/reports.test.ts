/** Every format of a report is what its readers can read, and says all that was found. */
import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { describe, expect, it } from "vitest";
import { readCluster } from "../../src/cluster/index.js";
import { derive } from "../../src/policy/index.js";
import {
  dotReport,
  edgesOf,
  githubReport,
  issuesOf,
  jsonReport,
  junitReport,
  matrixReport,
  Network,
  sarifReport,
  tableReport,
  textReport,
  verifyCluster,
} from "../../src/verify/index.js";
import { loadWorkflow } from "../../src/workflow/index.js";

const workload = (name: string, extra = "") => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: shop }
spec:
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
      - name: main
        image: ${name}:1
        ports: [{ containerPort: 8080 }]
${extra}---
`;
const MANIFESTS = `apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
${workload("web")}${workload("api")}${workload("db", "        env: [{ name: DB_PASSWORD, value: only-for-its-reader }]\n")}apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: "closed", namespace: shop }
spec: { podSelector: { matchLabels: { app: api } }, policyTypes: [Ingress] }
`;
const WORKFLOW = `apiVersion: ringfence.dev/v1
workflow: shop
zones: { shop: { trust: internal } }
data: { cards: { sensitivity: restricted } }
workloads: { web: { zone: shop, port: 8080 }, api: { zone: shop, port: 8080 }, db: { zone: shop, ports: [{ port: 8080, protocol: tcp }] }, gone: { zone: shop, port: 8080 } }
flows: [{ from: web, to: api }, { from: api, to: db, protocol: tcp, data: [cards] }]
`;

const { cluster } = readCluster([{ path: "m <&>.yaml", text: MANIFESTS }]);
const verification = verifyCluster(cluster, {
  policy: derive(loadWorkflow({ path: "ringfence.yaml", text: WORKFLOW })),
});
const issues = issuesOf(verification);
const edges = edgesOf(new Network(cluster));

describe("reports", () => {
  it("are about a verification that has something of every kind", () => {
    expect(new Set(issues.map(({ kind }) => kind))).toEqual(
      new Set(["leak", "disclosure", "blockage", "missing", "gap"]),
    );
  });

  it("show no value of a secret in any format", () => {
    const all = [
      textReport(verification),
      JSON.stringify(jsonReport(verification)),
      sarifReport(verification, "1"),
      junitReport(verification, () => true),
      githubReport(verification),
    ];
    for (const text of all) {
      expect(text).toContain("secret");
      expect(text).not.toContain("only-for-its-reader");
    }
  });

  it("SARIF names a rule for each result, and a place in a file", () => {
    const [run] = JSON.parse(sarifReport(verification, "1.2.3")).runs;
    expect(run.results).toHaveLength(issues.length);
    for (const { ruleId, ruleIndex, level, locations } of run.results) {
      expect(run.tool.driver.rules[ruleIndex].id).toBe(ruleId);
      expect(["error", "warning", "note"]).toContain(level);
      for (const { physicalLocation } of locations ?? []) {
        expect(physicalLocation.artifactLocation.uri).toBe("m%20%3C&%3E.yaml");
        expect(physicalLocation.region.startLine).toBeGreaterThan(0);
      }
    }
    expect(run.results.some(({ locations }: { locations?: unknown }) => locations !== undefined)).toBe(true);
  });

  it("JUnit is well-formed, counts its cases, and passes where nothing was found", () => {
    const xml = junitReport(verification, ({ kind }) => kind !== "gap");
    expect(XMLValidator.validate(xml)).toBe(true);
    const { testsuite } = new XMLParser({ ignoreAttributes: false }).parse(xml).testsuites;
    expect(testsuite.testcase).toHaveLength(Number(testsuite["@_tests"]));
    const failures = testsuite.testcase.filter((one: { failure?: unknown }) => one.failure !== undefined);
    expect(failures).toHaveLength(issues.filter(({ kind }) => kind !== "gap").length);
    const nothing = { ...verification, comparison: undefined, disclosures: [], gaps: [] };
    expect(junitReport(nothing, () => true)).toContain('tests="1" failures="0"');
  });

  it("GitHub's annotations stay on one line each", () => {
    const lines = githubReport(verification).trimEnd().split("\n");
    expect(lines).toHaveLength(issues.length);
    for (const line of lines)
      expect(line).toMatch(/^::(error|warning|notice) (file=[^,]+,line=\d+,col=\d+,)?title=ringfence [a-z-]+::/);
  });

  it("Graphviz draws the graph, and the matrix is well-formed", async () => {
    const dot = dotReport(edges, verification.comparison, cluster.workloads);
    const svg = (await Graphviz.load()).dot(dot);
    expect(svg.match(/class="edge"/g)).toHaveLength(edges.length);
    const ids = cluster.workloads.map(({ id }) => id);
    const matrix = matrixReport(edges, verification.comparison, ids, "shop");
    expect(XMLValidator.validate(matrix)).toBe(true);
    expect(matrix).toContain("shop/web[Deployment] → shop/db[Deployment]: gets through, not declared");
  });

  it("the table has a row for each connection, and for what is declared and does not get through", () => {
    const rows = tableReport(edges, verification.comparison).trimEnd().split("\n").slice(1);
    const declared = rows.filter((row) => /shop\/web\S+ +shop\/api\S+ +TCP 8080 +none +blockage/.test(row));
    expect(declared).toHaveLength(1);
    expect(rows.length).toBeGreaterThan(edges.length);
    expect(rows.some((row) => row.endsWith("as declared"))).toBe(true);
  });

  it("call declared what a flow declares, and nothing else", () => {
    const others = `apiVersion: v1
kind: Namespace
metadata: { name: away }
---
${workload("one").replaceAll("shop", "away")}${workload("two").replaceAll("shop", "away")}`;
    const wider = readCluster([{ path: "m.yaml", text: `${MANIFESTS}---\n${others}` }]).cluster;
    const { comparison } = verifyCluster(wider, {
      policy: derive(loadWorkflow({ path: "ringfence.yaml", text: WORKFLOW })),
    });
    const all = edgesOf(new Network(wider));
    const rows = tableReport(all, comparison).trimEnd().split("\n").slice(1);
    expect(rows.filter((row) => /away\/one\S+ +away\/two\S+ +TCP 8080 .*no flow$/.test(row))).toHaveLength(1);
    const declared = rows.filter((row) => row.endsWith("as declared"));
    expect(declared).toHaveLength(1);
    expect(declared[0]).toMatch(/shop\/api\S+ +shop\/db\S+ +TCP 8080/);
    expect(rows.filter((row) => /shop\/api\S+ +away\/one\S+ +other, as TCP .*leak$/.test(row))).toHaveLength(1);
    const ids = wider.workloads.map(({ id }) => id);
    expect(matrixReport(all, comparison, ids, "shop")).toContain(
      "away/one[Deployment] → away/two[Deployment]: gets through, no flow of the workflow",
    );
  });
});
