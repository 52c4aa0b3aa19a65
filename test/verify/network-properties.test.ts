/** The symbolic network layer against the concrete one, and laws that both must obey. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Cluster, readCluster } from "../../src/cluster/index.js";
import { CLOSED_WORLD, explain, Network, type Point, type Row } from "../../src/verify/layers/network/index.js";
import { type NetworkBehaviour, type PacketEnd, packetArrives } from "../../src/verify/replay/network.js";
import {
  type ClusterSpec,
  clusterSpec,
  manifestsOf,
  networkPolicy,
  OUTSIDE,
  PORTS,
  PROTOCOLS,
} from "./network-manifests.js";

function clusterOf(spec: ClusterSpec, everything: boolean): Cluster {
  const { cluster, problems } = readCluster([{ path: "generated.json", text: manifestsOf(spec, { everything }) }]);
  expect(problems).toEqual([]);
  return cluster;
}

/** Every end that a packet of the generated cluster can have, with the engine's point for it. */
function endsOf(network: Network, cluster: Cluster, spec: ClusterSpec) {
  const pods = spec.pods.map((_, index) => {
    const workload = cluster.workloads.find(({ name }) => name === `w${index}`);
    const [pod] = workload?.pods ?? [];
    const point = network.points.pods.find((one) => one.workload.name === `w${index}`);
    if (workload === undefined || pod === undefined || point === undefined) throw new Error("a pod is lost");
    return {
      end: { workload, pod, address: pod.addresses[0] ?? "10.9.9.9" } satisfies PacketEnd,
      point: point as Point,
    };
  });
  const outside = OUTSIDE.map((address) => {
    const point = network.points.outside.find(({ ranges }) => ranges.some((range) => holds(range, address)));
    if (point === undefined) throw new Error("an address is lost");
    return { end: { address } satisfies PacketEnd as PacketEnd, point: point as Point };
  });
  return { pods, outside };
}

function holds({ low, high }: { low: bigint; high: bigint }, text: string): boolean {
  const value = text.includes(":")
    ? text
        .split("::")
        .flatMap((half, index) => {
          const groups = half === "" ? [] : half.split(":").map((group) => Number.parseInt(group, 16));
          return index === 0
            ? [...groups, ...Array<number>(8 - text.split(/:+/).filter(Boolean).length).fill(0)]
            : groups;
        })
        .reduce((sum, group) => (sum << 16n) + BigInt(group), 0n)
    : text.split(".").reduce((sum, part) => (sum << 8n) + BigInt(part), 0n) + 0xffff_0000_0000n;
  return low <= value && value <= high;
}

