/** Generated Rego of the shapes that people write for Envoy, and requests that tell such policies apart. */
import fc from "fast-check";
import type { Json } from "../../src/documents/index.js";
import type { HttpRequest, Token } from "../../src/verify/request.js";

export const PRINCIPALS = [
  "spiffe://cluster.local/ns/prod/sa/web",
  "spiffe://cluster.local/ns/prod/sa/api",
  "spiffe://other.example/ns/dev/sa/web",
] as const;
export const DESTINATION = "spiffe://cluster.local/ns/prod/sa/server";
export const PORT = 8080;

export const DATA = {
  methods: ["GET", "HEAD"],
  roles: ["admin", "editor"],
  names: { [PRINCIPALS[0]]: "web", [PRINCIPALS[1]]: "api" },
  grants: { admin: ["GET", "POST", "DELETE"], editor: ["GET", "POST"], guest: ["GET"] },
  paths: ["/a", "/a/b"],
  patterns: [
    { segments: ["a", null], rest: false },
    { segments: ["b"], rest: true },
  ],
};

const METHODS = ["GET", "POST", "DELETE", "HEAD"];
const PATHS = [
  "/",
  "/a",
  "/a/",
  "/a/b",
  "/a/b/c",
  "/A",
  "/b",
  "/b/17",
  "/b/x",
  "/admin",
  "/a/admin",
  "/a%2Fb",
  "/%61",
  "/a%zz",
  "/%c3%a4",
  "//a",
  "//a/b",
  "///a",
  "//a:1/b",
  "/..",
  "/a/../b",
  "*",
];
const ROLES = ["admin", "editor", "guest", ""];
const HOSTS = ["a.example", "A.example", "a.example:80", "b.a.example", "a.example.", "b"];

const word = (list: readonly string[]) => fc.constantFrom(...list).map((text) => JSON.stringify(text));
const path = word(["/a", "/a/b", "/b", "/b/17", "/", "/admin", "/a/"]);
const part = word(["a", "b", "/a", "b/", "admin", "", ".."]);
const segment = word(["a", "b", "admin", "17"]);
const role = word(ROLES);
const principal = word(PRINCIPALS);

const text = (parts: TemplateStringsArray, ...values: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...values).map((found) => parts.reduce((whole, one, i) => `${whole}${found[i - 1] ?? ""}${one}`));
const any = (...list: readonly (fc.Arbitrary<string> | string)[]): fc.Arbitrary<string> =>
  fc.oneof(...list.map((one) => (typeof one === "string" ? fc.constant(one) : one)));

