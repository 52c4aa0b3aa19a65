import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ANYTHING, Language, NOTHING } from "./language.js";
import { anyChar, anything, charClass, either, literal, notClass, type Regex, sequence, star } from "./regex.js";
import { readRegex } from "./regex-syntax.js";

/** Every word over {a, b, /} of up to four letters: what operations on languages over these letters can differ in. */
const WORDS = [""];
for (let i = 0; i < WORDS.length && (WORDS[i] ?? "").length < 4; i++)
  for (const c of "ab/") WORDS.push(`${WORDS[i]}${c}`);

const regexes: fc.Arbitrary<Regex> = fc.letrec<{ regex: Regex }>((tie) => ({
  regex: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(...["a", "b", "/", "ab", "a/b", ""].map((word) => literal(word)), anyChar, anything),
    fc.constant(charClass("ab")),
    fc.constant(notClass([[0x61, 0x61]])),
    fc.tuple(tie("regex"), tie("regex")).map(([a, b]) => sequence(a, b)),
    fc.tuple(tie("regex"), tie("regex")).map(([a, b]) => either(a, b)),
    tie("regex").map(star),
  ),
})).regex;

const words = fc.constantFrom(...WORDS);
const languages = fc.oneof(
  fc.array(words, { maxLength: 4 }).map((list) => Language.only(...list)),
  fc.array(words, { maxLength: 4 }).map((list) => Language.allBut(...list)),
  regexes.map((regex) => Language.matching(regex)),
);

/** Whether the expression matches the word, by the definition of each form; shares nothing with the automata. */
function matches(regex: Regex, word: string): boolean {
  return ends(regex, [...word], 0).has([...word].length);
}

function ends(regex: Regex, chars: readonly string[], from: number): Set<number> {
  switch (regex.kind) {
    case "class": {
      const point = chars[from]?.codePointAt(0);
      const inside = point !== undefined && regex.stretches.some(([first, last]) => first <= point && point <= last);
      return new Set(inside ? [from + 1] : []);
    }
    case "sequence": {
      let starts = new Set([from]);
      for (const part of regex.parts) {
        const reached = new Set<number>();
        for (const start of starts) for (const end of ends(part, chars, start)) reached.add(end);
        starts = reached;
      }
      return starts;
    }
    case "either":
      return new Set(regex.parts.flatMap((part) => [...ends(part, chars, from)]));
    case "star": {
      const reached = new Set([from]);
      for (const start of reached) for (const end of ends(regex.part, chars, start)) reached.add(end);
      return reached;
    }
  }
}

describe("languages", () => {
  it("of an expression have exactly the words that it matches", () => {
    fc.assert(
      fc.property(regexes, (regex) => {
        const language = Language.matching(regex);
        for (const word of WORDS) expect([word, language.has(word)]).toEqual([word, matches(regex, word)]);
      }),
      { numRuns: 300 },
    );
  });

  it("are combined as membership is", () => {
    fc.assert(
      fc.property(languages, languages, words, (a, b, word) => {
        expect(a.union(b).has(word)).toBe(a.has(word) || b.has(word));
        expect(a.intersect(b).has(word)).toBe(a.has(word) && b.has(word));
        expect(a.minus(b).has(word)).toBe(a.has(word) && !b.has(word));
        expect(a.complement().has(word)).toBe(!a.has(word));
      }),
      { numRuns: 2000 },
    );
  });

  it("obey the laws of sets, whatever their form", () => {
    fc.assert(
      fc.property(languages, languages, (a, b) => {
        expect(a.minus(b).equals(a.intersect(b.complement()))).toBe(true);
        expect(a.union(b).complement().equals(a.complement().intersect(b.complement()))).toBe(true);
        expect(a.union(b).minus(b).union(a.intersect(b)).equals(a)).toBe(true);
        expect(a.equals(b)).toBe(a.minus(b).union(b.minus(a)).isEmpty);
        expect(a.isSubsetOf(a.union(b))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("have one object for one set", () => {
    const long = Language.matching(sequence(literal("/a"), anything));
    const again = Language.matching(either(literal("/a"), sequence(literal("/a"), anyChar, anything)));
    expect(again).toBe(long);
    expect(Language.matching(either(literal("x"), literal("y")))).toBe(Language.only("y", "x"));
    expect(Language.matching(anything)).toBe(ANYTHING);
    expect(long.minus(long)).toBe(NOTHING);
  });

  it("give a shortest witness, and none when they are empty", () => {
    fc.assert(
      fc.property(languages, (language) => {
        const witness = language.witness();
        if (witness === undefined) {
          expect(language.isEmpty).toBe(true);
          return;
        }
        expect(language.has(witness)).toBe(true);
        for (const word of WORDS) if (language.has(word)) expect(witness.length).toBeLessThanOrEqual(word.length);
      }),
      { numRuns: 500 },
    );
    expect(Language.matching(sequence(literal("/v1/"), anyChar)).witness()).toBe("/v1/a");
  });
});

describe("RE2 syntax", () => {
  const accepted = [
    ["spiffe://.+/ns/my-ns/(.+/|)sa/my-sa(/.+)?", "spiffe://td/ns/my-ns/sa/my-sa", "spiffe://td/ns/my-ns/sa/my-sa-x"],
    ["^/v[0-9]+/(?:users|groups)/[^/]+$", "/v2/users/7", "/v2/users/7/x"],
    ["a{2,3}b?", "aaab", "aaaab"],
    ["\\d\\.\\w+\\/", "1.x_/", "1xx/"],
    ["(?i)get", "GeT", "gets"],
    ["x|y|", "", "xy"],
    ["a\\x41[\\]\\-z]", "aA]", "aAa"],
    ["[a-c-]+", "a-c", "d"],
    ["a{,2}", "a{,2}", "aa"],
  ] as const;
  it.each(accepted)("reads %s", (source, inside, outside) => {
    const regex = readRegex(source);
    expect(regex).toBeDefined();
    if (regex === undefined) return;
    const language = Language.matching(regex);
    expect(language.has(inside)).toBe(true);
    expect(language.has(outside)).toBe(false);
  });

  it.each(["\\bx", "a^b", "a$b", "(", "[a", "*a", "\\pL", "(?m)x", "a{1001}", "[[:alpha:]]", "(?i)k"])(
    "leaves %s unread",
    (source) => {
      expect(readRegex(source)).toBeUndefined();
    },
  );

  it("agrees with the language's own engine on what both read", () => {
    const pieces = fc.constantFrom(
      "a",
      "b",
      "/",
      ".",
      "[ab]",
      "[^a]",
      "(a|b)",
      "(?:ab)",
      "a*",
      "b+",
      "/?",
      "a{2}",
      "(a/){1,2}",
      "\\/",
      "\\w",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 5 }), (list) => {
        const source = list.join("");
        const regex = readRegex(source);
        expect(regex).toBeDefined();
        if (regex === undefined) return;
        const language = Language.matching(regex);
        const native = new RegExp(`^(?:${source})$`, "u");
        for (const word of WORDS) expect([source, word, language.has(word)]).toEqual([source, word, native.test(word)]);
      }),
      { numRuns: 200 },
    );
  });
});
