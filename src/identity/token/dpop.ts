/**
 * Proof of possession at the HTTP level: a token that is bound to a key is worth nothing without a fresh proof, signed
 * with that key, for this very method and address. Every proof is accepted once.
 *
 * @see RFC 9449 §4.3 (checks), §7 (with a resource), §11.1 (replay)
 */
import { createHash } from "node:crypto";
import { calculateJwkThumbprint, importJWK, type JWK } from "jose";
import { ALGORITHMS, publicMembers, SECRET_MEMBERS } from "./algorithms.js";
import { readHeader, readObject, verifySignature } from "./signature.js";
import { tokenError } from "./token-error.js";

/** How far a proof's `iat` may lie from now, in seconds. */
const WINDOW_SECONDS = 60;
const MAX_REMEMBERED = 100_000;

export interface DpopProof {
  /** the value of the one DPoP header */
  readonly proof: string;
  readonly method: string;
  /** the address that was asked for, without query and fragment, normalized */
  readonly url: string;
}

/** Remembers the proofs of the last minutes. Full means refused: forgetting would let one be used twice. */
export class DpopReplays {
  readonly #seen = new Map<string, number>();

  /** @returns false when the proof was seen before, or there is no room to remember it */
  accept(id: string, nowSeconds: number): boolean {
    for (const [old, until] of this.#seen) {
      if (until > nowSeconds) break;
      this.#seen.delete(old);
    }
    if (this.#seen.has(id) || this.#seen.size >= MAX_REMEMBERED) return false;
    this.#seen.set(id, nowSeconds + 2 * WINDOW_SECONDS + 1);
    return true;
  }
}

/**
 * Verifies a proof for an access token and returns the thumbprint of the key that made it.
 * @throws IDENTITY_TOKEN
 */
export async function verifyDpop(
  { proof, method, url }: DpopProof,
  token: string,
  replays: DpopReplays,
  nowSeconds: number,
): Promise<string> {
  const header = readHeader(proof);
  if (header.typ !== "dpop+jwt") throw tokenError("its proof of possession has another type");
  const jwk = publicJwk(header.raw.jwk, header.alg);
  const { payload } = await verifySignature(proof, async ({ alg }) => {
    const key = await importJWK(jwk, alg);
    return ArrayBuffer.isView(key) ? undefined : key;
  });
  const claims = readObject(payload);
  if (claims === undefined) throw tokenError("its proof of possession is malformed");
  const { jti, htm, htu, iat, ath } = claims;
  if (htm !== method) throw tokenError("its proof of possession is for another method");
  if (typeof htu !== "string" || withoutQuery(htu) !== withoutQuery(url)) {
    throw tokenError("its proof of possession is for another address");
  }
  if (typeof iat !== "number" || Math.abs(nowSeconds - iat) > WINDOW_SECONDS) {
    throw tokenError("its proof of possession is not fresh");
  }
  if (ath !== createHash("sha256").update(token).digest("base64url")) {
    throw tokenError("its proof of possession is for another token");
  }
  if (typeof jti !== "string" || jti === "" || jti.length > 512) throw tokenError("its proof of possession has no id");
  const thumbprint = await calculateJwkThumbprint(jwk);
  if (!replays.accept(`${thumbprint} ${jti}`, nowSeconds)) {
    throw tokenError("its proof of possession was used before");
  }
  return thumbprint;
}

function publicJwk(value: unknown, alg: string): JWK {
  const wanted = ALGORITHMS.get(alg);
  if (typeof value !== "object" || value === null || Array.isArray(value) || wanted === undefined) {
    throw tokenError("its proof of possession holds no key");
  }
  if (SECRET_MEMBERS.some((member) => Object.hasOwn(value, member))) {
    throw tokenError("its proof of possession gives its private key away");
  }
  const key = publicMembers(value as Record<string, unknown>);
  if (key.kty !== wanted.kty || (wanted.crv !== undefined && key.crv !== wanted.crv)) {
    throw tokenError("its proof of possession holds a key of another kind");
  }
  return { ...key, kty: wanted.kty };
}

/** RFC 9449 §4.3 step 9: compared after normalization, without query and fragment. */
function withoutQuery(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return `${url.protocol}//${url.host}${url.pathname}`;
}
