/** Rego texts: small programs off a grammar, and what mutations make of texts. */
const FRAGMENTS = [
  ...'{}[]()|;:=.,_-+*/%&<>!#\\"`\n\t\0$',
  ":=",
  "==",
  "not ",
  "some ",
  "every ",
  " in ",
  " with ",
  " as ",
  " else ",
  "default ",
  "import rego.v1\n",
  "import rego.v2\n",
  "import future.keywords\n",
  "package ",
  '$"{',
  "\u{1f600}",
  "\ud800",
  "__proto__",
  "constructor",
  "1e999999",
  "0x1",
  "00",
  " if ",
  " contains ",
  " and ",
  " or ",
  "data",
  "input",
  "\r\n",
  "\ufeff",
  "# METADATA\n# schemas:\n#  - input: {}\n",
  "set()",
  "{x | ",
  "[x | ",
  "{x: y | ",
];
const NAMES = ["x", "y", "input", "data.a", "input.b", "p", "f", "_", "data.t.p", "io.jwt.decode", "count"];
const CONSTANTS = [
  "1",
  '"a"',
  "null",
  "true",
  "-0.5",
  "1e2",
  "`raw`",
  '"\\u00e9"',
  "[]",
  "{}",
  "set()",
  "9007199254740993",
];
const OPERATORS = ["==", "=", ":=", "!=", "<", "+", "-", "*", "/", "%", "|", "&", "in"];
const FUNCTIONS = [
  "count",
  "sum",
  "upper",
  "f",
  "json.marshal",
  "walk",
  "sprintf",
  "regex.match",
  "object.get",
  "time.now_ns",
];

function term(random, depth) {
  if (depth > 3) return random.pick(random.once(2) ? NAMES : CONSTANTS);
  const inner = () => term(random, depth + 1);
  switch (random.below(12)) {
    case 0:
      return `[${inner()}, ${inner()}]`;
    case 1:
      return `{${inner()}: ${inner()}}`;
    case 2:
      return `{${inner()}}`;
    case 3:
      return `${random.pick(FUNCTIONS)}(${inner()}${random.once(2) ? `, ${inner()}` : ""})`;
    case 4:
      return `(${inner()} ${random.pick(OPERATORS)} ${inner()})`;
    case 5:
      return `${random.pick(NAMES)}[${inner()}]`;
    case 6:
      return `[${inner()} | ${body(random, depth + 2)}]`;
    case 7:
      return `$"<{${inner()}}>"`;
    case 8:
    case 9:
      return random.pick(NAMES);
    default:
      return random.pick(CONSTANTS);
  }
}

function literal(random, depth) {
  const inner = () => term(random, depth);
  switch (random.below(9)) {
    case 0:
      return `not ${inner()}`;
    case 1:
      return `some ${random.pick(NAMES)} in ${inner()}`;
    case 2:
      return `every x in ${inner()} { ${body(random, depth + 2)} }`;
    case 3:
      return `${inner()} with ${random.pick(NAMES)} as ${inner()}`;
    case 4:
      return `${random.pick(NAMES)} := ${inner()}`;
    default:
      return `${inner()} ${random.pick(OPERATORS)} ${inner()}`;
  }
}

function body(random, depth) {
  let text = literal(random, depth);
  while (random.once(3)) text += `; ${literal(random, depth)}`;
  return text;
}

/** One rule in v1 syntax; only its syntax is right. */
export function rule(random) {
  switch (random.below(7)) {
    case 0:
      return `p := ${term(random, 1)} if { ${body(random, 1)} }`;
    case 1:
      return `p contains ${term(random, 2)} if ${literal(random, 1)}`;
    case 2:
      return `f(${random.pick(["x", "[x, y]", "1", "_"])}) := ${term(random, 2)}`;
    case 3:
      return `p[${term(random, 2)}].q := ${term(random, 2)} if { ${body(random, 2)} }`;
    case 4:
      return `default p := ${random.pick(CONSTANTS)}`;
    case 5:
      return `p := 1 if { ${body(random, 2)} } else := ${term(random, 2)}`;
    default:
      return `p if { ${body(random, 1)} }`;
  }
}

/** A text with up to four changes; `others` are texts to splice with. */
export function mutated(text, random, others) {
  let result = text;
  for (let changes = random.once(3) ? 0 : 1 + random.below(4); changes > 0; changes--)
    result = changed(result, random, others);
  return result;
}

function changed(text, random, others) {
  const at = random.below(text.length + 1);
  const length = random.below(12);
  switch (random.below(9)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length);
    case 1:
      return text.slice(0, at) + text.slice(Math.max(0, at - length), at) + text.slice(at);
    case 2: {
      const other = random.pick(others);
      return text.slice(0, at) + other.slice(random.below(other.length + 1)).slice(0, 200);
    }
    case 3:
      if (text.length === 0) return text;
      return (
        text.slice(0, at) +
        String.fromCharCode((text.charCodeAt(at) || 32) ^ (1 << random.below(8))) +
        text.slice(at + 1)
      );
    case 4:
      // Deep nesting, now and then.
      return text.slice(0, at) + random.pick(FRAGMENTS).repeat(random.once(40) ? 600 : 2) + text.slice(at);
    case 5:
      return text.slice(at) + text.slice(0, at);
    default:
      return text.slice(0, at) + random.pick(FRAGMENTS) + text.slice(at + (random.once(3) ? length : 0));
  }
}
