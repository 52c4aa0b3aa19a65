/**
 * Which signature algorithms are accepted, and the one kind of key that each goes with. A key never chooses how it is
 * used and a token never chooses its key's kind: that closes the confusions of RFC 8725 §2.1 and §3.1. Symmetric
 * algorithms are absent on purpose (whoever can verify could also sign), as are `none` and ES256K.
 *
 * @see RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2
 */
interface Algorithm {
  readonly kty: "EC" | "RSA" | "OKP";
  readonly crv?: string;
}

export const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map<string, Algorithm>([
  ["ES256", { kty: "EC", crv: "P-256" }],
  ["ES384", { kty: "EC", crv: "P-384" }],
  ["ES512", { kty: "EC", crv: "P-521" }],
  ["PS256", { kty: "RSA" }],
  ["PS384", { kty: "RSA" }],
  ["PS512", { kty: "RSA" }],
  ["RS256", { kty: "RSA" }],
  ["RS384", { kty: "RSA" }],
  ["RS512", { kty: "RSA" }],
  ["EdDSA", { kty: "OKP", crv: "Ed25519" }],
  ["Ed25519", { kty: "OKP", crv: "Ed25519" }],
]);

/** Members that only a private or symmetric key has (RFC 7518 §6.2.2, §6.3.2, §6.4.1). */
export const SECRET_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] as const;

/** The smallest RSA modulus, in bits (RFC 7518 §3.3). */
export const MIN_RSA_BITS = 2048;

/** The members that make up a public key: what else a publisher writes has no say in how the key is used. */
export function publicMembers(key: Readonly<Record<string, unknown>>): Record<string, string> {
  const members: Record<string, string> = {};
  for (const name of ["kty", "crv", "x", "y", "n", "e"]) {
    const value = Object.hasOwn(key, name) ? key[name] : undefined;
    if (typeof value === "string") members[name] = value;
  }
  return members;
}
