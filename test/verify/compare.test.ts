/**
 * What `compile` writes for an example must reach exactly what the example declares, and every object that holds a flow
 * back must be missed when it is gone: dropped objects give leaks or blockages whose witnesses were replayed.
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

const policy = openPolicy(join(resolve(import.meta.dirname, "../../examples"), "claims-triage", "ringfence.yaml"));

interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: Record<string, unknown>;
}

/** The compiled objects and the workloads that they are about, as a user would deploy them. */
function manifests(): readonly KubeObject[] {
  const { artifacts, files } = compile(policy, { targets: ["kubernetes", "network-policy", "istio"] });
  const paths = new Set(artifacts.filter(({ kind }) => kind === "manifests").map(({ path }) => path));
  const compiled = files
    .filter(({ path }) => paths.has(path))
    .flatMap(({ text }) => parseAllDocuments(text).map((document) => document.toJS() as KubeObject));
  return [...compiled, ...policy.workloads.flatMap(deployed), ...STRANGER];
}

/** A workload that no policy knows, in a namespace without mesh: what STRICT is for. */
const STRANGER: readonly KubeObject[] = [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "elsewhere" } },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "stranger", namespace: "elsewhere" },
    spec: { containers: [{ name: "main", image: "main:1" }] },
  },
];

function deployed({ name, zone, ports }: Policy["workloads"][number]): readonly KubeObject[] {
  const labels = { [LABELS.workload]: name, [LABELS.workflow]: policy.workflow, [LABELS.zone]: zone };
  return [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace: zone },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels: { ...labels, "sidecar.istio.io/inject": "true" } },
          spec: {
            serviceAccountName: name,
            containers: [{ name: "main", image: "main:1", ports: ports.map(({ port }) => ({ containerPort: port })) }],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: zone },
      spec: {
        selector: labels,
        ports: ports.map(({ name: port, port: targetPort, servicePort, protocol }) => ({
          name: protocol === "tcp" ? `tcp-${port}` : `http-${port}`,
          port: servicePort,
          targetPort,
        })),
      },
    },
  ];
}

function clusterOf(objects: readonly KubeObject[]): Cluster {
  const sources = objects.map((object) => ({
    path: `${object.kind}-${object.metadata.namespace ?? ""}-${object.metadata.name}.json`,
    text: JSON.stringify(object),
  }));
  const { cluster, problems } = readCluster(sources);
  expect(problems).toEqual([]);
  return cluster;
}

function findingsOf(objects: readonly KubeObject[]): readonly Finding[] {
  const cluster = clusterOf(objects);
  return compare(policy, new Network(cluster)).findings;
}

/** What proxies see, between workloads; what leaves the cluster depends on a gateway that is not part of these manifests. */
const inside = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(
    ({ to, protocol }) =>
      protocol === "TCP" && policy.workloads.some(({ zone, name }) => to.startsWith(`${zone}/${name}[`)),
  );

const brief = ({ kind, from, to, port, witness }: Finding): string =>
  `${kind} ${from} > ${to}:${port} ${witness?.request.http?.method ?? "bytes"} ${witness?.request.http?.target ?? ""}`.trim();

/** The kinds that hold flows back. */
const HELD = ["AuthorizationPolicy", "NetworkPolicy", "PeerAuthentication", "RequestAuthentication", "Sidecar"];

