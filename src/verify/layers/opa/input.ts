/**
 * The input that OPA's Envoy plugin makes of a check request, as far as it depends on the request: a field that the
 * plugin never sets is undefined, one that nobody outside can know is unknown.
 */

import { type Bounds, not, where } from "../../space/bounds.js";
import {
  ABSENT,
  concatenation,
  dimension,
  Language,
  type Preimage,
  type Regex,
  regex,
  trimmed,
  unescaped,
} from "../../space/index.js";
import { AUTHORIZATION_CASES } from "./claims.js";
import {
  type Case,
  known,
  OPEN,
  ofDimension,
  type Symbolic,
  surely,
  type TextSymbol,
  textOf,
  within,
} from "./symbol.js";

export interface Destination {
  /** the SPIFFE id as a URI, which the proxy shows where the connection is mutual TLS */
  readonly principal: string;
  readonly port: number;
  readonly chain: "http" | "tcp";
  /** a JWT filter may take the token away before the question, or looks for one elsewhere */
  readonly stripsToken: boolean;
  /** headers (lower case) that a JWT filter writes, before the question or behind it */
  readonly writtenHeaders?: ReadonlySet<string>;
}

const ENCRYPTED = not(where(dimension.principal, ABSENT));

function tree(fields: { readonly [key: string]: readonly Case[] }): Symbolic {
  return { kind: "tree", child: (key) => (Object.hasOwn(fields, key) ? (fields[key] ?? []) : []) };
}

/** Path and query, as they are asked about. */
const TARGET: TextSymbol = textOf(
  { kind: "dimension", dimension: dimension.path },
  { kind: "dimension", dimension: dimension.query },
);

export function checkInput(destination: Destination): Symbolic {
  const { principal, port, chain } = destination;
  const request = chain === "http" ? surely(tree({ time: OPEN, http: surely(httpTree(destination)) })) : [];
  return tree({
    attributes: surely(
      tree({
        source: surely(
          tree({
            principal: [{ when: ENCRYPTED, value: ofDimension(dimension.principal) }],
            address: OPEN,
            certificate: OPEN,
            service: OPEN,
            labels: OPEN,
          }),
        ),
        destination: surely(
          tree({
            principal: [{ when: ENCRYPTED, value: known(principal) }],
            address: surely(tree({ socketAddress: surely(tree({ portValue: surely(known(port)), address: OPEN })) })),
            certificate: OPEN,
            service: OPEN,
            labels: OPEN,
          }),
        ),
        request,
        contextExtensions: OPEN,
        metadataContext: OPEN,
        routeMetadataContext: OPEN,
        tlsSession: OPEN,
      }),
    ),
    parsed_path: chain === "http" ? parsedPath() : surely(known([""])),
    parsed_query: OPEN,
    parsed_body: OPEN,
    truncated_body: OPEN,
    version: OPEN,
  });
}

function httpTree({ stripsToken, writtenHeaders }: Destination): Symbolic {
  return tree({
    method: surely(ofDimension(dimension.method)),
    path: surely(TARGET),
    host: surely(ofDimension(dimension.host)),
    headers: surely({ kind: "tree", child: (name) => header(name, stripsToken, writtenHeaders) }),
    id: OPEN,
    headerMap: OPEN,
    scheme: OPEN,
    query: OPEN,
    fragment: OPEN,
    size: OPEN,
    protocol: OPEN,
    body: OPEN,
    rawBody: OPEN,
  });
}

/** Headers that proxies on the way set, strip or rewrite: what the client sent is not what is asked about. */
const REWRITTEN =
  /^(x-envoy-.*|x-forwarded-.*|x-request-id|x-b3-.*|b3|traceparent|tracestate|:scheme|te|connection|content-length|transfer-encoding|expect|upgrade|via|server)$/;

function header(name: string, stripsToken: boolean, written: Destination["writtenHeaders"]): readonly Case[] {
  if (name === ":method") return surely(ofDimension(dimension.method));
  if (name === ":path") return surely(TARGET);
  if (name === ":authority") return surely(ofDimension(dimension.host));
  // Envoy writes names in lower case and has no `host` beside `:authority`.
  if (name !== name.toLowerCase() || name === "host") return [];
  if (name === "authorization") return stripsToken ? OPEN : AUTHORIZATION_CASES;
  if (REWRITTEN.test(name) || written?.has(name)) return OPEN;
  const from = dimension.header(name);
  return [{ when: not(where(from, ABSENT)), value: ofDimension(from) }];
}

const { anything, charClass, either: alternatives, literal, notClass, sequence, star } = regex;
const words = (...parts: readonly Regex[]): Language => Language.matching(sequence(...parts));
const PATH: TextSymbol = ofDimension(dimension.path);
/** A path that begins with two slashes and no more names a host first, as `net/url` reads it. */
const WITH_HOST = words(literal("//"), alternatives(sequence(notClass([[0x2f, 0x2f]]), anything), sequence()));
const TRAILING = words(anything, literal("%"), alternatives(sequence(), notClass([])));
const BROKEN = words(
  anything,
  literal("%"),
  alternatives(notHex(), sequence(charClass(["0", "9"], ["A", "F"], ["a", "f"]), notHex())),
  anything,
).union(TRAILING);

function notHex() {
  return notClass([
    [0x30, 0x39],
    [0x41, 0x46],
    [0x61, 0x66],
  ]);
}

/** What is left of a path once a host was read from it; one that is no host makes the question fail, which denies. */
const afterHost: Preimage = (results) =>
  concatenation(words(literal("//"), star(notClass([[0x2f, 0x2f]]))), results.intersect(ROOTED));
const ROOTED = words(literal("/"), anything).union(Language.only(""));

const step = (name: string, before: Preimage) => ({ name: JSON.stringify(["path", name]), before });
const UNESCAPED = step("unescaped", unescaped);
const AFTER_HOST = step("after host", afterHost);
const WITHOUT_SLASHES = step("without slashes", trimmed("/", "left"));

/** `parsed_path`: the path as Go's `net/url` reads it, escapes undone, without slashes in front, split at slashes. */
function parsedPath(): readonly Case[] {
  const pieces = (...steps: readonly (typeof UNESCAPED)[]): Symbolic => ({
    kind: "pieces",
    text: { ...PATH, steps: [...steps, UNESCAPED, WITHOUT_SLASHES] },
    separator: "/",
  });
  const hosted = within(PATH, WITH_HOST);
  return [
    { when: not(hosted), value: pieces() },
    { when: hosted, value: pieces(AFTER_HOST) },
  ];
}

/** The requests that the plugin gives an answer about at all: it refuses a path with broken escapes. */
export const READ_BY_PLUGIN: Bounds = not(within(PATH, BROKEN));
