import { createHash, generateKeyPairSync, randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { RingfenceError } from "../../diagnostics/index.js";
import { KeySet } from "./key-set.js";
import { rolesOf } from "./roles.js";
import { type PresentedToken, TokenVerifier } from "./token-verifier.js";

const NOW = 1_900_000_000;
const ISSUER = "https://login.example.com";
const URL_ASKED = "https://localhost:8443/v1/claims";
let now = NOW;
let key: CryptoKeyLike;
let keys: KeySet;
let verifier: TokenVerifier;
type CryptoKeyLike = Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];

beforeAll(async () => {
  const pair = await generateKeyPair("ES256");
  key = pair.privateKey;
  keys = KeySet.from({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "ES256", use: "sig" }] });
  verifier = newVerifier();
});

function newVerifier(): TokenVerifier {
  return new TokenVerifier({
    issuer: ISSUER,
    audiences: ["claims-api", "other-api"],
    findKey: ({ alg, kid }) => keys.find(alg, kid),
    now: () => now * 1000,
  });
}

const GOOD = { iss: ISSUER, aud: "claims-api", sub: "ada", exp: NOW + 600 };

async function sign(claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "k1", typ: "JWT", ...header }).sign(key);
}

async function outcome(token: string, changed: Partial<PresentedToken> = {}): Promise<string> {
  try {
    return (await verifier.verify({ scheme: "bearer", token, binding: "here", ...changed })).subject;
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error;
    return error.message;
  }
}

describe("claims", () => {
  it.each([
    ["a good token", {}, "ada"],
    ["several audiences", { aud: ["x", "other-api"] }, "ada"],
    ["a start in the past", { nbf: NOW - 1, iat: NOW - 1 }, "ada"],
    ["skew at the end", { exp: NOW - 29 }, "ada"],
    ["skew at the start", { nbf: NOW + 29 }, "ada"],
    ["another issuer", { iss: `${ISSUER}/` }, /another issuer/],
    ["no issuer", { iss: undefined }, /another issuer/],
    ["another audience", { aud: "claims-api-2" }, /somebody else/],
    ["no audience", { aud: undefined }, /somebody else/],
    ["an audience that is an object", { aud: { 0: "claims-api", length: 1 } }, /somebody else/],
    ["no subject", { sub: undefined }, /no subject/],
    ["an empty subject", { sub: "" }, /no subject/],
    ["no end", { exp: undefined }, /never expires/],
    ["an end that is text", { exp: String(NOW + 600) }, /never expires/],
    ["an end in the past", { exp: NOW - 30 }, /expired/],
    ["a start in the future", { nbf: NOW + 31 }, /not valid yet/],
    ["issued in the future", { iat: NOW + 31 }, /not valid yet/],
    ["a start that is text", { nbf: "0" }, /not valid yet/],
  ])("%s", async (_case, changes, want) => {
    const claims = Object.fromEntries(
      Object.entries({ ...GOOD, ...changes }).filter(([, value]) => value !== undefined),
    );
    expect(await outcome(await sign(claims))).toMatch(want);
  });

  it("are refused when they are not a JSON object", async () => {
    const { CompactSign } = await import("jose");
    for (const text of ["", "[]", "null", "1", '"a"', "{", "\ufeff{}", "\xff"]) {
      const token = await new CompactSign(Buffer.from(text, "latin1"))
        .setProtectedHeader({ alg: "ES256", kid: "k1" })
        .sign(key);
      expect(await outcome(token)).toMatch(/JSON object|base64url/);
    }
  });
});

