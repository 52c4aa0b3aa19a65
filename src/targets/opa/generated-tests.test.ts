import { describe, expect, it } from "vitest";
import { examplePolicy } from "../../../test/authorization/cases.js";
import { compile } from "../../rego/index.js";
import { authorizationBundle } from "./bundle.js";
import { generatedTests } from "./generated-tests.js";

describe("the generated tests", () => {
  it("pass in our own engine, each of them", () => {
    const policy = examplePolicy();
    const bundle = authorizationBundle(policy);
    const data = JSON.parse(bundle.find(({ path }) => path === "data.json")?.text ?? "{}");
    const modules = bundle.filter(({ path }) => path.endsWith(".rego")).map(({ path, text }) => ({ file: path, text }));
    const text = generatedTests(policy);
    const engine = compile([...modules, { file: "authz_test.rego", text }], { data });
    const names = [...text.matchAll(/^(test_\w+) if/gm)].map((match) => match[1]);
    expect(names.length).toBe(2 * policy.rules.length + 2);
    expect(names.filter((name) => engine.rule(`data.ringfence.authz_test.${name}`).evaluate({}) !== true)).toEqual([]);
  });
});
