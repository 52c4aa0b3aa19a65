/**
 * The engine against the real OPA: generated policies and inputs have to give the same result, or errors with the same
 * codes. REGO_DIFFERENTIAL sets the number of programs (each with several inputs), REGO_SEED the seed.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile, equal, RegoError, readJson, type Value, writeJson } from "../../src/rego/index.js";
import { engine } from "../engine.js";
import { BASE, input, program, withoutMistakes } from "../rego/generator.js";
import { OpaServer } from "./opa-server.js";

const RUNS = Number(process.env.REGO_DIFFERENTIAL ?? 150);
const SEED = Number(process.env.REGO_SEED ?? 20261124);
const opa = engine("opa");

describe.skipIf(opa === undefined)("rego and opa", () => {
  let server: OpaServer;
  beforeAll(async () => {
    server = new OpaServer(opa ?? "");
    await server.ready();
    await server.send("PUT", "/v1/data/base", JSON.stringify(BASE));
  });
  afterAll(() => server.stop());

  it("agree on generated policies", { timeout: 3_600_000 }, async () => {
    let pairs = 0;
    let rejected = 0;
    let otherCode = 0;
    let unreached = 0;
    let untyped = 0;
    await fc.assert(
      fc.asyncProperty(program, fc.array(input, { minLength: 4, maxLength: 10 }), async (generated, inputs) => {
        const module = withoutMistakes(generated.module, compiles);
        const theirs = await server.send("PUT", "/v1/policies/t", module);
        const compiled = ours(() => compile([{ file: "t.rego", text: module }], { data: { base: BASE } }));
        const theirCodes = theirs.status === 200 ? [] : codesOf(theirs.text);
        if (compiled.value !== undefined && theirCodes[0] === "rego_type_error") {
          // OPA's types are finer: it refuses more literals that can only fail.
          untyped++;
          if (process.env.REGO_SHOW) console.log("UNTYPED\n", module, theirs.text);
          return;
        }
        const note = `compile errors ${compiled.codes.join()} of\n${module}${theirs.status === 200 ? "" : theirs.text}`;
        // Which of several mistakes comes first may differ; whether there is one may not.
        expect(compiled.value === undefined, note).toBe(theirs.status !== 200);
        if (compiled.value === undefined) {
          rejected++;
          if (compiled.codes[0] !== codesOf(theirs.text)[0]) { otherCode++; if (process.env.REGO_SHOW) console.log("OTHER", compiled.codes, "\n", module, theirs.text); }
          return;
        }
        const rule = compiled.value.rule("data.t");
        for (const document of inputs) {
          pairs++;
          for (const strict of [false, true]) {
            const text = JSON.stringify({ input: document });
            const answer = await server.send("POST", `/v1/data/t?strict-builtin-errors=${strict}`, text);
            const parsed = readJson(text) as { input: Value };
            const found = ours(() => rule.value(parsed.input, { strictErrors: strict }));
            const note = `${module}\ninput: ${JSON.stringify(document)} strict: ${strict}\nopa: ${answer.text}\nours: ${found.codes.join()} ${found.value === undefined ? "" : writeJson(found.value)}`;
            const theirErrors = answer.status === 200 ? [] : codesOf(answer.text);
            if (strict && isBuiltinError(found.codes) !== isBuiltinError(theirErrors)) {
              // Which rules an index leaves out decides whether an erroneous call is reached.
              unreached++;
              if (process.env.REGO_SHOW) console.log("UNREACHED", found.codes, theirErrors, module, text, answer.text);
              continue;
            }
            expect(found.codes, note).toEqual(theirErrors);
            if (answer.status !== 200) continue;
            const wanted = (readJson(answer.text) as { result?: Value }).result;
            expect(sameJson(found.value, wanted), note).toBe(true);
          }
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
    console.log(
      `${pairs} pairs agree (${rejected} programs refused by both, ${otherCode} of them with another code, ${untyped} for its types by opa only; ${unreached} errors reached by one only), seed ${SEED}`,
    );
  });
});

function compiles(text: string): boolean {
  return ours(() => compile([{ file: "t.rego", text }])).value !== undefined;
}

function ours<T>(run: () => T): { value?: T | undefined; codes: string[] } {
  try {
    return { value: run(), codes: [] };
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    return { codes: [error.code] };
  }
}

function isBuiltinError(codes: readonly string[]): boolean {
  return codes[0] === "eval_builtin_error" || codes[0] === "eval_type_error";
}

/** The code of OPA's first error. */
function codesOf(text: string): string[] {
  const answer = JSON.parse(text) as { code?: string; errors?: { code?: string }[] };
  return [answer.errors?.[0]?.code ?? answer.code ?? "?"];
}

function sameJson(found: Value | undefined, wanted: Value | undefined): boolean {
  if (found === undefined || wanted === undefined) return found === wanted;
  return equal(readJson(writeJson(found)), wanted);
}
