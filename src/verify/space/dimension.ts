/**
 * The attributes of a request that some engine looks at, in the one order that request sets use: first who calls what,
 * then by which method and path, last claims and headers. Rules are mostly told apart by the former and each has its own
 * conditions on the latter; the other way round a set of n rules could take 2ⁿ nodes. A dimension says what everything is, what a request that does not mention it has (`missing`), and which atoms make a readable witness.
 * Headers, claims and filter metadata are dimensions by name, made when something speaks of them.
 */
import { ALL_ADDRESSES } from "./address.js";
import { type Bag, Bags } from "./bags.js";
import { ANYTHING, Language } from "./language.js";
import { Ranges } from "./ranges.js";
import { charClass, either, literal, notClass, plus, sequence, star } from "./regex.js";
import { only, Text } from "./text.js";

export type Atom = string | null | bigint | Bag;
export type AnyValues = Text | Ranges | Bags;

export interface Dimension<V extends AnyValues = AnyValues> {
  /** `method`, `header:x-role`, `claim:realm_access.roles`, … */
  readonly key: string;
  /** position in the order: by rank, then by key */
  readonly rank: number;
  readonly full: V;
  readonly missing: Atom;
  readonly preferred: readonly Atom[];
}

const anyTextOrAbsent = Text.of(Language.allBut(""), true);

function text(
  key: string,
  rank: number,
  full: Text,
  missing: string | null,
  preferred: readonly string[] = [],
): Dimension<Text> {
  return { key, rank, full, missing, preferred };
}

/** RFC 9110 §5.6.2: a token. */
const methodWord = plus(charClass("!#$%&'*+-.^_`|~", ["0", "9"], ["A", "Z"], ["a", "z"]));

/**
 * A path as a proxy evaluates it: without query and fragment, no control characters, no spaces. `*` is the form of
 * `OPTIONS *`.
 */
const pathWord = either(
  literal("*"),
  sequence(
    literal("/"),
    star(
      notClass([
        [0, 0x20],
        [0x23, 0x23],
        [0x3f, 0x3f],
        [0x7f, 0x7f],
        [0xd800, 0xdfff],
      ]),
    ),
  ),
);

/** No control characters and, as RFC 9110 §5.5 strips it, no space at the ends; may be empty. */
const headerChar = notClass([
  [0, 0x1f],
  [0x7f, 0x7f],
  [0xd800, 0xdfff],
]);
const headerEnd = notClass([
  [0, 0x20],
  [0x7f, 0x7f],
  [0xd800, 0xdfff],
]);
const headerWord = either(sequence(), headerEnd, sequence(headerEnd, star(headerChar), headerEnd));
const hostWord = plus(headerEnd);

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

/** The caller's SPIFFE id as a URI, `spiffe://td/ns/n/sa/a`; absent when the connection is not mutual TLS. */
export const principal = text("principal", 0, anyTextOrAbsent, null);
/** What the destination's JWT filter makes of the request: no token where it looks, one it refuses, one it accepts. */
export const token = text("token", 10, only("none", "invalid", "valid"), "none", ["none", "valid"]);
/** The issuer and the subject of an accepted token; always single texts. */
export const issuer = text("claim:iss", 11, Text.of(ANYTHING, true), null);
export const subject = text("claim:sub", 11, Text.of(ANYTHING, true), null, ["user"]);
/** The destination (container) port. */
export const port: Dimension<Ranges> = {
  key: "port",
  rank: 1,
  full: Ranges.of([[0n, 65535n]]),
  missing: 80n,
  preferred: [80n, 8080n, 443n],
};
/** The peer's address of the connection. */
export const sourceIp: Dimension<Ranges> = {
  key: "sourceIp",
  rank: 2,
  full: ALL_ADDRESSES,
  missing: 0n,
  preferred: [],
};
/** The original client's address as the proxy derives it (X-Forwarded-For, PROXY protocol). */
export const remoteIp: Dimension<Ranges> = {
  key: "remoteIp",
  rank: 3,
  full: ALL_ADDRESSES,
  missing: 0n,
  preferred: [],
};
export const destinationIp: Dimension<Ranges> = {
  key: "destinationIp",
  rank: 4,
  full: ALL_ADDRESSES,
  missing: 0n,
  preferred: [],
};
/** The server name that the client asked for in its TLS hello. */
export const sni = text("sni", 5, anyTextOrAbsent, null);
/** What is spoken on the connection: HTTP of any version, or other bytes. */
export const protocol = text("protocol", 6, only("http", "tcp"), "http", ["http", "tcp"]);
export const method = text("method", 7, Text.of(Language.matching(methodWord)), "GET", METHODS);
export const host = text("host", 8, Text.of(Language.matching(hostWord)), "localhost");
export const path = text("path", 9, Text.of(Language.matching(pathWord)), "/", ["/"]);