/** Conditions on one text, by an expression for it. */
const onText = (subject: string, values: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  any(
    text`${fc.constant(subject)} == ${values}`,
    text`${fc.constant(subject)} != ${values}`,
    text`not ${fc.constant(subject)} == ${values}`,
    text`${fc.constant(subject)} in {${values}, ${values}}`,
    text`not ${fc.constant(subject)} in [${values}]`,
    text`startswith(${fc.constant(subject)}, ${part})`,
    text`not startswith(${fc.constant(subject)}, ${part})`,
    text`endswith(${fc.constant(subject)}, ${part})`,
    text`contains(${fc.constant(subject)}, ${part})`,
    text`not contains(${fc.constant(subject)}, ${part})`,
    text`lower(${fc.constant(subject)}) == ${values}`,
    text`trim_prefix(${fc.constant(subject)}, ${part}) == ${values}`,
    text`trim_suffix(${fc.constant(subject)}, ${part}) == ${values}`,
    text`trim(${fc.constant(subject)}, "/") == ${segment}`,
    text`trim_left(${fc.constant(subject)}, "/a") == ${part}`,
    text`trim_right(${fc.constant(subject)}, "/b") == ${path}`,
    text`substring(${fc.constant(subject)}, 1, 2) == ${part}`,
    text`substring(${fc.constant(subject)}, 1, -1) == ${part}`,
    text`replace(${fc.constant(subject)}, "/", ".") == ".a.b"`,
    text`count(${fc.constant(subject)}) ${any("<", "<=", ">", "==", "!=", ">=")} ${any("0", "1", "4", "6")}`,
    text`regex.match(${any("`^/a`", "`/[a-z]+$`", "`^/b/[0-9]+$`", "`a|b$`", "`(?i:ADMIN)`", "`^(/a|/b)(/|$)`", "`[^a]b`")}, ${fc.constant(subject)})`,
    text`glob.match(${any('"/a/*"', '"/a/**"', '"/{a,b}/*"', '"/?"', '"/[ab]*"', '"**"')}, ${any('["/"]', "[]", "null")}, ${fc.constant(subject)})`,
    text`split(${fc.constant(subject)}, "/")[1] == ${segment}`,
    text`split(${fc.constant(subject)}, "?")[0] == ${path}`,
    text`count(split(${fc.constant(subject)}, "/")) ${any("==", ">", "<")} ${any("1", "2", "3")}`,
    text`some piece in split(${fc.constant(subject)}, "/")\n\tpiece == ${segment}`,
    text`some piece in split(${fc.constant(subject)}, "/")\n\tsplit(piece, ".")[0] in {${segment}, ""}`,
    text`strings.any_prefix_match(${fc.constant(subject)}, [${part}, "/b"])`,
    text`sprintf("%s!", [${fc.constant(subject)}]) == ${fc.constant('"/a!"')}`,
    text`concat("", ["x", ${fc.constant(subject)}]) == ${fc.constant('"x/a"')}`,
  );

const parsed = any(
  text`input.parsed_path == [${segment}]`,
  text`input.parsed_path == [${segment}, ${segment}]`,
  text`input.parsed_path != ["a"]`,
  text`input.parsed_path[${any("0", "1", "2")}] == ${segment}`,
  text`not input.parsed_path[1]`,
  text`[${segment}, id] = input.parsed_path\n\tid != ${segment}`,
  text`${segment} in input.parsed_path`,
  text`not ${segment} in input.parsed_path`,
  text`every piece in input.parsed_path { piece != ${segment} }`,
  text`some piece in input.parsed_path\n\tnot piece in {"a", ${segment}}`,
  text`input.parsed_path[_] == ${segment}`,
  text`count(input.parsed_path) ${any("==", ">=", "<")} ${any("1", "2", "3")}`,
  text`split(trim(http.path, "/"), "/") == ["a", ${segment}]`,
  "some pattern in data.patterns\n\tmatches(pattern)",
);

const header = any(
  onText('http.headers["x-role"]', role),
  text`http.headers["x-role"]`,
  text`not http.headers["x-role"]`,
  text`object.get(http.headers, "x-role", "guest") == ${role}`,
  'http.headers["x-role"] in data.roles',
  'http.method in data.grants[http.headers["x-role"]]',
  'http.headers["X-Role"] == "admin"',
  "http.headers.authorization",
  "not http.headers.authorization",
  'startswith(http.headers.authorization, "Bearer ")',
  'not startswith(http.headers.authorization, "bearer ")',
  'http.headers[":path"] == "/a"',
);

const source = any(
  text`input.attributes.source.principal == ${principal}`,
  text`not input.attributes.source.principal == ${principal}`,
  text`startswith(input.attributes.source.principal, "spiffe://cluster.local/ns/prod/")`,
  'endswith(input.attributes.source.principal, "/sa/web")',
  'data.names[input.attributes.source.principal] == "web"',
  "data.names[input.attributes.source.principal]",
  'split(input.attributes.source.principal, "/")[4] == "prod"',
  "not input.attributes.source.principal",
  `input.attributes.destination.principal == ${JSON.stringify(DESTINATION)}`,
  "input.attributes.destination.address.socketAddress.portValue == 8080",
  "input.attributes.destination.address.socketAddress.portValue != 8080",
  'input.user.role == "admin"',
  'input.attributes.source.address.socketAddress.address == "10.0.0.1"',
  'input.parsed_body.role == "admin"',
);

const claim = any(
  text`claims.role == ${role}`,
  text`claims.role != ${role}`,
  text`not claims.role == ${role}`,
  text`claims.role in data.roles`,
  text`${role} in claims.roles`,
  text`not ${role} in claims.roles`,
  "some held in claims.roles\n\theld in data.roles",
  "some held in claims.roles\n\thttp.method in data.grants[held]",
  "every held in claims.roles { held in data.roles }",
  text`claims.realm.roles[_] == ${role}`,
  text`${role} in object.get(claims, ["realm", "roles"], [])`,
  'not "admin" in object.get(claims.realm, "roles", [])',
  'object.get(claims.realm, "level", "none") == "none"',
  "count({held | some held in claims.roles; held in data.roles}) > 0",
  'count(held_roles & {"admin"}) > 0',
  'count(held_roles - {"admin"}) == 0',
  "is_array(claims.roles)",
  "is_string(claims.role)",
  'claims.sub == "u"',
  'claims.iss == "https://issuer.example"',
  "claims.exp > time.now_ns() / 1000000000",
  "claims.nbf <= time.now_ns() / 1000000000",
  "is_number(claims.exp)",
  "count(claims.roles) == 0",
  "claims",
  "not claims",
);

const literal: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: onText("http.method", word(METHODS)) },
  { weight: 4, arbitrary: onText("http.path", path) },
  { weight: 2, arbitrary: onText("plain_path", path) },
  { weight: 2, arbitrary: onText("http.host", word(HOSTS)) },
  { weight: 1, arbitrary: onText("host", word(HOSTS)) },
  { weight: 4, arbitrary: parsed },
  { weight: 3, arbitrary: header },
  { weight: 3, arbitrary: source },
  { weight: 5, arbitrary: claim },
  {
    weight: 2,
    arbitrary: fc.constantFrom("helper", "not helper", 'role == "admin"', 'role != "admin"', "count(deny) == 0"),
  },
  { weight: 1, arbitrary: fc.constantFrom('is("GET")', 'not is("GET")', "level > 1", "level == 0", "count(deny) > 1") },
);

