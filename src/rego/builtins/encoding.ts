/** Encodings: JSON, YAML, base64, hex and URL queries. Bytes that are not UTF-8 survive from one to the other. */
import {
  isArray,
  isObject,
  isSet,
  jsonKey,
  objectEntries,
  quoteGo,
  RegoObject,
  readJson,
  readYaml,
  regoText,
  type Value,
  ValueSyntaxError,
  writeJson,
} from "../value/index.js";
import { type Builtin, type BuiltinContext, BuiltinError, builtin } from "./builtin.js";
import { bytesOfText, textOfBytes } from "./bytes.js";
import { array, object, oneOf, set } from "./decl.js";
import { objectAt, operandError, stringAt, typeError, valueAt } from "./operands.js";
import { writeYaml } from "./write-yaml.js";

function marshal(args: readonly Value[], context: BuiltinContext): Value {
  const text = writeJson(valueAt(args, 0));
  context.grow(text.length);
  return text;
}

function marshalWithOptions(args: readonly Value[], context: BuiltinContext): Value {
  let indent = "\t";
  let prefix = "";
  let implied = false;
  let pretty: boolean | undefined;
  for (const [key, value] of objectEntries(objectAt(args, 1))) {
    switch (key) {
      case "prefix":
      case "indent":
        if (typeof value !== "string") throw operandError(1, `key ${key} failed cast to string`);
        if (key === "prefix") prefix = value;
        else indent = value;
        implied = true;
        break;
      case "pretty":
        if (typeof value !== "boolean") throw operandError(1, "key pretty failed cast to bool");
        pretty = value;
        break;
      default:
        throw operandError(1, `object contained unknown key ${typeof key === "string" ? key : regoText(key)}`);
    }
  }
  const text = (pretty ?? implied) ? indented(valueAt(args, 0), prefix, indent) : writeJson(valueAt(args, 0));
  context.grow(text.length);
  return text;
}

/** Re-indents, so that an empty indent also breaks lines and each line starts with the prefix. */
function indented(value: Value, prefix: string, indent: string): string {
  return (
    prefix + writeJson(value, "\t").replace(/\n(\t*)/g, (_, tabs: string) => `\n${prefix}${indent.repeat(tabs.length)}`)
  );
}

function isValid(read: (text: string) => unknown) {
  return (args: readonly Value[]): Value => {
    const text = valueAt(args, 0);
    if (typeof text !== "string") return false;
    try {
      read(text);
      return true;
    } catch (error) {
      if (error instanceof ValueSyntaxError || error instanceof BuiltinError) return false;
      throw error;
    }
  };
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const BASE64URL = /^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}==|[A-Za-z0-9_-]{3}=)?$/;

/** Padding is required, line breaks are ignored. */
export function decodeBase64(text: string): Uint8Array {
  const bare = text.replace(/[\r\n]/g, "");
  if (!BASE64.test(bare)) throw new BuiltinError(`illegal base64 data at input byte ${badByte(text, /[A-Za-z0-9+/]/)}`);
  return Buffer.from(bare, "base64");
}

/** Padding may be left out. */
export function decodeBase64Url(text: string): Uint8Array {
  let padded = text;
  if (!text.endsWith("=")) {
    const rest = Buffer.byteLength(text) % 4;
    if (rest === 1) throw new BuiltinError(`illegal base64url string: ${text}`);
    padded += rest === 2 ? "==" : rest === 3 ? "=" : "";
  }
  const bare = padded.replace(/[\r\n]/g, "");
  if (!BASE64URL.test(bare))
    throw new BuiltinError(`illegal base64 data at input byte ${badByte(padded, /[A-Za-z0-9_-]/)}`);
  return Buffer.from(bare, "base64url");
}

function badByte(text: string, alphabet: RegExp): number {
  for (let i = 0; i < text.length; i++) if (!alphabet.test(text.charAt(i)) && !/[\r\n]/.test(text.charAt(i))) return i;
  return text.length;
}

function decodeHex(text: string): Uint8Array {
  const bad = /[^0-9a-fA-F]/.exec(text);
  if (bad !== null) {
    const shown = quoteGo(String.fromCodePoint(text.codePointAt(bad.index) ?? 0)).slice(1, -1);
    throw new BuiltinError(
      `encoding/hex: invalid byte: U+${(text.codePointAt(bad.index) ?? 0).toString(16).toUpperCase().padStart(4, "0")} '${shown}'`,
    );
  }
  if (text.length % 2 === 1) throw new BuiltinError("encoding/hex: odd length hex string");
  return Buffer.from(text, "hex");
}

