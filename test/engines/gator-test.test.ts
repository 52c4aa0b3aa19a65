/** `rego gator test` against the real `gator test`, over the cases of Gatekeeper's library and one with expansion. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Json, readDocuments } from "../../src/documents/index.js";
import { audit, isDenied } from "../../src/gatekeeper/index.js";
import { corpus, engine } from "../engine.js";

const gator = engine("gator");
const library = corpus("gatekeeper", "library");
const folder = mkdtempSync(join(tmpdir(), "gator-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Report {
  readonly msg: string;
  readonly enforcementAction: string;
  readonly metadata: { readonly details?: unknown };
  readonly constraint: { readonly metadata: { readonly name: string } };
  readonly violatingObject: { readonly metadata: { readonly name: string } };
}

const shown = (findings: readonly unknown[]): string[] => findings.map((finding) => JSON.stringify(finding)).sort();

function theirs(files: readonly string[]): { status: number | null; findings: string[] } | undefined {
  const args = files.flatMap((file) => ["-f", file]);
  // Of a template that has both, the Rego: CEL is not run here.
  const flags = ["test", "-o", "json", "--enable-k8s-native-validation=false"];
  const { status, stdout } = spawnSync(gator ?? "", [...flags, ...args], { encoding: "utf8" });
  if (stdout === "") return undefined;
  const reports = (JSON.parse(stdout) ?? []) as Report[];
  const findings = reports.map(({ msg, enforcementAction, constraint, violatingObject }) => [
    msg,
    enforcementAction,
    constraint.metadata.name,
    violatingObject.metadata.name,
  ]);
  return { status, findings: shown(findings) };
}

function ours(files: readonly string[]): { status: number | null; findings: string[] } | undefined {
  try {
    const documents = files.flatMap((path) =>
      readDocuments({ path, text: readFileSync(path, "utf8") }).documents.map(({ value }) => value),
    );
    const { findings } = audit(documents.filter((document): document is Json => document !== null));
    const name = (object: unknown) => (object as { metadata: { name: string } }).metadata.name;
    return {
      status: findings.some(isDenied) ? 1 : 0,
      findings: shown(
        findings.map(({ message, action, constraint, object }) => [message, action, name(constraint), name(object)]),
      ),
    };
  } catch {
    return undefined;
  }
}

interface Suite {
  readonly tests: readonly {
    readonly template: string;
    readonly constraint: string;
    readonly cases: readonly { readonly object: string; readonly inventory?: readonly string[] }[];
  }[];
}

function casesOf(path: string): string[][] {
  const at = (name: string): string => join(dirname(path), name);
  return (parse(readFileSync(path, "utf8")) as Suite).tests.flatMap(({ template, constraint, cases }) =>
    cases.map(({ object, inventory }) => [template, constraint, object, ...(inventory ?? [])].map(at)),
  );
}

describe.skipIf(gator === undefined)("gator test", () => {
  it.skipIf(library === undefined)("finds what we find in the library's cases", { timeout: 400_000 }, () => {
    const suites = readdirSync(library ?? "", { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith("suite.yaml"))
      .sort();
    let held = 0;
    let refused = 0;
    for (const files of suites.flatMap((name) => casesOf(join(library ?? "", name)))) {
      // gator takes a request for an object of the kind AdmissionReview, which nothing matches.
      if (files.some((file) => readFileSync(file, "utf8").includes("kind: AdmissionReview"))) continue;
      const wanted = theirs(files);
      expect({ files, found: ours(files) }).toEqual({ files, found: wanted });
      if (wanted === undefined) refused++;
      else held++;
    }
    console.log(`${held} cases with the findings of gator test; ${refused} that both refuse`);
    expect(held).toBeGreaterThan(100);
  });

  it("expands as we do", () => {
    const file = join(folder, "all.yaml");
    writeFileSync(file, EXPANDED);
    const found = ours([file]);
    expect(found).toEqual(theirs([file]));
    expect(found?.findings).toHaveLength(3);
  });
});

const EXPANDED = `
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: { name: owned }
spec:
  crd: { spec: { names: { kind: Owned } } }
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package owned
        violation[{"msg": msg}] {
          object := input.review.object
          not object.metadata.labels.owner
          msg := sprintf("%v %v %v %v", [object.kind, object.metadata.name, object.metadata.namespace, input.review.kind])
        }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Owned
metadata: { name: must }
spec: { match: { kinds: [{ apiGroups: ["", apps, batch], kinds: [Pod, Job] }] } }
---
apiVersion: expansion.gatekeeper.sh/v1beta1
kind: ExpansionTemplate
metadata: { name: pods }
spec:
  applyTo: [{ groups: [apps, batch], versions: [v1], kinds: [Deployment, Job] }]
  templateSource: spec.template
  generatedGVK: { group: "", version: v1, kind: Pod }
---
apiVersion: expansion.gatekeeper.sh/v1beta1
kind: ExpansionTemplate
metadata: { name: jobs }
spec:
  applyTo: [{ groups: [batch], versions: [v1], kinds: [CronJob] }]
  templateSource: spec.jobTemplate
  enforcementAction: warn
  generatedGVK: { group: batch, version: v1, kind: Job }
---
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec: { template: { metadata: { labels: { app: web } }, spec: {} } }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly, namespace: shop }
spec: { jobTemplate: { spec: { template: { spec: {} } } } }
`;
