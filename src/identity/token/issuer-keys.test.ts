import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { afterEach, describe, expect, it } from "vitest";
import { DevelopmentIssuer } from "./development-issuer.js";
import { IssuerKeys } from "./issuer-keys.js";
import type { TokenHeader } from "./signature.js";
import { TokenVerifier } from "./token-verifier.js";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const header = (kid: string): TokenHeader => ({ alg: "ES256", kid, typ: undefined, raw: {} });

async function jwkOf(kid: string): Promise<JWK> {
  return { ...(await exportJWK((await generateKeyPair("ES256")).publicKey)), kid };
}

describe("IssuerKeys", () => {
  it("follows a rotation, without being made to fetch by made-up key ids", async () => {
    let keys = [await jwkOf("a")];
    let fetches = 0;
    let now = 0;
    const base = await serve((_request, response) => {
      fetches++;
      response.end(JSON.stringify({ keys }));
    });
    const issuer = new IssuerKeys({ issuer: base, jwksUri: `${base}/jwks`, now: () => now });
    await Promise.all(Array.from({ length: 20 }, () => issuer.find(header("a"))));
    expect(await issuer.find(header("a"))).toBeDefined();
    expect(fetches).toBe(1);
    keys = [await jwkOf("b")];
    for (let n = 0; n < 50; n++) expect(await issuer.find(header(`made-up-${n}`))).toBeUndefined();
    expect(fetches).toBe(1);
    now += 30_000;
    expect(await issuer.find(header("b"))).toBeDefined();
    expect(await issuer.find(header("a"))).toBeUndefined();
    expect(fetches).toBe(2);
  });

  it("lives on the last good set for an hour, then on nothing", async () => {
    const key = await jwkOf("a");
    let now = 0;
    let away = false;
    const base = await serve((_request, response) => {
      response.writeHead(away ? 500 : 200).end(JSON.stringify({ keys: [key] }));
    });
    const issuer = new IssuerKeys({ issuer: base, jwksUri: base, now: () => now });
    expect(await issuer.find(header("a"))).toBeDefined();
    away = true;
    now += 59 * 60_000;
    expect(await issuer.find(header("a"))).toBeDefined();
    now += 2 * 60_000;
    await expect(issuer.find(header("a"))).rejects.toThrow(/cannot be obtained/);
    away = false;
    now += 60_000;
    expect(await issuer.find(header("a"))).toBeDefined();
    now -= 10 * 3_600_000;
    away = true;
    await expect(issuer.find(header("a"))).rejects.toThrow(/cannot be obtained/);
  });

  it.each([
    ["a redirect", (response) => response.writeHead(302, { location: "/elsewhere" }).end()],
    ["an error", (response) => response.writeHead(503).end("{}")],
    ["no JSON", (response) => response.end("keys")],
    ["too much", (response) => response.end(`{"keys":[],"x":"${"x".repeat(300_000)}"}`)],
    [
      "a broken end",
      (response) => response.writeHead(200, { "content-length": 10 }).write("{}", () => response.destroy()),
    ],
    ["a secret", (response) => response.end('{"keys":[{"kty":"oct","k":"AA"}]}')],
  ] as [string, (response: Parameters<RequestListener>[1]) => unknown][])("refuses %s", async (_case, answer) => {
    const base = await serve((request, response) => {
      if (request.url === "/elsewhere") response.end('{"keys":[]}');
      else answer(response);
    });
    const issuer = new IssuerKeys({ issuer: base, jwksUri: `${base}/jwks` });
    await expect(issuer.find(header("a"))).rejects.toMatchObject({ code: "IDENTITY_ISSUER" });
  });

  it("refuses a discovery document that speaks for another issuer", async () => {
    const base = await serve((_request, response) => {
      response.end(JSON.stringify({ issuer: "https://login.example.com", jwks_uri: "https://login.example.com/jwks" }));
    });
    await expect(new IssuerKeys({ issuer: base }).find(header("a"))).rejects.toThrow(/another issuer/);
  });

  it.each(["http://login.example.com", "ftp://127.0.0.1", "https://u:p@login.example.com", "login"])(
    "does not fetch keys from %s",
    (issuer) => {
      expect(() => new IssuerKeys({ issuer })).toThrow(/address/);
    },
  );

  it("is not sent to a plaintext address by discovery", async () => {
    const base = await serve((request, response) => {
      response.end(JSON.stringify({ issuer: `http://${request.headers.host}`, jwks_uri: "http://evil.example/jwks" }));
    });
    await expect(new IssuerKeys({ issuer: base }).find(header("a"))).rejects.toThrow(/neither https nor/);
  });
});

describe("DevelopmentIssuer", () => {
  it("is an issuer like any other", async () => {
    const issuer = await DevelopmentIssuer.start();
    closers.push(() => issuer.close());
    const keys = new IssuerKeys({ issuer: issuer.issuer });
    const verifier = new TokenVerifier({
      issuer: issuer.issuer,
      audiences: ["claims-api"],
      findKey: (wanted) => keys.find(wanted),
    });
    const token = await issuer.issue({
      subject: "ada",
      audience: "claims-api",
      roles: ["adjuster"],
      rolesPath: ["realm_access", "roles"],
    });
    const { claims } = await verifier.verify({ scheme: "bearer", token, binding: "here" });
    expect(claims.realm_access).toEqual({ roles: ["adjuster"] });
    const answer = await fetch(`${issuer.address}/jwks`);
    expect(Object.keys(((await answer.json()) as { keys: [object] }).keys[0]).sort()).toEqual([
      "alg",
      "crv",
      "kid",
      "kty",
      "use",
      "x",
      "y",
    ]);
    expect((await fetch(`${issuer.address}/token`, { method: "POST" })).status).toBe(404);
  });
});
