import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { shown } from "../../../test/rego/call.js";
import type { Value } from "../value/index.js";
import { linearPattern } from "./linear-pattern.js";

describe("regular expressions", () => {
  it.each<[string, Value[], string]>([
    ["regex.match", ["a$", "a\n"], "false"],
    ["regex.match", ["\\d", "٣"], "false"],
    ["regex.match", ["^.$", "😀"], "true"],
    ["regex.match", ["(a)\\1", "aa"], "error: regex.match: error parsing regexp: invalid escape sequence: `\\1`"],
    ["regex.is_valid", ["(?=a)"], "false"],
    ["regex.is_valid", ["a{1001}"], "false"],
    ["regex.is_valid", ["(?P<n>a)"], "true"],
    ["regex.split", ["a*", "baac"], '["b", "c"]'],
    ["regex.split", ["", "ab"], '["a", "b"]'],
    ["regex.find_n", ["a.", "abac", 1], '["ab"]'],
    ["regex.find_n", ["", "ab", -1], '["", "", ""]'],
    ["regex.find_all_string_submatch_n", ["(a)(x)?", "ab", -1], '[["a", "a", ""]]'],
    ["regex.replace", ["abc", "(b)", "$1x"], '"ac"'],
    ["regex.replace", ["abc", "(b)", "${1}x"], '"abxc"'],
    ["regex.replace", ["abc", "(?P<n>b)", "<$n>$$"], '"a<b>$c"'],
    ["regex.replace", ["foo", "^[a-z]", "F"], '"Foo"'],
    ["regex.template_match", ["urn:{[a-z]+}.x", "urn:abc.x", "{", "}"], "true"],
    ["regex.template_match", ["a{b", "ab", "{", "}"], 'error: regex.template_match: unbalanced braces in "a{b"'],
    ["regex.globs_match", ["[a-c]+x", "b.*"], "true"],
    ["regex.globs_match", ["a+", "b+"], "false"],
    ["glob.match", ["*.example.com", [], "a.b.example.com"], "false"],
    ["glob.match", ["**.example.com", [], "a.b.example.com"], "true"],
    ["glob.match", ["*", null, "a.b"], "true"],
    ["glob.match", ["{a,{b,c}}[!x]", [], "cd"], "true"],
    ["glob.match", ["{a", [], "a"], "error: glob.match: glob: syntax error at 2: unclosed `{`"],
    ["glob.quote_meta", ["*[a]"], '"\\\\*\\\\[a\\\\]"'],
  ])("%s(%j) is %s", (name, args, expected) => {
    expect(shown(name, args)).toBe(expected);
  });

  it("run on RegExp only where RE2 answers the same", () => {
    const atom = fc.oneof(
      fc.constantFrom(
        "a",
        "b",
        "-",
        ".",
        "\\.",
        "\\d",
        "\\w",
        "\\s",
        "\\S",
        "[ab]",
        "[^a]",
        "[a-c0]",
        "é",
        "/",
        "[\\d_-]",
      ),
    );
    const quantified = fc.tuple(atom, fc.constantFrom("", "", "*", "+", "?")).map(([one, mark]) => one + mark);
    const pattern = fc
      .tuple(fc.constantFrom("", "^"), fc.array(quantified, { maxLength: 5 }), fc.constantFrom("", "$"))
      .map(([start, atoms, end]) => start + atoms.join("") + end);
    const subject = fc.string({ unit: fc.constantFrom(..."aabc0-_./ \n\r\t\u2028\u00a0é😀"), maxLength: 10 });
    let quick = 0;
    fc.assert(
      fc.property(pattern, subject, (source, text) => {
        const regex = linearPattern(source);
        if (regex === undefined) return;
        quick++;
        expect(regex.test(text), source).toBe(RE2JS.compile(source).matcher(text).find());
      }),
      { seed: 5, numRuns: 6000 },
    );
    expect(quick).toBeGreaterThan(1000);
  });

  it("leave everything that could backtrack to RE2", () => {
    for (const source of ["(a+)+$", "^a*a*$", "a*b", "^a+a", "a|b", "^[a-z]+[0-9a]", "(?i)a", "a{2}", "^.*x", "\\bx"]) {
      expect(linearPattern(source), source).toBeUndefined();
    }
    for (const source of ["abc", "^a+b$", "^[a-z]+-[0-9]*$", "^/api/[^/]+$", "", "^$"]) {
      expect(linearPattern(source), source).toBeDefined();
    }
  });
});