/** What follows the path in the request's target: nothing, or `?` and a query. No engine but an authorizer looks at it. */
export const query = text(
  "query",
  9.5,
  Text.of(
    Language.matching(
      either(
        sequence(),
        sequence(
          literal("?"),
          star(
            notClass([
              [0, 0x20],
              [0x23, 0x23],
              [0x7f, 0x7f],
              [0xd800, 0xdfff],
            ]),
          ),
        ),
      ),
    ),
  ),
  "",
  [""],
);

const headers = new Map<string, Dimension<Text>>();
const claims = new Map<string, Dimension<Bags>>();
const forms = new Map<string, Dimension<Text>>();
const metadata = new Map<string, Dimension<Text>>();

function named<V extends AnyValues>(
  table: Map<string, Dimension<V>>,
  key: string,
  make: () => Dimension<V>,
): Dimension<V> {
  const known = table.get(key);
  if (known !== undefined) return known;
  if (table.size > 10_000) table.clear();
  const made = make();
  table.set(key, made);
  return made;
}

/** A request header by its (case-insensitive) name; several lines of one name are one text, joined with commas. */
export function header(name: string): Dimension<Text> {
  const key = `header:${name.toLowerCase()}`;
  return named(headers, key, () => text(key, 13, Text.of(Language.matching(headerWord), true), null));
}

/** A claim of an accepted token by its path; `iss` and `sub` have dimensions of their own. */
export function claim(names: readonly string[]): Dimension<Bags> {
  const key = `claim:${names.map((name) => name.replaceAll(/[\\.]/g, "\\$&")).join(".")}`;
  return named(claims, key, () => ({ key, rank: 12, full: Bags.everything(), missing: [], preferred: [[]] }));
}

const CLAIM_FORMS = only("absent", "text", "list", "mixed", "number", "past", "future", "object", "scalar");

/**
 * How a claim is written in the token, for engines that read tokens themselves: a `list` holds texts alone, a `mixed`
 * one other things too, a `scalar` is a boolean or null. Of a time it says whether it lies in the `past` or the `future`.
 */
export function claimForm(names: readonly string[]): Dimension<Text> {
  const key = `form:${claim(names).key}`;
  return named(forms, key, () => text(key, 12.5, CLAIM_FORMS, "absent", ["absent", "text", "list"]));
}

/** What follows the bearer token in its header, which hardly anybody sends: a space and more. */
export const tokenRest = text(
  "tokenRest",
  13.5,
  Text.of(Language.matching(sequence(literal(" "), star(headerChar), headerEnd)), true),
  null,
);

/** Last of a claim's names: the texts among the values of an object, whatever their names. */
export const VALUES = "\u0000values";

/** One element of a list, while a condition on all elements or some is worked out; it never leaves that work. */
export function element(number: number): Dimension<Text> {
  return text(`element:${number}`, -number, Text.of(ANYTHING), "");
}

/** A value that another Envoy filter left in the request's dynamic metadata; nobody outside the proxy knows it. */
export function filterMetadata(filter: string, key: string): Dimension<Text> {
  const name = `metadata:${filter}[${key}]`;
  return named(metadata, name, () => text(name, 14, anyTextOrAbsent, null));
}

/** Any further condition on the connection that a layer knows of but cannot see, e.g. the verdict of a web hook. */
export function unseen(name: string): Dimension<Text> {
  const key = `unseen:${name}`;
  return named(metadata, key, () => text(key, 15, only("yes", "no"), "no"));
}

export function precedes(a: Dimension, b: Dimension): boolean {
  return a.rank < b.rank || (a.rank === b.rank && a.key < b.key);
}

/** Whether the sender has no say in the attribute: the network and the proxies set it, or nobody outside can see it. */
export function isGiven({ key }: Dimension): boolean {
  return (
    key === sourceIp.key ||
    key === destinationIp.key ||
    key === sni.key ||
    key.startsWith("metadata:") ||
    key.startsWith("unseen:")
  );
}