describe("headers", () => {
  it.each([
    ["no type", { typ: undefined }, "ada"],
    ["an access token", { typ: "at+jwt" }, "ada"],
    ["an access token by its media type", { typ: "application/AT+JWT" }, "ada"],
    ["a proof of possession", { typ: "dpop+jwt" }, /another type/],
    ["a logout token", { typ: "logout+jwt" }, /another type/],
    ["another key", { kid: "k2" }, /no key/],
    ["a key id that is no string", { kid: 7 }, /key id/],
    ["an address of a key", { jku: "https://evil.example/jwks" }, "ada"],
    ["the key itself", { jwk: { kty: "oct", k: "AA" } }, "ada"],
  ])("%s", async (_case, changes, want) => {
    const header = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    if (Object.hasOwn(changes, "typ") && !Object.hasOwn(header, "typ")) {
      const token = await new SignJWT(GOOD).setProtectedHeader({ alg: "ES256", kid: "k1" }).sign(key);
      expect(await outcome(token)).toBe(want);
    } else expect(await outcome(await sign(GOOD, header))).toMatch(want);
  });

  it("refuses critical extensions, other algorithms and forms", async () => {
    const [head = "", body = "", signature = ""] = (await sign(GOOD)).split(".");
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const withHeader = (header: unknown): string => `${encode(header)}.${body}.${signature}`;
    expect(await outcome(withHeader({ alg: "ES256", kid: "k1", crit: ["exp"], exp: 1 }))).toMatch(/critical/);
    expect(await outcome(withHeader({ alg: "ES256", kid: "k1", b64: false }))).toMatch(/detached/);
    for (const alg of ["none", "None", "HS256", "ES256K", "es256", "__proto__", "", 1, undefined]) {
      expect(await outcome(withHeader({ alg, kid: "k1" }))).toMatch(/algorithm is not accepted/);
    }
    expect(await outcome(withHeader({ alg: "RS256", kid: "k1" }))).toMatch(/no key/);
    expect(await outcome(withHeader([]))).toMatch(/header/);
    expect(await outcome(`${head}.${body}`)).toMatch(/three parts/);
    expect(await outcome(`${head}.${body}.${signature}.`)).toMatch(/three parts/);
    expect(await outcome(`${head}.${body}.`)).toMatch(/base64url/);
    expect(await outcome(`${head}.${body}.${signature}=`)).toMatch(/base64url/);
    expect(await outcome(`${head}.${body}.${signature.slice(0, -1)}${signature.endsWith("A") ? "B" : "A"}`)).toMatch(
      /base64url|signature/,
    );
    expect(await outcome(`${head}.${encode({ ...GOOD, sub: "eve" })}.${signature}`)).toMatch(/signature/);
    expect(await outcome("a".repeat(20_000))).toMatch(/too long/);
  });
});

describe("memory", () => {
  it("does not outlive the token, the key or an hour of a wrong clock", async () => {
    verifier = newVerifier();
    const token = await sign({ ...GOOD, exp: NOW + 20 });
    expect(await outcome(token)).toBe("ada");
    now = NOW + 49;
    expect(await outcome(token)).toBe("ada");
    now = NOW + 50;
    expect(await outcome(token)).toMatch(/expired/);
    now = NOW;
    const lasting = await sign(GOOD);
    expect(await outcome(lasting)).toBe("ada");
    const before = keys;
    keys = KeySet.from({ keys: [] });
    expect(await outcome(lasting)).toBe("ada");
    now = NOW + 61;
    expect(await outcome(lasting)).toMatch(/no key/);
    now = NOW;
    expect(await outcome(lasting)).toMatch(/no key/);
    keys = before;
    verifier = newVerifier();
  });
});

describe("tokens bound to a certificate (RFC 8705)", () => {
  it("need that certificate where the client connects, and not behind it", async () => {
    const token = await sign({ ...GOOD, cnf: { "x5t#S256": "thumb" } });
    expect(await outcome(token)).toMatch(/another certificate/);
    expect(await outcome(token, { certificateThumbprint: "other" })).toMatch(/another certificate/);
    expect(await outcome(token, { certificateThumbprint: "thumb" })).toBe("ada");
    expect(await outcome(token, { binding: "before" })).toBe("ada");
  });

  it.each([{ cnf: { kid: "x" } }, { cnf: {} }, { cnf: [] }, { cnf: "x5t#S256" }, { cnf: null }])(
    "are refused with a binding that is not understood: %j",
    async (claims) => {
      expect(await outcome(await sign({ ...GOOD, ...claims }))).toMatch(/not understood/);
    },
  );
});