describe("the policy against compiled manifests", () => {
  const whole = manifests();

  it("finds nothing between the workloads of the example", () => {
    expect(inside(findingsOf(whole)).map(brief)).toEqual([]);
  });

  it("finds what reaches further once the layers that hold it are gone, with a witness that can be run", () => {
    const open = whole.filter(({ kind }) => !["AuthorizationPolicy", "NetworkPolicy"].includes(kind));
    const leaks = inside(findingsOf(open)).filter(({ kind }) => kind === "leak");
    const leak = leaks.find(({ from, to }) => from.includes("preprocessor") && to.includes("results-db"));
    // Sidecars still keep the preprocessor from what it does not call; the database takes calls of others.
    expect(leak).toBeUndefined();
    const wide = leaks.find(({ from, to }) => from.includes("api-gateway") && to.includes("preprocessor"));
    expect(wide?.witness?.replay.outcome).toBe("allow");
    expect(wide?.witness?.command).toContain("kubectl exec -n ai-workflow deploy/api-gateway -- curl");
    expect(wide?.witness?.command).toContain("http://preprocessor.ai-workflow.svc.cluster.local:");
    expect(wide?.mend).toContain("api-gateway>preprocessor:8081");
  });

  it("names the object that blocks a declared flow", () => {
    const narrowed = whole.filter(
      ({ kind, metadata }) => !(kind === "AuthorizationPolicy" && metadata.name === "workload.preprocessor"),
    );
    const [blockage] = inside(findingsOf(narrowed)).filter(({ kind }) => kind === "blockage");
    expect(blockage === undefined ? undefined : brief(blockage)).toBe(
      "blockage ai-workflow/api-gateway[Deployment] > ai-workflow/preprocessor[Deployment]:8081 POST /preprocess",
    );
    expect(blockage?.rule?.id).toBe("api-gateway>preprocessor:8081");
    expect(blockage?.witness?.replay.outcome).toBe("deny");
    expect(blockage?.evidence.filter(({ outcome }) => outcome === "denies").map(({ layer }) => layer)).toEqual([
      "authorization",
    ]);
    expect(blockage?.mend).toContain("AuthorizationPolicy ai-workflow/zone.deny-all");
  });

  it("notices every object that is dropped and changes what is reached", () => {
    const candidates = whole.filter(({ kind }) => HELD.includes(kind));
    const unnoticed = candidates.filter((gone) => inside(findingsOf(whole.filter((one) => one !== gone))).length === 0);
    // Each of these stands behind another layer that still holds when it is gone alone.
    const named = unnoticed.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
    process.stdout.write(
      `dropped objects: ${candidates.length - unnoticed.length} of ${candidates.length} change what is reached\n`,
    );
    // Who may call the gateway from outside is no question between workloads, and where each workload has an ALLOW of
    // its own, the one that allows nothing changes nothing.
    const zones = policy.zones.map(({ name }) => ` ${name}/`);
    const asked = named.filter(
      (name) => /^(Authorization|Request)/.test(name) && zones.some((zone) => name.includes(zone)),
    );
    expect(asked.sort()).toEqual([
      "AuthorizationPolicy ai-sensitive/zone.deny-all",
      "AuthorizationPolicy ai-workflow/workload.api-gateway",
      "AuthorizationPolicy ai-workflow/zone.deny-all",
      "RequestAuthentication ai-workflow/workload.api-gateway",
    ]);
  });

  it("sees what an object behind another layer holds once it stands alone", () => {
    const only = whole.filter(({ kind }) => !HELD.includes(kind) || kind === "PeerAuthentication");
    const strange = (objects: readonly KubeObject[]): readonly Finding[] =>
      inside(findingsOf(objects)).filter(({ from }) => from.startsWith("elsewhere/"));
    expect(strange(only)).toEqual([]);
    // Datagrams pass the mesh by: only a network policy could hold them.
    expect(
      new Set(
        findingsOf(only)
          .filter(({ from }) => from.startsWith("elsewhere/"))
          .map(({ kind, protocol }) => `${kind} ${protocol}`),
      ),
    ).toEqual(new Set(["leak UDP"]));
    const isGone = ({ kind, metadata }: KubeObject): boolean =>
      kind === "PeerAuthentication" && metadata.namespace === "ai-sensitive";
    const leaks = strange(only.filter((object) => !isGone(object)));
    expect(leaks.map(({ kind, to, witness }) => [kind, to, witness?.replay.outcome])).toEqual([
      ["leak", "ai-sensitive/model-server[Deployment]", "allow"],
      ["leak", "ai-sensitive/results-db[Deployment]", "allow"],
    ]);
  });
});
