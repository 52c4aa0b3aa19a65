/**
 * `io.jwt.*`: decoding, verification with keys or constraints, signing. Failure to verify is `false` or
 * `[false, {}, {}]`; only malformed tokens, keys and constraints are errors.
 */
import {
  compareNumbers,
  isArray,
  isNumber,
  isObject,
  type JsonObject,
  numberFrom,
  objectEntries,
  objectGet,
  type RegoObject,
  RegoObject as RegoObjectClass,
  readJson,
  toDouble,
  type Value,
  ValueSyntaxError,
  writeJson,
} from "../value/index.js";
import { type Builtin, type BuiltinContext, BuiltinError, builtin } from "./builtin.js";
import { bytesOfText, textOfBytes } from "./bytes.js";
import { ANY_OBJECT, object, tuple } from "./decl.js";
import { decodeBase64Url } from "./encoding.js";
import { ALGORITHMS, parseJwks, signatureOf, type VerificationKey, verificationKeys, verifies } from "./jws.js";
import { objectAt, stringAt, valueAt } from "./operands.js";

type AnyObject = JsonObject | RegoObject;

interface Token {
  readonly header: AnyObject;
  readonly signed: Uint8Array;
  readonly payload: string;
  readonly signature: string;
}

/** Tokens nested deeper than this are refused. */
const MAX_NESTING = 20;

function parseToken(text: string): Token {
  if (!text.includes(".")) throw new BuiltinError("encoded JWT had no period separators");
  const parts = text.split(".");
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || header === undefined || payload === undefined || signature === undefined) {
    throw new BuiltinError(`encoded JWT must have 3 sections, found ${parts.length}`);
  }
  return {
    header: parseHeader(header),
    signed: bytesOfText(`${header}.${payload}`),
    payload,
    signature,
  };
}

function parseHeader(encoded: string): AnyObject {
  const text = decoded(encoded, "JWT header had invalid encoding");
  let header: AnyObject;
  try {
    header = parseObject(text);
  } catch (error) {
    throw error instanceof BuiltinError ? new BuiltinError(`bad JWT header: ${error.message}`) : error;
  }
  if (objectGet(header, "enc") !== undefined) throw new BuiltinError("JWT is a JWE object, which is not supported");
  return header;
}

function decoded(encoded: string, problem: string): string {
  try {
    return textOfBytes(decodeBase64Url(encoded));
  } catch (error) {
    throw error instanceof BuiltinError ? new BuiltinError(`${problem}: ${error.message}`) : error;
  }
}

function parseObject(text: string): AnyObject {
  let value: Value;
  try {
    value = readJson(text);
  } catch (error) {
    throw error instanceof ValueSyntaxError ? new BuiltinError(`invalid JSON: ${error.message}`) : error;
  }
  if (!isObject(value)) throw new BuiltinError("decoded JSON type was not an Object");
  return value;
}

