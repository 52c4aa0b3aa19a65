/**
 * The set-based layers and the step-by-step evaluator must give one answer, on random meshes and random calls.
 * RINGFENCE_PROPERTY_RUNS sets how many meshes are drawn (each is asked 20 times); the seed is printed by a failure.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Cluster, readCluster } from "../../src/cluster/index.js";
import type { JsonObject } from "../../src/documents/index.js";
import type { Call } from "../../src/verify/replay/istio.js";
import { replayIstio } from "../../src/verify/replay/istio.js";
import type { Request } from "../../src/verify/request.js";
import { inSets, judge } from "../conformance/istio/ask.js";
import { place } from "../conformance/istio/corpus.js";
import { PODS, SERVICES, type Shot, shots, TOKEN_PLACES, type World, worlds } from "./istio-worlds.js";

const RUNS = Number(process.env.RINGFENCE_PROPERTY_RUNS ?? "200");
const SHOTS = 20;

function clusterOf({ documents }: World, ...more: readonly object[]): Cluster {
  const all = [...documents, ...more].map((document, i) => ({ path: `${i}.json`, text: JSON.stringify(document) }));
  const { cluster, problems } = readCluster(all);
  if (problems.length > 0) throw new Error(JSON.stringify(problems.map(({ message }) => message)));
  return cluster;
}

function requestOf({ http, token }: Shot): Request {
  const at = TOKEN_PLACES[token?.at ?? 0] ?? TOKEN_PLACES[0];
  return {
    http: http === undefined ? undefined : { ...http, headers: new Map(Object.entries(http.headers)) },
    token: token === undefined ? undefined : { at, claims: token.claims as JsonObject, genuine: token.genuine },
  };
}

/** The ways in which the shot can be made: by the pod's address, and by every Service that leads there. */
function callsOf(cluster: Cluster, shot: Shot): readonly Call[] {
  const [from, to] = [PODS[shot.from], PODS[shot.to]];
  if (to === undefined) throw new Error("no such pod");
  const ways = SERVICES.filter(({ pods }) => (pods as readonly number[]).includes(shot.to)).flatMap(
    ({ service, ports }) => ports.filter(({ target }) => target === shot.port).map(({ port }) => ({ service, port })),
  );
  return (["address", ...ways] as const).map((by) => ({
    from: from === undefined ? undefined : place(cluster, from.namespace, from.name),
    to: place(cluster, to.namespace, to.name),
    port: shot.port,
    by,
    request: requestOf(shot),
    ...(from === undefined ? {} : { sourceAddress: from.ip }),
    destinationAddress: to.ip,
  }));
}

describe("the Istio layers", () => {
  it(`agree with the replay on ${RUNS * SHOTS} calls`, () => {
    const seen = { allow: 0, deny: 0, unknown: 0 };
    fc.assert(
      fc.property(worlds, fc.array(shots, { minLength: SHOTS, maxLength: SHOTS }), (world, list) => {
        const cluster = clusterOf(world);
        for (const shot of list) {
          const calls = callsOf(cluster, shot);
          const first = calls[0];
          if (first === undefined) throw new Error("no way to call");
          const replays = calls.map((call) => replayIstio(cluster, call));
          const outcomes = replays.map(({ outcome }) => outcome);
          const wanted = outcomes.includes("allow") ? "allow" : outcomes.includes("unknown") ? "unknown" : "deny";
          const got = inSets(cluster, first);
          seen[got]++;
          // The sets may know more than a replay that cannot tell: never less, and never the contrary.
          if (wanted === "unknown") continue;
          expect({ shot, replays: replays.map(({ outcome, reason }) => `${outcome}: ${reason}`), answer: got }).toEqual(
            {
              shot,
              replays: replays.map(({ outcome, reason }) => `${outcome}: ${reason}`),
              answer: wanted,
            },
          );
        }
      }),
      { numRuns: RUNS },
    );
    process.stdout.write(`istio properties: ${JSON.stringify(seen)}\n`);
    expect(seen.allow).toBeGreaterThan(RUNS);
    expect(seen.deny).toBeGreaterThan(RUNS);
  }, 3_600_000);

  it("never lose reach by a further ALLOW rule, nor gain any by a DENY", () => {
    const rule = { to: [{ operation: { paths: ["/a*"] } }] };
    const policy = (action: string, rules: readonly object[]) => ({
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "added", namespace: "red" },
      spec: { action, rules },
    });
    fc.assert(
      fc.property(worlds, shots, (world, shot) => {
        const reach = (...more: readonly object[]) => {
          const cluster = clusterOf(world, ...more);
          const call = callsOf(cluster, shot)[0];
          if (call === undefined) throw new Error("no way to call");
          return judge(cluster, call);
        };
        const bare = reach();
        const denied = reach(policy("DENY", [rule]));
        expect(denied.may.isSubsetOf(bare.may)).toBe(true);
        expect(denied.must.isSubsetOf(bare.must)).toBe(true);
        const closed = reach(policy("ALLOW", []));
        const opened = reach(policy("ALLOW", [rule]));
        expect(closed.may.isSubsetOf(opened.may)).toBe(true);
        expect(closed.must.isSubsetOf(opened.must)).toBe(true);
        expect(bare.must.isSubsetOf(bare.may)).toBe(true);
      }),
      { numRuns: Math.min(RUNS, 300) },
    );
  }, 3_600_000);
});
