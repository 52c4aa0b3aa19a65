/** What the mistakes in the leaky tutorial's rules mean, in our own engines: its Rego is asked, and so is its twin's. */
import { describe, expect, it } from "vitest";
import type { Json } from "../../src/documents/index.js";
import { readTemplate, violationsOf } from "../../src/gatekeeper/index.js";
import { compile } from "../../src/rego/index.js";
import { configOf, manifestsOf, podCases, requestCases, TWINS, type Twin } from "./leaky-tutorial-cases.js";

function admits(twin: Twin, pod: Json): boolean {
  const { objects } = manifestsOf(twin);
  const find = (kind: string): Json => objects.find((object) => object.kind === kind)?.origin.value as Json;
  return violationsOf(readTemplate(find("ConstraintTemplate")), find("ReviewsImages"), pod, []).length === 0;
}

describe.each(TWINS)("the rules of %s", (twin) => {
  it("let these requests through", async () => {
    const { keys, cases } = await requestCases();
    const text = configOf(twin, "opa-policy", "policy.rego");
    const policy = compile([{ file: "policy.rego", text }], { strict: true, data: { token_keys: keys } });
    const allow = policy.rule("data.envoy.authz.allow");
    const wrong = cases.filter((one) => allow.evaluate(one.input) !== one[twin]).map(({ note }) => note);
    expect(wrong).toEqual([]);
  });

  it("admit these pods", () => {
    expect(podCases.filter((one) => admits(twin, one.pod) !== one[twin]).map(({ note }) => note)).toEqual([]);
  });

  it("admit every pod of the manifests", () => {
    const { workloads } = manifestsOf("corrected");
    expect(workloads.length).toBeGreaterThan(6);
    for (const { object, namespace } of workloads) {
      const { spec } = object.origin.value as { spec: { template: { spec: Json } } };
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace }, spec: spec.template.spec };
      expect([object.name, admits(twin, pod)]).toEqual([object.name, true]);
    }
  });
});
