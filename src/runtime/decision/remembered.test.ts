import { describe, expect, it } from "vitest";
import { derive } from "../../policy/index.js";
import { authorizationBundle } from "../../targets/index.js";
import { loadWorkflow } from "../../workflow/index.js";
import { BundlePoint } from "./bundle-point.js";
import type { DecisionRequest } from "./decision.js";
import { isSteady, RememberedPermissions } from "./remembered.js";

const WORKFLOW = `
apiVersion: ringfence.dev/v1
workflow: remembered
trustDomain: test.example.com
zones: { z: { trust: internal } }
data: { q: { sensitivity: internal } }
identity: { corp: { issuer: "https://login.example.com", audience: api, roles: roles } }
workloads: { a: { zone: z, port: 8080 }, b: { zone: z, port: 8500 } }
outside: { users: { kind: users, identity: corp } }
flows:
  - { from: users, to: a, data: [q], allow: [{ method: GET, path: /ask, roles: [asker] }] }
  - { from: a, to: b, data: [q], allow: [{ method: POST, path: /infer, roles: [asker] }] }
`;

function bundle(own?: string) {
  const workflow = loadWorkflow({ path: "r.yaml", text: WORKFLOW });
  return authorizationBundle(derive(workflow, own === undefined ? [] : [{ path: "own.rego", text: own }]));
}

const textsOf = (own?: string): string[] =>
  bundle(own)
    .filter(({ path }) => path.endsWith(".rego"))
    .map(({ text }) => text);

const REQUEST: DecisionRequest = {
  id: "1",
  direction: "inbound",
  caller: { kind: "workload", spiffeId: "spiffe://test.example.com/ns/z/sa/a", name: "a" },
  callee: { kind: "workload", name: "b", zone: "z", port: 8500 },
  protocol: "http",
  http: { method: "POST", host: "b", path: "/infer" },
  token: { identity: "corp", issuer: "https://login.example.com", subject: "ada", claims: { roles: ["asker"] } },
};
const { token } = REQUEST;

describe("what is remembered", () => {
  it("is a permission for the very same input, and nothing else", () => {
    const remembered = new RememberedPermissions();
    expect(remembered.find(REQUEST)).toBeUndefined();
    remembered.keep(REQUEST, ["a>b:8500"]);
    expect(remembered.find({ ...REQUEST, id: "2" })).toEqual(["a>b:8500"]);
    const others: DecisionRequest[] = [
      { ...REQUEST, caller: { kind: "outside" } },
      { ...REQUEST, caller: { kind: "unknown" } },
      { ...REQUEST, caller: { kind: "workload", spiffeId: "spiffe://test.example.com/ns/z/sa/c", name: "a" } },
      { ...REQUEST, callee: { kind: "workload", name: "c", zone: "z", port: 8500 } },
      { ...REQUEST, callee: { kind: "workload", name: "b", zone: "z", port: 8501 } },
      { ...REQUEST, http: undefined },
      { ...REQUEST, http: { method: "GET", host: "b", path: "/infer" } },
      { ...REQUEST, http: { method: "POST", host: "c", path: "/infer" } },
      { ...REQUEST, http: { method: "POST", host: "b", path: "/infer/" } },
      { ...REQUEST, token: undefined },
      { ...REQUEST, token: token && { ...token, identity: "other" } },
      // Equal claims of a token that was verified again are asked about again.
      { ...REQUEST, token: token && { ...token, claims: { roles: ["asker"] } } },
    ];
    for (const other of others) expect(remembered.find(other)).toBeUndefined();
  });

  it("is nothing that takes much room", () => {
    const remembered = new RememberedPermissions();
    const long = { ...REQUEST, http: { method: "POST", host: "b", path: `/infer/${"x".repeat(1000)}` } };
    remembered.keep(long, ["a>b:8500"]);
    expect(remembered.find(long)).toBeUndefined();
  });

  it("is gone with its bundle", () => {
    const point = new BundlePoint();
    point.load(bundle());
    for (let times = 0; times < 3; times++) expect(point.decide(REQUEST)).toEqual({ allow: true, rules: ["a>b:8500"] });
    expect(point.decide({ ...REQUEST, token: undefined }).allow).toBe(false);
    point.load(bundle('package narrow\n\ndeny contains "closed" if input.request.path == "/infer"\n'));
    expect(point.decide(REQUEST).allow).toBe(false);
    point.load(bundle());
    expect(point.decide(REQUEST).allow).toBe(true);
  });

  it("is nothing where the answer may change by itself", () => {
    expect(isSteady(textsOf())).toBe(true);
    expect(
      isSteady(
        textsOf('package narrow.x\n\n# time.now_ns() is not called\ndeny contains "x" if input.request.host == "x"\n'),
      ),
    ).toBe(true);
    for (const changing of [
      "permit if time.now_ns() > 0",
      // What looks like a comment may end a text.
      'permit if {\n  "\\n" != `\n#`; time.now_ns() > 0\n}',
      'permit if rand.intn("x", 10) > 3',
      'permit if uuid.rfc4122("x") != ""',
      "permit if opa.runtime().env.X",
      "permit if data.ringfence.tokens.x",
      'permit if data["ringfence"].tokens.x',
      "permit if some_other\n\nsome_other if data.elsewhere.x",
    ]) {
      const own = `package narrow.x\n\n${changing}\n`;
      expect([changing, isSteady(["package ringfence.authz\n", own])]).toEqual([changing, false]);
    }
    for (const written of [
      "package\tnarrow.x",
      "  package   narrow.x",
      "# a comment\n\n package narrow.x # mine",
      "package helpers",
    ]) {
      const own = `${written}\n\npermit if time.now_ns() > 0\n`;
      expect([written, isSteady(["package ringfence.authz\n", own])]).toEqual([written, false]);
    }
    expect(isSteady([])).toBe(false);
  });

  it("never outlives the hour that the user's own rules look at", () => {
    const point = new BundlePoint();
    point.load(bundle("package narrow.hours\n\npermit if floor(time.now_ns() / 1000000) % 2 == 0\n"));
    const answers = new Set<boolean>();
    for (const until = Date.now() + 20_000; answers.size < 2 && Date.now() < until; ) {
      answers.add(point.decide(REQUEST).allow);
    }
    expect(answers).toEqual(new Set([true, false]));
  });
});