describe("tokens bound to a key (RFC 9449)", () => {
  async function holder(): Promise<{ jwk: JWK; jkt: string; key: CryptoKeyLike }> {
    const pair = await generateKeyPair("ES256");
    const jwk = await exportJWK(pair.publicKey);
    const { calculateJwkThumbprint } = await import("jose");
    return { jwk, jkt: await calculateJwkThumbprint(jwk), key: pair.privateKey };
  }

  it("need a fresh proof for this method, address and token, once", async () => {
    const ada = await holder();
    const eve = await holder();
    const token = await sign({ ...GOOD, cnf: { jkt: ada.jkt } });
    const ath = createHash("sha256").update(token).digest("base64url");
    const prove = async (
      changes: Record<string, unknown> = {},
      header: Record<string, unknown> = {},
      by = ada,
    ): Promise<string> =>
      new SignJWT({ jti: randomUUID(), htm: "POST", htu: URL_ASKED, iat: NOW, ath, ...changes })
        .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk: by.jwk, ...header } as never)
        .sign(by.key);
    const present = async (proof: string, changed: Partial<PresentedToken> = {}): Promise<string> =>
      outcome(token, { scheme: "dpop", dpop: { proof, method: "POST", url: `${URL_ASKED}?x=1` }, ...changed });

    expect(await present(await prove())).toBe("ada");
    const once = await prove();
    expect(await present(once)).toBe("ada");
    expect(await present(once)).toMatch(/used before/);
    expect(await present(await prove({ htm: "GET" }))).toMatch(/another method/);
    expect(await present(await prove({ htu: "https://localhost:8443/v1/other" }))).toMatch(/another address/);
    expect(await present(await prove({ htu: `${URL_ASKED}?y=2#z` }))).toBe("ada");
    expect(await present(await prove({ iat: NOW - 61 }))).toMatch(/not fresh/);
    expect(await present(await prove({ iat: NOW + 61 }))).toMatch(/not fresh/);
    expect(await present(await prove({ ath: "x" }))).toMatch(/another token/);
    expect(await present(await prove({ jti: undefined }))).toMatch(/no id/);
    expect(await present(await prove({}, { typ: "JWT" }))).toMatch(/another type/);
    expect(await present(await prove({}, { jwk: eve.jwk }))).toMatch(/signature/);
    expect(await present(await prove({}, { jwk: { ...ada.jwk, d: "x" } }))).toMatch(/private key/);
    expect(await present(await prove({}, { jwk: undefined }))).toMatch(/holds no key/);
    expect(await present(await prove({}, {}, eve))).toMatch(/bound to another key/);
    expect(await outcome(token)).toMatch(/without proof/);
    expect(await outcome(token, { scheme: "dpop" })).toMatch(/without proof/);
    expect(await outcome(token, { binding: "before" })).toBe("ada");
    expect(await outcome(await sign(GOOD), { scheme: "dpop" })).toMatch(/not bound/);
  });
});

describe("key sets", () => {
  it("are refused when they publish a secret", () => {
    for (const secret of [
      { kty: "oct", k: "AAAA" },
      { kty: "EC", crv: "P-256", x: "a", y: "b", d: "c" },
    ]) {
      expect(() => KeySet.from({ keys: [secret] })).toThrow(/publishes a secret key/);
    }
    for (const malformed of [null, [], {}, { keys: {} }, { keys: [1] }, { keys: Array(101).fill({ kty: "RSA" }) }]) {
      expect(() => KeySet.from(malformed)).toThrow(/malformed/);
    }
  });

  it("leave out what is not for signatures and find nothing where two keys fit", async () => {
    const jwk = (kind: "rsa" | "ec", extra: Record<string, unknown>, bits = 2048): Record<string, unknown> => {
      const pair =
        kind === "rsa"
          ? generateKeyPairSync("rsa", { modulusLength: bits })
          : generateKeyPairSync("ec", { namedCurve: "P-256" });
      return { ...pair.publicKey.export({ format: "jwk" }), ...extra };
    };
    const set = KeySet.from({
      keys: [
        jwk("rsa", { kid: "r", use: "sig" }),
        jwk("rsa", { kid: "small" }, 1024),
        jwk("rsa", { kid: "enc", use: "enc" }),
        jwk("ec", { kid: "ops", key_ops: ["deriveKey"] }),
        jwk("ec", { kid: "twice" }),
        jwk("ec", { kid: "twice" }),
        jwk("ec", { kid: "fixed", alg: "ES384" }),
        { kty: "EC", crv: "P-256", kid: "broken", x: "AA", y: "AA" },
        { kty: "new", kid: "new" },
      ],
    });
    expect(await set.find("RS256", "r")).toBeDefined();
    expect(await set.find("PS256", "r")).toBeDefined();
    expect(await set.find("RS256", undefined)).toBeDefined();
    for (const [alg, kid] of [
      ["ES256", "r"],
      ["RS256", "small"],
      ["RS256", "enc"],
      ["ES256", "ops"],
      ["ES256", "twice"],
      ["ES256", "fixed"],
      ["ES256", "broken"],
      ["ES256", undefined],
      ["HS256", "r"],
      ["new", "new"],
    ] as const) {
      expect(await set.find(alg, kid)).toBeUndefined();
    }
  });
});

describe("roles", () => {
  it.each([
    [{ realm_access: { roles: ["a", "b"] } }, ["realm_access", "roles"], ["a", "b"]],
    [{ role: "a b" }, ["role"], ["a b"]],
    [{ "https://x.example/roles": ["a"] }, ["https://x.example/roles"], ["a"]],
    [{ roles: ["a", 1] }, ["roles"], []],
    [{ roles: { a: true } }, ["roles"], []],
    [{ roles: [["a"]] }, ["roles"], []],
    [{}, ["constructor", "name"], []],
    [{}, ["__proto__", "roles"], []],
    [{ realm_access: ["roles"] }, ["realm_access", "0"], []],
    [{}, ["roles"], []],
  ])("%j at %j", (claims, path, want) => expect(rolesOf(claims, path)).toEqual(want));
});
