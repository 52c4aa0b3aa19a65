import { describe, expect, it } from "vitest";
import { call, shown } from "../../../test/rego/call.js";
import { parseNumber, RegoSet, type Value } from "../value/index.js";
import { plainContext } from "./index.js";

const n = (text: string): Value => parseNumber(text) as Value;
const NOW = n("1614834367123456789");

describe("networks, times, versions, units and identifiers", () => {
  it.each<[string, Value[], string]>([
    ["net.cidr_contains", ["10.0.0.0/8", "10.1.0.0/16"], "true"],
    ["net.cidr_contains", ["::/0", "1.2.3.4"], "false"],
    ["net.cidr_contains", ["::ffff:10.0.0.0/104", "10.1.2.3"], "true"],
    ["net.cidr_contains", ["10.0.0.0", "10.0.0.1"], "error: net.cidr_contains: invalid CIDR address: 10.0.0.0"],
    ["net.cidr_intersects", ["10.0.0.0/9", "10.128.0.0/9"], "false"],
    ["net.cidr_expand", ["10.0.0.5/31"], '{"10.0.0.4", "10.0.0.5"}'],
    ["net.cidr_expand", ["::/0"], "error: net.cidr_expand: network too large to expand"],
    ["net.cidr_merge", [["10.0.0.0/24", "10.0.1.0/24", "192.168.1.1"]], '{"10.0.0.0/23", "192.168.1.1/24"}'],
    ["net.cidr_merge", [["2001:db8::/33", "2001:db8:8000::/33"]], '{"2001:db8::/32"}'],
    ["net.cidr_contains_matches", [["10.0.0.0/8"], { a: "10.1.1.1" }], '{[0, "a"]}'],
    ["time.parse_rfc3339_ns", ["2021-03-04T05:06:07.5-07:00"], "1614859567500000000"],
    ["time.parse_rfc3339_ns", ["2263-01-01T00:00:00Z"], "error: time.parse_rfc3339_ns: time outside of valid range"],
    [
      "time.parse_ns",
      ["2006-01-02", "2021-02-30"],
      'error: time.parse_ns: parsing time "2021-02-30": day out of range',
    ],
    ["time.parse_ns", ["Jan _2 06 3:04PM", "Mar  4 21 5:06PM"], "1614877560000000000"],
    [
      "time.format",
      [[NOW, "America/New_York", "Mon Jan _2 15:04:05.000 MST -0700 2006"]],
      '"Thu Mar  4 00:06:07.123 EST -0500 2021"',
    ],
    ["time.format", [[NOW, "Asia/Kolkata"]], '"2021-03-04T10:36:07.123456789+05:30"'],
    ["time.format", [[NOW, "+01:00"]], "error: time.format: unknown time zone +01:00"],
    ["time.date", [-1], "[1969, 12, 31]"],
    ["time.weekday", [0], '"Thursday"'],
    ["time.add_date", [n("1612051200000000000"), 0, 1, 0], "1614729600000000000"],
    ["time.add_date", [0, 300, 0, 0], "error: time.add_date: time outside of valid range"],
    ["time.diff", [NOW, 0], "[51, 2, 3, 5, 6, 7]"],
    ["time.parse_duration_ns", ["-1.5h"], "-5400000000000"],
    ["time.parse_duration_ns", ["1w2d"], "777600000000000"],
    ["time.parse_duration_ns", ["1x"], 'error: time.parse_duration_ns: time: unknown unit "x" in duration "1x"'],
    ["semver.compare", ["v1.2.3-alpha.1", "1.2.3-alpha.beta"], "-1"],
    ["semver.is_valid", ["1.2.3-01"], "false"],
    ["units.parse", ["1.5m"], "0.0015000000"],
    ["units.parse", ["1Ki"], "1024"],
    ["units.parse", ["10 K"], "error: units.parse: units.parse: spaces not allowed in resource strings"],
    ["units.parse_bytes", ["1.1gb"], "1100000000"],
    ["uuid.parse", ["x"], "undefined"],
    [
      "uri.parse",
      ["https://h:8080/a%2Fb?q#f"],
      '{"fragment": "f", "hostname": "h", "path": "/a/b", "port": "8080", "raw_path": "/a%2Fb", "raw_query": "q", "scheme": "https"}',
    ],
    ["uri.is_valid", ["http://h:x/"], "false"],
  ])("%s(%j) is %s", (name, args, expected) => {
    expect(shown(name, args)).toBe(expected);
  });

  it("have one clock and one identifier for a query", () => {
    const context = plainContext(1_614_834_367_123_456_789n, 9);
    expect(shown("time.now_ns", [], context)).toBe("1614834367123456789");
    const id = call("uuid.rfc4122", ["a"], context) as string;
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(call("uuid.rfc4122", ["a"], context)).toBe(id);
    expect(call("uuid.rfc4122", ["b"], context)).not.toBe(id);
    expect(shown("uuid.parse", [id])).toBe('{"variant": "RFC4122", "version": 4}');
  });

  it("write out the members of a set in order, once for each combination", () => {
    const lines: string[] = [];
    call("internal.print", [[RegoSet.of(["a"]), RegoSet.of([2, 1]), RegoSet.EMPTY]], {
      ...plainContext(),
      print: (line) => lines.push(line),
    });
    expect(lines).toEqual(["a 1 <undefined>", "a 2 <undefined>"]);
  });
});