/** Literals of one body, with variables of their own. */
const together = (list: readonly string[]): string =>
  `\t${list.map((one, i) => one.replace(/\b(piece|held|id|pattern)\b/g, `$1${i}`)).join("\n\t")}`;
const body = fc.array(literal, { minLength: 1, maxLength: 3 }).map(together);
const bodies = (head: string, most: number): fc.Arbitrary<string> =>
  fc
    .array(body, { minLength: 1, maxLength: most })
    .map((list) => list.map((one) => `${head} if {\n${one}\n}\n`).join("\n"));
/** No rule may ask for itself: the helpers use what stands before them only. */
const plain = fc
  .array(
    literal.filter(
      (one) =>
        !/helper|role|deny|level|is\(/.test(
          one.replace(/"[^"]*"|claims\.roles?|x-role|realm\.roles|data\.roles|held_roles/gi, ""),
        ),
    ),
    { minLength: 1, maxLength: 2 },
  )
  .map(together);

const bearer = fc.constantFrom(
  'substring(http.headers.authorization, 7, -1) if startswith(http.headers.authorization, "Bearer ")',
  'substring(http.headers.authorization, 7, -1) if lower(substring(http.headers.authorization, 0, 7)) == "bearer "',
  'split(http.headers.authorization, " ")[1]',
  'trim_prefix(http.headers.authorization, "Bearer ")',
  'parts[1] if {\n\tparts := split(http.headers.authorization, " ")\n\tlower(parts[0]) == "bearer"\n}',
  'replace(http.headers.authorization, "Bearer ", "")',
);
const decoded = fc.constantFrom(
  "claims := io.jwt.decode(bearer)[1]",
  "claims := payload if [_, payload, _] := io.jwt.decode(bearer)",
  'claims := payload if {\n\t[valid, _, payload] := io.jwt.decode_verify(bearer, {"secret": "s"})\n\tvalid\n}',
  'claims := payload if [true, _, payload] = io.jwt.decode_verify(bearer, {"secret": "s", "iss": "https://issuer.example", "aud": "me"})',
  'claims := payload if {\n\tio.jwt.verify_hs256(bearer, "s")\n\t[_, payload, _] := io.jwt.decode(bearer)\n}',
);

export const policies: fc.Arbitrary<string> = fc
  .record({
    allow: bodies("allow", 3),
    object: fc.boolean(),
    helper: fc.array(plain, { minLength: 1, maxLength: 2 }),
    denied: fc.array(plain, { minLength: 1, maxLength: 2 }),
    role: fc.tuple(plain, plain),
    level: fc.tuple(plain, plain),
    defaulted: fc.boolean(),
    bearer,
    decoded,
  })
  .map(
    (made) => `package envoy.authz

import input.attributes.request.http
${made.object ? '\ndecision := {"allowed": allow, "http_status": 403}\n' : "\ndecision := allow\n"}
${made.defaulted ? "default allow := false\n" : ""}
${made.allow}
bearer := ${made.bearer}

${made.decoded}

plain_path := split(http.path, "?")[0]

host := trim_suffix(regex.replace(lower(http.host), \`:[0-9]+$\`, ""), ".")

held_roles := {held | some held in claims.roles}

${made.helper.map((one) => `helper if {\n${one}\n}\n`).join("\n")}
${made.denied.map((one, i) => `deny contains "reason ${i}" if {\n${one}\n}\n`).join("\n")}
role := "admin" if {
${made.role[0]}
} else := "editor" if {
${made.role[1]}
}

default level := 0

level := 1 if {
${made.level[0]}
}

level := 2 if {
${made.level[1]}
}

is(method) if http.method == method

is(method) if {
	method == "GET"
	http.method == "HEAD"
}

matches(pattern) if {
	not pattern.rest
	count(pattern.segments) == count(input.parsed_path)
	fits(pattern)
}

matches(pattern) if {
	pattern.rest
	count(pattern.segments) < count(input.parsed_path)
	fits(pattern)
}

fits(pattern) if {
	every i, expected in pattern.segments { fit(expected, input.parsed_path[i]) }
}

fit(null, actual) if actual != ""

fit(expected, actual) if {
	expected != null
	expected == actual
}
`,
  );

const claims: fc.Arbitrary<Record<string, Json>> = fc
  .record({
    iss: fc.constantFrom<Json | undefined>("https://issuer.example", "https://elsewhere.example", undefined),
    aud: fc.constantFrom<Json | undefined>(undefined, undefined, "me", ["me", "you"], "you"),
    sub: fc.constantFrom<Json | undefined>("u", "v", undefined),
    role: fc.constantFrom<Json | undefined>("admin", "editor", "guest", undefined, ["admin"], 5, true, { a: 1 }),
    roles: fc.constantFrom<Json | undefined>(
      ["admin"],
      ["editor", "guest"],
      ["admin", "guest"],
      [],
      undefined,
      "admin",
      ["admin", 5],
      [5],
      null,
    ),
    realm: fc.constantFrom<Json | undefined>(
      { roles: ["admin"] },
      { roles: "admin" },
      { roles: [] },
      {},
      undefined,
      "x",
    ),
    exp: fc.constantFrom<Json | undefined>(4_102_444_800, undefined),
    nbf: fc.constantFrom<Json | undefined>(1_577_836_800, undefined),
  })
  .map(
    (all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<string, Json>,
  );

const token: fc.Arbitrary<Token | undefined> = fc.option(
  fc
    .record({ claims, genuine: fc.boolean(), prefix: fc.constantFrom("Bearer ", "Bearer ", "bearer ") })
    .map((made): Token => ({ at: { kind: "header", name: "authorization", prefix: made.prefix }, ...made })),
  { nil: undefined, freq: 3 },
);

export interface Asked {
  readonly http: HttpRequest;
  readonly token: Token | undefined;
  readonly principal: string | undefined;
}

export const requests: fc.Arbitrary<Asked> = fc
  .record({
    method: fc.constantFrom(...METHODS),
    path: fc.constantFrom(...PATHS),
    query: fc.constantFrom("", "", "", "?x=1", "?a/b", "?"),
    host: fc.constantFrom(...HOSTS),
    role: fc.constantFrom(undefined, ...ROLES),
    authorization: fc.constantFrom(undefined, undefined, "Basic x", "Bearer", "Bearer x", ""),
    token,
    principal: fc.constantFrom(undefined, ...PRINCIPALS),
  })
  .map(({ method, path: plain_, query, host, role: sent, authorization, token: given, principal: from }) => {
    const headers = new Map<string, string>();
    if (sent !== undefined) headers.set("x-role", sent);
    if (given === undefined && authorization !== undefined) headers.set("authorization", authorization);
    return { http: { method, target: plain_ + query, host, headers }, token: given, principal: from };
  });
