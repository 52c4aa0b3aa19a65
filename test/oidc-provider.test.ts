/**
 * Tokens of an issuer that this project did not write: discovery, keys, rotation, and access tokens that are bound to a
 * key by the issuer itself.
 */
import { createHash, randomUUID } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IssuerKeys, TokenVerifier } from "../src/identity/index.js";

const AUDIENCE = "https://claims.example.com";
const server = createServer();
let issuer = "";
let verifier: TokenVerifier;

interface Provider {
  callback(): RequestListener;
}

beforeAll(async () => {
  // @ts-expect-error: the package ships no types
  const { default: OidcProvider } = (await import("oidc-provider")) as {
    default: new (issuer: string, configuration: object) => Provider;
  };
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = {
    client_id: "claims-client",
    client_secret: "only-for-this-test",
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: "ES256",
  };
  const provider = new OidcProvider(issuer, {
    clients: [client],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "first", use: "sig", alg: "ES256" }] },
    extraTokenClaims: () => ({ realm_access: { roles: ["adjuster"] } }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        getResourceServerInfo: () => ({
          scope: "",
          audience: AUDIENCE,
          accessTokenTTL: 600,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
  });
  server.on("request", provider.callback());
  const keys = new IssuerKeys({ issuer });
  verifier = new TokenVerifier({ issuer, audiences: [AUDIENCE], findKey: (header) => keys.find(header) });
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function requestToken(headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from("claims-client:only-for-this-test").toString("base64")}`,
      "content-type": "application/x-www-form-urlencoded",
      ...headers,
    },
    body: "grant_type=client_credentials",
  });
  const body = (await response.json()) as { access_token?: string };
  if (body.access_token === undefined) throw new Error(`no token: ${JSON.stringify(body)}`);
  return body.access_token;
}

async function proof(by: { key: CryptoKeyLike; jwk: JWK }, htu: string, token?: string): Promise<string> {
  const ath = token === undefined ? {} : { ath: createHash("sha256").update(token).digest("base64url") };
  return new SignJWT({ jti: randomUUID(), htm: "POST", htu, iat: Math.floor(Date.now() / 1000), ...ath })
    .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk: by.jwk })
    .sign(by.key);
}
type CryptoKeyLike = Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];

describe("oidc-provider", () => {
  it("is accepted as an issuer with its own claims", async () => {
    const token = await requestToken();
    const { subject, claims } = await verifier.verify({ scheme: "bearer", token, binding: "here" });
    expect(subject).toBe("claims-client");
    expect(claims.realm_access).toEqual({ roles: ["adjuster"] });
    const other = new TokenVerifier({
      issuer,
      audiences: ["other"],
      findKey: (h) => new IssuerKeys({ issuer }).find(h),
    });
    await expect(other.verify({ scheme: "bearer", token, binding: "here" })).rejects.toThrow(/somebody else/);
  });

  it("binds tokens to a key that must be proven", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const holder = { key: privateKey, jwk: await exportJWK(publicKey) };
    const token = await requestToken({ dpop: await proof(holder, `${issuer}/token`) });
    const url = `${AUDIENCE}/v1/claims`;
    const present = async (text: string): Promise<string> =>
      (await verifier.verify({ scheme: "dpop", token, binding: "here", dpop: { proof: text, method: "POST", url } }))
        .subject;
    expect(await present(await proof(holder, url, token))).toBe("claims-client");
    await expect(verifier.verify({ scheme: "bearer", token, binding: "here" })).rejects.toThrow(/without proof/);
    const other = await generateKeyPair("ES256");
    const thief = { key: other.privateKey, jwk: await exportJWK(other.publicKey) };
    await expect(present(await proof(thief, url, token))).rejects.toThrow(/another key/);
  });
});
