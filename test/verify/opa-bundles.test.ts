/**
 * Bundles of many workflows, asked for every destination: each is decided without a literal left over, and reaches from
 * every workload exactly where a flow leads, by the methods and paths that the flow permits.
 */
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCluster } from "../../src/cluster/index.js";
import { draftWorkflow } from "../../src/draft/index.js";
import { listFiles, readSource } from "../../src/files/index.js";
import { derive, isHttp, type Policy } from "../../src/policy/index.js";
import { compile } from "../../src/rego/index.js";
import { authorizationBundle } from "../../src/targets/index.js";
import { operationSet } from "../../src/verify/compare/index.js";
import { answersOf } from "../../src/verify/layers/opa/decision.js";
import { dimension, RequestSet } from "../../src/verify/space/index.js";
import { loadWorkflow } from "../../src/workflow/index.js";
import { examplePolicy } from "../authorization/cases.js";
import { policyOf, workflows } from "../generators/workflow.js";

function imported(folder: string): Policy {
  const files = listFiles([resolve(import.meta.dirname, "../../examples", folder)], [".yaml", ".yml", ".json"]);
  const { text } = draftWorkflow(readCluster(files.map(readSource)));
  return derive(loadWorkflow({ path: "draft.yaml", text }));
}

const PATH = ["ringfence", "envoy", "allow"];

/** The set over method and path alone: whether there is some request of each kind. */
function essence(set: RequestSet): RequestSet {
  const kept = new Set([dimension.method.key, dimension.path.key]);
  return set.dimensions.filter(({ key }) => !kept.has(key)).reduce((rest, one) => rest.some(one), set);
}

/** @returns how many (source, destination, port) were compared */
function check(policy: Policy): number {
  const files = authorizationBundle(policy);
  const data = JSON.parse(files.find(({ path }) => path === "data.json")?.text ?? "{}");
  data.ringfence.keys = Object.fromEntries(policy.identities.map(({ name }) => [name, { keys: [] }]));
  const modules = files.filter(({ path }) => path.endsWith(".rego")).map(({ path, text }) => ({ file: path, text }));
  const { normalForm } = compile(modules, { data });
  let compared = 0;
  for (const to of policy.workloads) {
    for (const { port, protocol } of to.ports) {
      if (!isHttp(protocol)) continue;
      const destination = { principal: to.spiffeId, port, chain: "http", stripsToken: false } as const;
      const { allowed, unread } = answersOf(normalForm, data, PATH, destination);
      const literals = unread.map(({ source, start, end }) => source.text.slice(start, end));
      expect([to.name, port, literals, allowed.may.equals(allowed.must)]).toEqual([to.name, port, [], true]);
      for (const from of policy.workloads) {
        compared++;
        const rules = policy.rules.filter(
          (rule) => rule.from.name === from.name && rule.to.name === to.name && rule.port.port === port,
        );
        const declared = RequestSet.any(
          rules.flatMap((rule) => rule.operations.map((operation) => operationSet(operation, rule, policy))),
        );
        const reached = allowed.must.at(dimension.principal, from.spiffeId);
        const asked = essence(RequestSet.where(dimension.protocol, dimension.protocol.full).intersect(declared));
        expect([from.name, to.name, port, reached.isEmpty]).toEqual([from.name, to.name, port, rules.length === 0]);
        expect([from.name, to.name, port, essence(reached).isSubsetOf(asked)]).toEqual([
          from.name,
          to.name,
          port,
          true,
        ]);
      }
      const stranger = allowed.may.at(dimension.principal, "spiffe://nobody.invalid/ns/none/sa/none");
      expect([to.name, port, stranger.isEmpty, allowed.may.at(dimension.principal, null).isEmpty]).toEqual([
        to.name,
        port,
        true,
        true,
      ]);
    }
  }
  return compared;
}

describe("compiled bundles", () => {
  it.each([
    ["claims-triage", () => examplePolicy()],
    ["rag-chat", () => imported("rag-chat/manifests")],
  ])("of %s are decided exactly", (_, policy) => {
    expect(check(policy())).toBeGreaterThan(0);
  });

  it("of generated workflows are decided exactly", () => {
    let compared = 0;
    fc.assert(
      fc.property(workflows({ meshes: ["istio"], maxWorkloads: 4 }), (written) => {
        compared += check(policyOf(written));
      }),
      { numRuns: 25, endOnFailure: true },
    );
    process.stdout.write(`bundles of generated workflows: ${compared} pairs of workloads and ports compared\n`);
    expect(compared).toBeGreaterThan(100);
  });
});
