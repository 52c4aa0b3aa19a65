/**
 * A set of an issuer's public keys. The set is refused as a whole when it holds anything that must not be public: a
 * publisher that gives away one private key, or mixes in symmetric ones, cannot be relied on for the others. A key of a
 * kind that is not accepted here (another curve, encryption, too small) is left out, so that an issuer may publish more.
 *
 * @see RFC 7517 §4 (members), §5 (sets)
 */
import { type CryptoKey, importJWK } from "jose";
import { z } from "zod";
import { ALGORITHMS, MIN_RSA_BITS, publicMembers, SECRET_MEMBERS } from "./algorithms.js";
import { issuerError } from "./token-error.js";

const MAX_KEYS = 100;

const JwkSchema = z.looseObject({
  kty: z.string(),
  kid: z.string().max(512).optional(),
  use: z.string().optional(),
  alg: z.string().optional(),
  key_ops: z.array(z.string()).optional(),
  crv: z.string().optional(),
  n: z.string().optional(),
});
type Jwk = z.infer<typeof JwkSchema>;
const KeySetSchema = z.looseObject({ keys: z.array(JwkSchema).max(MAX_KEYS) });

export class KeySet {
  readonly #keys: readonly Jwk[];
  readonly #imported = new Map<string, Promise<CryptoKey>>();

  private constructor(keys: readonly Jwk[]) {
    this.#keys = keys;
  }

  /**
   * Reads a JSON Web Key Set.
   * @throws IDENTITY_ISSUER when it is malformed or publishes secret keys
   */
  static from(json: unknown): KeySet {
    const parsed = KeySetSchema.safeParse(json);
    if (!parsed.success) throw issuerError("the key set is malformed");
    for (const key of parsed.data.keys) {
      if (key.kty === "oct" || SECRET_MEMBERS.some((member) => Object.hasOwn(key, member))) {
        throw issuerError("the key set publishes a secret key");
      }
    }
    return new KeySet(parsed.data.keys.filter(isUsable));
  }

  /**
   * The one key for an algorithm and key id; undefined when there is none, or more than one that fits.
   * @param kid undefined when the token names no key
   */
  async find(alg: string, kid: string | undefined): Promise<CryptoKey | undefined> {
    const fitting = this.#keys.filter((key) => fits(key, alg) && (kid === undefined || key.kid === kid));
    const [key, another] = fitting;
    if (key === undefined || another !== undefined) return undefined;
    const name = `${alg} ${this.#keys.indexOf(key)}`;
    let imported = this.#imported.get(name);
    if (imported === undefined) {
      imported = importJWK({ ...publicMembers(key), kty: key.kty }, alg).then(asymmetric);
      this.#imported.set(name, imported);
    }
    try {
      return await imported;
    } catch {
      return undefined;
    }
  }
}

function asymmetric(key: CryptoKey | Uint8Array): CryptoKey {
  if (ArrayBuffer.isView(key)) throw issuerError("the key set publishes a secret key");
  return key;
}

function isUsable(key: Jwk): boolean {
  if (key.use !== undefined && key.use !== "sig") return false;
  if (key.key_ops !== undefined && !key.key_ops.includes("verify")) return false;
  if (key.kty === "RSA") return rsaBits(key.n ?? "") >= MIN_RSA_BITS;
  return true;
}

function rsaBits(modulus: string): number {
  const bytes = Buffer.from(modulus, "base64url");
  let from = 0;
  while (from < bytes.length && bytes[from] === 0) from++;
  const first = bytes[from];
  return first === undefined ? 0 : (bytes.length - from - 1) * 8 + (32 - Math.clz32(first));
}

function fits(key: Jwk, alg: string): boolean {
  const algorithm = ALGORITHMS.get(alg);
  if (algorithm === undefined || key.kty !== algorithm.kty) return false;
  if (algorithm.crv !== undefined && key.crv !== algorithm.crv) return false;
  return key.alg === undefined || key.alg === alg;
}
