import { describe, expect, it } from "vitest";
import { parseModule } from "../syntax/parse-module.js";
import { format } from "./index.js";

/** Text without the indentation of the test, and with a package before it. */
function module(text: string): string {
  return `package a\n\n${text}`;
}

describe("format", () => {
  it("indents with tabs, sorts imports that stand together, and keeps comments in their places", () => {
    const text = `# about\npackage   a
import data.z
import data.b # why b
import input.x


# the rule
p if   {   # opens
  x:=1+2*3
     # between

  x>1 # last
}
# end`;
    expect(format(text)).toBe(`# about
package a

import data.b # why b
import data.z
import input.x

# the rule
p if { # opens
	x := 1 + (2 * 3)

	# between

	x > 1 # last
}

# end
`);
  });

  it("keeps a list on the rows that it had", () => {
    expect(format(module("x := [1,2,\n3]\ny := {1,\n2}\nz := f( 1,\n2 )\n"))).toBe(
      module("x := [\n\t1, 2,\n\t3,\n]\n\ny := {\n\t1,\n\t2,\n}\n\nz := f(\n\t1,\n\t2,\n)\n"),
    );
  });

  it.each([
    ["a body of one literal shares the line of its head", "p if {\n\tx\n}\n", "p if {\n\tx\n}\n"],
    ["a short body on the row of its head loses its braces", "p if { x }\n", "p if x\n"],
    ["a body that is true is not written", "p := 1 if { true }\n", "p := 1\n"],
    ["a value that is true is not written before a body", "p := true if x\n", "p if x\n"],
    ["a set in a body keeps the braces of the body", "p if { {1} }\n", "p if {\n\t{1}\n}\n"],
    ["a rule without arguments loses its parentheses", "f() := 1\n", "f := 1\n"],
    ["names need no brackets", 'p if input["a"].b["c d"]\n', 'p if input.a.b["c d"]\n'],
    ["keywords keep them", 'p if input["if"].else\n', 'p if input["if"].else\n'],
    ["membership keeps its parentheses", "p if x == (1 in y)\n", "p if x == (1 in y)\n"],
    ["nested membership, too", "p if 1, (2 in x) in y\n", "p if 1, (2 in x) in y\n"],
    ["unions keep theirs where a comprehension would be read", "p if { (a | b) == c }\n", "p if a | b == c\n"],
    ["scalars in template strings become text", 'p := $"a{1}{"b"}"\n', 'p := $"a1b"\n'],
    ["raw strings stay raw", "p := `a\\n`\n", "p := `a\\n`\n"],
    ["escapes stay", 'p := "\\u0061\\/"\n', 'p := "\\u0061\\/"\n'],
  ])("%s", (_, text, formatted) => {
    expect(format(module(text))).toBe(module(formatted));
  });

  it("keeps what a comment has no room in as it was written", () => {
    const text = module("p if {\n\t[ # one\n\t1, # two\n\t] == x\n\ty # three\n}\n");
    expect(format(text)).toContain("[ # one");
    expect(format(text)).toContain("] == x");
    for (const comment of ["# one", "# two", "# three"]) expect(format(text)).toContain(comment);
  });

  it("writes an else whose condition has several strings", () => {
    const text = module('x := 1 if input.a\n\nelse := 2 if f("a", "b") == "c"\n');
    expect(format(text)).toBe(text);
  });

  it("writes v0 as v0, and for both versions with if, contains and :=", () => {
    const text = "package a\np[x] { x = 1 }\nq = 2 { true }\ndefault r = false\n";
    expect(format(text, "a.rego", { version: "v0" })).toBe(
      "package a\n\np[x] {\n\tx = 1\n}\n\nq = 2\n\ndefault r = false\n",
    );
    const both = "package a\n\nimport rego.v1\n\np contains x if x = 1\nq := 2\n\ndefault r := false\n";
    expect(format(text, "a.rego", { bothVersions: true })).toBe(both);
    expect(format(both)).toBe(both);
    expect(format(both, "a.rego", { dropIdleImports: true })).not.toContain("rego.v1");
  });

  it("reports what it cannot read", () => {
    expect(() => format("package a\np if {", "a.rego")).toThrow(/a\.rego:2/);
    expect(() => format("package a\np { x }", "a.rego")).toThrow(/`if` keyword/);
  });

  it("ends on hostile texts", () => {
    const deep = module(`p := ${"[".repeat(300)}1${"]".repeat(300)}\n`);
    expect(parseModule(format(deep)).rules).toHaveLength(1);
    const many = module(`p := [\n${"# c\n1,\n".repeat(5000)}2]\n`);
    expect(format(format(many))).toBe(format(many));
  });
});
