/**
 * The engine against the real OPA: generated policies and inputs have to give the same result, or errors with the same
 * codes; and what one refuses to compile the other refuses, with the same first code in the same line.
 * REGO_DIFFERENTIAL sets the number of programs (each with several inputs), REGO_SEED the seed.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile, equal, RegoError, readJson, type Value, writeJson } from "../../src/rego/index.js";
import { engine } from "../engine.js";
import { COMPILE_CASES } from "../rego/compile-cases.js";
import { BASE, input, program, typedProgram, withoutMistakes } from "../rego/generator.js";
import { evaluateUnoptimized, OpaServer } from "./opa-server.js";

const RUNS = Number(process.env.REGO_DIFFERENTIAL ?? 150);
const SEED = Number(process.env.REGO_SEED ?? 20261124);
const opa = engine("opa");

interface Outcome<T> {
  readonly value?: T | undefined;
  readonly codes: readonly string[];
  /** Of the first problem. */
  readonly line?: number | undefined;
  readonly hint?: string | undefined;
}

describe.skipIf(opa === undefined)("rego and opa", () => {
  let server: OpaServer;
  /** Unsafe variables that only we find. */
  let overlooked = 0;
  beforeAll(async () => {
    server = new OpaServer(opa ?? "");
    await server.ready();
    await server.send("PUT", "/v1/data/base", JSON.stringify(BASE));
  });
  afterAll(() => server.stop());

  /** Compiles on both sides; undefined when both refuse. */
  async function compiled(module: string): Promise<ReturnType<typeof compile> | undefined> {
    const theirs = await server.send("PUT", "/v1/policies/t", module);
    const found = ours(() => compile([{ file: "t.rego", text: module }], { data: { base: BASE } }));
    if (theirs.status === 200 && found.hint?.startsWith("OPA overlooks")) {
      overlooked++;
      return undefined;
    }
    const wanted = theirs.status === 200 ? { codes: [] } : firstError(theirs.text);
    const note = `compile errors ${found.codes.join()} in line ${found.line} of\n${module}${theirs.status === 200 ? "" : theirs.text}`;
    expect({ codes: found.codes, line: found.line }, note).toEqual({ codes: wanted.codes, line: wanted.line });
    return found.value;
  }

  it("agree on the compile cases", async () => {
    for (const [name, { rules, refused }] of Object.entries(COMPILE_CASES)) {
      const { status, text } = await server.send("PUT", "/v1/policies/t", `package t\n\n${rules}\n`);
      const error = status === 200 ? undefined : firstError(text);
      expect(error && `${error.codes[0]}:${error.line}`, name).toBe(refused);
    }
  });

  it("agree on generated policies", { timeout: 3_600_000 }, async () => {
    let pairs = 0;
    let rejected = 0;
    let unreached = 0;
    await fc.assert(
      fc.asyncProperty(program, fc.array(input, { minLength: 4, maxLength: 10 }), async (generated, inputs) => {
        const module = withoutMistakes(generated.module, compiles);
        const policy = await compiled(module);
        if (policy === undefined) {
          rejected++;
          return;
        }
        const rule = policy.rule("data.t");
        for (const document of inputs) {
          pairs++;
          for (const strict of [false, true]) {
            const text = JSON.stringify({ input: document });
            const answer = await server.send("POST", `/v1/data/t?strict-builtin-errors=${strict}`, text);
            const parsed = readJson(text) as { input: Value };
            const found = ours(() => rule.value(parsed.input, { strictErrors: strict }));
            const note = `${module}\ninput: ${JSON.stringify(document)} strict: ${strict}\nopa: ${answer.text}\nours: ${found.codes.join()} ${found.value === undefined ? "" : writeJson(found.value)}`;
            const theirErrors = answer.status === 200 ? [] : firstError(answer.text).codes;
            if (strict && isBuiltinError(found.codes) && !isBuiltinError(theirErrors)) {
              // OPA's index leaves more rules out, whose erroneous calls it does not reach. Without it, it has to.
              const unoptimized = evaluateUnoptimized(opa ?? "", module, BASE, parsed.input);
              expect(isBuiltinError([unoptimized]), `${note}\nwithout its index: ${unoptimized}`).toBe(true);
              unreached++;
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
      `${pairs} pairs agree (${rejected} programs refused by both; ${unreached} strict errors that opa reaches only without its index), seed ${SEED}`,
    );
  });

  it("agree on what is no policy", { timeout: 3_600_000 }, async () => {
    const refused = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(typedProgram, async ({ module }) => {
        if ((await compiled(module)) !== undefined) return;
        const [code = ""] = ours(() => compile([{ file: "t.rego", text: module }])).codes;
        refused.set(code, (refused.get(code) ?? 0) + 1);
      }),
      { numRuns: RUNS * 4, seed: SEED },
    );
    const counts = [...refused].map(([code, count]) => `${code} ${count}`).join(", ");
    console.log(
      `${RUNS * 4} programs: both refuse ${counts}; ${overlooked} times only we saw an unsafe variable; seed ${SEED}`,
    );
  });
});

function compiles(text: string): boolean {
  return ours(() => compile([{ file: "t.rego", text }])).value !== undefined;
}

function ours<T>(run: () => T): Outcome<T> {
  try {
    return { value: run(), codes: [] };
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    const [first] = error.problems;
    return { codes: [error.code], line: first?.location?.line, hint: first?.hint };
  }
}

function isBuiltinError(codes: readonly string[]): boolean {
  return codes[0] === "eval_builtin_error" || codes[0] === "eval_type_error";
}

/** The code and the line of OPA's first error. */
function firstError(text: string): { codes: readonly string[]; line?: number | undefined } {
  const answer = JSON.parse(text) as {
    code?: string;
    errors?: { code?: string; location?: { row?: number } }[];
  };
  const [first] = answer.errors ?? [];
  return { codes: [first?.code ?? answer.code ?? "?"], line: first?.location?.row };
}

function sameJson(found: Value | undefined, wanted: Value | undefined): boolean {
  if (found === undefined || wanted === undefined) return found === wanted;
  return equal(readJson(writeJson(found)), wanted);
}