function decode(args: readonly Value[]): Value {
  let text = stringAt(args, 0);
  for (let nesting = 0; nesting < MAX_NESTING; nesting++) {
    const token = parseToken(text);
    const payload = decoded(token.payload, "JWT payload had invalid encoding");
    const contentType = objectGet(token.header, "cty");
    if (contentType !== undefined && typeof contentType !== "string") {
      throw new BuiltinError("cty: must be a string");
    }
    if (contentType === "JWT") {
      text = payload.replace(/^["']+|["']+$/g, "");
      continue;
    }
    const claims = parseObject(payload);
    const signature = bytesOfText(decoded(token.signature, "JWT signature had invalid encoding"));
    return [token.header, claims, Buffer.from(signature).toString("hex")];
  }
  throw new BuiltinError("JWT is nested too deeply");
}

interface Header {
  readonly algorithm: string;
  readonly keyId: string;
  readonly contentType: string;
  /** False when a critical extension is unknown, or the algorithm missing. */
  readonly acceptable: boolean;
}

const KNOWN_HEADERS = new Set(["alg", "kid", "typ", "cty", "crit"]);

function headerOf(header: AnyObject): Header {
  const text = (name: string): string => {
    const value = objectGet(header, name);
    if (value === undefined) return "";
    if (typeof value !== "string") throw new BuiltinError(`${name}: must be a string`);
    return value;
  };
  const critical = objectGet(header, "crit");
  if (critical !== undefined && !isArray(critical)) throw new BuiltinError("crit: must be a list");
  const listed = critical?.filter((name) => typeof name === "string") ?? [];
  if (critical !== undefined && listed.length === 0) throw new BuiltinError("crit: must be a nonempty list");
  const algorithm = text("alg");
  text("typ");
  const unknown = objectEntries(header).some(
    ([name]) => !KNOWN_HEADERS.has(String(name)) && listed.includes(name as string),
  );
  return {
    algorithm,
    keyId: text("kid"),
    contentType: text("cty"),
    acceptable: algorithm !== "" && !unknown,
  };
}

/** The key that the token names, if there is one; else each key whose own algorithm, if any, is the token's. */
function verifiedBy(
  keys: readonly VerificationKey[],
  header: Header,
  accepts: (key: VerificationKey) => boolean,
): boolean {
  const named = header.keyId === "" ? undefined : keys.find((key) => key.id === header.keyId);
  if (named !== undefined) return accepts(named);
  return keys.some((key) => (key.algorithm === "" || key.algorithm === header.algorithm) && accepts(key));
}

function verifyWith(algorithm: string): Builtin {
  return builtin(`io.jwt.verify_${algorithm.toLowerCase()}`, ["string", "string"], "boolean", (args, context) => {
    const text = stringAt(args, 0);
    if (ALGORITHMS.get(algorithm)?.family === "hmac") return verifySecret(algorithm, text, stringAt(args, 1));
    context.spend(100);
    const token = parseToken(text);
    const keys = verificationKeys(stringAt(args, 1));
    const signature = decodeBase64Url(token.signature);
    const header = headerOf(token.header);
    return verifiedBy(keys, header, ({ key }) => verifies(algorithm, key, token.signed, signature));
  });
}

/** Reads no header: the secret and the function name decide all. */
function verifySecret(algorithm: string, text: string, secret: string): boolean {
  const parts = text.split(".");
  if (parts.length === 1) throw new BuiltinError("encoded JWT had no period separators");
  if (parts.length !== 3) throw new BuiltinError(`encoded JWT must have 3 sections, found ${parts.length}`);
  const signature = decodeBase64Url(parts[2] ?? "");
  return verifies(algorithm, bytesOfText(secret), bytesOfText(`${parts[0]}.${parts[1]}`), signature);
}

interface Constraints {
  readonly keys: readonly VerificationKey[] | undefined;
  readonly secret: string;
  readonly algorithm: string;
  readonly issuer: string;
  readonly audience: string;
  /** Nanoseconds as a double, in which OPA computes. */
  readonly timeNs: number;
}

function constraintsOf(given: AnyObject, context: BuiltinContext): Constraints {
  let keys: readonly VerificationKey[] | undefined;
  let timeNs = Number(context.nowNs);
  const texts = new Map<string, string>();
  for (const [name, value] of objectEntries(given)) {
    switch (name) {
      case "cert":
        if (typeof value !== "string") throw new BuiltinError("cert constraint: must be a string");
        keys = verificationKeys(value);
        break;
      case "secret":
      case "alg":
      case "iss":
      case "aud":
        if (typeof value !== "string") throw new BuiltinError(`${name} constraint: must be a string`);
        texts.set(name, value);
        break;
      case "time":
        if (!isNumber(value)) throw new BuiltinError("token time constraint: must be a number");
        timeNs = toDouble(value);
        if (!Number.isFinite(timeNs)) throw new BuiltinError("token time constraint: unvalid float64");
        if (timeNs < 0) throw new BuiltinError("token time constraint: must not be negative");
        break;
      default:
        throw new BuiltinError(`unknown token validation constraint: ${String(name)}`);
    }
  }
  const secret = texts.get("secret") ?? "";
  if (keys !== undefined && secret !== "") throw new BuiltinError("duplicate key constraints");
  if (keys === undefined && secret === "") throw new BuiltinError("no key constraint");
  return {
    keys,
    secret,
    algorithm: texts.get("alg") ?? "",
    issuer: texts.get("iss") ?? "",
    audience: texts.get("aud") ?? "",
    timeNs,
  };
}

function decodeVerify(args: readonly Value[], context: BuiltinContext): Value {
  const unverified: Value = [false, RegoObjectClass.EMPTY, RegoObjectClass.EMPTY];
  const given = objectAt(args, 1);
  const constraints = constraintsOf(given, context);
  let text: Value = valueAt(args, 0);
  for (let nesting = 0; nesting < MAX_NESTING; nesting++) {
    context.spend(100);
    const token = parseToken(stringAt([text], 0));
    const header = headerOf(token.header);
    if (!header.acceptable) return unverified;
    if (constraints.algorithm !== "" && constraints.algorithm !== header.algorithm) return unverified;
    if (!isSigned(token, header, constraints)) return unverified;
    const payload = decoded(token.payload, "JWT payload had invalid encoding");
    if (header.contentType.toUpperCase() === "JWT") {
      text = payload;
      continue;
    }
    const claims = parseObject(payload);
    return claimsHold(claims, constraints) ? [true, token.header, claims] : unverified;
  }
  throw new BuiltinError("JWT is nested too deeply");
}

function isSigned(token: Token, header: Header, constraints: Constraints): boolean {
  const signature = decodeBase64Url(token.signature);
  if (constraints.keys === undefined) {
    return verifies(header.algorithm, bytesOfText(constraints.secret), token.signed, signature);
  }
  return verifiedBy(constraints.keys, header, ({ key }) => verifies(header.algorithm, key, token.signed, signature));
}

function claimsHold(claims: AnyObject, constraints: Constraints): boolean {
  if (constraints.issuer !== "" && objectGet(claims, "iss") !== constraints.issuer) return false;
  const audience = objectGet(claims, "aud");
  if (audience === undefined ? constraints.audience !== "" : !isAudience(audience, constraints.audience)) return false;
  const now = numberFrom(constraints.timeNs / 1_000_000_000);
  const expires = objectGet(claims, "exp");
  if (expires !== undefined) {
    if (!isNumber(expires)) throw new BuiltinError("exp value must be a number");
    if (compareNumbers(now, expires) >= 0) return false;
  }
  const notBefore = objectGet(claims, "nbf");
  if (notBefore !== undefined) {
    if (!isNumber(notBefore)) throw new BuiltinError("nbf value must be a number");
    if (compareNumbers(now, notBefore) < 0) return false;
  }
  return true;
}

/** A token that is meant for somebody needs the constraint that says we are that one. */
function isAudience(claim: Value, wanted: string): boolean {
  return isArray(claim) ? claim.includes(wanted) : claim === wanted;
}

function encodeSign(headers: string, payload: string, jwk: string): string {
  const [key] = parseJwks(jwk);
  if (key === undefined) throw new BuiltinError("no keys found in JWK set");
  const missing = "missing or invalid 'alg' header";
  if (headers === "") throw new BuiltinError(`${missing}: cannot parse JSON: cannot parse empty string`);
  const header = parseObject(headers);
  const algorithm = objectGet(header, "alg");
  if (typeof algorithm !== "string") throw new BuiltinError(`${missing}: jwsbb: header "alg" not found`);
  if (!ALGORITHMS.has(algorithm)) throw new BuiltinError(`unknown JWS algorithm: ${algorithm}`);
  const type = objectGet(header, "typ");
  if ((typeof type !== "string" || type === "JWT") && !isJson(payload)) {
    throw new BuiltinError("type is JWT but payload is not JSON");
  }
  const encode = (text: string): string => Buffer.from(bytesOfText(text)).toString("base64url");
  const signed = `${encode(headers)}.${encode(payload)}`;
  return `${signed}.${Buffer.from(signatureOf(algorithm, key, Buffer.from(signed))).toString("base64url")}`;
}

function isJson(text: string): boolean {
  try {
    readJson(text);
    return true;
  } catch (error) {
    if (error instanceof ValueSyntaxError) return false;
    throw error;
  }
}

const STRING_OBJECT = object("string", "any");
const nondeterministic = { nondeterministic: true } as const;

export const JWT: readonly Builtin[] = [
  builtin("io.jwt.decode", ["string"], tuple(ANY_OBJECT, ANY_OBJECT, "string"), decode),
  builtin(
    "io.jwt.decode_verify",
    ["string", STRING_OBJECT],
    tuple("boolean", ANY_OBJECT, ANY_OBJECT),
    decodeVerify,
    nondeterministic,
  ),
  ...[...ALGORITHMS.keys()].map(verifyWith),
  builtin(
    "io.jwt.encode_sign",
    [STRING_OBJECT, STRING_OBJECT, STRING_OBJECT],
    "string",
    (args) => encodeSign(writeJson(valueAt(args, 0)), writeJson(valueAt(args, 1)), writeJson(valueAt(args, 2))),
    nondeterministic,
  ),
  builtin(
    "io.jwt.encode_sign_raw",
    ["string", "string", "string"],
    "string",
    (args) => encodeSign(stringAt(args, 0), stringAt(args, 1), stringAt(args, 2)),
    nondeterministic,
  ),
];
