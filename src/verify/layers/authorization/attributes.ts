/**
 * The attributes that a rule can test, one row each: whether they only exist in HTTP, and which requests have a value.
 * The sets are what Envoy's RBAC filter matches for the configuration that istiod writes, attribute by attribute.
 */
import {
  headerPattern,
  namespacePattern,
  pathPattern,
  pattern,
  principalPattern,
  serviceAccountPattern,
  trustDomainPattern,
} from "../../istio/patterns.js";
import { addressBlock, Bags, dimension, Language, Ranges, RequestSet, Text } from "../../space/index.js";
import { expandPrincipal, expandTrustDomain, type TrustDomains } from "./trust-domains.js";

/** Everything beside the rule itself that decides what it matches. */
export interface Surroundings {
  readonly trustDomains: TrustDomains;
  readonly chain: "http" | "tcp";
  /** a gateway takes the peer's address for the original client's, a sidecar believes X-Forwarded-For */
  readonly seat: "sidecar" | "gateway";
  /** whether a JWT filter stands before: without one no request has claims */
  readonly jwt: boolean;
  /** headers (lower case) that the JWT filter writes itself */
  readonly writtenHeaders: ReadonlySet<string>;
}

export interface Attribute {
  readonly httpOnly: boolean;
  /** the requests whose attribute has one of the values; never called without any */
  match(values: readonly string[]): RequestSet;
}

const { principal, host, method, path, port, sourceIp, remoteIp, destinationIp, sni, token, issuer, subject } =
  dimension;

/** One language of all values, before it becomes a set: unions of automata are cheaper than unions of diagrams. */
function anyOf(values: readonly string[], language: (value: string) => Language): Language {
  return values.map(language).reduce((sum, one) => sum.union(one));
}

function having(into: dimension.Dimension<Text>, language: (value: string) => Language): Attribute["match"] {
  return (values) => RequestSet.where(into, Text.of(anyOf(values, language)));
}

function within(into: dimension.Dimension<Ranges>): Attribute["match"] {
  return (values) => RequestSet.where(into, Ranges.of(values.flatMap((value) => addressBlock(value)?.ranges ?? [])));
}

/** A CORS preflight, which the JWT filter lets pass unread. */
export const PREFLIGHT: RequestSet = RequestSet.all([
  RequestSet.where(method, Text.of(Language.only("OPTIONS"))),
  RequestSet.where(dimension.header("origin"), Text.of(Language.allBut(""))),
  RequestSet.where(dimension.header("access-control-request-method"), Text.of(Language.allBut(""))),
]);

/** The requests of which the proxy knows claims. */
export const WITH_CLAIMS: RequestSet = RequestSet.where(token, Text.of(Language.only("valid"))).minus(PREFLIGHT);

function claimed(set: RequestSet, { jwt }: Surroundings): RequestSet {
  return jwt ? WITH_CLAIMS.intersect(set) : RequestSet.empty;
}

/** `iss/sub`, cut at the last slash because issuers are URLs; a wildcard stands at one end of the whole. */
function requestPrincipal(value: string): RequestSet {
  const cut = value.lastIndexOf("/");
  const [iss, sub] = cut === -1 ? [value, ""] : [value.slice(0, cut), value.slice(cut + 1)];
  const some = pattern("*");
  let languages: readonly [Language, Language];
  if (value === "*") languages = [some, some];
  else if (value.startsWith("*")) {
    languages = cut === -1 ? [some, pattern(value)] : [pattern(iss), Language.only(sub)];
  } else if (value.endsWith("*")) {
    languages = cut === -1 ? [pattern(value), some] : [Language.only(iss), pattern(sub)];
  } else languages = [Language.only(iss), Language.only(sub)];
  return RequestSet.where(issuer, Text.of(languages[0])).intersect(RequestSet.where(subject, Text.of(languages[1])));
}

function claimHas(names: readonly string[], values: readonly string[]): RequestSet {
  const language = anyOf(values, (value) => pattern(value));
  if (names.length === 1 && names[0] === "iss") return RequestSet.where(issuer, Text.of(language));
  if (names.length === 1 && names[0] === "sub") return RequestSet.where(subject, Text.of(language));
  return RequestSet.where(dimension.claim(names), Bags.some(language));
}

/** Headers that proxies on the way set, strip or rewrite: what the client sent is not what is tested. */
const REWRITTEN =
  /^(x-envoy-.*|x-forwarded-.*|x-request-id|x-b3-.*|b3|traceparent|tracestate|:path|:scheme|te|connection)$/;

