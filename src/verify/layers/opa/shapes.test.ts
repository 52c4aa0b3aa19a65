/** The shapes of Rego that people write for Envoy, each decided exactly. */
import { describe, expect, it } from "vitest";
import { compile } from "../../../rego/index.js";
import type { Atom, Point } from "../../space/index.js";
import { answersOf } from "./decision.js";

const DATA = { roles: ["admin"], readers: ["/a", "/b"], names: { "spiffe://td/ns/x/sa/web": "web" } };

function answers(text: string) {
  const module = `package envoy.authz\n\nimport input.attributes.request.http\n\n${text}\n`;
  const { normalForm } = compile([{ file: "policy.rego", text: module }], { data: DATA });
  const destination = {
    principal: "spiffe://td/ns/x/sa/server",
    port: 8080,
    chain: "http",
    stripsToken: false,
  } as const;
  return answersOf(normalForm, DATA, ["envoy", "authz", "allow"], destination);
}

const at = (path: string, more: Readonly<Record<string, Atom>> = {}): Point =>
  new Map<string, Atom>(Object.entries({ path, ...more }));
const WEB = { principal: "spiffe://td/ns/x/sa/web" };
const forged = (more: Readonly<Record<string, Atom>>) => at("/", { token: "invalid", ...more });
const genuine = (more: Readonly<Record<string, Atom>>) => at("/", { token: "valid", ...more });
const ROLE = { "claim:role": ["admin"], "form:claim:role": "text" };
const ROLES = { "claim:roles": ["admin", "x"], "form:claim:roles": "list" };
const BEARER =
  'bearer := substring(http.headers.authorization, 7, -1) if startswith(http.headers.authorization, "Bearer ")\n';
const DECODED = `${BEARER}claims := io.jwt.decode(bearer)[1]\n`;
const VERIFIED = `${BEARER}claims := payload if [true, _, payload] = io.jwt.decode_verify(bearer, {"secret": "s", "iss": "i", "aud": "me"})\n`;
const MEANT = { "claim:iss": "i", "claim:aud": ["me"], "form:claim:aud": "text" };

