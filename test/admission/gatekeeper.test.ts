/** The Gatekeeper templates as they are emitted, evaluated by our engine over pods of our own and of the corpus. */
import { describe, expect, it } from "vitest";
import type { Policy } from "../../src/policy/index.js";
import { compile as compileRego } from "../../src/rego/index.js";
import type { Sample } from "../../src/targets/admission/sample-pod.js";
import { ownershipSamples } from "../../src/targets/gatekeeper/ownership-samples.js";
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

interface Found {
  readonly kind: string;
  readonly package: string;
  readonly rule: ReturnType<typeof compileRego>["rule"];
}

/** A template by the end of its name; undefined where the policy has none. */
function templateIn(policy: Policy, suffix: string): Found | undefined {
  const template = compiled
    .get(policy)
    ?.find(({ kind, metadata }) => kind === "ConstraintTemplate" && metadata.name.endsWith(suffix)) as
    | (KubeObject & Template)
    | undefined;
  if (template === undefined) return undefined;
  const [target] = template.spec.targets;
  const engine = engineOf(template.metadata.name, [target?.rego ?? "", ...(target?.libs ?? [])]);
  const name = /^package (\S+)/m.exec(target?.rego ?? "")?.[1] ?? "";
  return { kind: template.spec.crd.spec.names.kind, package: name, rule: (path) => engine.rule(path) };
}

function templateOf(policy: Policy, suffix: string): Found {
  const found = templateIn(policy, suffix);
  if (found === undefined) throw new Error(`there is no template ${suffix}`);
  return found;
}

/** Messages of the constraints of a kind about an object, by direct evaluation of their template. */
function violations(policy: Policy, suffix: string, object: unknown): string[] {
  // Without a mesh there is no template about it.
  if (suffix === "inmesh" && policy.targets.mesh.engine === "none") {
    expect(templateIn(policy, suffix)).toBeUndefined();
    return [];
  }
  const template = templateOf(policy, suffix);
  const constraints = (compiled.get(policy) ?? []).filter(({ kind }) => kind === template.kind);
  return constraints.flatMap((constraint) => {
    const parameters = (constraint.spec as { parameters?: unknown }).parameters ?? {};
    const found = template.rule(`data.${template.package}.violation`).evaluate({ review: { object }, parameters });
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

describe.each(POLICIES.map((policy) => [policy.workflow, policy] as const))("the owners of %s", (_, policy) => {
  const constraints = (compiled.get(policy) ?? []).filter(({ kind }) => kind.endsWith("Ownership"));

  it.each(constraints.map((constraint) => [constraint.metadata.name, constraint] as const))(
    "of %s are managers",
    (name, { spec }) => {
      const { parameters } = spec as { parameters: unknown };
      const engine = templateOf(policy, "ownership");
      const answers = (samples: readonly Sample[]) =>
        samples.filter(({ object }) => {
          const { request } = object as unknown as { request: { object?: unknown; oldObject?: unknown } };
          const review = { ...request, object: request.object ?? request.oldObject };
          return (
            (engine.rule("data.ringfence.ownership.violation").evaluate({ review, parameters }) as unknown[]).length > 0
          );
        });
      const { allowed, refused } = ownershipSamples(policy, name);
      expect(answers(allowed)).toEqual([]);
      expect(answers(refused)).toEqual(refused);
      expect(refused.length).toBeGreaterThan(1);
    },
  );

  it("are not asked about what the mesh makes of the Gateway for users", () => {
    const gateways = compile(policy).artifacts.flatMap((artifact) =>
      artifact.kind === "manifests" ? artifact.objects.filter(({ kind }) => kind === "Gateway") : [],
    );
    const users = gateways.find(({ metadata }) => metadata.name === policy.workflow);
    const labels = (users as { spec?: { infrastructure?: { labels?: Record<string, string> } } } | undefined)?.spec
      ?.infrastructure?.labels;
    const managed = constraints.find(({ metadata }) => metadata.name === "managed-objects") as unknown as {
      spec: { match: { labelSelector: { matchLabels: Record<string, string> } } };
    };
    const ours = Object.entries(managed.spec.match.labelSelector.matchLabels);
    // Set, and not empty, so that the Gateway's own labels are not inherited; not ours either.
    expect(Object.keys(labels ?? {})).not.toEqual([]);
    expect(ours.every(([key, value]) => labels?.[key] === value)).toBe(false);
  });
});

describe("the Gatekeeper rules", () => {
  it("agree with Pod Security's `restricted` and refuse the pods that attack", () => {
    const cases = corpusCases(sidecars);
    if (cases === undefined) return;
    expect(verdicts(sidecars, cases)).toEqual([]);
    console.log(`${cases.length} pods of the corpus: ${cases.filter(({ allowed }) => allowed).length} let in`);
  });
});
