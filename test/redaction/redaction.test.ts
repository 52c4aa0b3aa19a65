/** The patterns as JavaScript reads them, over the semantics that the log engines share. */
import { describe, expect, it } from "vitest";
import { luaPattern } from "../../src/targets/logging/lua-pattern.js";
import { ALTERNATIVE_PATTERNS, SECRET_PATTERNS } from "../../src/targets/logging/secret-patterns.js";
import { HARMLESS } from "./harmless.js";
import { leaks } from "./leaks.js";
import { redactor } from "./model.js";
import { records, SECRETS } from "./secrets.js";
import { HARMLESS_FIELDS, SHAPES } from "./shapes.js";

const { text: redactText, value: redact } = redactor(SECRET_PATTERNS);

describe("redaction", () => {
  it("knows enough kinds of secrets", () => {
    expect(new Set(SECRETS.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(60);
  });

  it("lets none of them leave", () => {
    expect(records().flatMap((item) => leaks(item, JSON.stringify(redact(item.record))))).toEqual([]);
  });

  it("lets none leave in other shapes", () => {
    expect(SHAPES.flatMap((item) => leaks(item, JSON.stringify(redact(item.record))))).toEqual([]);
  });

  it("is the same with names in alternatives", () => {
    const { value } = redactor(ALTERNATIVE_PATTERNS);
    const all = [...records(), ...SHAPES];
    expect(all.flatMap((item) => leaks(item, JSON.stringify(value(item.record))))).toEqual([]);
    expect(HARMLESS.filter((line) => value(line) !== line)).toEqual([]);
  });

  it("leaves fields alone that only sound like secrets", () => {
    expect(redact(HARMLESS_FIELDS)).toEqual(HARMLESS_FIELDS);
  });

  it("leaves healthy lines alone, but for a few", () => {
    const changed = HARMLESS.filter((line) => redactText(line) !== line);
    console.log(
      `false positives: ${changed.length} of ${HARMLESS.length} harmless lines (${((100 * changed.length) / HARMLESS.length).toFixed(1)} %)`,
    );
    expect(changed).toEqual([]);
  });

  it("comes to an end on hostile lines", () => {
    for (const line of [
      "a".repeat(200_000),
      "eyJ".repeat(60_000),
      "://".repeat(60_000),
      "password".repeat(20_000),
      "pass".repeat(20_000),
      "--password".repeat(10_000),
      "<password ".repeat(10_000),
      "_key".repeat(20_000),
      "tokens=".repeat(20_000),
      " -u a".repeat(20_000),
      "-----BEGIN ".repeat(20_000),
    ]) {
      expect(redactText(line).length).toBeLessThanOrEqual(line.length + 100_000);
    }
  });

  it("translates every pattern to Lua", () => {
    expect(
      SECRET_PATTERNS.map(({ source, ignoreCase }) => luaPattern(source, ignoreCase === true)).filter(
        (text) => text === "",
      ),
    ).toEqual([]);
    expect(luaPattern("\\bkey-[a-f0-9]{3,}")).toBe("%f[%w_]key%-[a-f0-9][a-f0-9][a-f0-9]+");
    expect(() => luaPattern("a|b")).toThrow("outside the subset");
    expect(() => luaPattern("[a-z]{0,24}b")).toThrow("too many choices");
  });
});
