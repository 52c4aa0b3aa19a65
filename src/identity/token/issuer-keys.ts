/**
 * The keys of a real issuer: found by OpenID Connect discovery, fetched within bounds, kept for a while, fetched again
 * when a token names a key that is not there (rotation), but not more often than every half minute, so that made-up key
 * ids cannot turn this into a flood. When the issuer is away the last good set serves for an hour, then nothing does.
 *
 * @see OpenID Connect Discovery 1.0 §4, RFC 8414 §3
 */
import type { CryptoKey } from "jose";
import { z } from "zod";
import { KeySet } from "./key-set.js";
import type { TokenHeader } from "./signature.js";
import { issuerError } from "./token-error.js";

const MAX_BODY_BYTES = 256 * 1024;
const FETCH_DEADLINE_MS = 5000;
const FRESH_MS = 10 * 60_000;
const STALE_MS = 60 * 60_000;
const COOLDOWN_MS = 30_000;

export interface IssuerKeysOptions {
  readonly issuer: string;
  /** where the keys are; found by discovery when absent */
  readonly jwksUri?: string;
  readonly now?: () => number;
  readonly fetch?: typeof fetch;
}

const DiscoverySchema = z.looseObject({ issuer: z.string(), jwks_uri: z.string() });

export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  readonly #now: () => number;
  #keys: KeySet | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #pending: Promise<void> | undefined;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    for (const url of [options.issuer, ...(options.jwksUri === undefined ? [] : [options.jwksUri])]) judgeUrl(url);
  }

  /**
   * The key for a token's header; undefined when the issuer has none that fits.
   * @throws IDENTITY_ISSUER when there are no keys at all
   */
  async find({ alg, kid }: TokenHeader): Promise<CryptoKey | undefined> {
    if (this.#age() > FRESH_MS) await this.#refresh();
    const found = await this.#current().find(alg, kid);
    if (found !== undefined || this.#age() === 0) return found;
    await this.#refresh();
    return this.#current().find(alg, kid);
  }

  #age(): number {
    // A clock that went back makes the keys old, not eternally fresh.
    const age = this.#now() - this.#fetchedAt;
    return age < 0 ? Number.POSITIVE_INFINITY : age;
  }

  #current(): KeySet {
    if (this.#keys === undefined || this.#age() > STALE_MS) throw issuerError("its keys cannot be obtained");
    return this.#keys;
  }

  /** Fetches once for all who wait. A failure keeps the last good set. */
  async #refresh(): Promise<void> {
    const sinceTry = this.#now() - this.#triedAt;
    if (this.#pending === undefined && sinceTry >= 0 && sinceTry < COOLDOWN_MS) return;
    this.#pending ??= this.#fetchKeys().finally(() => {
      this.#pending = undefined;
    });
    await this.#pending;
  }

  async #fetchKeys(): Promise<void> {
    this.#triedAt = this.#now();
    try {
      const url = this.#options.jwksUri ?? (await this.#discover());
      this.#keys = KeySet.from(await this.#get(url));
      this.#fetchedAt = this.#now();
    } catch (error) {
      if (this.#keys === undefined) throw error;
    }
  }

  async #discover(): Promise<string> {
    const { issuer } = this.#options;
    const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const found = DiscoverySchema.safeParse(await this.#get(url));
    if (!found.success) throw issuerError("its discovery document is malformed");
    // OpenID Connect Discovery §4.3: the two must be identical, or one issuer could speak for another.
    if (found.data.issuer !== issuer) throw issuerError("its discovery document speaks for another issuer");
    judgeUrl(found.data.jwks_uri);
    return found.data.jwks_uri;
  }

  async #get(url: string): Promise<unknown> {
    try {
      const response = await (this.#options.fetch ?? fetch)(url, {
        redirect: "error",
        headers: { accept: "application/json" },
        signal: AbortSignal.timeout(FETCH_DEADLINE_MS),
      });
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      return JSON.parse(await readBounded(response));
    } catch (cause) {
      throw issuerError(`${new URL(url).origin} does not answer as it should`, cause);
    }
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (response.body === null) return "";
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
}

/** Keys come over TLS, or from this machine itself. */
function judgeUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw issuerError("its address is no URL");
  if (url.username !== "" || url.password !== "") throw issuerError("its address holds credentials");
  const isLocal = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLocal)) {
    throw issuerError("its address is neither https nor on this machine");
  }
}
