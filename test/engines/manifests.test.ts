/** What is compiled, given to the real kubectl, API server and istioctl: every field known, every object accepted. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { derive, type Policy } from "../../src/policy/index.js";
import { compile } from "../../src/targets/index.js";
import { loadWorkflow } from "../../src/workflow/index.js";
import { engine } from "../engine.js";
import { policyOf, workflows } from "../generators/workflow.js";
import { crds, type Kube, kubePrograms, startKube } from "./kube.js";

const EXAMPLES = resolve(import.meta.dirname, "../../examples");
const OURS = ["kubernetes", "network-policy", "istio"];
const folder = mkdtempSync(join(tmpdir(), "ringfence-manifests-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const examples = readdirSync(EXAMPLES)
  .map((name) => [name, join(EXAMPLES, name, "ringfence.yaml")] as const)
  .filter(([, path]) => existsSync(path))
  .map(([name, path]): [string, Policy] => [name, derive(loadWorkflow({ path, text: readFileSync(path, "utf8") }))]);
const generated = fc
  .sample(workflows({ meshes: ["istio", "istio-ambient"], networks: ["kubernetes"] }), { seed: 71, numRuns: 12 })
  .map((written, index): [string, Policy] => [`generated ${index}`, policyOf(written)]);
const ambient = examples.flatMap(([name, policy]): [string, Policy][] =>
  policy.targets.mesh.engine !== "istio"
    ? []
    : [
        [
          `${name} (ambient)`,
          { ...policy, targets: { ...policy.targets, mesh: { ...policy.targets.mesh, mode: "ambient" } } },
        ],
      ],
);
const policies = [...examples, ...ambient, ...generated];

function write(name: string, policy: Policy): string {
  const into = join(folder, name.replaceAll(/\W+/g, "-"), "ringfence");
  const targets = OURS.filter((target) => target !== "istio" || policy.targets.mesh.engine === "istio");
  for (const { path, text } of compile(policy, { targets }).files) {
    mkdirSync(dirname(join(into, path)), { recursive: true });
    writeFileSync(join(into, path), text);
  }
  return into;
}

/** The user's side: every workload, as plain as can be, run by the kind of object that the workflow names. */
function writeBase(into: string, policy: Policy): string {
  const base = join(into, "..");
  const containers = [
    { name: "main", image: "example.test/app:1" },
    { name: "helper", image: "example.test/helper:1" },
  ];
  const objects = policy.workloads.map(({ name, zone, kubernetes }) => {
    const kind = kubernetes?.kind ?? "Deployment";
    const template = { metadata: { labels: { app: name } }, spec: { containers } };
    const metadata = { name: kubernetes?.name ?? name, namespace: zone };
    const selector = { matchLabels: { app: name } };
    if (kind === "Pod") return { apiVersion: "v1", kind, metadata, spec: template.spec };
    if (kind === "CronJob") {
      const job = { spec: { template: { ...template, spec: { containers, restartPolicy: "Never" } } } };
      return { apiVersion: "batch/v1", kind, metadata, spec: { schedule: "0 * * * *", jobTemplate: job } };
    }
    if (kind === "Job") {
      return {
        apiVersion: "batch/v1",
        kind,
        metadata,
        spec: { template: { ...template, spec: { containers, restartPolicy: "Never" } } },
      };
    }
    const spec = { selector, template, ...(kind === "StatefulSet" ? { serviceName: name } : {}) };
    return { apiVersion: "apps/v1", kind, metadata, spec };
  });
  writeFileSync(join(base, "workloads.yaml"), objects.map((object) => `---\n${JSON.stringify(object)}\n`).join(""));
  writeFileSync(
    join(base, "kustomization.yaml"),
    JSON.stringify({ resources: ["ringfence", "workloads.yaml"], components: ["ringfence/workloads"] }),
  );
  return base;
}

/** What kubectl says beside its result, but for the note that our order of application is not its own. */
function complaints({ stderr }: { readonly stderr: string }): string[] {
  return stderr.split("\n").filter((line) => line !== "" && !line.includes("Warning: Sorting order is set both in"));
}

const programs = kubePrograms();
const definitions = crds("Istio", "the Gateway API");

