/** The fast reader against the full parser: whatever it reads at all, it reads the same. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { formatSpan } from "../diagnostics/index.js";
import type { Document, Json, PathStep } from "./document.js";
import { readPlainYaml } from "./plain-yaml.js";
import { readDocuments } from "./read.js";
import { scalarOptions } from "./scalars.js";

/** Documents of the full parser, or undefined when it objects to something. */
function full(text: string): unknown[] | undefined {
  const documents = parseAllDocuments(text, {
    ...scalarOptions("1.1"),
    uniqueKeys: true,
    merge: true,
    logLevel: "silent",
  });
  if (!Array.isArray(documents)) return [];
  if (documents.some(({ errors }) => errors.length > 0)) return undefined;
  return documents.map((document) => document.toJS() as unknown).filter((value) => value !== null);
}

function agree(text: string): boolean {
  const plain = readPlainYaml(text);
  if (plain === undefined) return false;
  expect(plain.map(({ value }) => value)).toEqual(full(text));
  return true;
}

const word = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("web", "app", "a1", "x-y", "http", "two words") },
  fc.constantFrom(
    "yes",
    "no",
    "on",
    "null",
    "~",
    "true",
    "0x1f",
    "010",
    "1e3",
    ".5",
    ".",
    "e1",
    "-.e2",
    "22:22",
    "1_000",
    "1:30",
    "2001-01-01",
    "-",
    "--flag",
    "=",
    "<<",
    "-1",
    "+1",
    "a: b",
    "a #b",
    "#",
    "*x",
    "&x",
    "!t",
    "|",
    ">",
    "%",
    "@",
    "`",
    "100m",
    "10.0.0.0/8",
    "a:b",
    "http://x/y",
    "y",
    "__proto__",
    " lead",
    "trail ",
    "a\tb",
    "",
    "[",
    "{",
    ",",
    "a,b",
    "'",
    '"',
    "it's",
    "\\",
    ": ",
    "- x",
    "?",
    "? x",
    "1.2.3",
    "é",
    "日本",
  ),
  fc.string({ maxLength: 6 }),
  fc.string({ unit: fc.constantFrom("a", "1", ".", ":", " ", "-", "/", "#", "'", '"', "\n"), maxLength: 6 }),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    word,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(word, tie("value"), { maxKeys: 3 }),
  ),
}));

describe("the fast YAML reader", () => {
  it("reads what a writer writes as the full parser does", () => {
    let read = 0;
    let all = 0;
    const options = fc.record({
      indent: fc.constantFrom(2, 4),
      indentSeq: fc.boolean(),
      blockQuote: fc.constantFrom(true, false, "literal" as const),
      collectionStyle: fc.constantFrom("any" as const, "block" as const, "flow" as const),
      lineWidth: fc.constantFrom(0, 80),
    });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 2 }), options, (values, style) => {
        const text = values.map((one) => stringify(one, { version: "1.1", ...style })).join("---\n");
        all++;
        if (agree(text)) read++;
      }),
      { numRuns: 2000 },
    );
    // Most styles are for the full parser; that some are not is what is asked here.
    expect(read).toBeGreaterThan(all / 50);
  });

  it("agrees on texts that were damaged anywhere", () => {
    const manifest = readFileSync(new URL("./fixtures/manifest.yaml", import.meta.url), "utf8");
    const bits = [
      " ",
      "\n",
      ":",
      "-",
      "#",
      "'",
      '"',
      "{",
      "}",
      "[",
      "]",
      ",",
      "|",
      ">",
      "&a ",
      "*a",
      "!",
      "? ",
      "\t",
      "---\n",
      "  ",
      "x",
      "1",
      "%",
      "\r\n",
    ];
    fc.assert(
      fc.property(fc.nat(manifest.length), fc.nat(3), fc.constantFrom("", ...bits), (at, cut, bit) => {
        agree(manifest.slice(0, at) + bit + manifest.slice(at + cut));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ["a repeated key", "a: 1\na: 2\n"],
    ["an anchor", "a: &x 1\nb: *x\n"],
    ["a tag", "a: !!str 1\n"],
    ["a scalar over two lines", "a: b\n  c\n"],
    ["a folded block", "a: >\n  b\n"],
    ["a tab", "a:\n\tb: 1\n"],
    ["an escape", 'a: "\\n"\n'],
    ["a comment behind a value", "a: b # c\n"],
    ["a directive", "%YAML 1.2\n---\na: 1\n"],
  ])("leaves %s to the full parser", (_, text) => expect(readPlainYaml(text)).toBeUndefined());

  it("reads the usual manifest, and knows where its documents lie", () => {
    const text = "# head\n---\na:\n- b: [1, two]\n  c: { d: 'e' }\n-\n  - f\nk: |\n  x\n   y\n\n---\n---\nz: 1\n";
    const documents = readPlainYaml(text);
    expect(documents?.map(({ value: one }) => one)).toEqual([
      { a: [{ b: [1, "two"], c: { d: "e" } }, ["f"]], k: "x\n y\n" },
      { z: 1 },
    ]);
    expect(documents?.map(({ start, end }) => text.slice(start, end).slice(0, 2))).toEqual(["a:", "z:"]);
  });

  it("gives every value the place that the full parser gives it", () => {
    const text = readFileSync(new URL("./fixtures/manifest.yaml", import.meta.url), "utf8");
    // An escape at the end leaves the whole text to the full parser and moves nothing.
    const [fast, slow] = [text, `${text}---\nend: "\\n"\n`].map(
      (one) => readDocuments({ path: "m", text: one }).documents,
    );
    expect(readPlainYaml(text)).toBeDefined();
    expect(fast?.length).toBe((slow?.length ?? 0) - 1);
    const places = (document: Document, value: Json = document.value, path: PathStep[] = []): string[] => [
      `${path.join(".")} ${formatSpan(document.spanOf(path))} ${formatSpan(document.keySpanOf(path))}`,
      ...(typeof value === "object" && value !== null
        ? Object.entries(value).flatMap(([key, inner]) =>
            places(document, inner as Json, [...path, Array.isArray(value) ? Number(key) : key]),
          )
        : []),
    ];
    for (const [index, document] of (fast ?? []).entries()) {
      const other = slow?.[index];
      expect(other && places(document)).toEqual(other && places(other));
    }
  });

  const corpus = process.env.RINGFENCE_CORPUS;
  it.skipIf(corpus === undefined)("agrees on every manifest of the corpus", () => {
    const files = ["apps", "netpol-analyzer/cases", "istio-authz", "gatekeeper", "pod-security"]
      .flatMap((folder) =>
        readdirSync(join(corpus ?? "", folder), { recursive: true, encoding: "utf8" }).map((name) =>
          join(corpus ?? "", folder, name),
        ),
      )
      .filter((name) => /\.ya?ml$/.test(name));
    const read = files.filter((name) => agree(readFileSync(name, "utf8")));
    console.log(`fast YAML reader: ${read.length} of ${files.length} manifests, all as the full parser reads them`);
    expect(read.length).toBeGreaterThan(files.length / 2);
  });
});
