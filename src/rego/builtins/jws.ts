/**
 * Signatures of JSON Web Tokens on node:crypto, which is synchronous as evaluation is. An algorithm is one row of a
 * table and is bound to a kind of key there: a key of another kind never verifies, whatever the token's header says.
 */
import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
  X509Certificate,
} from "node:crypto";
import {
  isArray,
  isObject,
  type JsonObject,
  objectGet,
  type RegoObject,
  readJson,
  toJson,
  type Value,
} from "../value/index.js";
import { BuiltinError } from "./builtin.js";
import { decodePem } from "./pem.js";

type Family = "hmac" | "rsa" | "rsa-pss" | "ec" | "eddsa";

interface Algorithm {
  readonly family: Family;
  readonly hash: string | undefined;
}

export const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map<string, Algorithm>([
  ["HS256", { family: "hmac", hash: "sha256" }],
  ["HS384", { family: "hmac", hash: "sha384" }],
  ["HS512", { family: "hmac", hash: "sha512" }],
  ["RS256", { family: "rsa", hash: "sha256" }],
  ["RS384", { family: "rsa", hash: "sha384" }],
  ["RS512", { family: "rsa", hash: "sha512" }],
  ["PS256", { family: "rsa-pss", hash: "sha256" }],
  ["PS384", { family: "rsa-pss", hash: "sha384" }],
  ["PS512", { family: "rsa-pss", hash: "sha512" }],
  ["ES256", { family: "ec", hash: "sha256" }],
  ["ES384", { family: "ec", hash: "sha384" }],
  ["ES512", { family: "ec", hash: "sha512" }],
  ["EdDSA", { family: "eddsa", hash: undefined }],
]);

/** The kind of asymmetric key that a family of algorithms needs. */
const KEY_TYPES: Readonly<Record<Exclude<Family, "hmac">, string>> = {
  rsa: "rsa",
  "rsa-pss": "rsa",
  ec: "ec",
  eddsa: "ed25519",
};

/** A key that may verify tokens: a public key, or the bytes of a shared secret. */
export interface VerificationKey {
  readonly algorithm: string;
  readonly id: string;
  readonly key: KeyObject | Uint8Array;
}

/** Whether `signature` is one of `data` by `key`. An unknown algorithm or a key of another kind verifies nothing. */
export function verifies(
  algorithmName: string,
  key: KeyObject | Uint8Array,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const algorithm = ALGORITHMS.get(algorithmName);
  if (algorithm === undefined) return false;
  if (algorithm.family === "hmac") {
    if (!(key instanceof Uint8Array)) return false;
    const expected = createHmac(algorithm.hash ?? "", key)
      .update(data)
      .digest();
    return expected.length === signature.length && timingSafeEqual(expected, signature);
  }
  if (key instanceof Uint8Array || key.type !== "public") return false;
  if (key.asymmetricKeyType !== KEY_TYPES[algorithm.family]) return false;
  try {
    return verify(algorithm.hash ?? null, data, { key, ...paddingOf(algorithm.family) }, signature);
  } catch {
    // FAIL CLOSED: a signature that cannot even be read does not verify.
    return false;
  }
}

function paddingOf(family: Family): { padding?: number; saltLength?: number; dsaEncoding?: "ieee-p1363" } {
  if (family === "rsa") return { padding: constants.RSA_PKCS1_PADDING };
  if (family === "rsa-pss") {
    return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
  }
  return family === "ec" ? { dsaEncoding: "ieee-p1363" } : {};
}

