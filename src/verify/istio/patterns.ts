/**
 * Istio's match strings as languages. `*` alone asks for presence, a leading `*` makes a suffix match, a trailing one a
 * prefix match, and a `*` anywhere else is itself. A leading one wins: `*a*` is the suffix `a*`.
 */
import { ANYTHING, Language, type Regex, regex } from "../space/index.js";

/** The same few patterns stand in many policies. */
function remembered(language: (value: string) => Language): (value: string) => Language {
  const known = new Map<string, Language>();
  return (value) => {
    const found = known.get(value);
    if (found !== undefined) return found;
    const made = language(value);
    if (known.size > 10_000) known.clear();
    known.set(value, made);
    return made;
  };
}

const { anyChar, anything, charClass, either, literal, notClass, plus, sequence, star } = regex;

/** Presence is the expression `.+`, in which a dot is everything but a line break. */
const present = plus(notClass([[0x0a, 0x0a]]));
const PRESENT = Language.matching(present);

export function patternRegex(value: string, options: { readonly ignoreCase?: boolean } = {}): Regex {
  if (value === "*") return present;
  if (value.startsWith("*")) return sequence(anything, literal(value.slice(1), options));
  if (value.endsWith("*")) return sequence(literal(value.slice(0, -1), options), anything);
  return literal(value, options);
}

/** A value with an optional wildcard at one end. `*` is every non-empty text of one line. */
export function pattern(value: string, options: { readonly ignoreCase?: boolean } = {}): Language {
  if (value === "*") return PRESENT;
  if (!value.includes("*") && !options.ignoreCase) return Language.only(value);
  return Language.matching(patternRegex(value, options));
}

/** Header-like attributes: `*` is presence, and an empty header is present. */
export function headerPattern(value: string, options: { readonly ignoreCase?: boolean } = {}): Language {
  return value === "*" ? ANYTHING : pattern(value, options);
}

const SCHEME = "spiffe://";

/** `principals` and `source.principal`: the SPIFFE id without its scheme. */
export function principalPattern(value: string): Language {
  if (value === "*") return Language.allBut("");
  if (!value.includes("*")) return Language.only(SCHEME + value);
  return Language.matching(sequence(literal(SCHEME), patternRegex(value)));
}

/** `namespaces`: a `*` anywhere stands for any text, and the id only has to contain the namespace. */
export const namespacePattern = remembered((value) => {
  const parts = value.split("*").flatMap((part, i) => (i === 0 ? [literal(part)] : [anything, literal(part)]));
  return Language.matching(sequence(anything, literal("/ns/"), ...parts, literal("/"), anything));
});

/** `serviceAccounts`: `name` in the policy's own namespace, or `namespace/name`; trust domain and extra parts are free. */
export function serviceAccountPattern(value: string, policyNamespace: string): Language {
  const slash = value.indexOf("/");
  const [namespace, name] = slash === -1 ? [policyNamespace, value] : [value.slice(0, slash), value.slice(slash + 1)];
  const some = plus(anyChar);
  return Language.matching(
    sequence(
      literal(SCHEME),
      some,
      literal(`/ns/${namespace}/`),
      either(sequence(some, literal("/")), sequence()),
      literal(`sa/${name}`),
      either(sequence(literal("/"), some), sequence()),
    ),
  );
}

/** `trustDomains`: the first part of the id; a wildcard does not reach past it. */
export function trustDomainPattern(value: string): Language {
  const part = star(notClass([[0x2f, 0x2f]]));
  let domain: Regex = literal(value);
  if (value === "*") domain = part;
  else if (value.startsWith("*")) domain = sequence(part, literal(value.slice(1)));
  else if (value.endsWith("*")) domain = sequence(literal(value.slice(0, -1)), part);
  return Language.matching(sequence(literal(SCHEME), domain, literal("/"), anything));
}

export function isPathTemplate(value: string): boolean {
  return value.includes("{*}") || value.includes("{**}");
}

/** What one segment of a path template may hold: everything that a path may, but the separator. */
const segmentChar = charClass("-._~%!$&'()*+,;:@=", ["0", "9"], ["A", "Z"], ["a", "z"]);

/**
 * `paths`: a value with a wildcard at one end, or a template in which `{*}` is one non-empty segment and `{**}` any
 * number of characters, slashes included. In a template a bare `*` or `**` means the same as its braced form.
 */
export const pathPattern = remembered((value) => {
  if (!isPathTemplate(value)) return pattern(value);
  const parts: Regex[] = [];
  for (const piece of value
    .replaceAll("{**}", "**")
    .replaceAll("{*}", "*")
    .split(/(\*\*|\*)/)) {
    if (piece === "**") parts.push(star(either(segmentChar, literal("/"))));
    else if (piece === "*") parts.push(plus(segmentChar));
    else parts.push(literal(piece));
  }
  return Language.matching(sequence(...parts));
});
