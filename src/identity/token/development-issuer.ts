/**
 * An issuer for one machine: what `ringfence token` asks, in the place of the identity provider that the workflow names.
 * Its key exists in this process only, so its tokens end with it; it answers discovery and keys on loopback, as a real
 * issuer would, and signs nothing over the network.
 */
import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

const MAX_TTL_SECONDS = 3600;

export interface DevelopmentIssuerOptions {
  /** the `iss` of its tokens; its own address when absent */
  readonly issuer?: string;
  readonly now?: () => number;
}

export interface TokenRequest {
  readonly subject: string;
  readonly audience: string;
  readonly roles: readonly string[];
  /** where the roles stand among the claims */
  readonly rolesPath: readonly string[];
  /** 1..3600; 900 when absent */
  readonly ttlSeconds?: number;
  /** RFC 7800 confirmation: binds the token to a certificate or key */
  readonly confirmation?: Readonly<Record<string, string>>;
}

export class DevelopmentIssuer {
  /** where discovery and keys are */
  readonly address: string;
  readonly issuer: string;
  readonly keys: { readonly keys: readonly JWK[] };
  readonly #server: Server;
  readonly #key: CryptoKey;
  readonly #now: () => number;

  private constructor(server: Server, key: CryptoKey, jwk: JWK, { issuer, now }: DevelopmentIssuerOptions) {
    this.#server = server;
    this.#key = key;
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.issuer = issuer ?? this.address;
    this.keys = { keys: [jwk] };
    this.#now = now ?? Date.now;
    server.on("request", (request, response) => {
      const body = this.#answer(request.method, request.url);
      response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(body ?? {}));
    });
  }

  /** Starts an issuer on a free loopback port. */
  static async start(options: DevelopmentIssuerOptions = {}): Promise<DevelopmentIssuer> {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const jwk = { ...(await exportJWK(publicKey)), kid: randomUUID(), use: "sig", alg: "ES256" };
    const server = createServer({ maxHeaderSize: 8192, requestTimeout: 5000 });
    server.maxConnections = 64;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    return new DevelopmentIssuer(server, privateKey, jwk, options);
  }

  /** Signs an access token. */
  async issue(request: TokenRequest): Promise<string> {
    const ttlSeconds = Math.min(Math.max(1, request.ttlSeconds ?? 900), MAX_TTL_SECONDS);
    const now = Math.floor(this.#now() / 1000);
    const claims: Record<string, unknown> = request.confirmation === undefined ? {} : { cnf: request.confirmation };
    place(claims, request.rolesPath, request.roles);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: this.keys.keys[0]?.kid ?? "" })
      .setIssuer(this.issuer)
      .setSubject(request.subject)
      .setAudience(request.audience)
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + ttlSeconds)
      .setJti(randomUUID())
      .sign(this.#key);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(method: string | undefined, path: string | undefined): unknown {
    if (method !== "GET") return undefined;
    if (path === "/jwks") return this.keys;
    if (path !== "/.well-known/openid-configuration") return undefined;
    return {
      issuer: this.issuer,
      jwks_uri: `${this.address}/jwks`,
      id_token_signing_alg_values_supported: ["ES256"],
    };
  }
}

function place(claims: Record<string, unknown>, path: readonly string[], roles: readonly string[]): void {
  let at = claims;
  for (const [index, name] of path.entries()) {
    const value = index === path.length - 1 ? [...roles] : {};
    // Defined, not assigned: a member that is called `__proto__` is a member like any other.
    Object.defineProperty(at, name, { value, enumerable: true, configurable: true, writable: true });
    if (!Array.isArray(value)) at = value;
  }
}
