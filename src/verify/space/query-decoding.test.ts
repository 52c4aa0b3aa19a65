/** The preimages of `urlquery.decode` against the built-in function itself, on texts of every kind of escapeOf. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BUILTINS, BuiltinError, callBuiltin, plainContext } from "../../rego/index.js";
import { Language, queryDecoded, readSearch } from "./index.js";

function decoded(text: string): string | undefined {
  const target = BUILTINS.get("urlquery.decode");
  if (target === undefined) throw new Error("there is no such function");
  try {
    return callBuiltin(target, [text], plainContext()) as string;
  } catch (error) {
    if (error instanceof BuiltinError) return undefined;
    throw error;
  }
}

const RESULTS = [
  "^/a",
  "//",
  "%[0-9A-Fa-f]{2}",
  "[\\x{80}-\\x{9f}\\x{200b}-\\x{200f}\\x{2024}]",
  "é|€|😀",
  "^[ -~]*$",
  "\\x{fffd}",
  " ",
];
const escapeOf = (bytes: readonly number[]): string =>
  bytes.map((one) => `%${one.toString(16).padStart(2, "0")}`).join("");
const piece = fc.oneof(
  fc.constantFrom("/", "a", "+", "%", "%2f", "%2F", "%25", "%20", "%zz", "é", "%e2", "%82", "%ac", "%c3", "%A9", "."),
  fc.constantFrom("é", "€", "😀", "\u200b", "\u0085", "\u2024", "ÿ").map((text) => escapeOf([...Buffer.from(text)])),
  fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 3 }).map(escapeOf),
);

describe("texts whose decoding is asked about", () => {
  it.each(RESULTS)("are those that decode to what matches %s", (pattern) => {
    const results = readSearch(pattern) ?? Language.only();
    const texts = queryDecoded(results);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const text = pieces.join("");
        // Bytes that spell no character stand for themselves in a text, and an expression reads each as U+FFFD.
        const result = decoded(text)?.replace(/(?<![\ud800-\udbff])[\udc80-\udcff]/g, "\ufffd");
        expect([text, texts.has(text)]).toEqual([text, result !== undefined && results.has(result)]);
      }),
      { numRuns: 2_000, seed: 41 },
    );
  });
});
