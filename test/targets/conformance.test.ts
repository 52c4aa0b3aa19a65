/** What every target promises, whichever it is: run over all of them, on examples and on generated workflows. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { derive, type Policy } from "../../src/policy/index.js";
import { compile, FEATURES, type Feature, LABELS, LAYERS, TARGETS, textOf } from "../../src/targets/index.js";
import { loadWorkflow } from "../../src/workflow/index.js";
import { policyOf, workflows } from "../generators/workflow.js";
import { objectsOf } from "./reader.js";

const EXAMPLES = resolve(import.meta.dirname, "../../examples");
const examples: readonly (readonly [string, Policy])[] = readdirSync(EXAMPLES)
  .map((name) => [name, join(EXAMPLES, name, "ringfence.yaml")] as const)
  .filter(([, path]) => existsSync(path))
  .map(([name, path]) => [name, derive(loadWorkflow({ path, text: readFileSync(path, "utf8") }))] as const);
const features = Object.keys(FEATURES) as Feature[];

describe.each(TARGETS.map((target) => [target.name, target] as const))("target %s", (name, target) => {
  it("takes a stand on every feature, and leaves none to itself alone", () => {
    expect(Object.keys(target.capabilities).sort()).toEqual([...features].sort());
    expect(Object.keys(LAYERS)).toContain(target.layer);
    for (const capability of Object.values(target.capabilities)) {
      if (capability.level === "left") expect(capability.to.filter((layer) => layer !== target.layer)).not.toEqual([]);
    }
  });

  it("enforces what it claims to: by its table, and by an object that carries the rule", () => {
    fc.assert(
      fc.property(workflows({ meshes: ["istio", "istio-ambient", "none"] }), (written) => {
        const policy = policyOf(written);
        if (!target.chosen(policy)) return;
        for (const { rule, demands, layers } of compile(policy).controls.rules) {
          const held = demands.flatMap(({ feature, heldBy }) => (heldBy.includes(name) ? [feature] : []));
          expect(held.filter((feature) => target.capabilities[feature].level === "left")).toEqual([]);
          const objects = layers.filter((layer) => layer.target === name).flatMap((layer) => layer.objects);
          if (held.length > 0) expect([rule.id, objects.length > 0]).toEqual([rule.id, true]);
        }
      }),
      { seed: 61, numRuns: 60 },
    );
  });

  it.each(examples)("writes well-formed, labelled, deterministic artifacts for %s", (_, policy) => {
    if (!target.chosen(policy)) return;
    const artifacts = target.emit(policy);
    expect(target.emit(policy)).toEqual(artifacts);
    for (const artifact of artifacts) {
      const folder = artifact.kind === "patch" ? `workloads/${name}/` : `${name}/`;
      expect(artifact.path.startsWith(folder), artifact.path).toBe(true);
      const text = textOf(policy, artifact);
      expect(text.endsWith("\n") || text === "", artifact.path).toBe(true);
      if (artifact.kind !== "manifests") continue;
      const documents = parseAllDocuments(text, { version: "1.1" });
      expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
      expect(documents.map((document) => document.toJS())).toEqual(JSON.parse(JSON.stringify(artifact.objects)));
    }
    for (const sentence of target.requires(policy)) expect(sentence).toMatch(/^[A-Z`].*\.$/s);
  });
});

describe("the set", () => {
  const check = (policy: Policy) => {
    const first = compile(policy);
    expect(compile(policy)).toEqual(first);
    const objects = objectsOf(first.files).filter((object) => object.metadata !== undefined);
    const applied = first.artifacts.flatMap((artifact) =>
      artifact.kind === "manifests" && artifact.apply !== false ? artifact.objects : [],
    );
    const ids = applied.map(
      ({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.namespace} ${metadata.name}`,
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(objects.length).toBeGreaterThanOrEqual(applied.length);
    const known = new Set(policy.rules.map(({ id }) => id));
    for (const { kind, metadata } of applied) {
      expect(metadata.labels["app.kubernetes.io/managed-by"]).toBe("ringfence");
      expect(metadata.labels[LABELS.workflow]).toBe(policy.workflow);
      expect(metadata.labels[LABELS.generation]).toBe(kind === "Namespace" ? undefined : first.generation);
      for (const id of (metadata.annotations?.[LABELS.rules] ?? "").split(",")) {
        if (id !== "") expect(known.has(id), id).toBe(true);
      }
      for (const value of Object.values(metadata.labels))
        expect(value).toMatch(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/);
    }
    for (const { rule, demands, layers } of first.controls.rules) {
      expect(layers.length, rule.id).toBeGreaterThan(0);
      for (const { feature, heldBy } of demands)
        expect([rule.id, feature, heldBy.length > 0]).toEqual([rule.id, feature, true]);
    }
    for (const { zone, layers } of first.controls.zones) {
      expect(
        layers.some(({ holds }) => holds.includes("default-deny")),
        zone,
      ).toBe(true);
    }
    const boundaries = policy.rules.flatMap(({ boundary }) =>
      boundary === undefined ? [] : [JSON.stringify(boundary)],
    );
    expect(first.controls.boundaries).toHaveLength(new Set(boundaries).size);
    expect(first.controls.boundaries.every(({ layers }) => layers.length > 0)).toBe(true);
    return first;
  };

  it.each(examples)("of %s stands together", (_, policy) => {
    const { files } = check(policy);
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual([...paths].sort());
    const listed = /resources:\n((?: {2}- .*\n)+)/.exec(
      files.find(({ path }) => path === "kustomization.yaml")?.text ?? "",
    );
    for (const [, path] of (listed?.[1] ?? "").matchAll(/- (.*)\n/g)) expect(paths).toContain(path);
  });

  it("of any workflow stands together", () => {
    fc.assert(
      fc.property(workflows({ meshes: ["istio", "istio-ambient", "none"] }), (written) => {
        check(policyOf(written));
      }),
      { seed: 63, numRuns: 80 },
    );
  });

  it("changes its generation with any change, and with nothing else", () => {
    const policy = examples[0]?.[1] as Policy;
    const { generation } = compile(policy);
    expect(generation).toMatch(/^[0-9a-f]{16}$/);
    expect(compile({ ...policy, rules: policy.rules.slice(1) }).generation).not.toBe(generation);
    expect(compile({ ...policy, workloads: [...policy.workloads] }).generation).toBe(generation);
  });
});