const SHAPES: readonly (readonly [name: string, text: string, allowed: readonly Point[], denied: readonly Point[]])[] =
  [
    ["equality", 'allow if http.path == "/a"', [at("/a")], [at("/b"), at("/a", { query: "?x" })]],
    ["a path without its query", 'allow if split(http.path, "?")[0] == "/a"', [at("/a", { query: "?x" })], [at("/ab")]],
    ["membership in data", "allow if http.path in data.readers", [at("/b")], [at("/c")]],
    [
      "membership in a set",
      'allow if http.method in {"GET", "PUT"}',
      [at("/"), at("/", { method: "PUT" })],
      [at("/", { method: "POST" })],
    ],
    ["prefix", 'allow if startswith(http.path, "/a/")', [at("/a/b")], [at("/a")]],
    ["suffix", 'allow if endswith(http.host, ".example")', [at("/", { host: "a.example" })], [at("/")]],
    ["glob", 'allow if glob.match("/a/*", ["/"], http.path)', [at("/a/b")], [at("/a/b/c")]],
    ["regex", "allow if regex.match(`^/a/[0-9]+$`, http.path)", [at("/a/17")], [at("/a/x"), at("/a/17/")]],
    ["regex in the middle", "allow if regex.match(`a|b$`, http.path)", [at("/cac"), at("/b")], [at("/bc")]],
    [
      "a path as a list",
      'allow if input.parsed_path == ["a", "b"]',
      [at("/a/b"), at("/%61/b"), at("//h/a/b"), at("/a%2Fb")],
      [at("/a")],
    ],
    [
      "a pattern of a path",
      'allow if {\n\t["a", id] = input.parsed_path\n\tid != "x"\n}',
      [at("/a/y")],
      [at("/a/x"), at("/a/y/z")],
    ],
    ["a split path", 'allow if split(trim(http.path, "/"), "/") == ["a", "b"]', [at("/a/b/")], [at("/a")]],
    ["some segment", 'allow if {\n\tsome s in input.parsed_path\n\tstartswith(s, "x")\n}', [at("/a/xy")], [at("/a/y")]],
    ["every segment", 'allow if every s in input.parsed_path { s != "admin" }', [at("/a/b")], [at("/a/admin")]],
    [
      "negation",
      'allow if not startswith(http.headers["x-a"], "a")',
      [at("/", { "header:x-a": "b" })],
      [at("/"), at("/", { "header:x-a": "ab" })],
    ],
    ["negation of equality", 'allow if not http.headers["x-a"] == "a"', [at("/")], [at("/", { "header:x-a": "a" })]],
    [
      "a default and else",
      'default level := 0\nlevel := 2 if http.path == "/a" else := 1 if http.method == "GET"\nallow if level == 1',
      [at("/b")],
      [at("/a"), at("/b", { method: "PUT" })],
    ],
    ["deny rules", 'deny contains "no" if http.path == "/a"\nallow if count(deny) == 0', [at("/b")], [at("/a")]],
    ["a function", 'ok(m) if http.method == m\nallow if ok("GET")', [at("/")], [at("/", { method: "PUT" })]],
    [
      "an object",
      'allow := {"allowed": ok, "http_status": 403}\ndefault ok := false\nok if http.path == "/a"',
      [at("/a")],
      [at("/b")],
    ],
    [
      "a caller",
      'allow if data.names[input.attributes.source.principal] == "web"',
      [at("/", WEB)],
      [at("/"), at("/", { principal: "spiffe://td/ns/x/sa/api" })],
    ],
    ["a field that the plugin never sets", 'allow if input.user.role == "admin"', [], [at("/")]],
    [
      "a role that anybody can write",
      `${DECODED}allow if claims.role == "admin"`,
      [forged(ROLE), genuine(ROLE)],
      [forged({}), at("/"), forged({ ...ROLE, "form:claim:role": "list" })],
    ],
    [
      "a list of roles",
      `${DECODED}allow if "admin" in claims.roles`,
      [forged(ROLES)],
      [forged({ ...ROLES, "claim:roles": ["x"] })],
    ],
    [
      "roles in data",
      `${DECODED}allow if {\n\tsome r in claims.roles\n\tr in data.roles\n}`,
      [genuine(ROLES)],
      [at("/")],
    ],
    [
      "a verified role",
      `${VERIFIED}allow if claims.role == "admin"`,
      [genuine({ ...ROLE, ...MEANT })],
      [
        forged({ ...ROLE, ...MEANT }),
        genuine({ ...ROLE, ...MEANT, "claim:iss": "j" }),
        genuine({ ...ROLE, "claim:iss": "i" }),
      ],
    ],
    [
      "a header as a role",
      'allow if http.headers["x-role"] == "admin"',
      [at("/", { "header:x-role": "admin" })],
      [at("/")],
    ],
  ];

describe("a policy", () => {
  it.each(SHAPES)("of the shape: %s", (_, text, allowed, denied) => {
    const { allowed: found, unread } = answers(text);
    expect(unread).toEqual([]);
    expect(found.may.equals(found.must)).toBe(true);
    for (const point of allowed) expect([[...point], found.must.has(point)]).toEqual([[...point], true]);
    for (const point of denied) expect([[...point], found.may.has(point)]).toEqual([[...point], false]);
  });

  it.each([
    ["a body", "allow if input.parsed_body.amount == 5", "input.parsed_body.amount == 5"],
    [
      "the peer's address",
      'allow if net.cidr_contains("10.0.0.0/8", input.attributes.source.address.socketAddress.address)',
      "input.attributes.source.address.socketAddress.address",
    ],
    ["the world outside", 'allow if time.weekday(time.now_ns()) == "Monday"', "time.weekday(time.now_ns())"],
    [
      "two attributes compared",
      'allow if http.headers["x-a"] == http.headers["x-b"]',
      'http.headers["x-a"] == http.headers["x-b"]',
    ],
  ])("is not certain about %s, and names the literal", (_, text, literal) => {
    const { allowed, unread } = answers(`${text}\n\nallow if http.path == "/sure"`);
    expect(allowed.must.has(at("/sure"))).toBe(true);
    expect(allowed.must.has(at("/"))).toBe(false);
    expect(allowed.may.has(at("/", { "header:x-a": "a", "header:x-b": "a" }))).toBe(true);
    expect(unread.map(({ source, start, end }) => source.text.slice(start, end)).join("\n")).toContain(literal);
  });

  it("that may be in conflict with itself surely allows nothing there", () => {
    const { allowed } = answers('level := 1 if http.path == "/a"\nlevel := 2 if http.method == "GET"\nallow if level');
    expect([allowed.must.has(at("/b")), allowed.must.has(at("/a")), allowed.may.has(at("/a"))]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
