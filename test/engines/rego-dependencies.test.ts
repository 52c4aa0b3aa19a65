/** `rego deps` against the real `opa deps`. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { compile, type DependencyPath } from "../../src/rego/index.js";
import { engine } from "../engine.js";

const opa = engine("opa");
const folder = mkdtempSync(join(tmpdir(), "opa-deps-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MODULE = `package ex

import data.users

allow if is_admin

is_admin if users[input.user].roles[_] == "admin"

f(x) := data.other[x].y

q contains z if {
	some z in data.lists[input.k]
	helper.p with input.a as data.mock
}

helper.p if f(input.z)

r := [x | x := data.a.b[i]; i > data.limits.c]

deny if not data.elsewhere.ok

else := false if input.method == "GET"

aliased if {
	u := input.subject
	u.name == "x"
	u.age > 3
}

whole if {
	u := input.subject
	u.name == "x"
	count(u) > 1
}

nested if {
	every x in data.everything { x.ok == input.wanted.ok }
	walk(data.tree, [p, v])
	v == input.leaf
}

byname[k] := v if some k, v in data.named

default limit := 3

limit := data.limits.own if input.x
`;

const QUERIES = [
  "data.ex.allow",
  "data.ex.q",
  "data.ex.deny",
  "data.ex.aliased",
  "data.ex.whole",
  "data.ex.nested",
  "data.ex.byname",
  'data.ex.byname["a"]',
  "data.ex.limit",
  "data.ex",
  "x := data.ex.r; input.foo[y]; data.base.q == x",
  "data.ex.helper.p with input as data.sample",
  "1 + 1",
];

describe.skipIf(opa === undefined)("opa deps", () => {
  const file = join(folder, "ex.rego");

  it.each(QUERIES)("finds what we find for %s", (query) => {
    writeFileSync(file, MODULE);
    const { stdout, stderr } = spawnSync(opa ?? "", ["deps", "-f", "json", "-d", file, query], { encoding: "utf8" });
    expect(stderr).toBe("");
    const theirs = JSON.parse(stdout) as Record<"base" | "virtual", { value: unknown }[][] | null>;
    const names = (paths: { value: unknown }[][] | null | undefined) =>
      (paths ?? []).map((path) => path.map(({ value }) => value).join("."));
    const { base, virtual } = compile([{ file, text: MODULE }]).dependencies(query);
    const ours = (paths: readonly DependencyPath[]) => paths.map((path) => path.join("."));
    expect({ base: ours(base), virtual: ours(virtual) }).toEqual({
      base: names(theirs.base),
      virtual: names(theirs.virtual),
    });
  });
});
