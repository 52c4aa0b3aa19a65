import { describe, expect, it } from "vitest";
import { describeSelector, type LabelSelector, labelSelector, matches } from "./selector.js";
import { BAD, Reading } from "./shape.js";

const nowhere = { source: { path: "t", text: "" }, start: 0, end: 0 };

function parse(value: unknown): { selector: LabelSelector | undefined; messages: string[] } {
  const reading = new Reading(() => nowhere);
  const read = labelSelector(value, reading);
  return { selector: read === BAD ? undefined : read, messages: reading.problems.map(({ message }) => message) };
}

function hits(value: unknown, labels: Record<string, string>): boolean | undefined {
  const { selector } = parse(value);
  return selector && matches(selector, new Map(Object.entries(labels)));
}

const expression = (operator: string, values?: string[], key = "tier") => ({
  matchExpressions: [{ key, operator, ...(values === undefined ? {} : { values }) }],
});

describe("label selectors", () => {
  it.each([
    [{}, {}, true],
    [{ matchLabels: {} }, { a: "1" }, true],
    [{ matchLabels: null, matchExpressions: null }, {}, true],
    [{ matchLabels: { a: "1", b: "2" } }, { a: "1", b: "2", c: "3" }, true],
    [{ matchLabels: { a: "1", b: "2" } }, { a: "1" }, false],
    [expression("In", ["x", "y"]), { tier: "y" }, true],
    [expression("In", ["x", "y"]), {}, false],
    [expression("NotIn", ["x", "y"]), { tier: "x" }, false],
    [expression("NotIn", ["x", "y"]), { tier: "z" }, true],
    [expression("NotIn", ["x", "y"]), {}, true],
    [expression("Exists"), { tier: "" }, true],
    [expression("Exists"), {}, false],
    [expression("DoesNotExist", []), {}, true],
    [expression("DoesNotExist"), { tier: "x" }, false],
    [{ matchLabels: { a: "1" }, ...expression("DoesNotExist") }, { a: "1", tier: "x" }, false],
  ])("%j on %j: %s", (selector, labels, want) => expect(hits(selector, labels as Record<string, string>)).toBe(want));

  it.each([
    [expression("Equals", ["x"]), "`matchExpressions[0].operator` is `Equals`"],
    [expression("In"), "`In` needs at least one value"],
    [expression("NotIn", []), "`NotIn` needs at least one value"],
    [expression("Exists", ["x"]), "`Exists` takes no values"],
    [expression("In", ["a b"]), "`a b` is not a label value"],
    [expression("In", ["x"], "a/b/c"), "`a/b/c` is not a label key"],
    [{ matchLabels: { app: true } }, "`matchLabels.app` must be a string, not a boolean"],
    [{ matchlabels: {} }, "`matchlabels` is not a known field"],
    [{ matchExpressions: [{ operator: "Exists" }] }, "`matchExpressions[0].key` is missing"],
    ["app=x", "`the document` must be a mapping, not a string"],
  ])("refuses %j", (selector, message) => {
    const read = parse(selector);
    expect(read.selector).toBeUndefined();
    expect(read.messages).toEqual([message]);
  });

  it("has one id for one meaning", () => {
    const id = (value: unknown) => parse(value).selector?.id;
    expect(id({ matchLabels: { a: "1", b: "2" } })).toBe(id({ matchLabels: { b: "2", a: "1" } }));
    expect(id({ matchLabels: { tier: "x" } })).toBe(id(expression("In", ["x", "x"])));
    expect(id(expression("In", ["x", "y"]))).toBe(id(expression("In", ["y", "x"])));
    expect(id(expression("In", ["x"]))).not.toBe(id(expression("NotIn", ["x"])));
    expect(id(expression("In", ["a", "b"]))).not.toBe(id(expression("In", ["a,b"])));
  });

  it("says itself in words", () => {
    const { selector } = parse({ matchLabels: { a: "1" }, matchExpressions: [{ key: "c", operator: "DoesNotExist" }] });
    expect(selector && describeSelector(selector)).toBe("a=1, !c");
  });
});
