/**
 * Mutated texts and inputs: whatever comes in, the outcome is a value or a RegoError, soon. REGO_FUZZ sets the number of
 * inputs, REGO_SEED the seed.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile, parse, RegoError } from "../../src/rego/index.js";
import { BASE, input, program } from "./generator.js";

const RUNS = Number(process.env.REGO_FUZZ ?? 900);
const SEED = Number(process.env.REGO_SEED ?? 7);

/** Evaluations of a mutated program must end early, whatever the mutation made of it. */
const LIMITS = { steps: 200_000, output: 1_000_000, depth: 200, timeMs: 2_000 };

const FRAGMENTS = [
  "{",
  "}",
  "[",
  "]",
  "(",
  ")",
  "|",
  ":=",
  "=",
  ";",
  "\n",
  "not ",
  "some ",
  "every ",
  "in ",
  "with ",
  " as ",
  "else ",
  "default ",
  "import ",
  "future.keywords",
  "package ",
  '"',
  "`",
  '$"{',
  "#",
  "\\",
  "\0",
  "\u{1f600}",
  "\ud800",
  "__proto__",
  "1e999999",
  "0x",
  ".",
  ",",
  "_",
  "if ",
  "contains ",
  "and ",
  "or ",
  "data",
  "input",
  "-",
  "# METADATA\n# - ",
];

interface Mutation {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    at: fc.nat({ max: 10_000 }),
    remove: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat({ max: 12 })),
    insert: fc.oneof(
      fc.constantFrom(...FRAGMENTS),
      fc.constantFrom(...FRAGMENTS).map((text) => text.repeat(300)),
      fc.string({ maxLength: 4 }),
    ),
  }),
  { minLength: 0, maxLength: 4 },
);

function mutate(text: string, changes: readonly Mutation[]): string {
  let result = text;
  for (const { at, remove, insert } of changes) {
    const from = at % (result.length + 1);
    result = result.slice(0, from) + insert + result.slice(from + remove);
  }
  return result;
}

function onlyRegoErrors(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(RegoError);
    expect((error as RegoError).problems.length).toBeGreaterThan(0);
    return false;
  }
}

describe("fuzzing", () => {
  it("the parser ends in a module or in parse errors", { timeout: 3_600_000 }, () => {
    fc.assert(
      fc.property(program, mutations, fc.constantFrom("v0" as const, "v1" as const), ({ module }, changes, version) => {
        onlyRegoErrors(() => parse(mutate(module, changes), "fuzz.rego", { version, checkAnnotations: true }));
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it("the evaluator ends in a value or in an error, and leaves prototypes alone", { timeout: 3_600_000 }, () => {
    let evaluated = 0;
    fc.assert(
      fc.property(program, mutations, input, ({ module }, changes, document) => {
        const text = mutate(module, changes.slice(0, 1));
        onlyRegoErrors(() => {
          const policy = compile([{ file: "fuzz.rego", text }], { data: { base: BASE }, limits: LIMITS });
          if (onlyRegoErrors(() => policy.rule("data").evaluate(document))) evaluated++;
          onlyRegoErrors(() => policy.explained("full").rule("data").evaluate(document));
        });
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: Math.ceil(RUNS / 3), seed: SEED },
    );
    expect(evaluated).toBeGreaterThan(0);
  });
});
