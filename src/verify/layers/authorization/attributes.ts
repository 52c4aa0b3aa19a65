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
  match(value: string): RequestSet;
}

const { principal, host, method, path, port, sourceIp, remoteIp, destinationIp, sni, token, issuer, subject } =
  dimension;

const onPrincipal = (language: Language): RequestSet => RequestSet.where(principal, Text.of(language));

function block(into: dimension.Dimension<Ranges>, value: string): RequestSet {
  return RequestSet.where(into, addressBlock(value) ?? Ranges.of([]));
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
  const some = Language.allBut("");
  let languages: readonly [Language, Language];
  if (value === "*") languages = [some, some];
  else if (value.startsWith("*")) {
    languages = cut === -1 ? [some, pattern(value)] : [pattern(iss), Language.only(sub)];
  } else if (value.endsWith("*")) {
    languages = cut === -1 ? [pattern(value), some] : [Language.only(iss), pattern(sub)];
  } else languages = [Language.only(iss), Language.only(sub)];
  return RequestSet.where(issuer, Text.of(languages[0])).intersect(RequestSet.where(subject, Text.of(languages[1])));
}

function claimHas(names: readonly string[], value: string): RequestSet {
  const language = pattern(value);
  if (names.length === 1 && names[0] === "iss") return RequestSet.where(issuer, Text.of(language));
  if (names.length === 1 && names[0] === "sub") return RequestSet.where(subject, Text.of(language));
  return RequestSet.where(dimension.claim(names), Bags.some(language));
}

/** Headers that proxies on the way set, strip or rewrite: what the client sent is not what is tested. */
const REWRITTEN =
  /^(x-envoy-.*|x-forwarded-.*|x-request-id|x-b3-.*|b3|traceparent|tracestate|:path|:scheme|te|connection)$/;

function headerHas(name: string, value: string, { writtenHeaders }: Surroundings): RequestSet {
  const lower = name.toLowerCase();
  if (lower === ":method") return RequestSet.where(method, Text.of(headerPattern(value)));
  if (lower === ":authority" || lower === "host") return RequestSet.where(host, Text.of(headerPattern(value)));
  if (REWRITTEN.test(lower) || writtenHeaders.has(lower)) {
    return RequestSet.where(dimension.unseen(`header ${lower}=${value}`), Text.of(Language.only("yes")));
  }
  return RequestSet.where(dimension.header(lower), Text.of(headerPattern(value)));
}

type Row = (surroundings: Surroundings, policyNamespace: string) => Attribute;

const ROWS: ReadonlyMap<string, Row> = new Map<string, Row>([
  ["source.ip", () => ({ httpOnly: false, match: (value) => block(sourceIp, value) })],
  [
    "remote.ip",
    ({ chain, seat }) => ({
      httpOnly: false,
      match: (value) => block(chain === "http" && seat === "sidecar" ? remoteIp : sourceIp, value),
    }),
  ],
  ["source.namespace", () => ({ httpOnly: false, match: (value) => onPrincipal(namespacePattern(value)) })],
  [
    "source.serviceAccount",
    (_, namespace) => ({ httpOnly: false, match: (value) => onPrincipal(serviceAccountPattern(value, namespace)) }),
  ],
  [
    "source.principal",
    ({ trustDomains }) => ({
      httpOnly: false,
      match: (value) =>
        RequestSet.any(expandPrincipal(value, trustDomains).map((one) => onPrincipal(principalPattern(one)))),
    }),
  ],
  [
    "source.trustDomain",
    ({ trustDomains }) => ({
      httpOnly: false,
      match: (value) =>
        RequestSet.any(expandTrustDomain(value, trustDomains).map((one) => onPrincipal(trustDomainPattern(one)))),
    }),
  ],
  ["request.auth.principal", (at) => ({ httpOnly: true, match: (value) => claimed(requestPrincipal(value), at) })],
  ["request.auth.audiences", (at) => ({ httpOnly: true, match: (value) => claimed(claimHas(["aud"], value), at) })],
  ["request.auth.presenter", (at) => ({ httpOnly: true, match: (value) => claimed(claimHas(["azp"], value), at) })],
  ["destination.ip", () => ({ httpOnly: false, match: (value) => block(destinationIp, value) })],
  [
    "destination.port",
    () => ({
      httpOnly: false,
      match: (value) => RequestSet.where(port, /^\d{1,5}$/.test(value) ? Ranges.only(BigInt(value)) : Ranges.of([])),
    }),
  ],
  ["connection.sni", () => ({ httpOnly: false, match: (value) => RequestSet.where(sni, Text.of(pattern(value))) })],
  [
    "host",
    () => ({
      httpOnly: true,
      match: (value) => RequestSet.where(host, Text.of(headerPattern(value, { ignoreCase: true }))),
    }),
  ],
  ["method", () => ({ httpOnly: true, match: (value) => RequestSet.where(method, Text.of(headerPattern(value))) })],
  ["path", () => ({ httpOnly: true, match: (value) => RequestSet.where(path, Text.of(pathPattern(value))) })],
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
    return { httpOnly: true, match: (value) => headerHas(name, value, surroundings) };
  }
  if (key.startsWith(CLAIMS)) {
    const names = bracketed(key.slice(CLAIMS.length));
    if (names === undefined) return undefined;
    return { httpOnly: true, match: (value) => claimed(claimHas(names, value), surroundings) };
  }
  if (key.startsWith(METADATA)) {
    const match = /^experimental\.([^[]+)\[(.*)\]$/.exec(key);
    if (match === null) return undefined;
    const [filter = "", name = ""] = match.slice(1);
    return { httpOnly: false, match: (value) => metadataHas(filter, name, value) };
  }
  return undefined;
}

/** `[v]` asks for a list with the element, `v` for a text; only the filter that wrote it knows which it is. */
function metadataHas(filter: string, name: string, value: string): RequestSet {
  const list = value.startsWith("[") && value.endsWith("]");
  const wanted = pattern(list ? value.slice(1, -1) : value);
  return RequestSet.where(dimension.filterMetadata(filter, list ? `${name}[]` : name), Text.of(wanted));
}
