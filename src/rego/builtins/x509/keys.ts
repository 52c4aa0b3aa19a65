/** Private keys in PEM, as OPA shows them: numbers of their parts, or a JWK. */
import { createPrivateKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { jsonObject, type Value } from "../../value/index.js";
import { BuiltinError } from "../builtin.js";
import { decodePem, type PemBlock } from "../pem.js";
import { jwkNumber } from "./certificate.js";

const TYPES: ReadonlyMap<string, "pkcs1" | "pkcs8" | "sec1"> = new Map([
  ["RSA PRIVATE KEY", "pkcs1"],
  ["PRIVATE KEY", "pkcs8"],
  ["EC PRIVATE KEY", "sec1"],
] as const);

/** All private keys in a text, which may be PEM or base64 of PEM; other blocks are skipped. */
export function privateKeys(text: string): KeyObject[] {
  const keys: KeyObject[] = [];
  for (let rest = pemText(text); ; ) {
    const found = decodePem(rest);
    if (found === undefined) return keys;
    const key = keyOf(found.block);
    if (key !== undefined) keys.push(key);
    rest = found.rest;
  }
}

function pemText(text: string): string {
  const bare = text.replace(/[\r\n]/g, "");
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(bare)) return text;
  return Buffer.from(bare, "base64").toString("utf8");
}

function keyOf({ type, bytes }: PemBlock): KeyObject | undefined {
  const format = TYPES.get(type);
  if (format === undefined) return undefined;
  try {
    return createPrivateKey({ key: bytes, format: "der", type: format });
  } catch (error) {
    throw new BuiltinError(
      `x509: failed to parse private key: ${error instanceof Error ? error.message : "malformed"}`,
    );
  }
}

/** The parts of a key as numbers. */
export function privateKeyValue(key: KeyObject): Value {
  const jwk = jwkOf(key);
  if (jwk.kty === "RSA") {
    return jsonObject([
      ["N", jwkNumber(jwk.n)],
      ["E", jwkNumber(jwk.e)],
      ["D", jwkNumber(jwk.d)],
      ["Primes", [jwkNumber(jwk.p), jwkNumber(jwk.q)]],
      [
        "Precomputed",
        jsonObject([
          ["Dp", jwkNumber(jwk.dp)],
          ["Dq", jwkNumber(jwk.dq)],
          ["Qinv", jwkNumber(jwk.qi)],
          ["CRTValues", []],
        ]),
      ],
    ]);
  }
  if (jwk.kty === "EC") {
    return jsonObject([
      ["Curve", {}],
      ["X", jwkNumber(jwk.x)],
      ["Y", jwkNumber(jwk.y)],
      ["D", jwkNumber(jwk.d)],
    ]);
  }
  const both = [jwk.d, jwk.x].map((part) => Buffer.from(part ?? "", "base64url"));
  return Buffer.concat(both).toString("base64");
}

export function privateJwkValue(key: KeyObject): Value {
  const members = Object.entries(jwkOf(key)).filter(([, value]) => typeof value === "string");
  return jsonObject(members as [string, string][]);
}

function jwkOf(key: KeyObject): JsonWebKey {
  try {
    return key.export({ format: "jwk" });
  } catch {
    throw new BuiltinError("unsupported key type");
  }
}
