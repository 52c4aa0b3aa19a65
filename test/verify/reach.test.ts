/** The grouped answer must be the pairwise one, for every pod and port of random meshes with network policies. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Cluster, editCluster, readCluster } from "../../src/cluster/index.js";
import { combine, type Judgement } from "../../src/verify/layer.js";
import { Network } from "../../src/verify/layers/network/index.js";
import { layersOf, Reachability } from "../../src/verify/reach.js";
import { RequestSet } from "../../src/verify/space/index.js";
import { PORTS, type World, worlds } from "./istio-worlds.js";

const RUNS = Math.min(Number(process.env.RINGFENCE_PROPERTY_RUNS ?? "60"), 2000);

const selector = fc.constantFrom({}, { matchLabels: { tier: "web" } }, { matchLabels: { app: "three" } });
const networkPolicy = fc
  .record({
    namespace: fc.constantFrom("red", "blue", "green"),
    pods: selector,
    peers: selector,
    port: fc.constantFrom(8080, 9090),
    open: fc.boolean(),
  })
  .map(({ namespace, pods, peers, port, open }) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: `np-${namespace}-${port}-${JSON.stringify([pods, peers]).length}`, namespace },
    spec: {
      podSelector: pods,
      policyTypes: ["Ingress"],
      ingress: [{ from: [{ podSelector: peers, ...(open ? { namespaceSelector: {} } : {}) }], ports: [{ port }] }],
    },
  }));

/** Pods without status share a class of clients; with one, each stands for itself. */
function clusterOf({ documents }: World, policies: readonly object[], anonymous: boolean): Cluster {
  const all = [
    ...new Map(
      [...documents, ...policies].map((one) => [
        JSON.stringify((one as { kind: string; metadata: object }).metadata) + (one as { kind: string }).kind,
        one,
      ]),
    ).values(),
  ];
  const { cluster } = readCluster(
    all.map((document, i) => {
      const { status: _, ...rest } = document as { status?: object };
      return { path: `${i}.json`, text: JSON.stringify(anonymous ? rest : document) };
    }),
  );
  return cluster;
}

it("groups of sources answer as pairs do", () => {
  fc.assert(
    fc.property(worlds, fc.array(networkPolicy, { maxLength: 2 }), fc.boolean(), (world, policies, anonymous) => {
      const network = new Network(clusterOf(world, policies, anonymous));
      agree(new Reachability(network), network, network.cluster);
    }),
    { numRuns: RUNS },
  );
}, 3_600_000);

it("and after an edit of the mesh over the same network", () => {
  fc.assert(
    fc.property(worlds, fc.array(networkPolicy, { maxLength: 2 }), fc.nat(), (world, policies, pick) => {
      const network = new Network(clusterOf(world, policies, true));
      const { authorizationPolicies, peerAuthentications } = network.cluster;
      const edits = [...authorizationPolicies, ...peerAuthentications];
      fc.pre(edits.length > 0);
      const gone = edits[pick % edits.length];
      const edited = editCluster(network.cluster, { remove: gone === undefined ? [] : [gone.object] });
      fc.pre(edited !== undefined);
      if (edited !== undefined) agree(new Reachability(network).after(edited), network, edited);
    }),
    { numRuns: Math.ceil(RUNS / 3) },
  );
}, 3_600_000);

/** Every pair on every port has one group or none, with the judgement that the layers of a network of its own give. */
function agree(reach: Reachability, { points }: Network, cluster: Cluster): void {
  const nothing: Judgement = { may: RequestSet.empty, must: RequestSet.empty };
  const layers = layersOf(new Network(cluster));
  for (const to of points.pods) {
    for (const port of PORTS) {
      const groups = reach.to(to, port);
      for (const from of points.pods) {
        const mine = groups.filter(({ sources }) => sources.has(from.index));
        expect(mine.length).toBeLessThanOrEqual(1);
        const connection = {
          from: { kind: "pod", workload: from.workload, pod: from.pod },
          to: { kind: "pod", workload: to.workload, pod: to.pod },
          port,
          protocol: "TCP",
        } as const;
        const wanted = combine(layers.map((layer) => layer.judge(connection)));
        const got = mine[0]?.judgement ?? nothing;
        expect([
          from.pod.labels.get("app"),
          to.pod.labels.get("app"),
          port,
          got.may.equals(wanted.may),
          got.must.equals(wanted.must),
        ]).toEqual([from.pod.labels.get("app"), to.pod.labels.get("app"), port, true, true]);
      }
    }
  }
}
