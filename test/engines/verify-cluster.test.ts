/** `ringfence verify --cluster` against a real API server: it reads what is there, writes nothing, and sees no Secret. */
import { spawnSync } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Kube, kubePrograms, startKube } from "./kube.js";

const ROOT = resolve(import.meta.dirname, "../..");
const programs = kubePrograms();

const MANIFESTS = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: main, image: "web:1", ports: [{ containerPort: 8080 }] }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: db, namespace: shop }
spec:
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec: { containers: [{ name: main, image: "db:1", ports: [{ containerPort: 5432 }] }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: deny, namespace: shop }
spec: { podSelector: {}, policyTypes: [Ingress, Egress] }
---
apiVersion: v1
kind: Secret
metadata: { name: key, namespace: shop }
stringData: { value: only-for-its-reader }
`;

describe.skipIf(programs === undefined)("a running cluster", () => {
  let kube: Kube;
  beforeAll(async () => {
    if (programs === undefined) return;
    kube = await startKube(programs);
    const applied = kube.kubectl(["apply", "-f", "-"], MANIFESTS);
    if (applied.status !== 0) throw new Error(applied.stderr);
  }, 180_000);
  afterAll(() => kube?.stop());

  function ringfence(...args: readonly string[]) {
    const path = `${dirname(programs?.kubectl ?? "")}:${process.env.PATH}`;
    const env = { PATH: path, HOME: process.env.HOME, KUBECONFIG: kube.kubeconfig };
    return spawnSync(process.execPath, [join(ROOT, "bin/ringfence.js"), ...args], { encoding: "utf8", env });
  }

  it("is read as its manifests would be, without a Secret, and left as it was", () => {
    const before = kube.kubectl(["get", "all,networkpolicies,secrets", "-n", "shop", "-o", "json"]).stdout;
    const { status, stdout, stderr } = ringfence("verify", "--cluster", "--json");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.size.workloads).toBe(2);
    expect(report.gaps.map(({ id }: { id: string }) => id)).not.toContain("no-default-deny");
    expect(stdout).not.toContain("only-for-its-reader");
    expect(kube.kubectl(["get", "all,networkpolicies,secrets", "-n", "shop", "-o", "json"]).stdout).toBe(before);
  });

  it("is explained layer by layer", () => {
    const { status, stdout } = ringfence("verify", "--cluster", "--explain", "web", "db", "5432");
    expect(status).toBe(0);
    expect(stdout).toContain("shop/web[Deployment] → shop/db[Deployment]:5432: denied");
    expect(stdout).toMatch(/NetworkPolicy shop\/deny \(cluster\/networkpolicies\.networking\.k8s\.io:\d+:\d+\)/);
  });

  it("that cannot be reached ends in one message", () => {
    const { status, stderr } = ringfence("verify", "--cluster=nowhere");
    expect(status).toBe(4);
    expect(stderr).toContain("CLUSTER_UNREACHABLE");
    expect(stderr).toContain('context "nowhere" does not exist');
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