/** @throws BuiltinError when the key does not fit the algorithm */
export function signatureOf(algorithmName: string, jwk: JsonObject | RegoObject, data: Uint8Array): Uint8Array {
  const algorithm = ALGORITHMS.get(algorithmName);
  if (algorithm === undefined) throw new BuiltinError(`unknown JWS algorithm: ${algorithmName}`);
  if (algorithm.family === "hmac") {
    return createHmac(algorithm.hash ?? "", secretOf(jwk))
      .update(data)
      .digest();
  }
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: toJson(jwk) as Record<string, string>, format: "jwk" });
  } catch (error) {
    throw new BuiltinError(`failed to create signing key: ${error instanceof Error ? error.message : "invalid key"}`);
  }
  if (key.asymmetricKeyType !== KEY_TYPES[algorithm.family]) {
    throw new BuiltinError(`invalid key type ${key.asymmetricKeyType} for ${algorithmName}`);
  }
  const padding = paddingOf(algorithm.family);
  const saltLength = algorithm.family === "rsa-pss" ? { saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {};
  return sign(algorithm.hash ?? null, data, { key, ...padding, ...saltLength });
}

function secretOf(jwk: JsonObject | RegoObject): Uint8Array {
  const secret = objectGet(jwk, "k");
  if (objectGet(jwk, "kty") !== "oct" || typeof secret !== "string" || !/^[A-Za-z0-9_-]*=*$/.test(secret)) {
    throw new BuiltinError("invalid key: a shared secret needs `kty` oct and `k`");
  }
  return Buffer.from(secret, "base64url");
}

/** The keys of a JWK or a JWK set. @throws BuiltinError when the text is neither */
export function parseJwks(text: string): readonly (JsonObject | RegoObject)[] {
  const value = readJson(text);
  if (!isObject(value)) throw new BuiltinError("failed to parse a JWK key (set): not an object");
  const keys = objectGet(value, "keys");
  const list: readonly Value[] = isArray(keys) ? keys : [value];
  return list.map((key) => {
    if (!isObject(key) || typeof objectGet(key, "kty") !== "string") {
      throw new BuiltinError("failed to parse a JWK key (set): a key has no `kty`");
    }
    return key;
  });
}

/**
 * The verification keys in one PEM block (certificate or public key), a JWK or a JWK set. Keys whose `alg` is none of
 * ours are left out.
 * @throws BuiltinError when the text holds none of these
 */
export function verificationKeys(text: string): readonly VerificationKey[] {
  const pem = decodePem(text);
  if (pem !== undefined) {
    if (pem.rest !== "") throw new BuiltinError("extra data after a PEM certificate block");
    return [{ algorithm: "", id: "", key: pemKey(pem.block.type, pem.block.bytes) }];
  }
  const keys: VerificationKey[] = [];
  for (const jwk of parseJwks(text)) {
    const algorithm = stringMember(jwk, "alg");
    const key = jwkKey(jwk);
    if (algorithm !== "" && !ALGORITHMS.has(algorithm)) continue;
    keys.push({ algorithm, id: stringMember(jwk, "kid"), key });
  }
  return keys;
}

function pemKey(type: string, bytes: Buffer): KeyObject {
  try {
    if (type === "CERTIFICATE") return new X509Certificate(bytes).publicKey;
    if (type === "PUBLIC KEY") return createPublicKey({ key: bytes, format: "der", type: "spki" });
  } catch (error) {
    const what = type === "CERTIFICATE" ? "certificate" : "public key";
    throw new BuiltinError(`failed to parse a PEM ${what}: ${error instanceof Error ? error.message : "invalid"}`);
  }
  throw new BuiltinError("failed to extract a Key from the PEM certificate");
}

function jwkKey(jwk: JsonObject | RegoObject): KeyObject | Uint8Array {
  if (objectGet(jwk, "kty") === "oct") return secretOf(jwk);
  try {
    return createPublicKey({ key: toJson(jwk) as Record<string, string>, format: "jwk" });
  } catch (error) {
    throw new BuiltinError(
      `failed to parse a JWK key (set): ${error instanceof Error ? error.message : "invalid key"}`,
    );
  }
}

function stringMember(object: JsonObject | RegoObject, name: string): string {
  const value = objectGet(object, name);
  return typeof value === "string" ? value : "";
}
