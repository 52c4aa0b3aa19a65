/**
 * The input that OPA's own authorization makes of a request to its API, where the request is the auth request of
 * ingress-nginx: method and path are the auth request's own, the request that is asked about stands in headers that nginx
 * writes, beside those of the client that it passes on. Names of headers are as Go writes them, values are lists of lines.
 */
import { both, not, where } from "../../space/bounds.js";
import { ABSENT, dimension, Language, regex, Text } from "../../space/index.js";
import { AUTHORIZATION_CASES, IDENTITY_CASES } from "./claims.js";
import { arrayOf, type Case, known, OPEN, ofDimension, type Symbolic, surely, textOf, UNKNOWN } from "./symbol.js";

export interface AuthRequest {
  readonly method: string;
  /** of the auth request; without escapes */
  readonly path: string;
  /** how OPA itself tells who asks */
  readonly authentication: "off" | "token" | "tls";
}

/** @returns the input that the requests of clients outside lead to */
export function apiInput({ method, path, authentication }: AuthRequest): Symbolic {
  const identity = { off: [], token: IDENTITY_CASES, tls: OPEN }[authentication];
  const fields = new Map<string, readonly Case[]>([
    ["method", surely(known(method.toUpperCase()))],
    ["path", surely(known(path.slice(1).split("/")))],
    ["params", surely(known({}))],
    ["headers", surely({ kind: "tree", child: header })],
    // OPA reads the body of a POST alone.
    ["body", method === "POST" ? OPEN : []],
    ["identity", identity],
    ["client_certificates", authentication === "tls" ? OPEN : []],
  ]);
  return { kind: "tree", child: (key) => fields.get(key) ?? [] };
}

/** Written by nginx from what it alone knows, or taken away, or changed on the way. */
const GIVEN =
  /^(accept-encoding|connection|content-length|expect|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|via|forwarded|x-(forwarded-.*|real-ip|request-id|scheme|sent-from|original-forwarded-for|original-uri|auth-request-redirect|b3-.*)|ssl-client-.*|traceparent|tracestate|b3|uber-trace-id)$/;
const { anything, literal, sequence } = regex;
const WITH_COMMA = Text.of(Language.matching(sequence(anything, literal(","), anything)));
const canonical = (name: string): string => name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());

/** Whether the controller ends TLS itself, or somebody before it, cannot be told. */
const ORIGINAL_URL: Symbolic = textOf(
  { kind: "opaque", within: Language.only("http", "https"), name: "scheme" },
  { kind: "constant", word: "://" },
  { kind: "dimension", dimension: dimension.host },
  { kind: "dimension", dimension: dimension.path },
  { kind: "dimension", dimension: dimension.query },
);

/** Other spellings of a name are no keys of it, and the host is no header for Go. */
function header(name: string): readonly Case[] {
  const lower = name.toLowerCase();
  if (lower === "host") return [];
  if (!/^[A-Za-z0-9-]+$/.test(name)) return OPEN;
  if (name !== canonical(name)) return [];
  if (lower === "x-original-method") return lines(surely(ofDimension(dimension.method)));
  if (lower === "x-original-url") {
    return lines(surely(ORIGINAL_URL));
  }
  // nginx takes one line of it and no more.
  if (lower === "authorization") return lines(AUTHORIZATION_CASES);
  if (GIVEN.test(lower)) return OPEN;
  const from = dimension.header(lower);
  const [sent, several] = [not(where(from, ABSENT)), where(from, WITH_COMMA)];
  return [
    ...lines([{ when: both(sent, not(several)), value: ofDimension(from) }]),
    // A comma may stand for two lines.
    { when: several, value: UNKNOWN },
  ];
}

function lines(cases: readonly Case[]): readonly Case[] {
  return cases.map(({ when, value }) => ({ when, value: arrayOf([value]) }));
}
