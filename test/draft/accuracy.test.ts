/**
 * How much of the truth the import finds: its flows against hand-made lists of what really talks to what, in manifests
 * of real applications. The lists say of some edges `maybe`: those count neither for nor against.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readCluster, readSources } from "../../src/cluster/index.js";
import { type DraftReport, draftWorkflow } from "../../src/draft/index.js";

const CORPUS = process.env.RINGFENCE_CORPUS;

interface Application {
  readonly name: string;
  /** what is imported: one coherent set of manifests */
  readonly manifests: readonly string[];
  readonly precision: number;
  readonly recall: number;
}

const APPLICATIONS: readonly Application[] = [
  { name: "opea-chatqna", manifests: ["cpu/xeon/manifest/chatqna.yaml"], precision: 1, recall: 1 },
  { name: "microservices-demo", manifests: ["release/kubernetes-manifests.yaml"], precision: 0.95, recall: 1 },
  { name: "microservices-demo", manifests: ["kubernetes-manifests"], precision: 0.95, recall: 1 },
  {
    name: "microservices-demo",
    manifests: ["rendered/kustomize-network-policies-and-istio.yaml"],
    precision: 0.95,
    recall: 1,
  },
  { name: "microservices-demo", manifests: ["rendered/chart-netpol-sidecar-authz.yaml"], precision: 0.95, recall: 1 },
  { name: "n8n-hosting", manifests: ["."], precision: 0.8, recall: 1 },
];

interface Edge {
  readonly key: string;
  readonly certain: boolean;
}

function expectedEdges(path: string): readonly Edge[] {
  const [header = "", ...lines] = readFileSync(path, "utf8").trim().split("\n");
  const columns = header.split("\t");
  return lines.map((line) => {
    const cells = line.split("\t");
    const cell = (name: string) => cells[columns.indexOf(name)] ?? "";
    return { key: `${cell("source")} > ${cell("destination")}:${cell("port")}`, certain: cell("certainty") === "yes" };
  });
}

/** Flows in the lists' words: outside users are `external:client`, outside APIs `external:<host>`. */
function draftedEdges({ flows, outside }: DraftReport): readonly string[] {
  const words = new Map(
    outside.map(({ name, kind, host }) => [name, kind === "users" ? "external:client" : `external:${host}`]),
  );
  return [...new Set(flows.map(({ from, to, port }) => `${words.get(from) ?? from} > ${words.get(to) ?? to}:${port}`))];
}

describe.runIf(CORPUS !== undefined)("import against hand-made lists", () => {
  for (const { name, manifests, precision, recall } of APPLICATIONS) {
    it(`${name} (${manifests.join(", ")})`, () => {
      const folder = join(CORPUS ?? "", "apps", name);
      const { sources, problems } = readSources(manifests.map((path) => join(folder, path)));
      expect(problems).toEqual([]);
      const { report } = draftWorkflow(readCluster(sources));
      const edges = expectedEdges(join(folder, "expected-flows.tsv"));
      const certain = edges.filter((edge) => edge.certain).map(({ key }) => key);
      const uncertain = new Set(edges.filter((edge) => !edge.certain).map(({ key }) => key));
      const drafted = draftedEdges(report).filter((key) => !uncertain.has(key));
      const right = drafted.filter((key) => certain.includes(key));
      const measured = { precision: right.length / drafted.length, recall: right.length / certain.length };
      const missed = certain.filter((key) => !drafted.includes(key));
      const wrong = drafted.filter((key) => !certain.includes(key));
      console.log(
        `${name}: precision ${measured.precision.toFixed(2)}, recall ${measured.recall.toFixed(2)} (${right.length} of ${certain.length})`,
        ...missed.map((key) => `\n  missed ${key}`),
        ...wrong.map((key) => `\n  wrong  ${key}`),
      );
      expect(measured.precision).toBeGreaterThanOrEqual(precision);
      expect(measured.recall).toBeGreaterThanOrEqual(recall);
    });
  }

  it("says what the manifests of bookinfo cannot show", () => {
    const folder = join(CORPUS ?? "", "apps/istio-bookinfo");
    const paths = ["platform/kube/bookinfo.yaml", "networking/bookinfo-gateway.yaml"].map((path) => join(folder, path));
    const { report } = draftWorkflow(readCluster(readSources(paths).sources));
    expect(draftedEdges(report)).toEqual(["external:client > productpage-v1:9080"]);
    const invisible = report.remarks.filter(({ topic }) => topic === "invisible").map(({ subject }) => subject);
    expect(invisible).toEqual(["details-v1", "ratings-v1", "reviews-v1", "reviews-v2", "reviews-v3"]);
  });
});

describe.runIf(CORPUS === undefined || !existsSync(join(CORPUS, "apps")))("import against hand-made lists", () => {
  it("not run: RINGFENCE_CORPUS is not set", () => {
    console.log("not run: RINGFENCE_CORPUS is not set");
  });
});
