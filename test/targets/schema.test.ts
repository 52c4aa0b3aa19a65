/**
 * Emitted objects against schemas that others wrote (types and required fields; these schemas let unknown fields pass), and
 * against our own reader of manifests, which refuses an unknown field in a policy. (The engine tests ask a real API server, strictly, about the same objects.)
 */
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { readCluster } from "../../src/cluster/index.js";
import { compile } from "../../src/targets/index.js";
import { examplePolicy } from "../authorization/cases.js";

const require = createRequire(import.meta.url);

interface Emitted {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** The typed model of a kind, where the package has one. */
function modelOf({ apiVersion, kind }: Emitted): (new (data: unknown) => { validate(): void }) | undefined {
  try {
    return (require(`kubernetes-models/${apiVersion}/${kind}`) as Record<string, never>)[kind];
  } catch {
    return undefined;
  }
}

const { files } = compile(examplePolicy());
const manifests = files.filter(
  ({ path }) =>
    path.endsWith(".yaml") && !/^(workloads|logging|encryption\/enc|gatekeeper\/test|kustomization)/.test(path),
);
const objects = manifests.flatMap(({ text }) => parseAllDocuments(text).map((document) => document.toJS() as Emitted));

describe("emitted objects", () => {
  it("fit the published schemas of their kinds", () => {
    const checked = new Set<string>();
    for (const object of objects) {
      const Model = modelOf(object);
      if (Model === undefined) continue;
      checked.add(object.kind);
      expect(() => new Model(object).validate(), `${object.kind} ${object.metadata.name}`).not.toThrow();
    }
    expect([...checked].sort()).toEqual(
      expect.arrayContaining([
        "ConfigMap",
        "Deployment",
        "Namespace",
        "NetworkPolicy",
        "Service",
        "ServiceAccount",
        "StorageClass",
      ]),
    );
  });

  it("are read by our own reader of manifests, which is closed for policies", () => {
    const { problems } = readCluster(manifests.map(({ path, text }) => ({ path, text })));
    expect(problems.map(({ message }) => message)).toEqual([]);
  });

  it("would not pass with a field more", () => {
    const policies = manifests.filter(({ path }) => path.startsWith("network-policy/"));
    expect(policies.length).toBeGreaterThan(0);
    for (const { path, text } of policies) {
      const { problems } = readCluster([{ path, text: text.replace("\nspec:\n", "\nspec:\n  unheardOf: true\n") }]);
      expect(problems.map(({ code }) => code)).toContain("CLUSTER_UNKNOWN_FIELD");
    }
    const [policy] = objects.filter(({ kind }) => kind === "NetworkPolicy");
    const Model = policy === undefined ? undefined : modelOf(policy);
    expect(Model).toBeDefined();
    if (Model !== undefined)
      expect(() => new Model({ ...policy, spec: { policyTypes: "Ingress" } }).validate()).toThrow();
  });
});
