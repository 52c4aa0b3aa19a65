/** Whatever stands in manifests, the draft loads, is the same every time, and holds no line that a manifest wrote. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCluster } from "../../src/cluster/index.js";
import { draftWorkflow } from "../../src/draft/index.js";
import { loadWorkflow } from "../../src/workflow/index.js";
import type { Json } from "./manifests.js";

const NAMES = [
  "a",
  "b-c",
  "yes",
  "1",
  "null",
  "x".repeat(80),
  "A.b",
  "__proto__",
  "constructor",
  "a b",
  "a\nb: c",
  "ö",
  "-",
  "",
  "outside",
  "clients",
];
const name = fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 12, unit: "grapheme" }));
const HOSTS = [
  "a",
  "b-c",
  "a.x",
  "a.x.svc",
  "a.x.svc.cluster.local",
  "a-0.a",
  "api.vendor.io",
  "1.2.3.4",
  "[::1]",
  "$(X)",
  "..",
  "*.x.io",
  "localhost",
  "XN--a.io",
  "under_score.io",
];
const value = fc.oneof(
  fc.constantFrom(...HOSTS),
  fc.tuple(fc.constantFrom(...HOSTS), fc.nat(70_000)).map(([host, port]) => `${host}:${port}`),
  fc
    .tuple(
      fc.constantFrom("http", "redis", "jdbc:postgresql", "weird+x", "s3"),
      fc.constantFrom(...HOSTS),
      fc.string({ maxLength: 8 }),
    )
    .map(([scheme, host, path]) => `${scheme}://u:p@${host}/${path}`),
  fc.string({ maxLength: 40 }),
);
const key = fc.oneof(
  fc.constantFrom("X_HOST", "X_URL", "X_PORT", "MODEL_ID", "PUBLIC_URL", "x.host", "a\nb_HOST"),
  name,
);
const port = fc.record({
  name: fc.option(fc.constantFrom("http", "grpc", "tcp-x", "X Y"), { nil: undefined }),
  port: fc.constantFrom(80, 443, 8080, 6379),
  targetPort: fc.constantFrom<unknown>(80, 8080, "http", "gone"),
});
const labels = fc.constantFrom({ app: "a" }, { app: "b" }, {});
const namespace = fc.constantFrom(undefined, "x", "kube-system", "outside", "Bad Name");

const workload = fc
  .record({
    kind: fc.constantFrom("Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet"),
    name,
    namespace,
    labels,
    keys: fc.array(fc.tuple(key, value), { maxLength: 5 }),
    args: fc.array(value, { maxLength: 3 }),
    image: fc.oneof(fc.constantFrom("vllm/vllm:1", "redis", "a b", ""), name),
    ports: fc.array(fc.constantFrom(80, 8080, 6379), { maxLength: 3 }),
  })
  .map(
    ({ kind, name: own, namespace: where, labels: pod, keys, args, image, ports }): Json => ({
      apiVersion: kind === "Job" ? "batch/v1" : "apps/v1",
      kind,
      metadata: { name: own, namespace: where },
      spec: {
        selector: { matchLabels: pod },
        template: {
          metadata: { labels: pod },
          spec: {
            containers: [
              {
                name: own,
                image,
                args,
                env: keys.map(([variable, text]) => ({ name: variable, value: text })),
                ports: ports.map((number) => ({ containerPort: number })),
              },
            ],
          },
        },
      },
    }),
  );
const service = fc
  .record({
    name,
    namespace,
    labels,
    ports: fc.array(port, { maxLength: 3 }),
    type: fc.constantFrom("ClusterIP", "LoadBalancer", "NodePort", "ExternalName"),
    external: fc.constantFrom(...HOSTS),
  })
  .map(
    ({ name: own, namespace: where, labels: pod, ports, type, external }): Json => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: own, namespace: where },
      spec: { type, selector: pod, ports, externalName: type === "ExternalName" ? external : undefined },
    }),
  );
const policy = fc
  .record({
    name,
    namespace,
    pod: labels,
    peer: labels,
    paths: fc.array(fc.oneof(fc.constantFrom("/a/*", "*", "/x", "/a b", "/{*}/y"), fc.string({ maxLength: 6 })), {
      maxLength: 2,
    }),
    principal: fc.constantFrom("*", "cluster.local/ns/x/sa/default", "x"),
  })
  .map(({ name: own, namespace: where, pod, peer, paths, principal }): readonly Json[] => [
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: own, namespace: where },
      spec: {
        podSelector: { matchLabels: pod },
        ingress: [{ from: [{ podSelector: { matchLabels: peer } }], ports: [{ port: 80 }] }],
      },
    },
    {
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: own, namespace: where },
      spec: {
        rules: [
          { from: [{ source: { principals: [principal] } }], to: [{ operation: { paths, methods: ["GET", "X"] } }] },
        ],
      },
    },
  ]);
const objects = fc
  .tuple(fc.array(workload, { maxLength: 5 }), fc.array(service, { maxLength: 4 }), fc.array(policy, { maxLength: 2 }))
  .map(([a, b, c]) => [...a, ...b, ...c.flat()]);

describe("hostile manifests", () => {
  it("give a file that loads, the same one each time", () => {
    fc.assert(
      fc.property(objects, (list) => {
        const source = { path: "hostile.yaml", text: list.map((object) => JSON.stringify(object)).join("\n---\n") };
        const { text } = draftWorkflow(readCluster([source]));
        loadWorkflow({ path: "ringfence.yaml", text });
        expect(draftWorkflow(readCluster([source])).text).toBe(text);
      }),
      { numRuns: 150, seed: 20_251 },
    );
  });
});
