/**
 * The signature of a token, before anything is believed that stands in it. The form is checked to the last bit (three
 * parts, base64url in its one canonical spelling), because two readers that differ on it can be shown two tokens.
 *
 * @see RFC 7515 §5.2, RFC 8725 §3
 */
import { type CryptoKey, compactVerify } from "jose";
import { ALGORITHMS } from "./algorithms.js";
import { tokenError } from "./token-error.js";

/** Characters. Tokens travel in one header; more than this is an attack on memory. */
export const MAX_TOKEN_LENGTH = 16 * 1024;

export interface TokenHeader {
  readonly alg: string;
  readonly kid: string | undefined;
  /** lower case, without `application/`; undefined when absent */
  readonly typ: string | undefined;
  readonly raw: Readonly<Record<string, unknown>>;
}

/** Finds the key for a header; undefined when there is none. */
export type FindKey = (header: TokenHeader) => Promise<CryptoKey | undefined>;

export interface SignedContent {
  readonly header: TokenHeader;
  readonly payload: Uint8Array;
}

/**
 * Verifies a token in compact form.
 * @throws IDENTITY_TOKEN
 */
export async function verifySignature(token: string, findKey: FindKey): Promise<SignedContent> {
  const header = readHeader(token);
  const key = await findKey(header);
  if (key === undefined) throw tokenError("no key of the issuer fits it");
  try {
    const { payload } = await compactVerify(token, key, { algorithms: [header.alg] });
    return { header, payload };
  } catch {
    throw tokenError("its signature is wrong");
  }
}

/** Reads a header without believing it. @throws IDENTITY_TOKEN */
export function readHeader(token: string): TokenHeader {
  if (token.length > MAX_TOKEN_LENGTH) throw tokenError("it is too long");
  const parts = token.split(".");
  if (parts.length !== 3) throw tokenError("it does not have three parts");
  for (const part of parts) if (!isCanonical(part)) throw tokenError("a part of it is not base64url");
  const raw = readObject(Buffer.from(parts[0] ?? "", "base64url"));
  if (raw === undefined) throw tokenError("its header is not a JSON object");
  const { alg, kid, typ } = raw;
  if (typeof alg !== "string" || !ALGORITHMS.has(alg)) throw tokenError("its algorithm is not accepted");
  // RFC 7515 §4.1.11: no extension is understood here, so none may be critical.
  if (Object.hasOwn(raw, "crit")) throw tokenError("it has a critical extension");
  if (Object.hasOwn(raw, "b64")) throw tokenError("its payload is detached or not encoded");
  if (kid !== undefined && typeof kid !== "string") throw tokenError("its key id is not a string");
  if (typ !== undefined && typeof typ !== "string") throw tokenError("its type is not a string");
  return { alg, kid, typ: typ?.toLowerCase().replace(/^application\//, ""), raw };
}

/** A JSON object from UTF-8 bytes; undefined for anything else. */
export function readObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function isCanonical(part: string): boolean {
  return part !== "" && Buffer.from(part, "base64url").toString("base64url") === part;
}
