/**
 * What makes a certificate chain an X.509-SVID. TLS has checked the chain against the authorities already; all of it is
 * judged here once more, because TLS libraries accept what SPIFFE does not (several URIs, a leaf that may sign, an
 * identity of another trust domain), and because the decision must not hang on how a socket was configured.
 *
 * FAIL CLOSED: whatever cannot be read or is not understood is refused.
 *
 * @see SPIFFE X509-SVID §2–§5, RFC 5280 §6.1
 */
import type { KeyObject } from "node:crypto";
import { RingfenceError } from "../diagnostics/index.js";
import { type CertificateFacts, EXTENDED_KEY_USAGE, KEY_USAGE, readCertificate } from "./certificate.js";
import { DerError } from "./der.js";
import { parseSpiffeId, type SpiffeId, spiffeIdProblem, type TrustDomain } from "./spiffe-id.js";

/** Certificates between leaf and authority. Ours needs none; a mounted real authority may have one or two. */
const MAX_INTERMEDIATES = 3;
const MAX_CERTIFICATE_BYTES = 16 * 1024;

/** A proven identity. */
export interface Svid {
  readonly id: SpiffeId;
  /** lower-case hexadecimal */
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SHA-256 of the leaf's DER, lower-case hexadecimal */
  readonly fingerprint: string;
}

export interface SvidExpectation {
  readonly trustDomain: TrustDomain;
  /** authorities of the trust domain, DER */
  readonly authorities: readonly Buffer[];
  /** how the peer uses the certificate; where extended key usages stand, this one must be among them */
  readonly use: keyof typeof EXTENDED_KEY_USAGE;
  readonly now: Date;
  /** true for an identity or serial that was withdrawn */
  readonly isRevoked?: (svid: Svid) => boolean;
}

/**
 * Verifies a chain (DER, leaf first) as an X.509-SVID.
 * @throws IDENTITY_SVID with the rule that was broken; IDENTITY_REVOKED
 */
export function verifySvid(chain: readonly Buffer[], expected: SvidExpectation): Svid {
  try {
    return verify(chain, expected);
  } catch (error) {
    if (error instanceof RingfenceError) throw error;
    const reason = error instanceof DerError ? error.message : "the certificate cannot be read";
    throw refused(reason, error);
  }
}

function verify(chain: readonly Buffer[], expected: SvidExpectation): Svid {
  const [first, ...rest] = chain;
  if (first === undefined) throw refused("there is no certificate");
  if (rest.length > MAX_INTERMEDIATES) throw refused("the chain is too long");
  if (chain.some((bytes) => bytes.length > MAX_CERTIFICATE_BYTES)) throw refused("a certificate is too large");
  const leaf = readCertificate(first);
  const id = judgeLeaf(leaf, expected);
  const intermediates = rest.map(readCertificate);
  const authorities = expected.authorities.map(readCertificate);
  judgeValidity(leaf, expected.now);
  judgePath(leaf, intermediates, authorities, expected);
  const svid: Svid = Object.freeze({
    id,
    serial: leaf.serial,
    notBefore: leaf.notBefore,
    notAfter: leaf.notAfter,
    fingerprint: leaf.x509.fingerprint256.replaceAll(":", "").toLowerCase(),
  });
  if (expected.isRevoked?.(svid) === true) {
    throw new RingfenceError({ code: "IDENTITY_REVOKED", message: `the identity \`${id.uri}\` was withdrawn` });
  }
  return svid;
}

