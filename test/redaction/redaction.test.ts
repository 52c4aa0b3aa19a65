/** The patterns as JavaScript reads them, over the semantics that the log engines share. */
import { describe, expect, it } from "vitest";
import { luaPattern } from "../../src/targets/logging/lua-pattern.js";
import {
  BASE64_STRETCH,
  NAME_FIELDS,
  REDACTED,
  SECRET_FIELDS,
  SECRET_PATTERNS,
  VALUE_FIELDS,
} from "../../src/targets/logging/secret-patterns.js";
import { HARMLESS } from "./harmless.js";
import { leaks } from "./leaks.js";
import { records, SECRETS } from "./secrets.js";

const PATTERNS = SECRET_PATTERNS.map(({ source, ignoreCase }) => new RegExp(source, ignoreCase === true ? "gi" : "g"));
function redactText(text: string, depth = 0): string {
  const redacted = PATTERNS.reduce((current, pattern) => current.replace(pattern, REDACTED), text);
  if (depth === 2) return redacted;
  return redacted.replace(new RegExp(BASE64_STRETCH, "g"), (stretch) => {
    const decoded = Buffer.from(stretch, "base64").toString("latin1");
    return redactText(decoded, depth + 1) === decoded ? stretch : REDACTED;
  });
}
const isSecretName = (name: unknown) =>
  typeof name === "string" &&
  SECRET_FIELDS.some((field) =>
    name
      .toLowerCase()
      .replaceAll(/[_.\s-]/g, "")
      .endsWith(field),
  );
const includes = (list: readonly string[], name: string) => list.includes(name.toLowerCase());

function redact(value: unknown): unknown {
  if (typeof value === "string") return redactText(value);
  if (Array.isArray(value)) return value.map(redact);
  if (typeof value !== "object" || value === null) return value;
  const named = Object.entries(value).some(([key, inner]) => includes(NAME_FIELDS, key) && isSecretName(inner));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      isSecretName(key) || (named && includes(VALUE_FIELDS, key)) ? [key, REDACTED] : [redactText(key), redact(inner)],
    ),
  );
}

describe("redaction", () => {
  it("knows enough kinds of secrets", () => {
    expect(new Set(SECRETS.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(60);
  });

  it("lets none of them leave", () => {
    expect(records().flatMap((item) => leaks(item, JSON.stringify(redact(item.record))))).toEqual([]);
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
  });
});
