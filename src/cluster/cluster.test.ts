import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { formatSpan, renderProblem, type Source } from "../diagnostics/index.js";
import { readCluster } from "./cluster.js";
import { endpointsOf } from "./resolve.js";

const source = (text: string, path = "m.yaml"): Source => ({ path, text });
const read = (text: string) => readCluster([source(text)]);

const template = (labels: string, extra = "") => `
  template:
    metadata: { labels: ${labels} }
    spec: { containers: [{ name: c, image: i${extra} }] }`;

describe("readCluster", () => {
  it("reads every kind that runs pods", () => {
    const { cluster, problems } = read(`
apiVersion: apps/v1
kind: Deployment
metadata: { name: a, namespace: ns }
spec:
  replicas: 3${template("{ app: a }")}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: b, namespace: ns }
spec:${template("{ app: b }")}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: c, namespace: ns }
spec:${template("{ app: c }")}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: { name: d, namespace: ns }
spec:${template("{ app: d }")}
---
apiVersion: v1
kind: ReplicationController
metadata: { name: e, namespace: ns }
spec:${template("{ app: e }")}
---
apiVersion: batch/v1
kind: Job
metadata: { name: f, namespace: ns }
spec:${template("{ app: f }")}
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: g, namespace: ns }
spec:
  jobTemplate:
    spec:
      template:
        metadata: { labels: { app: g } }
        spec: { containers: [{ name: c }], serviceAccountName: robot }
---
apiVersion: v1
kind: Pod
metadata: { name: h, namespace: ns, labels: { app: h } }
spec: { hostNetwork: true, containers: [{ name: c }] }
---
apiVersion: apps.openshift.io/v1
kind: DeploymentConfig
metadata: { name: i, namespace: ns }
spec:${template("{ app: i }")}
`);
    expect(problems).toEqual([]);
    expect(cluster.workloads.map(({ id, pods }) => `${id} ${pods[0]?.labels.get("app")}`)).toEqual([
      "ns/a[Deployment] a",
      "ns/b[StatefulSet] b",
      "ns/c[DaemonSet] c",
      "ns/d[ReplicaSet] d",
      "ns/e[ReplicationController] e",
      "ns/f[Job] f",
      "ns/g[CronJob] g",
      "ns/h[Pod] h",
      "ns/i[DeploymentConfig] i",
    ]);
    const byName = new Map(cluster.workloads.map((workload) => [workload.name, workload]));
    expect(byName.get("a")?.replicas).toBe(3);
    expect(byName.get("g")?.pods[0]?.serviceAccount).toBe("robot");
    expect(byName.get("h")?.pods[0]?.hostNetwork).toBe(true);
    expect(byName.get("f")?.pods[0]?.labels.get("job-name")).toBe("f");
  });

  it("folds a live dump into one workload", () => {
    const { cluster } = read(`
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: ns }
spec:${template("{ app: web }")}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: { name: web-1, namespace: ns, ownerReferences: [{ kind: Deployment, name: web, controller: true }] }
spec:${template("{ app: web, pod-template-hash: '1' }")}
---
apiVersion: v1
kind: PodList
items:
- metadata:
    name: web-1-x
    namespace: ns
    labels: { app: web, pod-template-hash: '1' }
    ownerReferences: [{ kind: ReplicaSet, name: web-1, controller: true }]
  spec: { containers: [{ name: c }] }
  status: { podIP: 10.1.2.3 }
- metadata:
    name: orphan-x
    namespace: ns
    ownerReferences: [{ kind: ReplicaSet, name: gone, controller: true }]
  spec: { containers: [{ name: c }] }
`);
    expect(cluster.workloads.map(({ id, pods }) => [id, pods.length])).toEqual([
      ["ns/gone[ReplicaSet]", 1],
      ["ns/web[Deployment]", 3],
    ]);
    expect(cluster.workloads[1]?.pods.flatMap(({ addresses }) => addresses)).toEqual(["10.1.2.3"]);
  });

  it("survives controllers that own each other", () => {
    const { cluster } = read(`
apiVersion: v1
kind: Pod
metadata: { name: a, ownerReferences: [{ kind: Pod, name: b, controller: true }] }
spec: { containers: [] }
---
apiVersion: v1
kind: Pod
metadata: { name: b, ownerReferences: [{ kind: Pod, name: a, controller: true }] }
spec: { containers: [] }
`);
    expect(cluster.workloads.flatMap(({ pods }) => pods)).toHaveLength(2);
  });

  it("knows namespaces that objects imply, with the label that the API server sets", () => {
    const { cluster } = read(`
apiVersion: v1
kind: Namespace
metadata: { name: told, labels: { team: x } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: c, namespace: implied }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: c }
`);
    expect([...cluster.namespaces.values()].map(({ name, labels, object }) => [name, [...labels], !!object])).toEqual([
      ["default", [["kubernetes.io/metadata.name", "default"]], false],
      ["implied", [["kubernetes.io/metadata.name", "implied"]], false],
      [
        "told",
        [
          ["team", "x"],
          ["kubernetes.io/metadata.name", "told"],
        ],
        true,
      ],
    ]);
  });

  it("keeps the names of a Secret's keys and none of its values", () => {
    const { cluster, problems } = read(`
apiVersion: v1
kind: Secret
metadata:
  name: s
  annotations: { kubectl.kubernetes.io/last-applied-configuration: '{"data":{"k":"bGVha21l"}}' }
data: { k: bGVha21l }
stringData: { other: leakme }
`);
    expect(problems).toEqual([]);
    expect(cluster.secrets[0]?.keys).toEqual(["k", "other"]);
    // The source text itself is the caller's; everything else must be free of the value.
    const { origin, ...rest } = cluster.secrets[0]?.object ?? {};
    expect(inspect({ rest, value: origin?.value }, { depth: null })).not.toMatch(/leakme|bGVha21l/);
    expect(formatSpan(cluster.secrets[0]?.object.origin.spanOf(["data", "k"]) ?? never())).toBe("m.yaml:3:7");
  });

  it("does not point into a Secret that it cannot read", () => {
    const { problems, cluster } = read("apiVersion: v1\nkind: Secret\nmetadata: { name: s }\ndata: [ bGVha21l ]\n");
    expect(problems.map(({ message, span }) => [message, span && formatSpan(span)])).toEqual([
      ["`data` of the Secret must be a mapping", "m.yaml:2:7"],
    ]);
    expect(cluster.skipped.map(({ kind, name }) => [kind, name])).toEqual([["Secret", "s"]]);
  });

  it("reports two different definitions of one object and takes the later", () => {
    const map = (value: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata: { k: ${value} }\n`;
    expect(readCluster([source(map("a"), "a.yaml"), source(map("a"), "b.yaml")]).problems).toEqual([]);
    const { cluster, problems } = readCluster([source(map("a"), "a.yaml"), source(map("b"), "b.yaml")]);
    expect(problems.map(({ code }) => code)).toEqual(["CLUSTER_DUPLICATE"]);
    expect(cluster.configMaps.map(({ data }) => data.get("k"))).toEqual(["b"]);
  });

  it("goes on after a bad document and says what it left out", () => {
    const { cluster, problems } = read(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: bad, namespace: ns }
spec: { podSelector: { matchLabels: { app: 7 } }, ingres: [] }
---
just: data
---
apiVersion: v1
metadata: { name: x }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: good }
`);
    expect(problems.map(({ code, span }) => [code, span && formatSpan(span)])).toEqual([
      ["CLUSTER_SHAPE", "m.yaml:5:44"],
      ["CLUSTER_UNKNOWN_FIELD", "m.yaml:5:51"],
      ["CLUSTER_MISSING_FIELD", "m.yaml:9:1"],
    ]);
    expect(cluster.skipped.map(({ kind, name }) => [kind, name])).toEqual([
      ["NetworkPolicy", "bad"],
      [undefined, undefined],
    ]);
    expect(cluster.ignored).toHaveLength(1);
    expect(cluster.configMaps).toHaveLength(1);
  });

  it.each([
    ["an environment variable", "{ containers: [{ name: c, env: [{ name: PIN, value: 77712345 }] }] }"],
    ["an argument", "{ containers: [{ name: c, args: [--pin, 77712345] }] }"],
    ["a command", "{ containers: [{ name: c, command: [run, 77712345] }] }"],
  ])("does not say a number again that %s has for a secret", (_, spec) => {
    const { problems } = read(`apiVersion: v1\nkind: Pod\nmetadata: { name: p }\nspec: ${spec}\n`);
    expect(problems.map(({ code }) => code)).toEqual(["CLUSTER_SHAPE"]);
    expect(problems.map((one) => `${one.message} ${one.hint} ${one.span && formatSpan(one.span)}`).join()).not.toMatch(
      /7771|:4:/,
    );
  });

  it.each([
    ["Secret", "metadata: { name: s, labels: { pin: 77712345 } }"],
    ["ConfigMap", "metadata: { name: m }\ndata: { PIN: 77712345 }"],
  ])("does not say a number again that stands in a %s", (kind, rest) => {
    const { problems } = read(`apiVersion: v1\nkind: ${kind}\n${rest}\n`);
    expect(
      problems.map(({ message, hint, span }) => [`${message} ${hint}`.includes("7771"), span && formatSpan(span)]),
    ).toEqual([[false, "m.yaml:2:7"]]);
  });

  it("is not confused by keys that name parts of objects", () => {
    const { cluster, problems } = read(`
apiVersion: v1
kind: ConfigMap
metadata: { name: constructor, namespace: __proto__, labels: { __proto__: x, constructor: z } }
data: { __proto__: a, hasOwnProperty: b }
`);
    expect(problems).toEqual([]);
    expect([...(cluster.configMaps[0]?.data ?? [])]).toEqual([
      ["__proto__", "a"],
      ["hasOwnProperty", "b"],
    ]);
    expect(cluster.namespaces.has("__proto__")).toBe(true);
    expect(Object.hasOwn(Object.prototype, "x")).toBe(false);
  });

  it("keeps kinds that it has no reader for", () => {
    const { cluster } = read(
      "apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: { name: r, namespace: ns }\nspec: { x: 1 }\n",
    );
    expect(cluster.objects.map(({ group, kind, namespace, name }) => [group, kind, namespace, name])).toEqual([
      ["ray.io", "RayCluster", "ns", "r"],
    ]);
    expect(formatSpan(cluster.objects[0]?.origin.spanOf(["spec", "x"]) ?? never())).toBe("m.yaml:4:12");
  });

  it("takes the files of tools for what they are, and those of Kubernetes' own parts as objects without a name", () => {
    const { cluster, problems } = read(`
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [x.yaml]
---
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources: []
`);
    expect(problems).toEqual([]);
    expect(cluster.ignored).toHaveLength(1);
    expect(cluster.objects.map(({ kind, name }) => [kind, name])).toEqual([["EncryptionConfiguration", ""]]);
  });

  it("reads the mesh's settings", () => {
    const { cluster, problems } = read(`
apiVersion: v1
kind: ConfigMap
metadata: { name: istio, namespace: istio-system }
data:
  mesh: |
    trustDomain: td
    pathNormalization: { normalization: MERGE_SLASHES }
    extensionProviders:
    - name: opa
      envoyExtAuthzGrpc: { service: opa.opa.svc.cluster.local, port: 9191 }
`);
    expect(problems).toEqual([]);
    expect(cluster.mesh).toMatchObject({
      declared: true,
      trustDomain: "td",
      pathNormalization: "MERGE_SLASHES",
      outboundMode: "ALLOW_ANY",
      extensionProviders: [{ name: "opa", externalAuthorization: { protocol: "grpc", port: 9191, failOpen: false } }],
    });
  });
});

