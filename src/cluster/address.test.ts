import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress, formatRange, isV4, parseAddress, parseCidr } from "./address.js";

describe("addresses", () => {
  it("round-trips every address", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const value = parseAddress(text);
        if (value === undefined) throw new Error(text);
        expect(parseAddress(formatAddress(value))).toBe(value);
        expect(isV4(value)).toBe(isIP(formatAddress(value)) === 4);
      }),
    );
  });

  it("accepts what the platform accepts, and nothing else", () => {
    const alphabet = fc.constantFrom("0", "1", "9", "255", "256", "f", "ffff", "10000", ".", ":", "::", "/", " ", "01");
    fc.assert(
      fc.property(
        fc.array(alphabet, { maxLength: 12 }).map((parts) => parts.join("")),
        (text) => {
          expect(parseAddress(text) !== undefined).toBe(isIP(text) !== 0);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("writes IPv6 in its shortest form", () => {
    for (const text of ["::", "::1", "2001:db8::1", "1:0:0:2::", "1::2:0:0:3", "0:1:0:1:0:1:0:1"]) {
      expect(formatAddress(parseAddress(text) ?? -1n)).toBe(text);
    }
  });

  it.each([
    ["10.0.0.0/8", "10.0.0.0-10.255.255.255"],
    ["10.1.2.3/8", "10.0.0.0-10.255.255.255"],
    ["0.0.0.0/0", "0.0.0.0-255.255.255.255"],
    ["1.2.3.4/32", "1.2.3.4"],
    ["2001:db8::/126", "2001:db8::-2001:db8::3"],
  ])("reads %s", (text, range) => {
    const parsed = parseCidr(text);
    expect(parsed && formatRange(parsed)).toBe(range);
  });

  it.each(["10.0.0.0", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "10.0.0.0/08", "::/129", "zc00::/8", "1.2.3.4/-1", ""])(
    "refuses %s",
    (text) => expect(parseCidr(text)).toBeUndefined(),
  );
});
