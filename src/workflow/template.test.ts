import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadWorkflow, workflowJsonSchema, workflowTemplate } from "./index.js";

const validate = new Ajv2020.default({ strict: false, allErrors: true }).compile(workflowJsonSchema());

describe("the template and the JSON Schema", () => {
  it("agree with the loader on what is right", () => {
    const example = resolve(import.meta.dirname, "../../examples/claims-triage/ringfence.yaml");
    for (const text of [workflowTemplate("triage"), readFileSync(example, "utf8")]) {
      expect(loadWorkflow({ path: "ringfence.yaml", text }).flows.length).toBeGreaterThan(1);
      expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
    }
  });

  it("agree on what is wrong", () => {
    for (const change of ["zoned: 1\n", "flows: [{ from: a }]\n", "outside: { x: { kind: none } }\n"]) {
      const text = `apiVersion: ringfence.dev/v1\nworkflow: w\nzones: { z: { trust: internal } }\nworkloads: {}\n${change}`;
      expect(() => loadWorkflow({ path: "w", text })).toThrow();
      expect(validate(parse(text))).toBe(false);
    }
  });
});
