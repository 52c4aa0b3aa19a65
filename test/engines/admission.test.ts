/** The admission rules in the engines themselves: CEL in a real API server, the templates' suites in gator. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Policy } from "../../src/policy/index.js";
import { compile } from "../../src/targets/index.js";
import {
  corpusCases,
  ownCases,
  POLICIES,
  type PodCase,
  patchedCases,
  waypointCases,
  zoneOf,
} from "../admission/pods.js";
import { engine } from "../engine.js";
import { type Kube, kubePrograms, startKube } from "./kube.js";

const compiled = POLICIES.map((policy) => ({ policy, files: compile(policy).files }));
const [sidecars] = POLICIES as [Policy];
const programs = kubePrograms();
const gator = engine("gator");

describe.skipIf(programs === undefined)("ValidatingAdmissionPolicies", () => {
  let kube: Kube;
  beforeAll(async () => {
    if (programs === undefined) return;
    kube = await startKube(programs, ["--allow-privileged=true"]);
    const meshes = ["istio-system", "istio-egress", "istio-ingress"];
    for (const name of meshes) applied({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    for (const { policy, files } of compiled) {
      const namespace = zoneOf(policy);
      // Without Pod Security's own labels: the CEL rules alone decide here.
      applied({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
      for (const name of ["default", "waypoint", ...policy.workloads.map((workload) => workload.name)]) {
        const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } };
        applied({ ...account, ...(name === "waypoint" ? {} : { automountServiceAccountToken: false }) });
      }
      apply(files.find(({ path }) => path === "validating-admission-policy/policies.yaml")?.text ?? "");
    }
    await inForce();
  });
  afterAll(() => kube?.stop());

  function applied(object: unknown): void {
    apply(JSON.stringify(object));
  }

  function apply(text: string): void {
    const { status, stderr } = kube.kubectl(["apply", "-f", "-"], text);
    expect(status, stderr).toBe(0);
  }

  /** A policy takes effect a moment after it was written. */
  async function inForce(): Promise<void> {
    for (const policy of POLICIES) {
      const refused = ownCases(policy).find(({ allowed }) => !allowed);
      for (let i = 0; i < 100; i++) {
        if (submit(refused as PodCase).status !== 0) break;
        await new Promise((done) => setTimeout(done, 100));
      }
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
    const { namespace } = object.metadata as { namespace: string };
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
      namespace,
      "--subresource=ephemeralcontainers",
      "--type=strategic",
      "-p",
      patch,
    ]);
    kube.kubectl(["delete", "pod", name, "-n", namespace, "--force", "--grace-period=0"]);
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

  it.each(POLICIES.map((policy) => [policy.workflow, policy] as const))(
    "decide our own pods of %s as they must",
    (_, policy) => {
      expect(verdicts([...ownCases(policy), ...patchedCases(policy), ...waypointCases(policy)])).toEqual([]);
    },
  );

  it("decide the corpus's pods as they must", () => {
    const cases = corpusCases(sidecars);
    if (cases !== undefined) expect(verdicts(cases)).toEqual([]);
  });

  it("let nobody but managers change what decides in a zone", () => {
    const as = (user: string, verb: readonly string[], object: unknown, ...groups: string[]) =>
      kube.kubectl(
        [...verb, "--dry-run=server", `--as=${user}`, ...groups.map((group) => `--as-group=${group}`), "-f", "-"],
        JSON.stringify(object),
      );
    mayDoAnything("owner");
    const zone = zoneOf(sidecars);
    const network = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" };
    const open = { ...network, metadata: { name: "open", namespace: zone }, spec: { podSelector: {}, ingress: [{}] } };
    expect(as("owner", ["create"], open).stderr).toContain("ringfence:managers");
    expect(as("owner", ["create"], open, "ringfence:managers").status).toBe(0);
    const elsewhere = { ...open, metadata: { name: "open", namespace: "istio-egress" } };
    expect(as("owner", ["create"], elsewhere).status).toBe(0);

    const service = { name: "w", port: { number: 80 } };
    const way = {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "way-in", namespace: zone },
      spec: { defaultBackend: { service } },
    };
    expect(as("owner", ["create"], way).stderr).toContain("ringfence:managers");
    expect(as("owner", ["create"], way, "ringfence:managers").status).toBe(0);

    apply(compiled[0]?.files.find(({ path }) => path === "kubernetes/service-accounts.yaml")?.text ?? "");
    const removed = kube.kubectl(["delete", "--dry-run=server", "--as=owner", "serviceaccount", "w", "-n", zone]);
    expect(removed.stderr).toContain("ringfence:managers");
  });

  it("let nobody but managers change the mesh's and the cluster's policies", async () => {
    mayDoAnything("owner");
    const crd = (group: string, kind: string, scope: string) => {
      const plural = kind.endsWith("y") ? `${kind.slice(0, -1).toLowerCase()}ies` : `${kind.toLowerCase()}s`;
      const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
      applied({
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "CustomResourceDefinition",
        metadata: {
          name: `${plural}.${group}`,
          annotations: { "api-approved.kubernetes.io": "https://github.com/kubernetes/enhancements" },
        },
        spec: {
          group,
          scope,
          names: { kind, plural },
          versions: [{ name: "v1", served: true, storage: true, schema }],
        },
      });
      return `crd/${plural}.${group}`;
    };
    // Definitions without fields: who may write is all that is asked here.
    const zone = zoneOf(sidecars);
    const namespaced: [string, string, string[]][] = [
      ["security.istio.io", "AuthorizationPolicy", [zone, "istio-system", "istio-egress", "istio-ingress"]],
      ["networking.istio.io", "WorkloadEntry", [zone, "istio-system"]],
      ["gateway.networking.k8s.io", "TCPRoute", [zone]],
    ];
    const clusterwide: [string, string][] = [
      ["cilium.io", "CiliumClusterwideNetworkPolicy"],
      ["policy.networking.k8s.io", "AdminNetworkPolicy"],
    ];
    const names = [
      ...namespaced.map(([group, kind]) => crd(group, kind, "Namespaced")),
      ...clusterwide.map(([group, kind]) => crd(group, kind, "Cluster")),
    ];
    expect(kube.kubectl(["wait", "--for=condition=established", "--timeout=30s", ...names]).status).toBe(0);
    const objects = [
      ...namespaced.flatMap(([group, kind, spaces]) => spaces.map((namespace) => ({ group, kind, namespace }))),
      ...clusterwide.map(([group, kind]) => ({ group, kind, namespace: undefined })),
    ];
    for (const { group, kind, namespace } of objects) {
      const object = JSON.stringify({ apiVersion: `${group}/v1`, kind, metadata: { name: "more", namespace } });
      const create = ["create", "--dry-run=server", "--as=owner", "-f", "-"];
      expect(kube.kubectl(create, object).stderr, `${kind} ${namespace}`).toContain("ringfence:managers");
      const managed = kube.kubectl([...create, "--as-group=ringfence:managers"], object);
      expect(managed.status, managed.stderr).toBe(0);
    }
  });

  it("let the cluster and the mesh do their bookkeeping", () => {
    const istiod = "system:serviceaccount:istio-system:istiod";
    const slices = "system:serviceaccount:kube-system:endpointslice-controller";
    const users = ["owner", istiod, `${istiod}-stable`, `${istiod}x`, slices];
    for (const user of users) mayDoAnything(user);
    const as = (user: string, object: unknown, ...groups: string[]) =>
      kube.kubectl(
        ["create", "--dry-run=server", `--as=${user}`, ...groups.map((group) => `--as-group=${group}`), "-f", "-"],
        JSON.stringify(object),
      );
    const ours = { "app.kubernetes.io/managed-by": "ringfence", "ringfence.dev/workflow": sidecars.workflow };
    const slice = {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "w-1", namespace: zoneOf(sidecars), labels: ours },
      addressType: "IPv4",
      endpoints: [],
    };
    expect(as("owner", slice).stderr).toContain("ringfence:managers");
    expect(as(slices, slice, "system:serviceaccounts:kube-system").status).toBe(0);

    const cleaner = "system:serviceaccount:kube-system:namespace-controller";
    mayDoAnything(cleaner);
    const closed = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "closed", namespace: zoneOf(sidecars) },
      spec: { podSelector: {} },
    };
    expect(as(cleaner, closed).stderr).toContain("ringfence:managers");
    applied(closed);
    const remove = (user: string) =>
      kube.kubectl(["delete", "--dry-run=server", `--as=${user}`, "-f", "-"], JSON.stringify(closed));
    expect(remove("owner").stderr).toContain("ringfence:managers");
    expect(remove(cleaner).stderr).not.toContain("ringfence:managers");

    const gateway = { ...ours, "gateway.networking.k8s.io/gateway-name": sidecars.workflow };
    const service = (labels: object) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "gateway", namespace: "istio-egress", labels },
      spec: { ports: [{ port: 443 }] },
    });
    for (const user of [istiod, `${istiod}-stable`]) expect(as(user, service(gateway)).stderr).toBe("");
    expect(as(istiod, service(ours)).stderr).toContain("ringfence:managers");
    for (const user of ["owner", `${istiod}x`]) {
      expect(as(user, service(gateway)).stderr, user).toContain("ringfence:managers");
    }
  });

  function mayDoAnything(name: string): void {
    applied({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: name.replaceAll(":", "-") },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ kind: "User", name, apiGroup: "rbac.authorization.k8s.io" }],
    });
  }
});

describe.skipIf(gator === undefined)("gator", () => {
  it.each(compiled.map(({ policy, files }) => [policy.workflow, files] as const))(
    "verifies the suites of %s",
    (_, files) => {
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
    },
  );
});
