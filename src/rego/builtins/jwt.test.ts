import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { call, shown } from "../../../test/rego/call.js";
import type { Value } from "../value/index.js";

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function hmacToken(header: Record<string, unknown>, claims: unknown, secret = "secret"): string {
  const signed = `${encoded(header)}.${encoded(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

function signedToken(header: Record<string, unknown>, claims: unknown, key: KeyObject, hash: string | null): string {
  const signed = `${encoded(header)}.${encoded(claims)}`;
  const signature = sign(hash, Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");
const pem = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }).toString();
const UNVERIFIED = "[false, {}, {}]";

describe("JSON Web Tokens", () => {
  it("verify by the function's algorithm and the key's kind, whatever the header says", () => {
    const genuine = signedToken({ alg: "RS256" }, { a: 1 }, rsa.privateKey, "sha256");
    expect(call("io.jwt.verify_rs256", [genuine, pem(rsa.publicKey)])).toBe(true);
    expect(call("io.jwt.verify_ps256", [genuine, pem(rsa.publicKey)])).toBe(false);
    expect(call("io.jwt.verify_es256", [genuine, pem(rsa.publicKey)])).toBe(false);
    // The public key as an HMAC secret, and a header that asks for it.
    const confused = hmacToken({ alg: "HS256" }, { a: 1 }, pem(rsa.publicKey));
    expect(call("io.jwt.verify_rs256", [confused, pem(rsa.publicKey)])).toBe(false);
    expect(shown("io.jwt.decode_verify", [confused, { cert: pem(rsa.publicKey) }])).toBe(UNVERIFIED);
    const unsigned = `${encoded({ alg: "none" })}.${encoded({ a: 1 })}.`;
    expect(shown("io.jwt.decode_verify", [unsigned, { cert: pem(rsa.publicKey) }])).toBe(UNVERIFIED);
    expect(shown("io.jwt.decode_verify", [unsigned, { secret: "secret" }])).toBe(UNVERIFIED);
  });

  it("verify with curves and with JWK sets, by key id and by key algorithm", () => {
    const jwk = (key: KeyObject, more: object): object => ({ ...key.export({ format: "jwk" }), ...more });
    const set = JSON.stringify({
      keys: [
        jwk(rsa.publicKey, { kid: "r", alg: "RS256" }),
        jwk(ec.publicKey, { kid: "e" }),
        jwk(ed.publicKey, { kid: "d" }),
      ],
    });
    const es = signedToken({ alg: "ES256", kid: "e" }, {}, ec.privateKey, "sha256");
    const eddsa = signedToken({ alg: "EdDSA" }, {}, ed.privateKey, null);
    expect(call("io.jwt.verify_es256", [es, set])).toBe(true);
    expect(call("io.jwt.verify_eddsa", [eddsa, set])).toBe(true);
    expect(shown("io.jwt.decode_verify", [es, { cert: set }])).toBe('[true, {"alg": "ES256", "kid": "e"}, {}]');
    expect(shown("io.jwt.decode_verify", [es, { cert: set, alg: "RS256" }])).toBe(UNVERIFIED);
    const wrongKey = signedToken({ alg: "ES256", kid: "r" }, {}, ec.privateKey, "sha256");
    expect(call("io.jwt.verify_es256", [wrongKey, set])).toBe(false);
  });

  it.each<[string, unknown, Value, string]>([
    ["an audience nobody asked for", { aud: "you" }, { secret: "secret" }, UNVERIFIED],
    [
      "the audience in a list",
      { aud: ["x", "you"] },
      { secret: "secret", aud: "you" },
      '[true, {"alg": "HS256"}, {"aud": ["x", "you"]}]',
    ],
    ["a missing audience", {}, { secret: "secret", aud: "you" }, UNVERIFIED],
    ["another issuer", { iss: "a" }, { secret: "secret", iss: "b" }, UNVERIFIED],
    ["an issuer that is no text", { iss: 5 }, { secret: "secret", iss: "5" }, UNVERIFIED],
    ["a token of the past", { exp: 10 }, { secret: "secret", time: 10_000_000_000 }, UNVERIFIED],
    [
      "a token about to end",
      { exp: 10 },
      { secret: "secret", time: 9_999_999_999 },
      '[true, {"alg": "HS256"}, {"exp": 10}]',
    ],
    ["a token of the future", { nbf: 10 }, { secret: "secret", time: 9_999_999_999 }, UNVERIFIED],
    [
      "an expiry that is no number",
      { exp: "10" },
      { secret: "secret" },
      "error: io.jwt.decode_verify: exp value must be a number",
    ],
    [
      "a constraint nobody knows",
      {},
      { secret: "secret", x: 1 },
      "error: io.jwt.decode_verify: unknown token validation constraint: x",
    ],
    ["no key", {}, {}, "error: io.jwt.decode_verify: no key constraint"],
    [
      "two keys",
      {},
      { secret: "s", cert: pem(rsa.publicKey) },
      "error: io.jwt.decode_verify: duplicate key constraints",
    ],
  ])("hold constraints: %s", (_what, claims, constraints, expected) => {
    expect(shown("io.jwt.decode_verify", [hmacToken({ alg: "HS256" }, claims), constraints])).toBe(expected);
  });

  it("refuse unknown critical headers, JWE and endless nesting", () => {
    expect(
      shown("io.jwt.decode_verify", [hmacToken({ alg: "HS256", crit: ["x"], x: 1 }, {}), { secret: "secret" }]),
    ).toBe(UNVERIFIED);
    expect(shown("io.jwt.decode", [hmacToken({ alg: "HS256", enc: "x" }, {})])).toContain("JWE");
    let nested = hmacToken({ alg: "HS256" }, { deep: true });
    for (let i = 0; i < 30; i++) {
      const signed = `${encoded({ alg: "HS256", cty: "JWT" })}.${Buffer.from(nested).toString("base64url")}`;
      nested = `${signed}.${createHmac("sha256", "secret").update(signed).digest("base64url")}`;
      if (i === 1) expect(shown("io.jwt.decode_verify", [nested, { secret: "secret" }])).toContain('"deep": true');
    }
    expect(shown("io.jwt.decode_verify", [nested, { secret: "secret" }])).toContain("nested too deeply");
  });

  it("sign what they verify", () => {
    const jwk = rsa.privateKey.export({ format: "jwk" }) as unknown as Value;
    const token = call("io.jwt.encode_sign", [{ alg: "PS256" }, { a: 1 }, jwk]) as string;
    expect(call("io.jwt.verify_ps256", [token, pem(rsa.publicKey)])).toBe(true);
    expect(shown("io.jwt.encode_sign", [{ alg: "ES256" }, {}, jwk])).toContain("invalid key type rsa for ES256");
    expect(shown("io.jwt.encode_sign_raw", ['{"alg":"HS256"}', "no json", '{"kty":"oct","k":"c2VjcmV0"}'])).toContain(
      "type is JWT but payload is not JSON",
    );
  });
});
