/**
 * How Istio compares texts, paths and addresses, for one concrete value. Deliberately written apart from the set-based
 * layers, by other means (regular expressions, a stack), so that a mistake in one of the two shows as a difference.
 */
import { type PathNormalization, parseAddress, parseCidr } from "../../cluster/index.js";

/** `*` is any non-empty text of one line, one leading or trailing `*` any text there. */
export function textMatches(wanted: string, value: string): boolean {
  if (wanted === "*") return value !== "" && !value.includes("\n");
  if (wanted.startsWith("*")) return value.endsWith(wanted.substring(1));
  if (wanted.endsWith("*")) return value.startsWith(wanted.substring(0, wanted.length - 1));
  return wanted === value;
}

/** As `textMatches` for something that may be missing; `*` asks for nothing but presence. */
export function headerMatches(wanted: string, value: string | undefined): boolean {
  if (value === undefined) return false;
  return wanted === "*" || textMatches(wanted, value);
}

export function hostMatches(wanted: string, host: string): boolean {
  return headerMatches(wanted.toLowerCase(), host.toLowerCase());
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

export function pathMatches(wanted: string, path: string): boolean {
  if (!/\{\*\*?\}/.test(wanted)) return textMatches(wanted, path);
  const source = wanted
    .split(/(\{\*\*\}|\{\*\}|\*\*|\*)/)
    .map((piece) => {
      if (piece === "{**}" || piece === "**") return "[A-Za-z0-9\\-._~%!$&'()*+,;:@=/]*";
      if (piece === "{*}" || piece === "*") return "[A-Za-z0-9\\-._~%!$&'()*+,;:@=]+";
      return escapeRegExp(piece);
    })
    .join("");
  return new RegExp(`^${source}$`, "u").test(path);
}

export function addressMatches(wanted: string, address: string): boolean {
  const value = parseAddress(address);
  if (value === undefined) return false;
  if (!wanted.includes("/")) return parseAddress(wanted) === value;
  const range = parseCidr(wanted);
  if (range === undefined || wanted.includes(":") !== address.includes(":")) return false;
  return value >= range.low && value <= range.high;
}

/** The namespace pattern anywhere in the identity; `*` may stand anywhere in it. */
export function namespaceMatches(wanted: string, uri: string): boolean {
  const inner = wanted.split("*").map(escapeRegExp).join(".*");
  return new RegExp(`^.*/ns/${inner}/.*$`, "su").test(uri);
}

export function serviceAccountMatches(wanted: string, policyNamespace: string, uri: string): boolean {
  const [first = "", ...rest] = wanted.split("/");
  const [namespace, name] = rest.length === 0 ? [policyNamespace, first] : [first, rest.join("/")];
  const pattern = `^spiffe://.+/ns/${escapeRegExp(namespace)}/(.+/)?sa/${escapeRegExp(name)}(/.+)?$`;
  return new RegExp(pattern, "su").test(uri);
}

export function trustDomainMatches(wanted: string, uri: string): boolean {
  const rest = uri.startsWith("spiffe://") ? uri.slice("spiffe://".length) : undefined;
  const slash = rest?.indexOf("/") ?? -1;
  if (rest === undefined || slash === -1) return false;
  const domain = rest.slice(0, slash);
  return wanted === "*" || textMatches(wanted, domain);
}

const UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

/** The path that Envoy evaluates and forwards; undefined for a request it refuses. */
export function normalizedPath(target: string, mode: PathNormalization): string | undefined {
  let path = target.split("#", 1)[0]?.split("?", 1)[0] ?? "";
  if (path === "*") return "*";
  if (path.charAt(0) !== "/") return undefined;
  if (mode === "NONE") return path;
  if (mode === "DECODE_AND_MERGE_SLASHES") path = path.replace(/%2F/gi, "/").replace(/%5C/gi, "\\");
  // Dots may be escaped and slashes may be backslashes while segments are taken apart, so cut first, unescape after.
  const stack: string[] = [];
  const pieces = path.replaceAll("\\", "/").slice(1).split("/");
  for (const [i, piece] of pieces.entries()) {
    const dots = piece.replace(/%2e/gi, ".");
    if (dots === "." || dots === "..") {
      if (dots === "..") stack.pop();
      if (i + 1 === pieces.length) stack.push("");
      continue;
    }
    const clean = unescapeSegment(piece);
    if (clean === undefined) return undefined;
    stack.push(clean);
  }
  const joined = `/${stack.join("/")}`;
  return mode === "BASE" ? joined : joined.replace(/\/\/+/g, "/");
}

function unescapeSegment(segment: string): string | undefined {
  let refused = false;
  const text = segment.replace(
    /%([0-9a-f]{2})|[^\u0021-\u007e]|["<>^`{|}]/giu,
    (found: string, hex: string | undefined) => {
      if (hex === undefined) return escapeUtf8(found);
      const code = Number.parseInt(hex, 16);
      if (code === 0) refused = true;
      return code < 128 && UNRESERVED.includes(String.fromCharCode(code)) ? String.fromCharCode(code) : found;
    },
  );
  return refused ? undefined : text;
}

function escapeUtf8(char: string): string {
  return [...Buffer.from(char, "utf8")].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}
