/** More flows, more permission; fewer flows, less: never the other way round in any object. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/targets/index.js";
import { policyOf, type WrittenWorkflow, workflows } from "../generators/workflow.js";
import { objectsOf, permissionsOf } from "./reader.js";

/** Which permissions stand in the bytes; the generation is a name of the whole, and no permission. */
const permissions = (written: WrittenWorkflow) => permissionsOf(objectsOf(compile(policyOf(written)).files));

const withoutFlow = (written: WrittenWorkflow, index: number): WrittenWorkflow => ({
  ...written,
  flows: written.flows.filter((_, at) => at !== index),
});

describe("permissions", () => {
  it("grow with each flow and shrink with its removal", () => {
    let grown = 0;
    fc.assert(
      fc.property(workflows({ meshes: ["istio", "istio-ambient", "none"] }), fc.nat(), (written, pick) => {
        fc.pre(written.flows.length > 0);
        const index = pick % written.flows.length;
        const all = permissions(written);
        const fewer = permissions(withoutFlow(written, index));
        expect([...fewer].filter((permission) => !all.has(permission))).toEqual([]);
        if (all.size > fewer.size) grown++;
      }),
      { seed: 51, numRuns: 80 },
    );
    // The reader sees what a flow adds, so the comparison above is about something.
    expect(grown).toBeGreaterThan(50);
  });

  it("grow with each operation that a flow allows", () => {
    fc.assert(
      fc.property(workflows(), fc.nat(), (written, pick) => {
        const restricted = written.flows.flatMap(({ allow }, index) =>
          allow !== undefined && allow.length > 1 ? [index] : [],
        );
        fc.pre(restricted.length > 0);
        const index = restricted[pick % restricted.length] ?? 0;
        const fewer = {
          ...written,
          flows: written.flows.map((flow, at) =>
            at === index ? { ...flow, allow: flow.allow?.slice(1) ?? [] } : flow,
          ),
        };
        const all = permissions(written);
        const open = [...permissions(fewer)].filter((permission) => !all.has(permission));
        // An operation without any limit makes the list of operations go away: then the whole is wider, not narrower.
        expect(open.every(() => written.flows[index]?.allow?.some((operation) => limits(operation) === 0))).toBe(true);
      }),
      { seed: 52, numRuns: 50 },
    );
  });
});

function limits(operation: Record<string, unknown>): number {
  return ["method", "path", "host", "service"].filter((key) => operation[key] !== undefined).length;
}
