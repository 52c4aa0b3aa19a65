import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasAtom } from "./algebra.js";
import { Bags } from "./bags.js";
import * as dimension from "./dimension.js";
import { Language } from "./language.js";
import { Ranges } from "./ranges.js";
import { anything, literal, sequence } from "./regex.js";
import { type Point, RequestSet } from "./request-set.js";
import { ABSENT, NO_TEXT, only, Text } from "./text.js";

const role = dimension.header("X-Role");
const groups = dimension.claim(["groups"]);
const under = (prefix: string): Text => Text.of(Language.matching(sequence(literal(prefix), anything)));

const atoms: readonly { readonly set: RequestSet; readonly holds: (point: Point) => boolean }[] = [
  {
    set: RequestSet.where(dimension.method, only("GET", "HEAD")),
    holds: (p) => p.get("method") === "GET" || p.get("method") === "HEAD",
  },
  { set: RequestSet.where(dimension.method, only("POST")), holds: (p) => p.get("method") === "POST" },
  { set: RequestSet.where(dimension.path, under("/a")), holds: (p) => String(p.get("path")).startsWith("/a") },
  { set: RequestSet.where(dimension.path, under("/a/b")), holds: (p) => String(p.get("path")).startsWith("/a/b") },
  {
    set: RequestSet.where(dimension.path, only("/a", "/c")),
    holds: (p) => p.get("path") === "/a" || p.get("path") === "/c",
  },
  {
    set: RequestSet.where(dimension.port, Ranges.of([[1n, 1023n]])),
    holds: (p) => Number(p.get("port")) >= 1 && Number(p.get("port")) < 1024,
  },
  { set: RequestSet.where(role, ABSENT), holds: (p) => p.get(role.key) === null },
  { set: RequestSet.where(role, only("admin")), holds: (p) => p.get(role.key) === "admin" },
  {
    set: RequestSet.where(dimension.principal, only("spiffe://td/ns/x/sa/y")),
    holds: (p) => p.get("principal") === "spiffe://td/ns/x/sa/y",
  },
  {
    set: RequestSet.where(groups, Bags.some(Language.only("ops"))),
    holds: (p) => (p.get(groups.key) as string[]).includes("ops"),
  },
  {
    set: RequestSet.where(groups, Bags.some(Language.allBut("dev"))),
    holds: (p) => (p.get(groups.key) as string[]).some((g) => g !== "dev"),
  },
];

interface Formula {
  readonly set: RequestSet;
  readonly holds: (point: Point) => boolean;
}

const formulas: fc.Arbitrary<Formula> = fc.letrec<{ formula: Formula }>((tie) => ({
  formula: fc.oneof(
    { depthSize: "medium" },
    fc.constantFrom<Formula>(...atoms),
    tie("formula").map((f): Formula => ({ set: f.set.complement(), holds: (p) => !f.holds(p) })),
    fc
      .tuple(tie("formula"), tie("formula"))
      .map(([f, g]): Formula => ({ set: f.set.union(g.set), holds: (p) => f.holds(p) || g.holds(p) })),
    fc
      .tuple(tie("formula"), tie("formula"))
      .map(([f, g]): Formula => ({ set: f.set.intersect(g.set), holds: (p) => f.holds(p) && g.holds(p) })),
    fc
      .tuple(tie("formula"), tie("formula"))
      .map(([f, g]): Formula => ({ set: f.set.minus(g.set), holds: (p) => f.holds(p) && !g.holds(p) })),
  ),
})).formula;

const points: fc.Arbitrary<Point> = fc
  .record({
    method: fc.constantFrom("GET", "HEAD", "POST", "PURGE"),
    path: fc.constantFrom("/", "/a", "/a/", "/a/b", "/a/bc", "/c", "/ab"),
    port: fc.constantFrom(80n, 8080n, 1023n, 0n),
    principal: fc.constantFrom(null, "spiffe://td/ns/x/sa/y", "spiffe://td/ns/x/sa/z"),
    role: fc.constantFrom(null, "admin", "user", ""),
    groups: fc.subarray(["ops", "dev", "web"]),
  })
  .map(
    ({ role: sent, groups: list, ...rest }) =>
      new Map<string, string | null | bigint | string[]>([
        ...Object.entries(rest),
        [role.key, sent],
        [groups.key, list],
      ]),
  );

describe("request sets", () => {
  it("are combined as membership is", () => {
    fc.assert(
      fc.property(formulas, points, (formula, point) => {
        expect(formula.set.has(point)).toBe(formula.holds(point));
      }),
      { numRuns: 3000 },
    );
  });

  it("know exactly when they are empty, and witness what they are not", () => {
    fc.assert(
      fc.property(formulas, formulas, (f, g) => {
        const difference = f.set.minus(g.set);
        const witness = difference.witness();
        expect(witness === undefined).toBe(f.set.isSubsetOf(g.set));
        if (witness !== undefined) {
          expect(f.set.has(witness)).toBe(true);
          expect(g.set.has(witness)).toBe(false);
        }
        expect(f.set.intersect(g.set).union(difference).equals(f.set)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("fix, choose and quantify one dimension", () => {
    const methods = ["GET", "HEAD", "POST"];
    fc.assert(
      fc.property(formulas, points, (formula, point) => {
        const held = methods.map((method) => formula.holds(new Map([...point, ["method", method]])));
        for (const [i, method] of methods.entries()) {
          expect(formula.set.at(dimension.method, method).has(point)).toBe(held[i]);
        }
        expect(formula.set.some(dimension.method, only(...methods)).has(point)).toBe(held.includes(true));
        expect(formula.set.every(dimension.method, only(...methods)).has(point)).toBe(!held.includes(false));
      }),
      { numRuns: 1000 },
    );
  });

  it("are cut into parts by their first dimension", () => {
    fc.assert(
      fc.property(formulas, points, (formula, point) => {
        const parts = formula.set.parts(dimension.principal);
        const mine = parts.filter(({ values }) => hasAtom(values, point.get("principal") ?? null));
        expect(mine.length).toBeLessThanOrEqual(1);
        expect(mine.some(({ set }) => set.has(point))).toBe(formula.holds(point));
      }),
      { numRuns: 500 },
    );
  });

  it("hold for no value of an empty choice, mentioned or not", () => {
    const set = RequestSet.where(dimension.path, under("/a"));
    for (const one of [dimension.path, dimension.method]) {
      expect(set.some(one, NO_TEXT).isEmpty).toBe(true);
      expect(set.every(one, NO_TEXT).isFull).toBe(true);
    }
  });

  it("list disjoint boxes that make up the set", () => {
    fc.assert(
      fc.property(formulas, points, (formula, point) => {
        const holding = formula.set
          .boxes(10_000)
          .filter((box) => [...box].every(([{ key }, values]) => hasAtom(values, point.get(key) ?? null)));
        expect(holding.length).toBe(formula.holds(point) ? 1 : 0);
      }),
      { numRuns: 300 },
    );
  });

  it("prefer the plainest witness", () => {
    const set = RequestSet.where(dimension.path, under("/admin")).minus(
      RequestSet.where(dimension.path, only("/admin")),
    );
    expect(Object.fromEntries(set.witness() ?? [])).toEqual({ path: "/admina" });
    expect(RequestSet.full.witness()).toEqual(new Map());
    expect(RequestSet.empty.witness()).toBeUndefined();
  });
});