describe("endpointsOf", () => {
  const services = (targetPort: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:${template("{ app: web }", ", ports: [{ name: http, containerPort: 8080 }, { name: http, containerPort: 53, protocol: UDP }]")}
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: ${targetPort} }] }
`;
  const resolve = (targetPort: string) => {
    const { cluster, problems } = read(services(targetPort));
    expect(problems).toEqual([]);
    return cluster.services.flatMap((service) => endpointsOf(cluster, service)).map(({ port }) => port);
  };

  it("resolves a number, a name and a name that nobody has", () => {
    expect(resolve("9000")).toEqual([9000]);
    expect(resolve("http")).toEqual([8080]);
    expect(resolve("nope")).toEqual([undefined]);
    expect(resolve("null")).toEqual([80]);
  });

  it("shows no line of an environment that may hold a secret", () => {
    const text =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, env: [{name: DB_PASSWORD, value: 5551234}]}]}\n";
    const { problems } = readCluster([{ path: "m.yaml", text }]);
    expect(problems.map((one) => renderProblem(one)).join("\n")).toMatch(
      /env\[0\]\.value` must be a string, not a number/,
    );
    expect(problems.map((one) => renderProblem(one)).join("\n")).not.toContain("5551234");
  });
});

function never(): never {
  throw new Error("missing");
}
