/**
 * The bundle that `compile` writes for an example, decided as it stands in the manifests: between the workloads exactly
 * what the workflow declares gets through, OPA leaves nothing unknown, and without the mesh's own policies it still holds.
 */
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { type Cluster, readCluster } from "../../src/cluster/index.js";
import type { Policy } from "../../src/policy/index.js";
import { openPolicy } from "../../src/ringfence.js";
import { compile, LABELS } from "../../src/targets/index.js";
import { compare, type Finding } from "../../src/verify/compare/index.js";
import { Network } from "../../src/verify/layers/network/index.js";
import { authorizerOf } from "../../src/verify/opa/decision-points.js";

interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

const OPA_NAMESPACE = "ringfence-claims-triage";
const policy = openPolicy(join(resolve(import.meta.dirname, "../../examples"), "claims-triage", "ringfence.yaml"));

function manifests(): readonly KubeObject[] {
  const { artifacts, files } = compile(policy, { targets: ["kubernetes", "network-policy", "istio", "opa"] });
  const paths = new Set(artifacts.filter(({ kind }) => kind === "manifests").map(({ path }) => path));
  const compiled = files
    .filter(({ path }) => paths.has(path))
    .flatMap(({ text }) => parseAllDocuments(text).map((document) => document.toJS() as KubeObject));
  return [...compiled, ...policy.workloads.flatMap(deployed)];
}

function deployed({ name, zone, ports }: Policy["workloads"][number]): readonly KubeObject[] {
  const labels = { [LABELS.workload]: name, [LABELS.workflow]: policy.workflow, [LABELS.zone]: zone };
  const template = {
    metadata: { labels: { ...labels, "sidecar.istio.io/inject": "true" } },
    spec: {
      serviceAccountName: name,
      containers: [{ name: "main", image: "main:1", ports: ports.map(({ port }) => ({ containerPort: port })) }],
    },
  };
  return [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace: zone },
      spec: { selector: { matchLabels: labels }, template },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: zone },
      spec: {
        selector: labels,
        ports: ports.map(({ port, servicePort, protocol }) => ({
          name: protocol === "tcp" ? `tcp-${port}` : `http-${port}`,
          port: servicePort,
          targetPort: port,
        })),
      },
    },
  ];
}

function clusterOf(objects: readonly KubeObject[]): Cluster {
  const sources = objects.map((object, i) => ({ path: `${i}.json`, text: JSON.stringify(object, null, 1) }));
  const { cluster, problems } = readCluster(sources);
  expect(problems).toEqual([]);
  return cluster;
}

const brief = ({ kind, from, to, port, witness }: Finding): string =>
  `${kind} ${from} > ${to}:${port} ${witness?.request.http?.method ?? "bytes"} ${witness?.request.http?.target ?? ""}`.trim();

function inside(objects: readonly KubeObject[]): readonly Finding[] {
  const cluster = clusterOf(objects);
  return compare(policy, new Network(cluster)).findings.filter(
    ({ from, to, protocol, unnamed }) =>
      protocol === "TCP" &&
      !unnamed &&
      [from, to].every((id) => policy.workloads.some(({ zone, name }) => id.startsWith(`${zone}/${name}[`))),
  );
}

/** The objects with one text of the bundle changed. */
function rewritten(objects: readonly KubeObject[], from: string, to: string): readonly KubeObject[] {
  let changed = 0;
  const result = objects.map((object) => {
    if (object.kind !== "ConfigMap" || !object.metadata.name.startsWith("opa-bundle")) return object;
    const data = Object.entries(object.data as Record<string, string>).map(([key, text]) => {
      if (!text.includes(from)) return [key, text] as const;
      changed++;
      return [key, text.replaceAll(from, to)] as const;
    });
    return { ...object, data: Object.fromEntries(data) };
  });
  expect(changed).toBeGreaterThan(0);
  return result;
}

describe("the compiled bundle", () => {
  const whole = manifests();
  const isMeshRule = ({ kind, spec }: KubeObject): boolean =>
    kind === "AuthorizationPolicy" && (spec as { action?: string }).action !== "CUSTOM";
  /** OPA is all that tells requests apart; the way to it stays as it was. */
  const alone = whole.filter(
    (one) => !(isMeshRule(one) || one.kind === "NetworkPolicy") || one.metadata.namespace === OPA_NAMESPACE,
  );

  it("is found behind the mesh's provider, with the keys that the installer supplies", () => {
    const found = authorizerOf(clusterOf(whole), "ringfence-claims-triage");
    expect(found).toMatchObject({ kind: "decides", point: { path: ["ringfence", "envoy", "allow"], failOpen: false } });
    expect(found?.kind === "decides" && found.point.bundle.missing).toEqual([`ConfigMap ${OPA_NAMESPACE}/token-keys`]);
  });

  it("lets through between the workloads what the workflow declares, and nothing is unknown", () => {
    expect(inside(whole).map(brief)).toEqual([]);
  });

  it("does so alone, without the mesh's own policies and network policies", () => {
    expect(inside(alone).map(brief)).toEqual([]);
    const unasked = alone.filter(
      (one) => one.kind !== "AuthorizationPolicy" || one.metadata.namespace === OPA_NAMESPACE,
    );
    expect(
      inside(unasked)
        .map(brief)
        .filter((line) => line.startsWith("leak")),
    ).toEqual([
      "leak ai-workflow/api-gateway[Deployment] > ai-workflow/preprocessor[Deployment]:8081 GET /",
      "leak ai-workflow/preprocessor[Deployment] > ai-sensitive/model-server[Deployment]:8500 GET /",
    ]);
  });

  it.each([
    ["a method is added", '"POST"\n', '"POST", "PUT"\n', "leak", "PUT /"],
    ["roles are no longer asked for", "role_matches(operation)\n}", "}", "leak", "POST /model/infer"],
    ["forged tokens are believed", "\tvalid\n", "", "none", ""],
    ["a path is renamed", '"infer"', '"infer2"', "blockage", "POST /model/infer"],
    ["nothing is permitted", "permitted if count(matching) > 0", "permitted if count(matching) > 99", "unknown", ""],
  ])("notices that %s", (_, from, to, kind, request) => {
    const found = inside(rewritten(alone, from, to));
    if (kind === "none") {
      // `decode_verify` gives no claims for a token that it refuses, so the line was a second lock.
      expect(found.map(brief)).toEqual([]);
      return;
    }
    expect(found.map((one) => one.kind)).toContain(kind);
    expect(found.map(brief).join("\n")).toContain(request);
    for (const { witness } of found.filter((one) => one.kind === "leak")) expect(witness?.replay.outcome).toBe("allow");
    for (const { evidence } of found.filter((one) => one.kind === "blockage")) {
      const opa = evidence.find(({ layer }) => layer === "opa");
      expect(opa?.outcome).toBe("denies");
      expect(opa?.reasons[0]?.text).toMatch(
        /denies what `data\.ringfence\.envoy\.allow` does not allow \(\S+envoy\.rego:\d+\)/,
      );
      expect(opa?.reasons[0]?.span).toBeDefined();
    }
  });

  it("blocks what is declared when the proxies cannot reach it", () => {
    const cut = whole.filter(({ kind, metadata }) => !(kind === "AuthorizationPolicy" && metadata.name === "opa"));
    const found = inside(cut);
    expect(found.map(({ kind }) => kind)).toEqual(["blockage", "blockage"]);
    const [opa] = found.flatMap(({ evidence }) => evidence.filter(({ layer }) => layer === "opa"));
    expect(opa?.reasons.map(({ text }) => text).join("\n")).toContain("cannot reach the authorizer");
  });
});
