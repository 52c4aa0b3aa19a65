/**
 * Built-in functions against the real OPA, on edge arguments: equal results to the letter of each number, and no result
 * wherever OPA has none.
 */
import { describe, expect, it } from "vitest";
import { BUILTINS, BuiltinError, callBuiltin, plainContext } from "../../src/rego/builtins/index.js";
import { readJson, regoText, writeJson } from "../../src/rego/value/index.js";
import { CALLS } from "./builtin-calls.js";
import { askOpa, type Call, findOpa } from "./opa-calls.js";

function ours({ name, args }: Call): string | undefined {
  const target = BUILTINS.get(name);
  if (target === undefined) throw new Error(`${name} is not in the table`);
  try {
    const value = callBuiltin(target, args, plainContext());
    // Read back, so that both sides are written with the same keys.
    return value === undefined ? undefined : writeJson(readJson(writeJson(value)));
  } catch (error) {
    if (error instanceof BuiltinError) return undefined;
    throw error;
  }
}

describe("built-in functions", () => {
  const opa = findOpa();
  if (opa === undefined) console.log("not run: no opa binary in RINGFENCE_ENGINES or PATH");

  it.runIf(opa !== undefined)("answer as OPA does", { timeout: 60_000 }, () => {
    const wanted = askOpa(opa ?? "", CALLS);
    const different = CALLS.flatMap((call, i) => {
      const answer = ours(call);
      if (answer === wanted[i]) return [];
      return [`${call.name}(${call.args.map(regoText).join(", ")}): ${answer}, OPA ${wanted[i]}`];
    });
    expect(different).toEqual([]);
  });
});
