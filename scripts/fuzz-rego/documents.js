/** JSON texts for inputs: random values full of what functions take for keys, numbers, times, addresses and the like. */
const STRINGS = [
  "",
  "a",
  "A.b/c",
  "__proto__",
  "constructor",
  "toString",
  "é",
  "\ud800",
  "\udfff\ud800",
  "\0",
  "\u{1f600}",
  "10.0.0.0/8",
  "::1/128",
  "255.255.255.255",
  "2024-02-30T25:61:00Z",
  "2024-02-29T12:00:00.123456789+01:00",
  "1h2m3s",
  "1.2.3-rc.1+x",
  "v1.0.0",
  "(a+)+$",
  "[",
  "(?P<n>a)|\\Qx\\E{1001}",
  "*.{a,b}.[!c]**",
  "%d %s %v %[9]d %!",
  "a: &x [*x, *x]\nb: !!binary zz",
  "{a: {b: [1, {c: 2}]}}",
  '{"a": [1, 2',
  "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.AAAA",
  "..",
  "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
  "query { a(b: 1) { c } }",
  "type Q { a: Int! }",
  "https://u:p@h:99999/p?q=%zz#f",
  "ff00zz",
  "YWJj=",
  "100Mi",
  "1e400",
  "0x10",
  "-9223372036854775808",
  "AES",
  "UTC",
  "Europe/Berlin",
  "/a/~0~2/-",
  "urn:uuid:00000000-0000-0000-0000-000000000000",
];
const NUMBERS = [
  "0",
  "-0",
  "1",
  "2",
  "-1",
  "3.5",
  "1e2",
  "1.50",
  "1e400",
  "-1e400",
  "1e999999999",
  "1e-400",
  "9007199254740993",
  "9223372036854775807",
  "-9223372036854775809",
  "18446744073709551616",
  "0.1",
  "255",
  "1000000",
  "1700000000000000000",
];
const KEYS = [
  "a",
  "b",
  "c",
  "__proto__",
  "constructor",
  "alg",
  "op",
  "path",
  "value",
  "$ref",
  "type",
  "0",
  "",
  "\ud800",
];

export function document(random, depth = 0) {
  const kind = random.below(depth > 3 ? 5 : 10);
  switch (kind) {
    case 0:
      return random.pick(["null", "true", "false"]);
    case 1:
      return number(random);
    case 2:
    case 3:
    case 4:
      return string(random);
    case 5:
      return nested(random, depth);
    case 6:
    case 7:
      return `[${many(random, () => document(random, depth + 1))}]`;
    default:
      return `{${many(random, () => `${JSON.stringify(random.pick(KEYS))}:${document(random, depth + 1)}`)}}`;
  }
}

function many(random, make) {
  const items = [];
  for (let count = random.below(4); count > 0; count--) items.push(make());
  return items.join(",");
}

function number(random) {
  if (!random.once(20)) return random.pick(NUMBERS);
  return `${1 + random.below(9)}${"0123456789".repeat(1 + random.below(40))}`;
}

function string(random) {
  const text = random.pick(STRINGS);
  if (random.once(8)) return JSON.stringify(text + random.pick(STRINGS));
  if (!random.once(200)) return JSON.stringify(text);
  return JSON.stringify((text || "x").repeat(1 + random.below(2000)));
}

/** One value in many arrays or objects. */
function nested(random, depth) {
  const levels = random.once(30) ? random.below(1200) : random.below(6);
  const open = random.once(2) ? "[" : '{"a":';
  const close = open === "[" ? "]" : "}";
  return open.repeat(levels) + document(random, depth + 2) + close.repeat(levels);
}

/** A value of a declared type. */
function typed(random, type, depth) {
  if (type === "any" || depth > 4 || random.once(12)) return document(random, depth);
  if (type === "string") return string(random);
  if (type === "number") return number(random);
  if (typeof type === "string") return type === "null" ? "null" : random.pick(["true", "false"]);
  const inner = (each) => typed(random, each, depth + 1);
  switch (type.kind) {
    case "union":
      return inner(random.pick(type.of));
    case "array":
      if (type.fixed.length > 0) return `[${type.fixed.map(inner).join(",")}]`;
      return `[${many(random, () => inner(type.rest ?? "any"))}]`;
    case "set":
      return `[${many(random, () => inner(type.of))}]`;
    default: {
      const fixed = Object.entries(type.fixed).map(([key, each]) => `${JSON.stringify(key)}:${inner(each)}`);
      const more = many(random, () => `${JSON.stringify(random.pick(KEYS))}:${inner(type.rest?.value ?? "any")}`);
      return `{${[...fixed, ...(more === "" ? [] : [more])].join(",")}}`;
    }
  }
}

/** An input with operands of these types, and one more part. */
export function operands(random, types) {
  const names = ["a", "b", "c", "d", "e"];
  return `{${[...types, "any"].slice(0, 5).map((type, at) => `"${names[at]}":${typed(random, type, 1)}`)}}`;
}
