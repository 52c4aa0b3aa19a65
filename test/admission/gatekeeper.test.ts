/** The Gatekeeper templates as they are emitted, evaluated by our engine over pods of our own and of the corpus. */
import { describe, expect, it } from "vitest";
import { compile as compileRego } from "../../src/rego/index.js";
import { compile, type KubeObject } from "../../src/targets/index.js";
import { admissionPolicy, corpusCases, ownCases, type PodCase } from "./pods.js";

const policy = admissionPolicy();
const objects = compile(policy).artifacts.flatMap((artifact) =>
  artifact.kind === "manifests" && artifact.path.startsWith("gatekeeper/") ? artifact.objects : [],
);

interface Template {
  readonly spec: { targets: { rego: string; libs?: string[] }[]; crd: { spec: { names: { kind: string } } } };
}

const engines = new Map<string, ReturnType<typeof compileRego>>();

function engineOf(name: string, texts: readonly string[]) {
  const known =
    engines.get(name) ?? compileRego(texts.map((text, i) => ({ file: `${i}.rego`, text, version: "v0" as const })));
  engines.set(name, known);
  return known;
}

/** Messages of the constraints of a kind about an object, by direct evaluation of their template. */
function violations(suffix: string, object: unknown): string[] {
  const template = objects.find(
    ({ kind, metadata }) => kind === "ConstraintTemplate" && metadata.name.endsWith(suffix),
  ) as (KubeObject & Template) | undefined;
  if (template === undefined) throw new Error(`there is no template ${suffix}`);
  const [target] = template.spec.targets;
  const engine = engineOf(suffix, [target?.rego ?? "", ...(target?.libs ?? [])]);
  const name = /^package (\S+)/m.exec(target?.rego ?? "")?.[1] ?? "";
  const constraints = objects.filter(({ kind }) => kind === template.spec.crd.spec.names.kind);
  return constraints.flatMap((constraint) => {
    const parameters = (constraint.spec as { parameters?: unknown }).parameters ?? {};
    const found = engine.rule(`data.${name}.violation`).evaluate({ review: { object }, parameters });
    return (found as { msg: string }[]).map(({ msg }) => msg);
  });
}

function verdicts(cases: readonly PodCase[]): string[] {
  return cases.flatMap(({ note, object, allowed }) => {
    const found = [...violations("podsecurity", object), ...violations("workloads", object)];
    return (found.length === 0) === allowed ? [] : [`${note}: ${allowed ? found.join("; ") : "let in"}`];
  });
}

describe("the Gatekeeper rules", () => {
  it("let in what a workload's pods are and refuse what is one step away", () => {
    const cases = ownCases(policy);
    expect(verdicts(cases)).toEqual([]);
    expect(cases.length).toBeGreaterThan(50);
  });

  it("agree with Pod Security's `restricted` and refuse the pods that attack", () => {
    const cases = corpusCases();
    if (cases === undefined) return;
    expect(verdicts(cases)).toEqual([]);
    console.log(`${cases.length} pods of the corpus: ${cases.filter(({ allowed }) => allowed).length} let in`);
  });

  it("refuse an object without a pod", () => {
    expect(violations("podsecurity", { kind: "Deployment", spec: {} })).toEqual(["no pod was found in this object"]);
    expect(violations("workloads", { kind: "Deployment", spec: {} }).length).toBeGreaterThan(0);
  });
});
