/**
 * Secrets at rest: AES-256-GCM under a key that scrypt derives from the caller's secret, bound to what the content is
 * for, so that a sealed key of one authority cannot be put in the place of another's.
 */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { z } from "zod";
import { RingfenceError } from "../diagnostics/index.js";

const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 } as const;
const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/);

export const SealedSchema = z.strictObject({
  algorithm: z.literal("scrypt-32768-8-1+aes-256-gcm"),
  salt: base64,
  nonce: base64,
  tag: base64,
  content: base64,
});
/** Sealed bytes as they stand in a file; binary parts are base64. */
export type Sealed = z.infer<typeof SealedSchema>;

/** Seals `content` for `purpose`. */
export function seal(content: Uint8Array, secret: Uint8Array, purpose: string): Sealed {
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", scryptSync(secret, salt, 32, SCRYPT), nonce);
  cipher.setAAD(Buffer.from(purpose));
  const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
  return {
    algorithm: "scrypt-32768-8-1+aes-256-gcm",
    salt: salt.toString("base64"),
    nonce: nonce.toString("base64"),
    tag: cipher.getAuthTag().toString("base64"),
    content: sealed.toString("base64"),
  };
}

/**
 * Opens what {@link seal} made for the same secret and purpose.
 * @throws IDENTITY_SEALED when anything differs
 */
export function unseal(sealed: Sealed, secret: Uint8Array, purpose: string): Buffer {
  try {
    const salt = Buffer.from(sealed.salt, "base64");
    const tag = Buffer.from(sealed.tag, "base64");
    if (tag.length !== 16) throw new Error("a shortened tag");
    const nonce = Buffer.from(sealed.nonce, "base64");
    const decipher = createDecipheriv("aes-256-gcm", scryptSync(secret, salt, 32, SCRYPT), nonce);
    decipher.setAAD(Buffer.from(purpose));
    decipher.setAuthTag(tag);
    return Buffer.concat([decipher.update(Buffer.from(sealed.content, "base64")), decipher.final()]);
  } catch (cause) {
    throw new RingfenceError(
      {
        code: "IDENTITY_SEALED",
        message: "a sealed key cannot be opened",
        hint: "the secret that sealed it is another one, or the file was changed",
      },
      { cause },
    );
  }
}
