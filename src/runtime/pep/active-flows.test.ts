import { describe, expect, it } from "vitest";
import type { DecisionRequest } from "../decision/index.js";
import { ActiveFlows } from "./active-flows.js";

const request = (id: string): DecisionRequest => ({
  id,
  direction: "inbound",
  caller: { kind: "outside" },
  callee: { kind: "workload", name: "a", zone: "z", port: 1 },
  protocol: "http",
  http: undefined,
  token: undefined,
});

describe("a change of the policy", () => {
  it("cuts who was decided about before it and starts after it", async () => {
    const flows = new ActiveFlows();
    const cut: string[] = [];
    let asOf = 0;
    await flows.deciding(async (began) => {
      asOf = began;
      await flows.recheck(async ({ id }) => id !== "gone");
    });
    for (const id of ["gone", "kept"]) flows.add(request(id), asOf, () => cut.push(id));
    await new Promise((resolve) => setImmediate(resolve));
    expect(cut).toEqual(["gone"]);
    expect(flows.size).toBe(1);
  });

  it("does not wait with one flow for the answer about another", async () => {
    const flows = new ActiveFlows();
    const cut: string[] = [];
    for (const id of ["silent", "gone"]) flows.add(request(id), 0, () => cut.push(id));
    void flows.recheck(({ id }) => (id === "silent" ? new Promise(() => undefined) : Promise.resolve(false)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(cut).toEqual(["gone"]);
  });
});
