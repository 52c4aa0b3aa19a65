/**
 * One reading of a request's target, for the decision and for the workload behind it. Where servers are known to differ
 * (dot segments, encoded or doubled separators, parameters in dot segments, a second round of decoding) the request is
 * refused instead of repaired: no client needs these forms, and whoever sends one wants two readings.
 *
 * What is left is rewritten with every unreserved character plain (RFC 3986 §6.2.2.2), and that spelling is what the
 * workload receives.
 */
import { ownText } from "./own-text.js";

const MAX_TARGET_LENGTH = 8192;
/** Paths recur; those that have one reading keep it. */
const MAX_KNOWN = 1000;
const MAX_KNOWN_LENGTH = 256;
const known = new Map<string, RequestTarget>();

export interface RequestTarget {
  /** decoded, what the decision is about */
  readonly path: string;
  /** canonical path and query, what is forwarded */
  readonly forward: string;
}

export interface TargetRefusal {
  readonly refused: string;
}

/** Reads a request target in origin form. */
export function readTarget(target: string): RequestTarget | TargetRefusal {
  if (target.length > MAX_TARGET_LENGTH) return { refused: "the target is too long" };
  if (!target.startsWith("/")) return { refused: "the target is not in origin form" };
  // Visible ASCII only; a space or control character would end the request line for somebody.
  if (!/^[\x21-\x7e]*$/.test(target)) return { refused: "the target has characters outside visible ASCII" };
  if (target.includes("#")) return { refused: "the target has a fragment" };
  const mark = target.indexOf("?");
  const rawPath = mark === -1 ? target : target.slice(0, mark);
  const query = mark === -1 ? "" : target.slice(mark);
  // What is not kept may be a part of the head.
  const read = known.get(rawPath) ?? readPath(rawPath.length > MAX_KNOWN_LENGTH ? rawPath : ownText(rawPath));
  return "refused" in read || query === "" ? read : { path: read.path, forward: read.forward + query };
}

function readPath(rawPath: string): RequestTarget | TargetRefusal {
  const decoded = decode(rawPath);
  if (typeof decoded !== "string") return decoded;
  const refused = ambiguity(decoded);
  if (refused !== undefined) return { refused };
  const canonical = rawPath.replace(/%([0-9A-Fa-f]{2})/g, (_whole, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${hex}`;
  });
  const read = { path: decoded, forward: canonical };
  if (rawPath.length <= MAX_KNOWN_LENGTH) {
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(rawPath, read);
  }
  return read;
}

/** Percent-decodes a path as UTF-8, refusing what must not be hidden in it. */
function decode(rawPath: string): string | TargetRefusal {
  if (/%(?![0-9A-Fa-f]{2})/.test(rawPath)) return { refused: "the path has a broken percent-encoding" };
  if (/%(?:2f|5c)/i.test(rawPath)) return { refused: "the path has an encoded separator" };
  if (/%(?:[01][0-9a-f]|7f)/i.test(rawPath)) return { refused: "the path has an encoded control character" };
  if (rawPath.includes("\\")) return { refused: "the path has a backslash" };
  try {
    return decodeURIComponent(rawPath);
  } catch {
    return { refused: "the path is not UTF-8" };
  }
}

/** Why a decoded path could be read in another way; undefined when it cannot. */
function ambiguity(path: string): string | undefined {
  if (/%[0-9A-Fa-f]{2}/.test(path)) return "the path is encoded twice";
  // C1 controls and characters that are invisible, change direction, or fold to a separator in some libraries.
  if (/[\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\uff0e\uff0f\uff3c\u2024\u2215\u2044]/.test(path)) {
    return "the path has characters that are read in different ways";
  }
  const segments = path.split("/").slice(1);
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === "" && !isLast) return "the path has an empty segment";
    // Some servers cut parameters off before they resolve dot segments.
    const name = segment.split(";", 1)[0] ?? "";
    if (name === "." || name === "..") return "the path has a dot segment";
    if (name === "" && segment !== "") return "the path has an empty segment";
  }
  return undefined;
}
