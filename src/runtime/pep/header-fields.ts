/**
 * Which header fields pass, and which requests are refused for theirs. A field is judged in the raw form in which it
 * came, before any library joins or drops duplicates.
 *
 * @see RFC 9110 §5 (fields), §7.6.1 (Connection), RFC 9112 §6.1 (Transfer-Encoding), RFC 9113 §8.2.2
 */
import { ownText } from "./own-text.js";

const MAX_FIELDS = 100;
const MAX_TOTAL_BYTES = 32 * 1024;

/** At most one of each: two values are two readings. */
const SINGLE = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "content-type",
  "authorization",
  "dpop",
  "upgrade",
  "expect",
  "origin",
  "x-http-method-override",
]);

/** Of this connection only (RFC 9110 §7.6.1); never forwarded. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "expect",
]);

/** Fields that must not be made to vanish by naming them in `Connection`. */
const NOT_HOP_BY_HOP = new Set([
  "host",
  "authorization",
  "dpop",
  "cookie",
  "content-length",
  "content-type",
  "content-encoding",
  "origin",
  "cache-control",
]);

/** Fields by which a proxy speaks of who called. Only this proxy may; what a client sends under these names is removed. */
const IDENTITY = new Set([
  "forwarded",
  "via",
  "client-ip",
  "true-client-ip",
  "remote-user",
  "remote-groups",
  "ssl-client-cert",
  "ssl-client-verify",
  "ssl-client-subject-dn",
  "client-cert",
  "client-cert-chain",
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-original-url",
  "x-original-uri",
  "x-original-method",
  "x-rewrite-url",
  "x-http-method-override",
  "x-http-method",
  "x-method-override",
  "x-user",
  "x-username",
  "x-userinfo",
  "x-user-id",
  "x-user-roles",
  "x-role",
  "x-roles",
  "x-groups",
  "x-remote-user",
  "x-remote-group",
  "x-authenticated-user",
  "x-authenticated-userid",
  "x-auth-user",
  "x-jwt-payload",
  "x-jwt-assertion",
  "x-id-token",
  "x-access-token",
  "x-ssl-client-cert",
  "x-client-cert",
  "x-tenant-id",
]);
const IDENTITY_PREFIXES = [
  "x-forwarded-",
  "x-ringfence-",
  "x-envoy-",
  "x-istio-",
  "x-auth-request-",
  "x-amzn-oidc-",
  "x-goog-iap-",
  "x-goog-authenticated-",
  "x-ms-client-principal",
  "x-webauth-",
  "x-authentik-",
  "x-pomerium-",
  "x-spiffe-",
  "cf-access-",
  "tailscale-",
  "remote-",
];

/** Names and values in the order in which they came, names in lower case. */
export type Fields = readonly (readonly [name: string, value: string])[];

export interface JudgedFields {
  /** what is forwarded: without hop-by-hop, identity and `Connection`-listed fields, and without `host` */
  readonly forward: Fields;
  readonly host: string | undefined;
  readonly authorization: string | undefined;
  readonly dpop: string | undefined;
  readonly contentLength: number | undefined;
  readonly isChunked: boolean;
  /** the protocol that is asked for, lower case */
  readonly upgrade: string | undefined;
  readonly wantsTrailers: boolean;
  readonly expectsContinue: boolean;
}

export interface FieldRefusal {
  readonly refused: string;
}

/** Splits Node's flat list of raw header names and values. */
export function pairsOf(rawHeaders: readonly string[]): Fields {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    pairs.push([(rawHeaders[at] ?? "").toLowerCase(), rawHeaders[at + 1] ?? ""]);
  }
  return pairs;
}

/** Judges the fields of a request. Pseudo-header fields of HTTP/2 are not among them. */
export function judgeFields(fields: Fields, version: 1 | 2): JudgedFields | FieldRefusal {
  if (fields.length > MAX_FIELDS) return { refused: "too many header fields" };
  let size = 0;
  const single = new SingleFields();
  const forward: (readonly [string, string])[] = [];
  const listed = new Set<string>();
  let te: readonly string[] = [];
  for (const field of fields) {
    const [name, value] = field;
    size += name.length + value.length + 4;
    const facts = factsOf(name);
    const refused = facts.refused ?? judgeField(name, value, version);
    if (refused !== undefined) return { refused };
    if (facts.isSingle && !single.add(name, value)) return { refused: `the header field \`${name}\` stands twice` };
    if (!facts.isDropped) forward.push(field);
    else if (name === "connection") for (const item of listOf(value)) listed.add(item);
    else if (name === "te") te = [...te, ...listOf(value)];
  }
  if (size > MAX_TOTAL_BYTES) return { refused: "the header fields are too large" };
  for (const name of listed) {
    if (NOT_HOP_BY_HOP.has(name)) return { refused: `\`Connection\` names the end-to-end field \`${name}\`` };
  }
  const framing = judgeFraming(single);
  if ("refused" in framing) return framing;
  return {
    forward: listed.size === 0 ? forward : forward.filter(([name]) => !listed.has(name)),
    host: single.get("host"),
    authorization: single.get("authorization"),
    dpop: single.get("dpop"),
    contentLength: framing.contentLength,
    isChunked: framing.isChunked,
    upgrade: version === 1 && listed.has("upgrade") ? single.get("upgrade")?.toLowerCase() : undefined,
    wantsTrailers: te.includes("trailers"),
    expectsContinue: single.get("expect")?.toLowerCase() === "100-continue",
  };
}

