/**
 * Whether a token that a request carries is valid for this workflow. Everything is required that RFC 8725 and RFC 9068
 * ask for; a claim that is present in a form that is not understood refuses the token.
 *
 * A verified token is remembered for a while, so that a client's next request costs no signature. Its times and its
 * binding to a certificate or a proof are checked every time: they belong to the request and not to the token.
 */
import { type DpopProof, DpopReplays, verifyDpop } from "./dpop.js";
import { type FindKey, readObject, verifySignature } from "./signature.js";
import { tokenError } from "./token-error.js";

const TYPES = new Set([undefined, "jwt", "at+jwt"]);
const SKEW_SECONDS = 30;
const MAX_REMEMBERED = 4096;
/** A remembered token is verified again after this time, so that a key that was withdrawn stops working. */
const REMEMBER_MS = 60_000;

export interface TokenVerifierOptions {
  readonly issuer: string;
  /** one of these must be among the token's audiences */
  readonly audiences: readonly string[];
  readonly findKey: FindKey;
  /** milliseconds since 1970 */
  readonly now?: () => number;
}

/** A token as a request presents it. */
export interface PresentedToken {
  readonly scheme: "bearer" | "dpop";
  readonly token: string;
  /** SHA-256 of the client's certificate (DER), base64url; undefined without one */
  readonly certificateThumbprint?: string | undefined;
  readonly dpop?: DpopProof | undefined;
  /**
   * `here`: this is where the client connects, and a bound token must come with its proof. `before`: an authenticated
   * workload passes the token on; the edge has checked the binding, which no hop behind it can see.
   */
  readonly binding: "here" | "before";
}

export interface VerifiedToken {
  readonly issuer: string;
  readonly subject: string;
  /** seconds since 1970 */
  readonly expiresAt: number;
  readonly claims: Readonly<Record<string, unknown>>;
}

interface Remembered {
  readonly verified: VerifiedToken;
  readonly at: number;
}

export class TokenVerifier {
  readonly #options: TokenVerifierOptions;
  readonly #now: () => number;
  readonly #replays = new DpopReplays();
  readonly #remembered = new Map<string, Remembered>();

  constructor(options: TokenVerifierOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Verifies a presented token.
   * @throws IDENTITY_TOKEN with the reason, IDENTITY_ISSUER when the issuer's keys cannot be had
   */
  async verify(presented: PresentedToken): Promise<VerifiedToken> {
    const verified = await this.#verifyOnce(presented.token);
    this.#judgeTimes(verified.claims);
    await this.#judgeBinding(verified.claims, presented);
    return verified;
  }

  /**
   * The same for a token that was verified a moment ago, at once; undefined when there is more to verify.
   * @throws IDENTITY_TOKEN
   */
  verifiedBefore({ token, scheme }: PresentedToken): VerifiedToken | undefined {
    const verified = this.#known(token, this.#now())?.verified;
    // What is bound to something is judged with the request that brings it.
    if (verified === undefined || scheme !== "bearer" || verified.claims.cnf !== undefined) return undefined;
    this.#judgeTimes(verified.claims);
    return verified;
  }

  #known(token: string, now: number): Remembered | undefined {
    const known = this.#remembered.get(token);
    return known !== undefined && now >= known.at && now - known.at < REMEMBER_MS ? known : undefined;
  }

  /** Forgets what was verified, e.g. when tokens are revoked. */
  forget(): void {
    this.#remembered.clear();
  }

  async #verifyOnce(token: string): Promise<VerifiedToken> {
    const now = this.#now();
    const known = this.#known(token, now);
    if (known !== undefined) return known.verified;
    this.#remembered.delete(token);
    const verified = await this.#verifyClaims(token);
    if (this.#remembered.size >= MAX_REMEMBERED) {
      const [oldest] = this.#remembered.keys();
      if (oldest !== undefined) this.#remembered.delete(oldest);
    }
    this.#remembered.set(token, { verified, at: now });
    return verified;
  }

  async #verifyClaims(token: string): Promise<VerifiedToken> {
    const { issuer, audiences, findKey } = this.#options;
    const { header, payload } = await verifySignature(token, findKey);
    if (!TYPES.has(header.typ)) throw tokenError("it is of another type");
    const claims = readObject(payload);
    if (claims === undefined) throw tokenError("its claims are not a JSON object");
    if (claims.iss !== issuer) throw tokenError("it comes from another issuer");
    const audience = typeof claims.aud === "string" ? [claims.aud] : claims.aud;
    if (!Array.isArray(audience) || !audience.some((name) => audiences.includes(name))) {
      throw tokenError("it is meant for somebody else");
    }
    if (typeof claims.sub !== "string" || claims.sub === "") throw tokenError("it names no subject");
    if (typeof claims.exp !== "number") throw tokenError("it never expires");
    return { issuer, subject: claims.sub, expiresAt: claims.exp, claims };
  }

  /** RFC 7519 §4.1.4–§4.1.6. */
  #judgeTimes({ exp, nbf, iat }: Readonly<Record<string, unknown>>): void {
    const now = this.#now() / 1000;
    if (typeof exp !== "number" || now >= exp + SKEW_SECONDS) throw tokenError("it has expired");
    for (const from of [nbf, iat]) {
      if (from !== undefined && (typeof from !== "number" || from > now + SKEW_SECONDS)) {
        throw tokenError("it is not valid yet");
      }
    }
  }

  /** RFC 7800 §3.1, RFC 8705 §3, RFC 9449 §6 and §7. */
  async #judgeBinding({ cnf }: Readonly<Record<string, unknown>>, presented: PresentedToken): Promise<void> {
    if (cnf !== undefined && (typeof cnf !== "object" || cnf === null || Array.isArray(cnf))) {
      throw tokenError("it is bound in a way that is not understood");
    }
    const bindings = Object.entries(cnf ?? {});
    if (presented.binding === "before") return;
    const isDpopBound = bindings.some(([name]) => name === "jkt");
    if (presented.scheme === "dpop" && !isDpopBound) throw tokenError("it is not bound to the proof's key");
    if (presented.scheme === "bearer" && isDpopBound) throw tokenError("it is bound to a key and comes without proof");
    for (const [name, value] of bindings) {
      if (name === "x5t#S256") {
        if (presented.certificateThumbprint === undefined || value !== presented.certificateThumbprint) {
          throw tokenError("it is bound to another certificate");
        }
      } else if (name === "jkt") await this.#judgeProof(value, presented);
      else throw tokenError("it is bound in a way that is not understood");
    }
    if (cnf !== undefined && bindings.length === 0) throw tokenError("it is bound in a way that is not understood");
  }

  async #judgeProof(jkt: unknown, { dpop, token }: PresentedToken): Promise<void> {
    if (dpop === undefined) throw tokenError("it is bound to a key and comes without proof");
    const thumbprint = await verifyDpop(dpop, token, this.#replays, this.#now() / 1000);
    if (jkt !== thumbprint) throw tokenError("it is bound to another key");
  }
}
