/** The admission rules in the engines themselves: CEL in a real API server, the templates' suites in gator. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile } from "../../src/targets/index.js";
import { admissionPolicy, corpusCases, ownCases, type PodCase } from "../admission/pods.js";
import { engine } from "../engine.js";
import { type Kube, kubePrograms, startKube } from "./kube.js";

const policy = admissionPolicy();
const { files } = compile(policy);
const programs = kubePrograms();
const gator = engine("gator");

describe.skipIf(programs === undefined)("ValidatingAdmissionPolicies", () => {
  let kube: Kube;
  beforeAll(async () => {
    if (programs === undefined) return;
    kube = await startKube(programs, ["--allow-privileged=true"]);
    // Without Pod Security's own labels: the CEL rules alone decide here.
    applied(JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: "z" } }));
    for (const name of ["default", ...policy.workloads.map((workload) => workload.name)]) {
      applied(JSON.stringify({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: "z" } }));
    }
    applied(files.find(({ path }) => path === "validating-admission-policy/policies.yaml")?.text ?? "");
    await inForce();
  });
  afterAll(() => kube?.stop());

  function applied(text: string): void {
    const { status, stderr } = kube.kubectl(["apply", "-f", "-"], text);
    expect(status, stderr).toBe(0);
  }

  /** A policy takes effect a moment after it was written. */
  async function inForce(): Promise<void> {
    const refused = ownCases(policy).find(({ allowed }) => !allowed);
    for (let i = 0; i < 100; i++) {
      if (submit(refused as PodCase).status !== 0) break;
      await new Promise((done) => setTimeout(done, 100));
    }
    await new Promise((done) => setTimeout(done, 1500));
  }

  function submit({ object }: PodCase) {
    // Ephemeral containers come by an update of a pod that is there; a new pod may not have any.
    const spec = object.spec as { ephemeralContainers?: unknown[] };
    if (object.kind !== "Pod" || spec.ephemeralContainers === undefined) {
      return kube.kubectl(["create", "--dry-run=server", "-f", "-"], JSON.stringify(object));
    }
    const name = "with-ephemeral";
    const { ephemeralContainers, ...rest } = spec;
    const pod = { ...object, metadata: { ...(object.metadata as object), name }, spec: rest };
    const created = kube.kubectl(["create", "-f", "-"], JSON.stringify(pod));
    if (created.status !== 0) return created;
    const patch = JSON.stringify({ spec: { ephemeralContainers } });
    const patched = kube.kubectl([
      "patch",
      "pod",
      name,
      "-n",
      "z",
      "--subresource=ephemeralcontainers",
      "--type=strategic",
      "-p",
      patch,
    ]);
    kube.kubectl(["delete", "pod", name, "-n", "z", "--force", "--grace-period=0"]);
    return patched;
  }

  function verdicts(cases: readonly PodCase[]): string[] {
    return cases.flatMap((item) => {
      const { status, stderr } = submit(item);
      if (item.allowed) return status === 0 ? [] : [`${item.note}: ${stderr.trim()}`];
      return status !== 0 && /ValidatingAdmissionPolicy 'ringfence\./.test(stderr)
        ? []
        : [`${item.note}: ${stderr.trim() || "let in"}`];
    });
  }

  it("have no expression that the API server's type checker finds wrong", () => {
    const { stdout } = kube.kubectl(["get", "validatingadmissionpolicies", "-o", "json"]);
    const warnings = (
      JSON.parse(stdout) as {
        items: { metadata: { name: string }; status?: { typeChecking?: { expressionWarnings?: unknown } } }[];
      }
    ).items.flatMap(({ metadata, status }) =>
      status?.typeChecking?.expressionWarnings === undefined
        ? []
        : [`${metadata.name}: ${JSON.stringify(status.typeChecking.expressionWarnings)}`],
    );
    expect(warnings).toEqual([]);
  });

  it("decide our own pods as they must", () => {
    expect(verdicts(ownCases(policy))).toEqual([]);
  });

  it("decide the corpus's pods as they must", () => {
    const cases = corpusCases();
    if (cases !== undefined) expect(verdicts(cases)).toEqual([]);
  });

  it("let nobody but managers change a zone's policies", () => {
    const open = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "open", namespace: "z" },
      spec: { podSelector: {}, ingress: [{}] },
    };
    const owner = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "owner" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ kind: "User", name: "owner", apiGroup: "rbac.authorization.k8s.io" }],
    };
    applied(JSON.stringify(owner));
    const as = (...more: string[]) =>
      kube.kubectl(["create", "--dry-run=server", "--as=owner", ...more, "-f", "-"], JSON.stringify(open));
    expect(as().stderr).toContain("ringfence:managers");
    expect(as("--as-group=ringfence:managers").status).toBe(0);
    const account = files.find(({ path }) => path === "kubernetes/service-accounts.yaml")?.text ?? "";
    applied(account);
    const removed = kube.kubectl(["delete", "--dry-run=server", "--as=owner", "serviceaccount", "w", "-n", "z"]);
    expect(removed.stderr).toContain("ringfence:managers");
  });
});

describe.skipIf(gator === undefined)("gator", () => {
  it("verifies the suites beside the templates", () => {
    const folder = mkdtempSync(join(tmpdir(), "gator-"));
    try {
      for (const { path, text } of files.filter(({ path }) => path.startsWith("gatekeeper/test/"))) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      const { status, stdout, stderr } = spawnSync(gator ?? "", ["verify", join(folder, "gatekeeper/test")], {
        encoding: "utf8",
      });
      expect(status, `${stdout}${stderr}`).toBe(0);
      expect(stdout).toContain("PASS");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
