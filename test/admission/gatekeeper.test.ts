/** The Gatekeeper templates as they are emitted, evaluated by our engine over pods of our own and of the corpus. */
import { describe, expect, it } from "vitest";
import type { Policy } from "../../src/policy/index.js";
import { compile as compileRego } from "../../src/rego/index.js";
import { compile, type KubeObject } from "../../src/targets/index.js";
import { corpusCases, ownCases, POLICIES, type PodCase, patchedCases, waypointCases, zoneOf } from "./pods.js";

const compiled = new Map(
  POLICIES.map((policy) => [
    policy,
    compile(policy).artifacts.flatMap((artifact) =>
      artifact.kind === "manifests" && artifact.path.startsWith("gatekeeper/") ? artifact.objects : [],
    ),
  ]),
);
const [sidecars] = POLICIES as [Policy];

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
function violations(policy: Policy, suffix: string, object: unknown): string[] {
  const objects = compiled.get(policy) ?? [];
  const template = objects.find(
    ({ kind, metadata }) => kind === "ConstraintTemplate" && metadata.name.endsWith(suffix),
  ) as (KubeObject & Template) | undefined;
  // Without a mesh there is no template about it.
  if (template === undefined && suffix === "inmesh" && policy.targets.mesh.engine === "none") return [];
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

function verdicts(policy: Policy, cases: readonly PodCase[]): string[] {
  return cases.flatMap(({ note, object, allowed }) => {
    const found = ["podsecurity", "workloads", "inmesh"].flatMap((suffix) => violations(policy, suffix, object));
    return (found.length === 0) === allowed ? [] : [`${note}: ${allowed ? found.join("; ") : "let in"}`];
  });
}

describe.each(POLICIES.map((policy) => [policy.workflow, policy] as const))(
  "the Gatekeeper rules of %s",
  (_, policy) => {
    it("let in what a workload's pods are and refuse what is one step away", () => {
      const cases = ownCases(policy);
      expect(verdicts(policy, cases)).toEqual([]);
      expect(cases.length).toBeGreaterThan(50);
    });

    it("let in pods as the patches and the injectors make them", () => {
      expect(verdicts(policy, patchedCases(policy))).toEqual([]);
    });

    it("let in the zone's waypoint and nothing that is almost one", () => {
      const cases = waypointCases(policy);
      expect(verdicts(policy, cases)).toEqual([]);
      expect(cases.length).toBe(policy.workflow === "ambient" ? 9 : 0);
    });

    it("refuse an object without a pod", () => {
      const object = { kind: "Deployment", metadata: { namespace: zoneOf(policy) }, spec: {} };
      expect(violations(policy, "podsecurity", object)).toEqual(["no pod was found in this object"]);
      expect(violations(policy, "workloads", object).length).toBeGreaterThan(0);
    });
  },
);

describe("the Gatekeeper rules", () => {
  it("agree with Pod Security's `restricted` and refuse the pods that attack", () => {
    const cases = corpusCases(sidecars);
    if (cases === undefined) return;
    expect(verdicts(sidecars, cases)).toEqual([]);
    console.log(`${cases.length} pods of the corpus: ${cases.filter(({ allowed }) => allowed).length} let in`);
  });
});
