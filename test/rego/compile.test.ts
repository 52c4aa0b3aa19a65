import { describe, expect, it } from "vitest";
import { compile, RegoError } from "../../src/rego/index.js";
import { COMPILE_CASES } from "./compile-cases.js";

function outcome(rules: string): string | undefined {
  try {
    compile([{ file: "t.rego", text: `package t\n\n${rules}\n` }]);
    return undefined;
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    return `${error.code}:${error.problems[0]?.location?.line}`;
  }
}

describe("compile errors", () => {
  for (const [name, { rules, refused }] of Object.entries(COMPILE_CASES)) {
    it(`${refused === undefined ? "none" : refused.split(":")[0]}: ${name}`, () => {
      expect(outcome(rules)).toBe(refused);
    });
  }

  it("are all reported, in the order of the text", () => {
    const text = 'package t\n\nr := count(1)\n\nq if 1 == "a"\n\np := [1][3]\n';
    try {
      compile([{ file: "t.rego", text }]);
      expect.unreachable();
    } catch (error) {
      const lines = String((error as RegoError).message).match(/^t\.rego:\d+:\d+: \w+: .*$/gm);
      expect(lines).toEqual([
        "t.rego:3:6: rego_type_error: count: invalid argument(s)",
        "t.rego:5:6: rego_type_error: match error",
        "t.rego:7:6: rego_type_error: undefined ref: [1][3]",
      ]);
    }
  });

  it("name what OPA overlooks as such", () => {
    const rules = "r if { x := input.a; {y} = {[1 | x == 1]} }";
    try {
      compile([{ file: "t.rego", text: `package t\n\n${rules}\n` }]);
      expect.unreachable();
    } catch (error) {
      const { problems } = error as RegoError;
      expect(problems.map(({ code, hint }) => [code, hint?.startsWith("OPA overlooks this")])).toEqual([
        ["rego_unsafe_var_error", true],
      ]);
    }
  });

  it("end for closures in closures", () => {
    let term = "1";
    for (let depth = 0; depth < 60; depth++) term = `[x${depth} | x${depth} := ${term}]`;
    expect(outcome(`r := ${term}`)).toBeUndefined();
  });
});