describe("the network layer", () => {
  it("equals the concrete evaluator on every packet of a closed world", () => {
    let samples = 0;
    const behaviour: NetworkBehaviour = { blocksMatchPods: false, hostPodsArePods: true, networksAreApart: true };
    fc.assert(
      fc.property(clusterSpec, (spec) => {
        const cluster = clusterOf(spec, true);
        const network = new Network(cluster, CLOSED_WORLD);
        const { pods, outside } = endsOf(network, cluster, spec);
        for (const from of [...pods, ...outside]) {
          for (const to of [...pods, ...outside]) {
            if (from.point.kind === "outside" && to.point.kind === "outside") continue;
            for (const protocol of PROTOCOLS) {
              for (const port of PORTS) {
                samples++;
                const arrives = packetArrives(cluster, { from: from.end, to: to.end, protocol, port }, behaviour);
                const verdict = network.permits(from.point.index, to.point.index, protocol, port);
                if (verdict !== (arrives ? "allowed" : "denied")) {
                  throw new Error(
                    `${verdict}, but the packet ${arrives ? "arrives" : "does not"}: ${protocol} ${port}`,
                  );
                }
              }
            }
          }
        }
      }),
      { numRuns: 400 },
    );
    console.log(`closed world: ${samples} packets equal`);
    expect(samples).toBeGreaterThan(100_000);
  });

  it("is right about what it claims to know, whatever the cluster turns out to be", () => {
    let [samples, unknown] = [0, 0];
    const arbitrary = fc.tuple(clusterSpec, fc.boolean(), fc.boolean(), fc.boolean());
    fc.assert(
      fc.property(arbitrary, ([spec, blocksMatchPods, hostPodsArePods, networksAreApart]) => {
        const real = clusterOf(spec, true);
        const told = clusterOf(spec, false);
        const network = new Network(told);
        const ends = endsOf(network, told, spec);
        const realEnds = endsOf(new Network(real), real, spec);
        const pairs = [...ends.pods, ...ends.outside].map(({ point }, index) => {
          const end = [...realEnds.pods, ...realEnds.outside][index]?.end;
          if (end === undefined) throw new Error("an end is lost");
          return { point, end };
        });
        for (const from of pairs) {
          for (const to of pairs) {
            if (from.point.kind === "outside" && to.point.kind === "outside") continue;
            for (const protocol of PROTOCOLS) {
              for (const port of PORTS) {
                samples++;
                const packet = { from: from.end, to: to.end, protocol, port };
                const arrives = packetArrives(real, packet, {
                  blocksMatchPods,
                  hostPodsArePods,
                  networksAreApart,
                });
                const verdict = network.permits(from.point.index, to.point.index, protocol, port);
                if (verdict === "unknown") unknown++;
                else if (verdict !== (arrives ? "allowed" : "denied")) {
                  throw new Error(
                    `${verdict}, but the packet ${arrives ? "arrives" : "does not"}: ${protocol} ${port}`,
                  );
                }
              }
            }
          }
        }
      }),
      { numRuns: 400 },
    );
    console.log(`open world: ${samples} packets, ${unknown} of them unknown, none contradicted`);
    expect(unknown).toBeLessThan(samples);
  });

  it("answers the same from either end", () => {
    fc.assert(
      fc.property(clusterSpec, fc.boolean(), (spec, everything) => {
        const network = new Network(clusterOf(spec, everything));
        for (const { index: source } of network.points.all) {
          const row = network.from(source);
          for (const { index: destination } of network.points.all) {
            const { must, may } = network.between(source, destination);
            const at = (groups: typeof row.must) =>
              groups.find(({ points }) => points.has(destination))?.ports ?? network.ports.none;
            expect([at(row.must), at(row.may)]).toEqual([must, may]);
            expect(network.ports.minus(must, may)).toBe(network.ports.none);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it("gives reasons that agree with its verdicts", () => {
    fc.assert(
      fc.property(clusterSpec, fc.boolean(), fc.constantFrom(...PORTS), (spec, everything, port) => {
        const network = new Network(clusterOf(spec, everything));
        for (const { index: source } of network.points.pods) {
          for (const { index: destination } of network.points.all) {
            const packet = { source, destination, protocol: "TCP", port } as const;
            const effects = explain(network, packet).map(({ effect }) => effect);
            const verdict = network.permits(source, destination, "TCP", port);
            if (verdict === "allowed") expect(effects).not.toContain("denies");
            if (verdict === "denied") expect(effects).toContain("denies");
            if (verdict === "unknown") expect(effects).toContain("unknown");
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it("is after an edit what it would be from the start, and says what the edit may have changed", () => {
    let edits = 0;
    fc.assert(
      fc.property(clusterSpec, networkPolicy, fc.nat(), fc.boolean(), (spec, next, pick, everything) => {
        fc.pre(spec.policies.length > 0);
        const at = pick % spec.policies.length;
        const edited = { ...spec, policies: spec.policies.with(at, next) };
        const [first, second] = [clusterOf(spec, everything), clusterOf(edited, everything)];
        const network = new Network(first);
        const before = network.points.all.map(({ index }) => network.to(index));
        const policyOf = (cluster: Cluster) => cluster.networkPolicies.find(({ name }) => name === `np${at}`);
        const change = network.replace(policyOf(first), policyOf(second));
        if (change === undefined) return;
        edits++;
        const fresh = new Network(second);
        const ports = (from: Network, row: Row, reading: "must" | "may", source: number) =>
          from.ports.describe(row[reading].find(({ points }) => points.has(source))?.ports ?? from.ports.none);
        for (const { index: destination } of network.points.all) {
          for (const { index: source } of network.points.all) {
            for (const reading of ["must", "may"] as const) {
              const now = ports(network, network.to(destination), reading, source);
              // A block that only the old policy named still cuts the outside of the edited network more finely.
              if (fresh.points.all.length === network.points.all.length) {
                expect(now).toBe(ports(fresh, fresh.to(destination), reading, source));
              }
              const then = before[destination];
              if (then === undefined || ports(network, then, reading, source) === now) continue;
              expect(change.destinations.has(destination) || change.sources.has(source)).toBe(true);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
    expect(edits).toBeGreaterThan(50);
  });

  it("never loses a connection when a rule is added to a policy that isolates already", () => {
    fc.assert(
      fc.property(clusterSpec, networkPolicy, fc.nat(), (spec, extra, pick) => {
        const target = spec.policies[pick % Math.max(1, spec.policies.length)];
        fc.pre(target !== undefined);
        if (target === undefined) return;
        const types = ["Ingress", "Egress"];
        const before = { ...target, spec: { ...target.spec, policyTypes: types } };
        const after = {
          ...before,
          spec: {
            ...before.spec,
            ingress: [...(before.spec.ingress ?? []), ...(extra.spec.ingress ?? [])],
            egress: [...(before.spec.egress ?? []), ...(extra.spec.egress ?? [])],
          },
        };
        const swap = (by: typeof before) => ({
          ...spec,
          policies: spec.policies.map((policy) => (policy === target ? by : policy)),
        });
        const lost = difference(swap(before), swap(after));
        expect(lost).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it("never gains a connection from a policy that denies", () => {
    fc.assert(
      fc.property(clusterSpec, (spec) => {
        const denying = { subject: { namespaces: {} }, ingress: [], egress: [] };
        const rule = { action: "Deny", from: [{ namespaces: {} }], ports: undefined };
        const denied = { ...spec, admin: [{ ...denying, ingress: [rule] }, ...spec.admin] } as ClusterSpec;
        expect(difference(denied, { ...spec, admin: [{ ...denying }, ...spec.admin] } as ClusterSpec)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

/** Pairs that are connected on some port in the first cluster and not in the second. */
function difference(first: ClusterSpec, second: ClusterSpec): string[] {
  const [before, after] = [first, second].map((spec) => new Network(clusterOf(spec, true), CLOSED_WORLD));
  if (before === undefined || after === undefined) return ["missing"];
  const lost: string[] = [];
  for (const source of before.points.pods) {
    for (const destination of before.points.pods) {
      const had = before.between(source.index, destination.index).must;
      const has = after.between(source.index, destination.index).must;
      const kept = after.ports.of(before.ports.ranges(had));
      if (after.ports.minus(kept, has) !== after.ports.none) lost.push(`${source.index} ${destination.index}`);
    }
  }
  return lost;
}
