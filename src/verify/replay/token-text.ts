/**
 * Tokens as texts that a policy can read. Nobody here has an issuer's key, so a genuine token carries a mark in place of
 * its signature, and the functions that verify tokens believe the mark; all they check beside the signature is checked.
 */
import { createHmac } from "node:crypto";
import {
  BUILTINS,
  BuiltinError,
  callBuiltin,
  type HostFunction,
  isObject,
  plainContext,
  RegoObject,
  type Value,
} from "../../rego/index.js";
import type { Token } from "../request.js";

const encoded = (text: string): string => Buffer.from(text, "utf8").toString("base64url");
const GENUINE = encoded("genuine");
const SECRET = "stands in for the issuer's key";

export function tokenText({ claims, genuine }: Token): string {
  const head = encoded('{"alg":"RS256","typ":"JWT"}');
  return `${head}.${encoded(JSON.stringify(claims))}.${genuine ? GENUINE : encoded("forged")}`;
}

/** Functions that verify tokens, at a time of the clock. */
export function verifyingFunctions(nowNs: bigint): readonly HostFunction[] {
  const verify = [...BUILTINS.keys()].filter((name) => name.startsWith("io.jwt.verify_"));
  return [
    { name: "io.jwt.decode_verify", arity: 2, impl: (args) => decodeVerify(args, nowNs) },
    ...verify.map((name) => ({ name, arity: 2, impl: ([text]: readonly Value[]) => signedText(text) !== undefined })),
  ];
}

/** What a genuine token signs; undefined for a forged one. */
function signedText(text: Value | undefined): string | undefined {
  if (typeof text !== "string") throw new BuiltinError("the token must be a string");
  const parts = text.split(".");
  if (parts.length !== 3) throw new BuiltinError("the token must have three parts");
  return parts[2] === GENUINE ? parts[1] : undefined;
}

function decodeVerify([text, constraints]: readonly Value[], nowNs: bigint): Value | undefined {
  const real = BUILTINS.get("io.jwt.decode_verify");
  if (real === undefined || text === undefined || constraints === undefined || !isObject(constraints)) return undefined;
  const context = plainContext(nowNs);
  // The function itself first: it refuses constraints and keys that make no sense.
  const answer = callBuiltin(real, [text, constraints], context);
  const payload = signedText(text);
  if (payload === undefined) return answer;
  const fields = constraints instanceof RegoObject ? constraints.entries() : Object.entries(constraints);
  const kept = fields.filter(([name]) => !["cert", "secret", "alg"].includes(String(name)));
  const named = new Map(fields.map(([name, value]) => [String(name), value]));
  const header = encoded('{"alg":"HS256"}');
  const signature = createHmac("sha256", SECRET).update(`${header}.${payload}`).digest("base64url");
  const again = RegoObject.of([
    ...kept.map(([name, value]) => [name as Value, value as Value] as const),
    ["secret", SECRET],
  ]);
  const outcome = callBuiltin(real, [`${header}.${payload}.${signature}`, again], context);
  if (!Array.isArray(outcome) || outcome[0] !== true) return outcome;
  const algorithm = named.get("alg") ?? (named.has("cert") ? "RS256" : "HS256");
  return [
    true,
    RegoObject.of([
      ["alg", algorithm as Value],
      ["typ", "JWT"],
    ]),
    outcome[2] as Value,
  ];
}
