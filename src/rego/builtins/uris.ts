/** `uri.parse` and `uri.is_valid`, after Go's net/url: lenient in paths, strict in schemes, hosts and escapes. */
import { quoteGo, RegoObject, type Value } from "../value/index.js";
import { type Builtin, BuiltinError, builtin } from "./builtin.js";
import { bytesOfText } from "./bytes.js";
import { object } from "./decl.js";
import { percentDecode } from "./encoding.js";
import { stringAt, valueAt } from "./operands.js";

interface Uri {
  readonly scheme: string;
  readonly hostname: string;
  readonly port: string;
  readonly path: string;
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly fragment: string;
}

/** @throws BuiltinError when the text is no URI reference */
function parseUri(text: string): Uri {
  const fail = (reason: string): BuiltinError => new BuiltinError(`parse ${quoteGo(text)}: ${reason}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(text)) throw fail("net/url: invalid control character in URL");
  try {
    return split(text, fail);
  } catch (error) {
    throw error instanceof BuiltinError && !error.message.startsWith("parse ") ? fail(error.message) : error;
  }
}

function split(text: string, fail: (reason: string) => BuiltinError): Uri {
  const hash = text.indexOf("#");
  const beforeFragment = hash < 0 ? text : text.slice(0, hash);
  const fragment = hash < 0 ? "" : percentDecode(text.slice(hash + 1));
  if (beforeFragment === "*") return { ...EMPTY, path: "*", rawPath: "*", fragment };
  const { scheme, rest: afterScheme } = schemeOf(beforeFragment, fail);
  const question = afterScheme.indexOf("?");
  const rawQuery = question < 0 ? "" : afterScheme.slice(question + 1);
  let rest = question < 0 ? afterScheme : afterScheme.slice(0, question);
  // `mailto:x` is opaque: no host, no path.
  if (scheme !== "" && !rest.startsWith("/")) return { ...EMPTY, scheme, rawQuery, fragment };
  if (scheme === "" && rest.split("/")[0]?.includes(":")) {
    throw fail("first path segment in URL cannot contain colon");
  }
  let authority = "";
  if (rest.startsWith("//") && (scheme !== "" || !rest.startsWith("///"))) {
    const slash = rest.indexOf("/", 2);
    authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
    rest = slash < 0 ? "" : rest.slice(slash);
  }
  const { hostname, port } = hostOf(authority);
  const path = percentDecode(rest);
  return { scheme, hostname, port, path, rawPath: escapePath(path) === rest ? path : rest, rawQuery, fragment };
}

/** The usual escaping of a path; only a path that was escaped otherwise is kept as it was written. */
function escapePath(path: string): string {
  return Array.from(bytesOfText(path), (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9$&+,/:;=@_.~-]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

const EMPTY: Uri = { scheme: "", hostname: "", port: "", path: "", rawPath: "", rawQuery: "", fragment: "" };

function schemeOf(text: string, fail: (reason: string) => BuiltinError): { scheme: string; rest: string } {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text);
  if (match !== null) return { scheme: (match[1] ?? "").toLowerCase(), rest: text.slice(match[0].length) };
  if (text.startsWith(":")) throw fail("missing protocol scheme");
  return { scheme: "", rest: text };
}

function hostOf(authority: string): { hostname: string; port: string } {
  const at = authority.lastIndexOf("@");
  if (at >= 0 && !/^[A-Za-z0-9._~!$&'()*+,;=:%@-]*$/.test(authority.slice(0, at))) {
    throw new BuiltinError("net/url: invalid userinfo");
  }
  if (at >= 0) percentDecode(authority.slice(0, at));
  const host = authority.slice(at + 1);
  if (host.startsWith("[")) {
    const close = host.lastIndexOf("]");
    if (close < 0) throw new BuiltinError("missing ']' in host");
    const port = portOf(host.slice(close + 1));
    return { hostname: percentDecode(host.slice(1, close)), port };
  }
  const colon = host.lastIndexOf(":");
  const port = colon < 0 ? "" : portOf(host.slice(colon));
  const name = colon < 0 ? host : host.slice(0, colon);
  const bad = /[ "<>\\^`{|}]/.exec(name);
  if (bad !== null) throw new BuiltinError(`invalid character ${quoteGo(bad[0])} in host name`);
  // Only bytes beyond ASCII may be escaped in a host.
  const wrong = /%(?![89a-fA-F][0-9a-fA-F])/.exec(name);
  if (wrong !== null) throw new BuiltinError(`invalid URL escape ${quoteGo(name.slice(wrong.index, wrong.index + 3))}`);
  return { hostname: percentDecode(name), port };
}

function portOf(text: string): string {
  if (text === "") return "";
  if (!/^:[0-9]*$/.test(text)) throw new BuiltinError(`invalid port ${quoteGo(text)} after host`);
  return text.slice(1);
}

export function isUriReference(text: string): boolean {
  try {
    parseUri(text);
    return true;
  } catch (error) {
    if (error instanceof BuiltinError) return false;
    throw error;
  }
}

/** The scheme of a URI, in lower case; empty when it has none. @throws BuiltinError when the text is no URI reference */
export function schemeOfUri(text: string): string {
  return parseUri(text).scheme;
}

/** The parts that a signed request needs: the authority as written, the path escaped, the query. */
export function requestTarget(text: string): { readonly host: string; readonly path: string; readonly query: string } {
  const uri = parseUri(text);
  const authority = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)/.exec(text)?.[1] ?? "";
  const path = uri.rawPath === uri.path ? escapePath(uri.path) : uri.rawPath;
  return { host: authority.slice(authority.lastIndexOf("@") + 1), path, query: uri.rawQuery };
}

function parse(args: readonly Value[]): Value {
  const uri = parseUri(stringAt(args, 0));
  const fields: readonly (readonly [string, string])[] = [
    ["scheme", uri.scheme],
    ["hostname", uri.hostname],
    ["port", uri.port],
    ["path", uri.path],
    ["raw_path", uri.rawPath],
    ["raw_query", uri.rawQuery],
    ["fragment", uri.fragment],
  ];
  return RegoObject.of(fields.filter(([, value]) => value !== ""));
}

function isValid(args: readonly Value[]): Value {
  const text = valueAt(args, 0);
  return typeof text === "string" && text !== "" && isUriReference(text);
}

export const URIS: readonly Builtin[] = [
  builtin("uri.parse", ["string"], object("string", "string"), parse),
  builtin("uri.is_valid", ["string"], "boolean", isValid),
];