/** X509-SVID §2, §4.1, §4.3, §4.4 and §5.2. */
function judgeLeaf(leaf: CertificateFacts, { trustDomain, use }: SvidExpectation): SpiffeId {
  judgeForm(leaf);
  const [uri, ...others] = leaf.uris;
  if (uri === undefined) throw refused("it names no identity (no URI among its alternative names)");
  if (others.length > 0) throw refused("it names more than one URI");
  const problem = spiffeIdProblem(uri);
  if (problem !== undefined) throw refused(`its URI is no SPIFFE ID: ${problem}`);
  const id = parseSpiffeId(uri);
  if (id.path === "") throw refused("its identity is the trust domain's, not a workload's");
  if (id.trustDomain !== trustDomain) throw refused(`its identity belongs to the trust domain \`${id.trustDomain}\``);
  if (leaf.basicConstraints?.ca === true) throw refused("it is an authority's certificate, not a workload's");
  const usage = leaf.keyUsage;
  if (usage === undefined) throw refused("it does not say what its key is for");
  if (!usage.critical) throw refused("its key usage is not marked critical");
  if (usage.bits[KEY_USAGE.digitalSignature] !== true) throw refused("its key may not sign handshakes");
  if (usage.bits[KEY_USAGE.keyCertSign] === true) throw refused("its key may sign certificates");
  if (usage.bits[KEY_USAGE.cRLSign] === true) throw refused("its key may sign revocation lists");
  if (leaf.extendedKeyUsage !== undefined && !leaf.extendedKeyUsage.includes(EXTENDED_KEY_USAGE[use])) {
    throw refused(`its key is not for ${use === "clientAuth" ? "clients" : "servers"}`);
  }
  return id;
}

/** What holds for every certificate of the chain. */
function judgeForm(certificate: CertificateFacts): void {
  if (certificate.version !== 3) throw refused("it is not a version 3 certificate");
  const [unknown] = certificate.unknownCritical;
  if (unknown !== undefined) throw refused(`its critical extension ${unknown} is not understood`);
  if (!isStrongKey(certificate.x509.publicKey)) throw refused("its key is of a kind or size that is not accepted");
}

function isStrongKey(key: KeyObject): boolean {
  const details = key.asymmetricKeyDetails;
  switch (key.asymmetricKeyType) {
    case "ec":
      return ["prime256v1", "secp384r1", "secp521r1"].includes(details?.namedCurve ?? "");
    case "ed25519":
      return true;
    case "rsa":
    case "rsa-pss":
      return (details?.modulusLength ?? 0) >= 2048;
    default:
      return false;
  }
}

function judgeValidity(certificate: CertificateFacts, now: Date): void {
  if (now < certificate.notBefore) throw refused("it is not valid yet");
  if (now > certificate.notAfter) throw refused("it has expired");
}

/** Follows issuers from the leaf to an authority. Each intermediate is used in the order in which it was sent. */
function judgePath(
  leaf: CertificateFacts,
  intermediates: readonly CertificateFacts[],
  authorities: readonly CertificateFacts[],
  expected: SvidExpectation,
): void {
  let child = leaf;
  for (let below = 0; below <= intermediates.length; below++) {
    const authority = authorities.find((candidate) => signed(candidate, child));
    if (authority !== undefined) {
      judgeSigner(authority, below, expected);
      return;
    }
    const next = intermediates[below];
    if (next === undefined || !signed(next, child)) break;
    judgeSigner(next, below, expected);
    child = next;
  }
  throw refused("no authority of the trust domain stands behind it");
}

function signed(issuer: CertificateFacts, child: CertificateFacts): boolean {
  if (!issuer.subject.equals(child.issuer)) return false;
  try {
    return child.x509.checkIssued(issuer.x509) && child.x509.verify(issuer.x509.publicKey);
  } catch {
    return false;
  }
}

/** X509-SVID §3.2, §4.1, §4.3; RFC 5280 §6.1.4 (k)–(n). `below` counts the intermediates between this one and the leaf. */
function judgeSigner(signer: CertificateFacts, below: number, { trustDomain, now }: SvidExpectation): void {
  judgeForm(signer);
  judgeValidity(signer, now);
  if (signer.basicConstraints?.ca !== true) throw refused("its issuer is no authority");
  if (signer.keyUsage?.bits[KEY_USAGE.keyCertSign] !== true) throw refused("its issuer may not sign certificates");
  const limit = signer.basicConstraints.pathLength;
  if (limit !== undefined && below > limit) throw refused("the chain is longer than its issuer allows");
  for (const uri of signer.uris) {
    if (uri !== `spiffe://${trustDomain}`) throw refused("its issuer names an identity that no authority may have");
  }
}

function refused(reason: string, cause?: unknown): RingfenceError {
  return new RingfenceError(
    { code: "IDENTITY_SVID", message: `the peer's certificate is no valid identity: ${reason}` },
    cause === undefined ? {} : { cause },
  );
}
