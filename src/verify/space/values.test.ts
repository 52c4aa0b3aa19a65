import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressBlock, addressNumber, addressText } from "./address.js";
import { Bags, NO_ELEMENT } from "./bags.js";
import { ANYTHING, Language } from "./language.js";
import { Ranges } from "./ranges.js";
import { charClass, literal, sequence, star } from "./regex.js";
import { Text } from "./text.js";

describe("ranges", () => {
  const ranges = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 })), { maxLength: 4 })
    .map((list) => Ranges.of(list.map(([a, b]) => [BigInt(Math.min(a, b)), BigInt(Math.max(a, b))])));
  it("are combined as membership is, and have one object for one set", () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        for (let i = 0n; i <= 21n; i++) {
          expect(a.union(b).has(i)).toBe(a.has(i) || b.has(i));
          expect(a.intersect(b).has(i)).toBe(a.has(i) && b.has(i));
          expect(a.minus(b).has(i)).toBe(a.has(i) && !b.has(i));
        }
        expect(a.minus(b).union(a.intersect(b))).toBe(a);
        const witness = a.witness();
        expect(witness === undefined).toBe(a.isEmpty);
        if (witness !== undefined) expect(a.has(witness)).toBe(true);
      }),
    );
  });
});

describe("addresses", () => {
  it("reads and writes both families", () => {
    for (const text of ["0.0.0.0", "10.1.2.3", "255.255.255.255", "::1", "2001:db8::5", "fe80::1:2:3:4", "::"]) {
      const number = addressNumber(text);
      expect(number).toBeDefined();
      if (number !== undefined) expect(addressText(number)).toBe(text);
    }
    expect(addressNumber("::ffff:10.1.2.3")).not.toBe(addressNumber("10.1.2.3"));
    for (const text of ["", "10.1.2", "010.1.2.3", "10.1.2.256", "1:2", "1::2::3", "::1%eth0", "[::1]", "g::"]) {
      expect([text, addressNumber(text)]).toEqual([text, undefined]);
    }
  });

  it("reads blocks as the proxy does: host bits are cut off", () => {
    const block = addressBlock("192.168.10.77/24");
    expect(block?.has(addressNumber("192.168.10.0") ?? -1n)).toBe(true);
    expect(block?.has(addressNumber("192.168.10.255") ?? -1n)).toBe(true);
    expect(block?.has(addressNumber("192.168.11.0") ?? -1n)).toBe(false);
    expect(addressBlock("0.0.0.0/0")?.has(addressNumber("::") ?? -1n)).toBe(false);
    expect(addressBlock("2001:db8::/32")?.has(addressNumber("2001:db8:ffff::1") ?? -1n)).toBe(true);
    for (const text of ["10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/8/8", "x/8"])
      expect(addressBlock(text)).toBeUndefined();
  });
});

describe("texts", () => {
  const texts = fc
    .tuple(fc.boolean(), fc.boolean(), fc.subarray(["a", "b", "c"]))
    .map(([absent, invert, list]) => Text.of(invert ? Language.allBut(...list) : Language.only(...list), absent));
  it("treat absence as one more value", () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        for (const atom of [null, "a", "b", "c", "d", ""]) {
          expect(a.union(b).has(atom)).toBe(a.has(atom) || b.has(atom));
          expect(a.intersect(b).has(atom)).toBe(a.has(atom) && b.has(atom));
          expect(a.minus(b).has(atom)).toBe(a.has(atom) && !b.has(atom));
        }
        const witness = a.witness();
        expect(witness === undefined).toBe(a.isEmpty);
        if (witness !== undefined) expect(a.has(witness)).toBe(true);
      }),
    );
  });
});

describe("bags", () => {
  const languages = fc.oneof(
    fc.subarray(["a", "b", "c"]).map((list) => Language.only(...list)),
    fc.subarray(["a", "b", "c"]).map((list) => Language.allBut(...list)),
    fc.constant(Language.matching(sequence(literal("a"), star(charClass("ab"))))),
  );
  const bagSets: fc.Arbitrary<Bags> = fc.letrec<{ set: Bags }>((tie) => ({
    set: fc.oneof(
      { depthSize: "small" },
      languages.map((language) => Bags.some(language)),
      languages.map((language) => Bags.none(language)),
      fc.constantFrom(Bags.everything(), Bags.nothing(), NO_ELEMENT),
      fc.tuple(tie("set"), tie("set")).map(([a, b]) => a.union(b)),
      fc.tuple(tie("set"), tie("set")).map(([a, b]) => a.intersect(b)),
      fc.tuple(tie("set"), tie("set")).map(([a, b]) => a.minus(b)),
    ),
  })).set;
  const bags = fc.subarray(["a", "b", "c", "d", "ab", ""]);
  it("are combined as membership is", () => {
    fc.assert(
      fc.property(bagSets, bagSets, bags, (a, b, bag) => {
        expect(a.union(b).has(bag)).toBe(a.has(bag) || b.has(bag));
        expect(a.intersect(b).has(bag)).toBe(a.has(bag) && b.has(bag));
        expect(a.minus(b).has(bag)).toBe(a.has(bag) && !b.has(bag));
      }),
      { numRuns: 1000 },
    );
  });

  it("know exactly when they are empty", () => {
    fc.assert(
      fc.property(bagSets, (set) => {
        const witness = set.witness();
        expect(witness === undefined).toBe(set.isEmpty);
        if (witness !== undefined) expect(set.has(witness)).toBe(true);
      }),
      { numRuns: 500 },
    );
    expect(Bags.some(Language.only("a")).intersect(Bags.none(Language.only("a"))).isEmpty).toBe(true);
    expect(
      Bags.some(Language.only("a"))
        .intersect(Bags.some(Language.only("b")))
        .witness(),
    ).toEqual(["a", "b"]);
    expect(Bags.everything().minus(Bags.some(ANYTHING)).witness()).toEqual([]);
  });
});
