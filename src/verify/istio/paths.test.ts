import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluatedPath, evaluatedPaths, spell } from "./paths.js";

const MODES = ["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"] as const;
const pieces = fc.constantFrom(
  "/",
  "//",
  "\\",
  ".",
  "..",
  "%2e",
  "%2E",
  "%2f",
  "%5C",
  "%2%65",
  "%",
  "%zz",
  "%25",
  "a",
  "%61",
  "%00",
  ";",
  '"',
  "{",
  "é",
  "a.b",
  "?x",
  "#y",
  "%3b",
);
const targets = fc.array(pieces, { maxLength: 7 }).map((list) => `/${list.join("")}`);

describe("path normalization", () => {
  it.each([
    ["/a/./b/../c", "BASE", "/a/c"],
    ["/a/%2e%2E/admin", "BASE", "/admin"],
    ["/a\\..\\b", "BASE", "/b"],
    ["/a/..", "BASE", "/"],
    ["/a/.", "BASE", "/a/"],
    ["/../../x", "BASE", "/x"],
    ["//admin", "BASE", "//admin"],
    ["//admin", "MERGE_SLASHES", "/admin"],
    ["/a/%2fb%5cc", "MERGE_SLASHES", "/a/%2fb%5cc"],
    ["/a%2F..%5cb", "DECODE_AND_MERGE_SLASHES", "/b"],
    ["/%252e", "BASE", "/%252e"],
    ["/%2%65%2%65/x", "BASE", "/%2e%2e/x"],
    ["/a<b>", "BASE", "/a%3Cb%3E"],
    ["/é", "BASE", "/%C3%A9"],
    ["/%zz", "BASE", "/%zz"],
    ["/a?b#c", "NONE", "/a"],
    ["/a#b?c", "NONE", "/a"],
    ["*", "BASE", "*"],
  ] as const)("%s in mode %s is %s", (target, mode, path) => {
    expect(evaluatedPath(target, mode)).toBe(path);
  });

  it("refuses an escaped NUL and a target that is no path", () => {
    expect(evaluatedPath("/%00", "BASE")).toBeUndefined();
    expect(evaluatedPath("admin", "NONE")).toBeUndefined();
  });

  it("only ever yields paths of the mode's language, and each of them can be spelled", () => {
    fc.assert(
      fc.property(targets, fc.constantFrom(...MODES), (target, mode) => {
        const path = evaluatedPath(target, mode);
        if (path === undefined) return;
        expect([path, evaluatedPaths(mode).has(path)]).toEqual([path, true]);
        const again = spell(path, mode);
        expect([path, again === undefined ? undefined : evaluatedPath(again, mode)]).toEqual([path, path]);
      }),
      { numRuns: 5000 },
    );
  });

  it("has a language of which every word is the path of some target", () => {
    const words = fc
      .array(fc.constantFrom("/", "a", ".", "..", "%2e", "%2F", "//", "%", "5", "C", ";"), { maxLength: 6 })
      .map((list) => `/${list.join("")}`);
    fc.assert(
      fc.property(words, fc.constantFrom(...MODES), (word, mode) => {
        expect([word, spell(word, mode) !== undefined]).toEqual([word, evaluatedPaths(mode).has(word)]);
      }),
      { numRuns: 5000 },
    );
  });
});