/** Percent-encodes all but unreserved characters; a space becomes `+`. */
export function queryEscape(text: string): string {
  let escaped = "";
  for (const byte of bytesOfText(text)) {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9_.~-]/.test(character)) escaped += character;
    else if (byte === 0x20) escaped += "+";
    else escaped += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return escaped;
}

export function queryUnescape(text: string): string {
  return percentDecode(text.replaceAll("+", " "));
}

/** @throws BuiltinError at a `%` without two hexadecimal digits */
export function percentDecode(text: string): string {
  if (!text.includes("%")) return text;
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let at = text.indexOf("%"); at >= 0; at = text.indexOf("%", from)) {
    const digits = text.slice(at + 1, at + 3);
    if (!/^[0-9a-fA-F]{2}$/.test(digits)) {
      throw new BuiltinError(`invalid URL escape ${quoteGo(text.slice(at, at + 3))}`);
    }
    parts.push(bytesOfText(text.slice(from, at)), Uint8Array.of(Number.parseInt(digits, 16)));
    from = at + 3;
  }
  parts.push(bytesOfText(text.slice(from)));
  return textOfBytes(Buffer.concat(parts));
}

function encodeQuery(args: readonly Value[], context: BuiltinContext): Value {
  const value = valueAt(args, 0);
  if (!isObject(value)) throw typeError(0, value, "object");
  const pairs: string[] = [];
  for (const [key, item] of objectEntries(value)) {
    const values = isArray(item) ? item : isSet(item) ? item.sorted() : [item];
    for (const one of values) {
      if (typeof one !== "string") throw operandError(0, "values must be string, array[string], or set[string]");
      pairs.push(`${queryEscape(jsonKey(key))}=${queryEscape(one)}`);
    }
  }
  const text = pairs.join("&");
  context.grow(text.length);
  return text;
}

/** The parameters of a query, each with all its values in order. @throws BuiltinError at a semicolon or a bad escape */
export function parseQuery(query: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const part of query.split("&")) {
    if (part === "") continue;
    if (part.includes(";")) throw new BuiltinError("invalid semicolon separator in query");
    const at = part.indexOf("=");
    const key = queryUnescape(at < 0 ? part : part.slice(0, at));
    const value = queryUnescape(at < 0 ? "" : part.slice(at + 1));
    const known = values.get(key);
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
  }
  return values;
}

const text = (name: string, apply: (text: string) => string): Builtin =>
  builtin(name, ["string"], "string", (args, context) => {
    const result = apply(stringAt(args, 0));
    context.grow(result.length);
    return result;
  });

const QUERY_OBJECT = object("string", oneOf("string", array("string"), set("string")));
const MARSHAL_OPTIONS = object("string", "any", { indent: "string", prefix: "string", pretty: "boolean" });

export const ENCODING: readonly Builtin[] = [
  builtin("json.marshal", ["any"], "string", marshal),
  builtin("json.marshal_with_options", ["any", MARSHAL_OPTIONS], "string", marshalWithOptions),
  builtin("json.unmarshal", ["string"], "any", (args) => readJson(stringAt(args, 0))),
  builtin("json.is_valid", ["string"], "boolean", isValid(readJson)),
  builtin("yaml.marshal", ["any"], "string", (args, context) => {
    const result = writeYaml(valueAt(args, 0));
    context.grow(result.length);
    return result;
  }),
  builtin("yaml.unmarshal", ["string"], "any", (args) => readYaml(stringAt(args, 0))),
  builtin("yaml.is_valid", ["string"], "boolean", isValid(readYaml)),
  text("base64.encode", (value) => Buffer.from(bytesOfText(value)).toString("base64")),
  text("base64.decode", (value) => textOfBytes(decodeBase64(value))),
  builtin("base64.is_valid", ["string"], "boolean", isValid(decodeBase64)),
  text("base64url.encode", (value) =>
    Buffer.from(bytesOfText(value)).toString("base64").replaceAll("+", "-").replaceAll("/", "_"),
  ),
  text("base64url.encode_no_pad", (value) => Buffer.from(bytesOfText(value)).toString("base64url")),
  text("base64url.decode", (value) => textOfBytes(decodeBase64Url(value))),
  text("hex.encode", (value) => Buffer.from(bytesOfText(value)).toString("hex")),
  text("hex.decode", (value) => textOfBytes(decodeHex(value))),
  text("urlquery.encode", queryEscape),
  text("urlquery.decode", queryUnescape),
  builtin("urlquery.encode_object", [QUERY_OBJECT], "string", encodeQuery),
  builtin("urlquery.decode_object", ["string"], object("string", array("string")), (args) =>
    RegoObject.of(parseQuery(stringAt(args, 0))),
  ),
];
