import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../policy.js";
import { readJson } from "../value/index.js";

/** The document as code with joins gives it, and as instrumented code does, which has none. */
function both(text: string, input: unknown, data: unknown = {}): { joined: unknown; plain: unknown } {
  const policy = compile([{ file: "policy.rego", text }], { data });
  return {
    joined: policy.rule("data.a.p").evaluate(input),
    plain: policy.covered().rule("data.a.p").evaluate(input),
  };
}

const PARTS = [null, true, 1, "1.0", "a", "b", "", "\u0000a", "__proto__"];
const part = fc.oneof(fc.constantFrom<unknown>(...PARTS), fc.constantFrom<unknown>([1], { a: 1 }));
const element = fc.oneof(fc.record({ id: part, n: fc.nat(3) }), fc.record({ n: fc.nat(3) }), part);
const elements = fc.oneof(
  fc.array(element, { maxLength: 9 }),
  fc.dictionary(fc.constantFrom("a", "b", "c", "d", "e", "f", "__proto__"), element),
);

describe("loops with an equality", () => {
  it.each([
    ["some x in input.xs; some y in input.ys; y.id == x.id", "[x, y]"],
    ["some x in input.xs; some i, y in input.ys; x == y.id", "[i, x, y]"],
    ["some x in input.xs; some i; input.ys[i].id == x.id", "[i, x]"],
    ["some x in input.xs; some i, j; input.ys[i].id == x.id; input.ys[j].id == i", "[i, j, x]"],
    ["some x in input.xs; some y in {z | some z in input.ys}; y.id == x.id", "[x, y]"],
    ["some i in numbers.range(0, 3); some j, y in input.ys; y.n == i", "[i, j]"],
    ["some i in [0, 1, 2, 3]; some y in input.ys; y.n == y.id", "[i, y]"],
    ["some i in [0, 1, 2, 3]; some k, y in input.ys; y.n == k", "[i, k, y]"],
    ["some i in [0, 1, 2, 3]; some [k, 1], y in {[z.n, 1]: z | some z in input.xs; f(z)}; y.n == k", "[i, k, y]"],
    ["some i in [0, 1, 2, 3]; some y in data.ys; y.id == input.xs[i].id", "[i, y]"],
    ['some i in [0, 1, 2, 3]; some y in input.ys with input as {"ys": input.xs}; y.id == input.xs[i].id', "[i, y]"],
    ['some i in [0, 1, 2]; some y in input.ys; y.id == input.w with input.w as "a"', "[i, y]"],
    ["some x in input.xs; not f(x)", "x"],
    ["some x in input.xs; every y in input.ys { f(x) == y.n }", "x"],
  ])("%s", (body, value) => {
    const text = `package a
f(x) := y.n if { some y in input.ys; y.id == x.id; not y.n == 2 } else := 7 if { some y in input.ys; y == x }
p := [${value} | ${body}]`;
    fc.assert(
      fc.property(elements, elements, (xs, ys) => {
        let results: ReturnType<typeof both>;
        try {
          results = both(text, { xs, ys }, { ys: xs });
        } catch (error) {
          expect((error as { code?: string }).code).toBe("eval_conflict_error");
          return;
        }
        expect(results.joined).toEqual(results.plain);
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  it("find numbers by value", () => {
    const ys = readJson('[{"id": 1.0}, {"id": 1e0}, {"id": 10e-1}, {"id": 2}, {"id": 12345678901234567890}]');
    const text = "package a\np := [i | some x in [1, 1, 2, 12345678901234567890]; some i, y in input.ys; y.id == x]";
    expect(both(text, { ys }).joined).toEqual([0, 1, 2, 0, 1, 2, 3, 4]);
  });

  it("count as steps what they visit", () => {
    const size = 2000;
    const ys = Array.from({ length: size }, (_, id) => ({ id }));
    const text = "package a\np := count([1 | some x in input.ys; some y in input.ys; y.id == x.id])";
    const policy = compile([{ file: "policy.rego", text }], { limits: { steps: 20 * size } });
    expect(policy.rule("data.a.p").evaluate({ ys })).toBe(size);
    const short = compile([{ file: "policy.rego", text }], { limits: { steps: size } });
    expect(() => short.rule("data.a.p").evaluate({ ys })).toThrow("step limit exceeded");
  });
});