/** The fields that may stand once, as far as they came. They are few: two short lists are faster than a map. */
class SingleFields {
  readonly #names: string[] = [];
  readonly #values: string[] = [];

  /** @returns false when the field is there already */
  add(name: string, value: string): boolean {
    if (this.#names.includes(name)) return false;
    this.#names.push(name);
    this.#values.push(value);
    return true;
  }

  get(name: string): string | undefined {
    const at = this.#names.indexOf(name);
    return at === -1 ? undefined : this.#values[at];
  }
}

/**
 * The fields of an answer that pass on: hop-by-hop ones and this project's own words do not. What says how an answer is
 * read stays, even where `Connection` names it: without its length, a client takes the next answer for a part of it.
 */
export function passableAnswer(fields: Fields): Fields {
  const listed = new Set<string>();
  for (const [name, value] of fields) if (name === "connection") for (const item of listOf(value)) listed.add(item);
  return fields.filter(
    ([name, value]) => factsOf(name).isAnswer && (!listed.has(name) || NOT_HOP_BY_HOP.has(name)) && isFieldValue(value),
  );
}

/** Whether trailers may carry the field (RFC 9110 §6.5.1): none that frames, routes, authenticates or identifies. */
export function passableTrailer(name: string): boolean {
  return !SINGLE.has(name) && !isDropped(name) && !NOT_HOP_BY_HOP.has(name) && /^[a-z0-9!#$&'*+.^|~-]+$/.test(name);
}

/** What a name alone decides. Names recur; each is looked through once. */
interface NameFacts {
  readonly refused: string | undefined;
  readonly isDropped: boolean;
  readonly isSingle: boolean;
  /** whether an answer may carry it on */
  readonly isAnswer: boolean;
}
const MAX_NAMES = 2000;
const MAX_NAME_LENGTH = 64;
const names = new Map<string, NameFacts>();

function factsOf(name: string): NameFacts {
  const known = names.get(name);
  if (known !== undefined) return known;
  const facts = {
    refused: judgeName(name),
    isDropped: isDropped(name),
    isSingle: SINGLE.has(name),
    isAnswer: isAnswer(name),
  };
  if (name.length > MAX_NAME_LENGTH || (facts.refused !== undefined && !facts.isAnswer)) return facts;
  if (names.size >= MAX_NAMES) names.clear();
  names.set(ownText(name), facts);
  return facts;
}

function isAnswer(name: string): boolean {
  return !HOP_BY_HOP.has(name) && !name.startsWith("x-ringfence-") && /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name);
}

function judgeName(name: string): string | undefined {
  if (name.includes("_")) return "a header field's name has an underscore";
  return /^[!#$%&'*+\-.^`|~0-9a-z]+$/.test(name) ? undefined : "a header field's name is malformed";
}

function judgeField(name: string, value: string, version: 1 | 2): string | undefined {
  if (!isFieldValue(value)) return "a header field's value has control characters";
  if (version === 2 && name !== "te" && HOP_BY_HOP.has(name) && name !== "expect" && name !== "trailer") {
    return `the header field \`${name}\` has no place in HTTP/2`;
  }
  if (version === 2 && name === "te" && value.toLowerCase() !== "trailers") return "`TE` has no such value in HTTP/2";
  return undefined;
}

function isFieldValue(value: string): boolean {
  // Horizontal tab, visible ASCII, space and the bytes above ASCII (RFC 9110 §5.5).
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

function judgeFraming(
  single: SingleFields,
): { readonly contentLength: number | undefined; readonly isChunked: boolean } | FieldRefusal {
  const length = single.get("content-length");
  const coding = single.get("transfer-encoding");
  if (length !== undefined && coding !== undefined) return { refused: "the body's length is given in two ways" };
  if (coding !== undefined && coding.toLowerCase() !== "chunked")
    return { refused: "the transfer coding is not `chunked`" };
  if (length !== undefined && !/^(?:0|[1-9][0-9]{0,14})$/.test(length))
    return { refused: "the body's length is malformed" };
  return { contentLength: length === undefined ? undefined : Number(length), isChunked: coding !== undefined };
}

function isDropped(name: string): boolean {
  return (
    name === "host" ||
    name === "dpop" ||
    HOP_BY_HOP.has(name) ||
    IDENTITY.has(name) ||
    IDENTITY_PREFIXES.some((prefix) => name.startsWith(prefix))
  );
}

function listOf(value: string): string[] {
  return value
    .toLowerCase()
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