describe.skipIf(programs === undefined || definitions === undefined)("the API server", () => {
  let kube: Kube | undefined;
  const kubectl = (args: readonly string[], input?: string) => {
    if (kube === undefined) throw new Error("no API server");
    return kube.kubectl(args, input);
  };
  beforeAll(async () => {
    if (programs === undefined || definitions === undefined) return;
    kube = await startKube(programs);
    for (const text of definitions) {
      const applied = kubectl(["apply", "--server-side", "-f", "-"], text);
      if (applied.status !== 0) throw new Error(applied.stderr);
    }
    kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
    for (const namespace of ["istio-system", "istio-egress", "istio-ingress", "ingress-nginx"]) {
      kubectl(["create", "namespace", namespace]);
    }
  }, 180_000);
  afterAll(() => kube?.stop());

  it.each(policies)("accepts all of %s, and knows every field", (name, policy) => {
    const into = write(name, policy);
    for (const mode of ["client", "server"]) {
      // In a dry run the namespaces do not come to be, so they are made first.
      kubectl(["apply", "-f", join(into, "kubernetes/namespaces.yaml")]);
      const dry = kubectl(["apply", "-k", into, `--dry-run=${mode}`, "--validate=strict"]);
      expect(complaints(dry)).toEqual([]);
      expect(dry.status).toBe(0);
    }
    const real = kubectl(["apply", "-k", into, "--validate=strict"]);
    expect(complaints(real)).toEqual([]);
    expect(real.status).toBe(0);
    const again = kubectl(["apply", "-k", into]);
    expect(again.stdout.split("\n").filter((line) => line !== "" && !line.endsWith(" unchanged"))).toEqual([]);
  });

  it("refuses a field that it does not know, so the acceptance above means something", () => {
    const text =
      "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: x, namespace: default}\nspec: {actoin: DENY}\n";
    expect(kubectl(["apply", "-f", "-", "--validate=strict"], text)).toMatchObject({ status: 1 });
  });

  it.each([...examples, ...kinds()])(
    "runs the patched workloads of %s under Pod Security `restricted`",
    (name, policy) => {
      const into = writeBase(write(`base ${name}`, policy), policy);
      kubectl(["apply", "-f", join(into, "ringfence/kubernetes/namespaces.yaml")]);
      const applied = kubectl(["apply", "-k", into]);
      // A pod that Pod Security forbids is an error; a template that would make one is a warning.
      expect(complaints(applied)).toEqual([]);
      expect(applied.status).toBe(0);
      for (const { zone, name: workload, kubernetes } of policy.workloads) {
        const kind = kubernetes?.kind ?? "Deployment";
        const got = JSON.parse(kubectl(["get", kind, kubernetes?.name ?? workload, "-n", zone, "-o", "json"]).stdout);
        const pod = kind === "Pod" ? got : kind === "CronJob" ? got.spec.jobTemplate.spec.template : got.spec.template;
        expect(pod.metadata.labels).toMatchObject({ "ringfence.dev/workload": workload, "ringfence.dev/zone": zone });
        expect(pod.spec).toMatchObject({ serviceAccountName: workload, automountServiceAccountToken: false });
      }
    },
  );

  it("warns of the same workloads without the patches, so the silence above means something", () => {
    const [name, policy] = examples[0] as [string, Policy];
    const into = writeBase(write(`bare ${name}`, policy), policy);
    writeFileSync(join(into, "kustomization.yaml"), JSON.stringify({ resources: ["ringfence", "workloads.yaml"] }));
    kubectl(["delete", "-f", join(into, "workloads.yaml"), "--ignore-not-found"]);
    expect(kubectl(["apply", "-k", into]).stderr).toContain("would violate PodSecurity");
  });
});

/** One workflow with every kind of object that can run a workload. */
function kinds(): [string, Policy][] {
  const names = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"];
  const workloads = names.map(
    (kind) =>
      `  ${kind.toLowerCase()}: { zone: kinds, port: 80, kubernetes: { kind: ${kind}, name: the-${kind.toLowerCase()} } }`,
  );
  const text = `apiVersion: ringfence.dev/v1\nworkflow: kinds\nzones:\n  kinds: { trust: internal }\nworkloads:\n${workloads.join("\n")}\n`;
  return [["every kind of object", derive(loadWorkflow({ path: "kinds.yaml", text }))]];
}

const istioctl = engine("istioctl");

describe.skipIf(istioctl === undefined)("istioctl", () => {
  it.each(policies.filter(([, policy]) => policy.targets.mesh.engine === "istio"))(
    "finds nothing wrong with %s",
    (name, policy) => {
      const into = write(`istioctl ${name}`, policy);
      const run = (...args: string[]) => {
        const { status, stdout, stderr } = spawnSync(istioctl ?? "", args, { cwd: into, encoding: "utf8" });
        return { status, text: `${stdout}${stderr}` };
      };
      const validated = run("validate", "-f", "istio");
      expect(validated.text.split("\n").filter((line) => line !== "" && !line.endsWith(" is valid"))).toEqual([]);
      expect(validated.status).toBe(0);
      const analyzed = run("analyze", "--use-kube=false", "istio", "kubernetes", "network-policy");
      const messages = analyzed.text.split("\n").filter((line) => /^(Error|Warning|Info) \[/.test(line));
      // Services and the gateways' own pods are the user's, and no file here holds them.
      expect(messages.filter((line) => !/\[IST0101\]|\[IST0117\]/.test(line))).toEqual([]);
    },
  );
});
