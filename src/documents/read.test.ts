import { describe, expect, it } from "vitest";
import { formatSpan } from "../diagnostics/index.js";
import { readDocuments } from "./index.js";

const read = (text: string, kind: "workflow" | "manifest" = "workflow") =>
  readDocuments({ path: "f.yaml", text }, kind);
const codes = (text: string, kind?: "workflow" | "manifest") =>
  read(text, kind).problems.map((p) => `${p.span ? formatSpan(p.span) : ""} ${p.code}`);

describe("readDocuments", () => {
  it("knows the place of every value and key", () => {
    const [doc] = read("a:\n  - x: 1\n    y: two\n").documents;
    expect(doc?.value).toEqual({ a: [{ x: 1, y: "two" }] });
    expect(doc && formatSpan(doc.spanOf(["a", 0, "y"]))).toBe("f.yaml:3:8");
    expect(doc && formatSpan(doc.keySpanOf(["a", 0, "y"]))).toBe("f.yaml:3:5");
    expect(doc && formatSpan(doc.spanOf(["a", 0, "missing"]))).toBe("f.yaml:2:5");
  });

  it("counts places in the second document from the start of the text", () => {
    const { documents } = read("a: 1\n---\n# note\nb: 2\n", "manifest");
    expect(documents.map((d) => d.value)).toEqual([{ a: 1 }, { b: 2 }]);
    expect(documents[1] && formatSpan(documents[1].spanOf(["b"]))).toBe("f.yaml:4:4");
    expect(documents[1] && formatSpan(documents[1].at(["b"]).spanOf())).toBe("f.yaml:4:4");
  });

  it.each([
    ["a: 1\na: 2\n", "f.yaml:2:1 DOCUMENT_DUPLICATE_KEY"],
    ["a: &x 1\nb: *x\n", "f.yaml:1:7 DOCUMENT_ALIAS,f.yaml:2:4 DOCUMENT_ALIAS"],
    ["a:\n  <<: {b: 1}\n", "f.yaml:2:3 DOCUMENT_ALIAS"],
    ["a:\n\tb: 1\n", "f.yaml:2:1 DOCUMENT_SYNTAX"],
    ["a: 123456789012345678901234567890\n", "f.yaml:1:4 DOCUMENT_NUMBER"],
    ["a: .inf\n", "f.yaml:1:4 DOCUMENT_NUMBER"],
    ["? [a]\n: 1\n", "f.yaml:1:3 DOCUMENT_SYNTAX"],
    ["a: [1, 2\n", "f.yaml:2:1 DOCUMENT_SYNTAX"],
  ])("refuses %j with one located problem a mistake", (text, expected) => {
    const reading = read(text);
    expect(codes(text).join(",")).toBe(expected);
    expect(reading.documents).toEqual([]);
  });

  it("ends alias bombs, deep nesting and huge files in one problem", () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${"bcdefgh"
      .split("")
      .map((c, i) => `${c}: &${c} [${Array(10).fill(`*${"abcdefgh"[i]}`)}]`)
      .join("\n")}\n`;
    expect(codes(bomb, "manifest")).toEqual(["f.yaml:1:1 DOCUMENT_ALIAS"]);
    expect(codes("[".repeat(100_000))).toHaveLength(1);
    expect(codes(`\n${"- ".repeat(100_000)}`, "manifest")).toHaveLength(1);
    expect(read("[".repeat(1500), "manifest").problems.length).toBeGreaterThan(0);
    expect(codes(`a: ${"x".repeat(50 * 1024 * 1024)}`)).toEqual(["f.yaml:1:1 DOCUMENT_TOO_LARGE"]);
  });

  it("keeps `no`, `y` and `on` as text in a workflow and reads them as kubectl does in a manifest", () => {
    expect(read("a: no\nb: y\nc: on\n").documents[0]?.value).toEqual({ a: "no", b: "y", c: "on" });
    expect(read("a: no\nc: on\n", "manifest").documents[0]?.value).toEqual({ a: false, c: true });
  });

  it("takes for numbers in a manifest what kubectl does, and `.`, `e1` and `22:22` for text", () => {
    const text = "a: [22:22, e1, ., -.e2, .e5, .5, 1e3, 1_000, 0x1f, 010, +1.5, .nan]\n";
    const wanted = ["22:22", "e1", ".", "-.e2", ".e5", 0.5, 1000, 1000, 31, 8, 1.5, Number.NaN];
    expect(read(text, "manifest").documents[0]?.value).toEqual({ a: wanted });
    expect(read(`x: &x 1\n${text}`, "manifest").documents[0]?.value).toEqual({ x: 1, a: wanted });
  });

  it("reads JSON, and finds its duplicate keys and places", () => {
    const [doc] = read('{"a": {"b": [1, 2]}}', "manifest").documents;
    expect(doc && formatSpan(doc.spanOf(["a", "b", 1]))).toBe("f.yaml:1:17");
    expect(codes('{"a": 1, "a": 2}', "manifest")).toEqual(["f.yaml:1:10 DOCUMENT_DUPLICATE_KEY"]);
  });

  it("keeps hostile keys as own properties", () => {
    for (const text of ["__proto__: {polluted: true}\n", '{"__proto__": {"polluted": true}}']) {
      const value = read(text, "manifest").documents[0]?.value as object;
      expect(Object.hasOwn(value, "__proto__")).toBe(true);
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    }
  });
});
