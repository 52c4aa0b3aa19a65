/** The manifests of the leaky tutorial and of its twin in the real engines: a cluster takes both, and each rule means what we say. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { engine } from "../engine.js";
import {
  configOf,
  EXAMPLE,
  logLines,
  manifestsOf,
  podCases,
  requestCases,
  TWINS,
  type Twin,
} from "../verify/leaky-tutorial-cases.js";
import { crds, type Kube, kubePrograms, startKube } from "./kube.js";

const folder = mkdtempSync(join(tmpdir(), "leaky-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Objects of a twin; the namespaces first, as they must be applied. */
function objectsOf(twin: Twin): readonly { kind: string; apiVersion: string }[] {
  const names = readdirSync(join(EXAMPLE, twin)).sort(
    (a, b) => Number(b === "namespaces.yaml") - Number(a === "namespaces.yaml"),
  );
  return names.flatMap((name) =>
    parseAllDocuments(readFileSync(join(EXAMPLE, twin, name), "utf8")).map((document) => document.toJS()),
  );
}

interface Templated {
  readonly spec: {
    readonly template: { readonly metadata: object; readonly spec: { readonly volumes?: readonly object[] } };
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
  };
}

const programs = kubePrograms();
const definitions = crds("Istio", "Gatekeeper");

describe.skipIf(programs === undefined || definitions === undefined)("the API server", () => {
  let kube: Kube | undefined;
  const apply = (objects: readonly object[], ...flags: string[]) => {
    if (kube === undefined) throw new Error("no API server");
    const input = objects.map((object) => `---\n${JSON.stringify(object)}\n`).join("");
    return kube.kubectl(["apply", "--validate=strict", ...flags, "-f", "-"], input);
  };
  beforeAll(async () => {
    if (programs === undefined || definitions === undefined) return;
    kube = await startKube(programs);
    for (const text of definitions) {
      const applied = kube.kubectl(["apply", "--server-side", "-f", "-"], text);
      if (applied.status !== 0) throw new Error(applied.stderr);
    }
    kube.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
    kube.kubectl(["create", "namespace", "istio-system"]);
  }, 180_000);
  afterAll(() => kube?.stop());

  it.each(TWINS)("takes every object of %s, and its pods at the level of their namespaces", (twin) => {
    // Gatekeeper makes the kind of a constraint itself, and does not run here.
    const objects = objectsOf(twin).filter(({ apiVersion }) => !apiVersion.startsWith("constraints.gatekeeper.sh"));
    const { status, stderr } = apply(objects);
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const pods = manifestsOf(twin).workloads.map(({ name, namespace, object }) => {
      const { spec } = object.origin.value as unknown as Templated;
      const metadata = { ...spec.template.metadata, name: `${name}-0`, namespace };
      const claims = (spec.volumeClaimTemplates ?? []).map((claim) => ({ name: claim.metadata.name, emptyDir: {} }));
      const volumes = [...(spec.template.spec.volumes ?? []), ...claims];
      return { apiVersion: "v1", kind: "Pod", metadata, spec: { ...spec.template.spec, volumes } };
    });
    expect(apply(pods, "--dry-run=server")).toMatchObject({ stderr: "", status: 0 });
  });
});

const opa = engine("opa");
describe.skipIf(opa === undefined)("opa", () => {
  it.each(TWINS)("checks the policy of %s strictly and decides as we do", async (twin) => {
    const { keys, cases } = await requestCases();
    const policy = write(`${twin}.rego`, configOf(twin, "opa-policy", "policy.rego"));
    const checked = spawnSync(opa ?? "", ["check", "--strict", policy], { encoding: "utf8" });
    expect([checked.status, checked.stderr]).toEqual([0, ""]);
    const data = write("data.json", JSON.stringify({ token_keys: keys, cases }));
    const probe = write("probe.rego", PROBE);
    const args = ["eval", "--format=raw", "-d", policy, "-d", data, "-d", probe, "data.probe.allowed"];
    const { status, stdout, stderr } = spawnSync(opa ?? "", args, { encoding: "utf8" });
    expect(status, stderr).toBe(0);
    const allowed = JSON.parse(stdout) as boolean[];
    expect(cases.map(({ note }, i) => [note, allowed[i]])).toEqual(cases.map((one) => [one.note, one[twin]]));
  });
});

const PROBE = `package probe

allowed := [allow | some c in data.cases; allow := data.envoy.authz.allow with input as c.input]
`;

const gator = engine("gator");
describe.skipIf(gator === undefined)("gator", () => {
  it.each(TWINS)("finds of the pods what the rule of %s does", (twin) => {
    const rule = join(EXAMPLE, twin, "admission.yaml");
    const wrong = podCases.filter(({ pod, ...expected }, index) => {
      const path = write(`${twin}-${index}.json`, JSON.stringify(pod));
      const { status, stdout } = spawnSync(gator ?? "", ["test", "-f", rule, "-f", path, "-o", "json"], {
        encoding: "utf8",
      });
      expect([0, 1]).toContain(status);
      return (((JSON.parse(stdout) ?? []) as unknown[]).length === 0) !== expected[twin];
    });
    expect(wrong.map(({ note }) => note)).toEqual([]);
  });
});

const ruby = engine("ruby");
describe.skipIf(ruby === undefined)("the twin's redaction, in Ruby", () => {
  it("lets no secret leave, and leaves the rest alone", () => {
    const expression = /^\s*log \$\{(.*)\}$/m.exec(configOf("corrected", "fluentd", "fluent.conf"))?.[1];
    expect(expression).toBeDefined();
    const script = `require "json"; puts JSON.generate(JSON.parse(STDIN.read).map { |line| record = { "log" => line }; ${expression} })`;
    const input = JSON.stringify(logLines.map(({ line }) => line));
    const { status, stdout, stderr } = spawnSync(ruby ?? "", ["-EUTF-8", "-e", script], { encoding: "utf8", input });
    expect(status, stderr).toBe(0);
    const redacted = JSON.parse(stdout) as string[];
    expect(logLines.filter(({ secret }, i) => secret !== undefined && redacted[i]?.includes(secret))).toEqual([]);
    for (const [i, { line, secret }] of logLines.entries()) if (secret === undefined) expect(redacted[i]).toBe(line);
  });
});
