import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { toYaml, toYamlDocuments, type Value } from "./yaml.js";

const scalars = fc.oneof(
  fc.string({ unit: "binary" }).filter((text) => !/\p{Surrogate}/u.test(text)),
  fc.string(),
  fc.stringMatching(/^[a-z0-9:.\-~_+ \n#'"|>%@`&*!?{}[\],/\t]{0,30}$/),
  fc.constantFrom(
    "no",
    "on",
    "Y",
    "null",
    "~",
    "0777",
    "0o17",
    "1e3",
    "1_000",
    "12:30:45",
    "2024-01-01",
    ".inf",
    "<<",
    "=",
  ),
  fc.constantFrom("", " ", "a\n", "a\n\n", "\na", " a\nb", "a\n b\n\nc", "- a", "a: b", "a #b", "---\n", "...\nx"),
  fc.boolean(),
  fc.constant(null),
  fc.integer(),
);
const values = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalars,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("no", "1", "a b")), tie("value"), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
})).value;

describe("toYaml", () => {
  it("is read back as what was written, by readers of YAML 1.1 and 1.2", () => {
    fc.assert(
      fc.property(values, (value) => {
        for (const version of ["1.1", "1.2"] as const) {
          const options = {
            version,
            schema: version === "1.1" ? ("yaml-1.1" as const) : ("core" as const),
            merge: false,
          };
          expect(parse(toYaml(value), options)).toEqual(value);
        }
      }),
      { seed: 11, numRuns: 2000 },
    );
  });

  it("writes the usual things as people write them", () => {
    const text = toYaml({
      apiVersion: "v1",
      metadata: { name: "a", labels: { "app.kubernetes.io/managed-by": "ringfence" }, gone: undefined },
      list: [{ a: 1, b: ["no", "x"] }, ["n"], [], {}],
      script: "one\n  two\n\nthree\n",
    });
    expect(text).toBe(
      `apiVersion: v1
metadata:
  name: a
  labels:
    app.kubernetes.io/managed-by: ringfence
list:
  - a: 1
    b:
      - "no"
      - x
  - - "n"
  - []
  - {}
script: |
  one
    two

  three
`,
    );
  });

  it("separates documents", () => {
    expect(parseAllDocuments(toYamlDocuments([{ a: 1 }, { b: 2 }])).map((document) => document.toJS())).toEqual([
      { a: 1 },
      { b: 2 },
    ]);
  });
});
