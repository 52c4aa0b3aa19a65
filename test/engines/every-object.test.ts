/**
 * Every object of every target, given to a real API server that knows all their kinds: no field that it doesn't know, no
 * value that the kind's schema refuses.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { derive, type Policy } from "../../src/policy/index.js";
import {
  type Artifact,
  compile,
  type KubeObject,
  type ManifestArtifact,
  TARGETS,
  textOf,
} from "../../src/targets/index.js";
import { loadWorkflow } from "../../src/workflow/index.js";
import { policyOf, workflows } from "../generators/workflow.js";
import { crds, type Kube, type Kubectl, kubePrograms, startKube } from "./kube.js";

const ROOT = resolve(import.meta.dirname, "../..");
const GOLDEN = join(ROOT, "test/golden");
const golden = readdirSync(GOLDEN).map((name): [string, Policy] => {
  const own = join(GOLDEN, name, "ringfence.yaml");
  const path = existsSync(own) ? own : join(ROOT, "examples", name, "ringfence.yaml");
  return [name, derive(loadWorkflow({ path, text: readFileSync(path, "utf8") }))];
});
const generated = fc
  .sample(workflows({ meshes: ["istio", "istio-ambient", "none"], networks: ["kubernetes", "cilium"] }), {
    seed: 23,
    numRuns: 20,
  })
  .map((written, index): [string, Policy] => [`generated ${index}`, policyOf(written)]);
const policies = [...golden, ...generated];

const programs = kubePrograms();
const definitions = crds("Istio", "the Gateway API", "Gatekeeper", "Cilium");
const matches = crds("Gatekeeper's match");

describe.skipIf(programs === undefined || definitions === undefined || matches === undefined)("every object", () => {
  let kube: Kube | undefined;
  const seen = new Set<string>();
  const kubectl = (args: readonly string[], input?: string | readonly unknown[]): Kubectl => {
    if (kube === undefined) throw new Error("no API server");
    const text =
      typeof input === "string" ? input : input?.map((object) => `---\n${JSON.stringify(object)}\n`).join("");
    return kube.kubectl(args, text);
  };
  beforeAll(async () => {
    if (programs === undefined || definitions === undefined) return;
    kube = await startKube(programs);
    for (const text of definitions) {
      const { status, stderr } = kube.kubectl(["apply", "--server-side", "-f", "-"], text);
      if (status !== 0) throw new Error(stderr);
    }
    kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
  }, 180_000);
  afterAll(() => kube?.stop());

  it.each(policies)("of %s has only known fields, and values that its kind takes", (_name, policy) => {
    const applied = compile(policy).artifacts.filter(isApplied);
    const objects = applied.flatMap((artifact) => artifact.objects);
    const text = applied.map((artifact) => textOf(policy, artifact)).join("");
    for (const { kind } of objects) seen.add(kind.startsWith("Ringfence") ? "a constraint" : kind);
    // What must be there before the rest can be looked at: namespaces, and the kinds that templates define.
    const namespaces = [...new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []))];
    kubectl(
      ["apply", "-f", "-"],
      namespaces.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
    );
    const kinds = objects.filter(({ kind }) => kind === "ConstraintTemplate").map(constraintDefinition);
    if (kinds.length > 0) {
      expect(kubectl(["apply", "--server-side", "-f", "-"], kinds)).toMatchObject({ status: 0, stderr: "" });
      const names = kinds.map(({ metadata }) => `crd/${metadata.name}`);
      expect(kubectl(["wait", "--for=condition=Established", ...names, "--timeout=60s"]).status).toBe(0);
    }
    for (const mode of ["client", "server"]) {
      const dry = kubectl(["apply", "-f", "-", `--dry-run=${mode}`, "--validate=strict"], text);
      expect(dry.stderr).toBe("");
      expect(dry.status).toBe(0);
    }
  });

  it("were of every kind that is compiled", () => {
    const chosen = new Set(policies.flatMap(([, policy]) => TARGETS.filter((target) => target.chosen(policy))));
    expect([...chosen].map(({ name }) => name).sort()).toEqual(TARGETS.map(({ name }) => name).sort());
    for (const kind of ["CiliumNetworkPolicy", "a constraint", "Gateway", "Ingress", "ValidatingAdmissionPolicy"]) {
      expect([...seen]).toContain(kind);
    }
  });

  it("would have been refused for a field too many, in each of its kinds", () => {
    const objects = policies.flatMap(([, policy]) =>
      compile(policy)
        .artifacts.filter(isApplied)
        .flatMap((artifact) => artifact.objects),
    );
    const ones = new Map(objects.map((object) => [`${object.apiVersion} ${object.kind}`, object]));
    const accepted = [...ones.values()].filter((object) => {
      const more = {
        ...object,
        ...(object.spec === undefined ? { surplus: 1 } : { spec: { ...spec(object), surplus: 1 } }),
      };
      return kubectl(["apply", "-f", "-", "--dry-run=server", "--validate=strict"], [more]).status === 0;
    });
    expect(accepted.map(({ kind }) => kind)).toEqual([]);
  });
});

function isApplied(artifact: Artifact): artifact is ManifestArtifact {
  return artifact.kind === "manifests" && artifact.apply !== false;
}

/** The kind that Gatekeeper defines for a template: its own match and actions, and the template's parameters. */
function constraintDefinition(template: KubeObject): { readonly metadata: { readonly name: string } } {
  const { names, validation } = (template.spec as unknown as TemplateSpec).crd.spec;
  const plural = names.kind.toLowerCase();
  const match = parse(matches?.[0] ?? "").spec.versions[0].schema.openAPIV3Schema.properties.embeddedMatch;
  const properties = {
    match,
    enforcementAction: { type: "string" },
    ...(validation === undefined ? {} : { parameters: validation.openAPIV3Schema }),
  };
  const object = (inner: object) => ({ type: "object", properties: inner });
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.constraints.gatekeeper.sh` },
    spec: {
      group: "constraints.gatekeeper.sh",
      scope: "Cluster",
      names: { kind: names.kind, plural, singular: plural },
      versions: [
        {
          name: "v1beta1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: object({ metadata: { type: "object" }, spec: object(properties) }) },
        },
      ],
    },
  } as { readonly metadata: { readonly name: string } };
}

interface TemplateSpec {
  readonly crd: {
    readonly spec: {
      readonly names: { readonly kind: string };
      readonly validation?: { readonly openAPIV3Schema: object };
    };
  };
}

const spec = (object: KubeObject): object => (object as unknown as { readonly spec: object }).spec;
