/**
 * What the symbolic layer says of a policy against what the Rego engine answers: a request that OPA lets through may get
 * through, and one that surely gets through is let through. Policies and requests are generated, of the shapes that
 * people write; how often the two sides are equal is printed.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { readCluster } from "../../src/cluster/index.js";
import { pointOf } from "../../src/verify/istio/lift.js";
import { answersOf } from "../../src/verify/layers/opa/decision.js";
import { authorizerOf } from "../../src/verify/opa/decision-points.js";
import { askAuthorizer } from "../../src/verify/replay/authorizer.js";
import { tokenText } from "../../src/verify/replay/token-text.js";
import { decisionPointManifests } from "./opa-manifests.js";
import { type Asked, DATA, DESTINATION, PORT, policies, requests } from "./opa-policies.js";

const RUNS = Number(process.env.RINGFENCE_PROPERTY_RUNS ?? "40");
const SEED = Number(process.env.RINGFENCE_PROPERTY_SEED ?? "20261124");
/** Requests for each policy: looking at one more costs little. */
const EACH = 250;

function clusterOf(module: string) {
  const { cluster, problems } = readCluster(
    decisionPointManifests({ "policy.rego": module, "data.json": JSON.stringify(DATA) }),
  );
  expect(problems).toEqual([]);
  return cluster;
}

function checked({ http, token, principal }: Asked) {
  const headers = new Map(http.headers);
  if (token !== undefined) headers.set("authorization", `${token.at.prefix}${tokenText(token)}`);
  const path = http.target.split("?", 1)[0] ?? "";
  return { principal, destinationPrincipal: DESTINATION, port: PORT, http: { ...http, headers, path } };
}

it("the symbolic answer holds what the engine answers", () => {
  const counts = { policies: 0, exact: 0, requests: 0, allow: 0, deny: 0, unknown: 0 };
  fc.assert(
    fc.property(policies, fc.array(requests, { minLength: EACH, maxLength: EACH }), (module, asked) => {
      const cluster = clusterOf(module);
      const found = authorizerOf(cluster, "opa");
      if (found?.kind !== "decides")
        throw new Error(`not resolved: ${found?.kind === "unknown" ? found.text : ""}\n${module}`);
      const { bundle, path } = found.point;
      const destination = { principal: DESTINATION, port: PORT, chain: "http", stripsToken: false } as const;
      const { allowed, unread } = answersOf(bundle.policy.normalForm, bundle.data, path, destination);
      counts.policies++;
      const exact = allowed.may.equals(allowed.must);
      if (exact) counts.exact++;
      else expect(unread.length).toBeGreaterThan(0);
      for (const one of asked) {
        const point = pointOf({
          request: one,
          port: PORT,
          principal: one.principal ?? null,
          sourceAddress: undefined,
          destinationAddress: undefined,
          sni: null,
          jwtRules: [],
          normalization: undefined,
        });
        if (point === undefined) throw new Error("no point");
        const { outcome, reason } = askAuthorizer(cluster, "opa", checked(one), () => true) ?? {
          outcome: "none",
          reason: "",
        };
        counts.requests++;
        if (outcome === "allow" || outcome === "deny" || outcome === "unknown") counts[outcome]++;
        const [may, must] = [allowed.may.has(point), allowed.must.has(point)];
        const shown = { ...one, http: { ...one.http, headers: [...one.http.headers] }, outcome, reason, may, must };
        if (outcome === "allow" && !may) throw new Error(`a wrong denial: ${JSON.stringify(shown)}\n${module}`);
        if (outcome === "deny" && must) throw new Error(`a wrong permission: ${JSON.stringify(shown)}\n${module}`);
        // Whether Go reads a strange host in the path is not replayed; if it does not, OPA denies.
        if (outcome === "unknown" && must && !one.http.target.startsWith("//"))
          throw new Error(`certain of what is not: ${JSON.stringify(shown)}\n${module}`);
      }
    }),
    { numRuns: RUNS, endOnFailure: true, seed: SEED },
  );
  process.stdout.write(`rego, symbolic and concrete: ${JSON.stringify(counts)}\n`);
  expect(counts.exact / counts.policies).toBeGreaterThan(0.5);
}, 3_600_000);
