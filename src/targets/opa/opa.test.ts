import { beforeAll, describe, expect, it } from "vitest";
import { authorizationCases, examplePolicy, type Issued } from "../../../test/authorization/cases.js";
import { formatSpan, RingfenceError } from "../../diagnostics/index.js";
import { compile } from "../../rego/index.js";
import { authorizationBundle } from "./index.js";

function engineOf(modules: { path: string; text: string }[] = [], keys: Record<string, unknown> = {}) {
  const bundle = authorizationBundle(examplePolicy(modules));
  const data = JSON.parse(bundle.find(({ path }) => path === "data.json")?.text ?? "{}");
  data.ringfence.keys = keys;
  const texts = bundle.filter(({ path }) => path.endsWith(".rego")).map(({ path, text }) => ({ file: path, text }));
  return compile(texts, { data });
}

const POST = { method: "POST", path: "/model/infer", host: "model-server" };
const permitted = {
  source: { kind: "workload", principal: "spiffe://ai.example.com/ns/ai-workflow/sa/preprocessor" },
  destination: { name: "model-server", port: 8500 },
  request: POST,
  claims: { corp: { realm_access: { roles: ["adjuster"] } } },
};
const FAILURES: [string, object, string][] = [
  ["an unknown source", { source: { kind: "workload", principal: "spiffe://x/ns/a/sa/b" } }, "unknown-source"],
  ["no flow", { destination: { name: "model-server", port: 1 } }, "undeclared-flow"],
  ["no request", { request: undefined }, "no-request"],
  ["another method", { request: { ...POST, method: "GET" } }, "method"],
  ["another path", { request: { ...POST, path: "/model" } }, "path"],
  ["another role", { claims: { corp: { realm_access: { roles: ["auditor"] } } } }, "role"],
  ["a role of another provider", { claims: { other: { realm_access: { roles: ["adjuster"] } } } }, "role"],
];

describe("the bundle", () => {
  let issued: Issued;
  beforeAll(async () => {
    issued = await authorizationCases();
  });

  it("decides every case of Envoy and of the gateway as it must", () => {
    const engine = engineOf([], issued.keys);
    const wrong = issued.cases.filter(({ query, input, allow }) => engine.rule(query).evaluate(input) !== allow);
    expect(wrong.map(({ note }) => note)).toEqual([]);
    expect(issued.cases.length).toBeGreaterThan(40);
  });

  it("says why it denies, without a value of the request", () => {
    const rule = engineOf().rule("data.ringfence.authz.decision");
    expect(rule.evaluate(permitted)).toMatchObject({
      allow: true,
      rules: ["preprocessor>model-server:8500"],
      reasons: [],
    });
    for (const [note, change, reason] of FAILURES) {
      expect(rule.evaluate({ ...permitted, ...change }), note).toMatchObject({ allow: false, reasons: [reason] });
    }
    expect(rule.evaluate({})).toMatchObject({ allow: false });
  });

  it("lets the user's own Rego take away and never give", () => {
    const narrowed = (text: string, input: unknown) =>
      engineOf([{ path: "p.rego", text }])
        .rule("data.ringfence.authz.decision")
        .evaluate(input);
    const deny = 'package narrow.hours\n\ndeny contains "at night" if input.request.method == "POST"\n';
    expect(narrowed(deny, permitted)).toMatchObject({ allow: false, reasons: ["narrow.hours: at night"] });
    const permit = 'package narrow\n\npermit if input.request.path == "/elsewhere"\n';
    expect(narrowed(permit, permitted)).toMatchObject({ allow: false, reasons: ["narrow: does not permit it"] });
    expect(narrowed("package narrow\n\npermit := true\n", permitted)).toMatchObject({ allow: true });
    const undeclared = { ...permitted, destination: { name: "results-db", port: 5432 } };
    expect(narrowed("package narrow\n\npermit := true\n", undeclared)).toMatchObject({ allow: false });
    // A built-in that fails makes `permit` undefined, which denies.
    expect(narrowed('package narrow\n\npermit if to_number("x") > 0\n', permitted)).toMatchObject({ allow: false });
  });

  it.each([
    ["package ringfence.authz\n\nallow := true\n", "this module is in the package `ringfence.authz`", "p.rego:1:1"],
    ["package narrow\n\ndeny contains x if y\n", "rego_unsafe_var_error", "p.rego:3:"],
    ["package narrow\n\ndeny {\n", "rego_parse_error", "p.rego:"],
    ["package narrow\n\nallow := true\n", "neither `deny` nor `permit`", "p.rego:1:1"],
    [
      'package narrow\n\npermit if http.send({"method": "GET", "url": "http://x"}).status_code == 200\n',
      "http.send",
      "p.rego:3:",
    ],
  ])("refuses %j where it stands", (text, message, place) => {
    let thrown: unknown;
    try {
      authorizationBundle(examplePolicy([{ path: "p.rego", text }]));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(RingfenceError);
    const [problem] = (thrown as RingfenceError).problems;
    expect(problem?.message).toContain(message);
    expect(problem?.span && formatSpan(problem.span)).toMatch(new RegExp(`^${place}`));
  });
});
