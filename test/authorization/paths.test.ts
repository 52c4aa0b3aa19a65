/** The bundle and the embedded proxy read a path alike: what one refuses the other does, and what is read is the same. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { compile } from "../../src/rego/index.js";
import { readTarget } from "../../src/runtime/pep/request-target.js";
import { TARGETS } from "./request-targets.js";

const file = resolve(import.meta.dirname, "../../src/targets/opa/rego/paths.rego");

it("has one reading of a request target", () => {
  const ask =
    'package ask\n\nplain := [object.get({"p": p | p := data.ringfence.paths.plain(t)}, "p", null) | some t in input]\n';
  const engine = compile([
    { file, text: readFileSync(file, "utf8") },
    { file: "ask.rego", text: ask },
  ]);
  const read = engine.rule("data.ask.plain").evaluate(TARGETS) as (string | null)[];
  const expected = TARGETS.map((target) => {
    const embedded = readTarget(target);
    return "refused" in embedded ? null : embedded.path;
  });
  expect(TARGETS.filter((_, i) => read[i] !== expected[i]).map((target) => target.slice(0, 80))).toEqual([]);
  const plain = read.filter((path) => path !== null);
  expect(plain.length).toBeGreaterThan(100);
  expect(read.length - plain.length).toBeGreaterThan(100);
  expect(read[TARGETS.indexOf("/v1/claims/%73ecret")]).toBe("/v1/claims/secret");
});