function headerHas(name: string, { writtenHeaders }: Surroundings): Attribute["match"] {
  const lower = name.toLowerCase();
  const language = (value: string) => headerPattern(value);
  if (lower === ":method") return having(method, language);
  if (lower === ":authority" || lower === "host") return having(host, language);
  if (!REWRITTEN.test(lower) && !writtenHeaders.has(lower)) return having(dimension.header(lower), language);
  return (values) =>
    RequestSet.any(
      values.map((value) =>
        RequestSet.where(dimension.unseen(`header ${lower}=${value}`), Text.of(Language.only("yes"))),
      ),
    );
}

function expanded(expand: (value: string, domains: TrustDomains) => readonly string[], domains: TrustDomains) {
  return (language: (value: string) => Language): Attribute["match"] =>
    (values) =>
      having(principal, language)(values.flatMap((value) => expand(value, domains)));
}

type Row = (surroundings: Surroundings, policyNamespace: string) => Attribute;

const l4 = (match: Attribute["match"]): Attribute => ({ httpOnly: false, match });
const l7 = (match: Attribute["match"]): Attribute => ({ httpOnly: true, match });

const ROWS: ReadonlyMap<string, Row> = new Map<string, Row>([
  ["source.ip", () => l4(within(sourceIp))],
  ["remote.ip", ({ chain, seat }) => l4(within(chain === "http" && seat === "sidecar" ? remoteIp : sourceIp))],
  ["source.namespace", () => l4(having(principal, namespacePattern))],
  ["source.serviceAccount", (_, own) => l4(having(principal, (value) => serviceAccountPattern(value, own)))],
  ["source.principal", ({ trustDomains }) => l4(expanded(expandPrincipal, trustDomains)(principalPattern))],
  ["source.trustDomain", ({ trustDomains }) => l4(expanded(expandTrustDomain, trustDomains)(trustDomainPattern))],
  ["request.auth.principal", (at) => l7((values) => claimed(RequestSet.any(values.map(requestPrincipal)), at))],
  ["request.auth.audiences", (at) => l7((values) => claimed(claimHas(["aud"], values), at))],
  ["request.auth.presenter", (at) => l7((values) => claimed(claimHas(["azp"], values), at))],
  ["destination.ip", () => l4(within(destinationIp))],
  [
    "destination.port",
    () =>
      l4((values) =>
        RequestSet.where(port, Ranges.only(...values.filter((value) => /^\d{1,5}$/.test(value)).map(BigInt))),
      ),
  ],
  ["connection.sni", () => l4(having(sni, (value) => pattern(value)))],
  ["host", () => l7(having(host, (value) => headerPattern(value, { ignoreCase: true })))],
  ["method", () => l7(having(method, (value) => headerPattern(value)))],
  ["path", () => l7(having(path, pathPattern))],
]);

const HEADERS = "request.headers";
const CLAIMS = "request.auth.claims";
const METADATA = "experimental.envoy.filters.";

/** The names in `[a][b]`; undefined when the text has another form. */
export function bracketed(text: string): readonly string[] | undefined {
  if (!/^(\[[^\]]*\])+$/.test(text)) return undefined;
  return text.slice(1, -1).split("][");
}

/** The row of an attribute; undefined for a key that no rule may test. */
export function attribute(key: string, surroundings: Surroundings, policyNamespace: string): Attribute | undefined {
  const row = ROWS.get(key);
  if (row !== undefined) return row(surroundings, policyNamespace);
  if (key.startsWith(HEADERS)) {
    const name = bracketed(key.slice(HEADERS.length))?.join("][");
    if (name === undefined) return undefined;
    return l7(headerHas(name, surroundings));
  }
  if (key.startsWith(CLAIMS)) {
    const names = bracketed(key.slice(CLAIMS.length));
    if (names === undefined) return undefined;
    return l7((values) => claimed(claimHas(names, values), surroundings));
  }
  if (key.startsWith(METADATA)) {
    const match = /^experimental\.([^[]+)\[(.*)\]$/.exec(key);
    if (match === null) return undefined;
    const [filter = "", name = ""] = match.slice(1);
    return l4((values) => RequestSet.any(values.map((value) => metadataHas(filter, name, value))));
  }
  return undefined;
}

/** `[v]` asks for a list with the element, `v` for a text; only the filter that wrote it knows which it is. */
function metadataHas(filter: string, name: string, value: string): RequestSet {
  const list = value.startsWith("[") && value.endsWith("]");
  const wanted = pattern(list ? value.slice(1, -1) : value);
  return RequestSet.where(dimension.filterMetadata(filter, list ? `${name}[]` : name), Text.of(wanted));
}
