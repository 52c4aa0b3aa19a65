/**
 * Paths between what a client sends and what a proxy evaluates. Normalization is no regular transduction (`..` takes
 * back what was read), so request sets speak of the *evaluated* path: which ones can occur is a regular language for
 * each mode, and `spell` writes a path that is evaluated as the one wanted. The proxy also forwards the evaluated path.
 *
 * Modes as in Istio's `meshConfig.pathNormalization`; the details (which escapes are undone, how backslashes and dot
 * segments are treated) are Envoy's, which uses Chromium's URL canonicalization.
 */
import type { PathNormalization } from "../../cluster/index.js";
import { dimension, Language, regex } from "../space/index.js";

const { charClass, either, literal, sequence, star, plus } = regex;

/** RFC 3986 §2.3: what need not be escaped, and so is unescaped. */
const UNRESERVED = /^[A-Za-z0-9._~-]$/;
/** ASCII that normalization escapes; `?` and `#` never reach it. */
const ESCAPED = '"<>^`{|}';

function utf8Escape(char: string): string {
  return [...new TextEncoder().encode(char)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");
}

/** The path without query and fragment. */
export function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  return end === -1 ? target : target.slice(0, end);
}

/** Undoes needless escapes, escapes what must be, turns backslashes; undefined where the proxy answers 400. */
function canonicalize(path: string): string | undefined {
  let out = "";
  const chars = [...path];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? "";
    if (char === "\\") {
      out += "/";
    } else if (char === "%") {
      const hex = chars.slice(i + 1, i + 3).join("");
      if (!/^[0-9A-Fa-f]{2}$/.test(hex)) {
        out += "%";
        continue;
      }
      const value = String.fromCharCode(Number.parseInt(hex, 16));
      if (value === "\0") return undefined;
      out += UNRESERVED.test(value) ? value : `%${hex}`;
      i += 2;
    } else {
      out += char > "\u007e" || char < "!" || ESCAPED.includes(char) ? utf8Escape(char) : char;
    }
  }
  return out;
}

/** RFC 3986 §5.2.4, with empty segments kept. */
function removeDotSegments(path: string): string {
  const segments = path.split("/").slice(1);
  const out: string[] = [];
  segments.forEach((segment, i) => {
    const last = i === segments.length - 1;
    if (segment === "..") out.pop();
    if (segment !== "." && segment !== "..") out.push(segment);
    else if (last) out.push("");
  });
  return `/${out.join("/")}`;
}

/** The path that a proxy evaluates for a request target; undefined where it refuses the request. */
export function evaluatedPath(target: string, mode: PathNormalization): string | undefined {
  let path = pathOf(target);
  if (path === "*") return path;
  if (!path.startsWith("/")) return undefined;
  if (mode === "NONE") return path;
  if (mode === "DECODE_AND_MERGE_SLASHES") path = path.replace(/%2f/gi, "/").replace(/%5c/gi, "\\");
  const canonical = canonicalize(path);
  if (canonical === undefined) return undefined;
  const plain = removeDotSegments(canonical);
  return mode === "BASE" ? plain : plain.replace(/\/{2,}/g, "/");
}

/**
 * A target that is evaluated as `path`; undefined when none is. Escapes that normalization would undo are written so
 * that they only come about by it: `%2e` as `%2%65`, which is unescaped once and not looked at again.
 */
export function spell(path: string, mode: PathNormalization): string | undefined {
  const candidates = [
    path,
    path.replace(/%([0-9A-Fa-f])([0-9A-Fa-f])/g, (_, a: string, b: string) => `%${a}${escapeOf(b)}`),
  ];
  return candidates.find((candidate) => evaluatedPath(candidate, mode) === path);
}

function escapeOf(char: string): string {
  return `%${char.charCodeAt(0).toString(16)}`;
}

const plainChar = charClass("!$%&'()*+,-.:;=@_~[]", ["0", "9"], ["A", "Z"], ["a", "z"]);
const notDot = charClass("!$%&'()*+,-:;=@_~[]", ["0", "9"], ["A", "Z"], ["a", "z"]);
const dot = literal(".");
/** A non-empty segment that is neither `.` nor `..`. */
const segment = either(
  sequence(notDot, star(plainChar)),
  sequence(dot, notDot, star(plainChar)),
  sequence(dot, dot, plainChar, star(plainChar)),
);
const slash = literal("/");

const LANGUAGES: ReadonlyMap<PathNormalization, Language> = new Map([
  ["NONE", dimension.path.full.present],
  ["BASE", Language.matching(either(literal("*"), plus(sequence(slash, either(segment, sequence())))))],
  ["MERGE_SLASHES", merged()],
  ["DECODE_AND_MERGE_SLASHES", merged()],
]);

function merged(): Language {
  return Language.matching(
    either(literal("*"), slash, sequence(plus(sequence(slash, segment)), either(slash, sequence()))),
  );
}

/** The paths that can be evaluated at all. */
export function evaluatedPaths(mode: PathNormalization): Language {
  const language = LANGUAGES.get(mode);
  if (language === undefined) throw new Error(`unknown path normalization ${mode}`);
  return language;
}
