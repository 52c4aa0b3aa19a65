/**
 * X.509 version 3 certificates as this project writes and reads them. Writing knows the one profile that an authority
 * needs (ECDSA P-256 with SHA-256); reading takes any certificate and hands out what the SVID rules judge. Signatures
 * are checked by OpenSSL through `node:crypto`, never here.
 *
 * @see RFC 5280 §4.1 (fields), §4.2 (extensions)
 */
import { type KeyObject, sign, X509Certificate } from "node:crypto";
import {
  childrenOf,
  contextTag,
  type DerElement,
  DerError,
  der,
  derBitString,
  derInteger,
  derNamedBits,
  derOid,
  derTime,
  expectTag,
  readBits,
  readBoolean,
  readDer,
  readOid,
  readSmallInteger,
  readTime,
  TAG,
} from "./der.js";

const EXTENSION = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
} as const;

/** Positions in the keyUsage bit list (RFC 5280 §4.2.1.3). */
export const KEY_USAGE = { digitalSignature: 0, keyCertSign: 5, cRLSign: 6 } as const;
export const EXTENDED_KEY_USAGE = { serverAuth: "1.3.6.1.5.5.7.3.1", clientAuth: "1.3.6.1.5.5.7.3.2" } as const;

const ECDSA_SHA256 = "1.2.840.10045.4.3.2";
const ORGANIZATION = "2.5.4.10";
const COMMON_NAME = "2.5.4.3";
/** Tags of GeneralName (RFC 5280 §4.2.1.6). */
const GENERAL_NAME = { dns: 2, uri: 6, ip: 7 } as const;

/** What goes into a certificate; times are cut to seconds. */
export interface CertificateContent {
  /** positive, at most 20 bytes, big-endian */
  readonly serial: Uint8Array;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo */
  readonly publicKey: Uint8Array;
  readonly extensions: readonly Buffer[];
}

/** Signs a certificate with an ECDSA P-256 key and returns its DER. */
export function writeCertificate(content: CertificateContent, signer: KeyObject): Buffer {
  const algorithm = der(TAG.sequence, derOid(ECDSA_SHA256));
  const body = der(
    TAG.sequence,
    der(contextTag(0), derInteger(Buffer.from([2]))),
    derInteger(content.serial),
    algorithm,
    content.issuer,
    der(TAG.sequence, derTime(content.notBefore), derTime(content.notAfter)),
    content.subject,
    content.publicKey,
    der(contextTag(3), der(TAG.sequence, ...content.extensions)),
  );
  return der(TAG.sequence, body, algorithm, derBitString(sign("sha256", body, signer)));
}

/** A distinguished name of an organization and, for humans who look at the certificate, a common name. */
export function writeName(organization: string, commonName?: string): Buffer {
  const part = (type: string, text: string): Buffer =>
    der(TAG.set, der(TAG.sequence, derOid(type), der(TAG.utf8String, Buffer.from(text))));
  return der(
    TAG.sequence,
    part(ORGANIZATION, organization),
    ...(commonName === undefined ? [] : [part(COMMON_NAME, commonName)]),
  );
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [der(TAG.boolean, Buffer.from([0xff]))] : [];
  return der(TAG.sequence, derOid(id), ...flag, der(TAG.octetString, value));
}

export function basicConstraints(ca: boolean, pathLength?: number): Buffer {
  const parts = ca ? [der(TAG.boolean, Buffer.from([0xff]))] : [];
  if (pathLength !== undefined) parts.push(derInteger(Buffer.from([pathLength])));
  return extension(EXTENSION.basicConstraints, true, der(TAG.sequence, ...parts));
}

export function keyUsage(...bits: readonly (keyof typeof KEY_USAGE)[]): Buffer {
  return extension(EXTENSION.keyUsage, true, derNamedBits(bits.map((bit) => KEY_USAGE[bit])));
}

export function extendedKeyUsage(...uses: readonly (keyof typeof EXTENDED_KEY_USAGE)[]): Buffer {
  const ids = uses.map((use) => derOid(EXTENDED_KEY_USAGE[use]));
  return extension(EXTENSION.extendedKeyUsage, false, der(TAG.sequence, ...ids));
}

/** Alternative names; critical when the subject is empty is not our case, so it is not. */
export function subjectAltName(names: {
  readonly uri?: string;
  readonly dns?: readonly string[];
  readonly ip?: readonly Uint8Array[];
}): Buffer {
  const parts = [
    ...(names.uri === undefined ? [] : [der(contextTag(GENERAL_NAME.uri, false), Buffer.from(names.uri, "latin1"))]),
    ...(names.dns ?? []).map((name) => der(contextTag(GENERAL_NAME.dns, false), Buffer.from(name, "latin1"))),
    ...(names.ip ?? []).map((address) => der(contextTag(GENERAL_NAME.ip, false), address)),
  ];
  return extension(EXTENSION.subjectAltName, false, der(TAG.sequence, ...parts));
}

export function subjectKeyIdentifier(identifier: Uint8Array): Buffer {
  return extension(EXTENSION.subjectKeyIdentifier, false, der(TAG.octetString, identifier));
}

export function authorityKeyIdentifier(identifier: Uint8Array): Buffer {
  return extension(EXTENSION.authorityKeyIdentifier, false, der(TAG.sequence, der(contextTag(0, false), identifier)));
}

/** What a certificate says, read from its bytes. Absent extensions are `undefined`, never a default. */
export interface CertificateFacts {
  /** OpenSSL's view of the same bytes: signature check, key, PEM */
  readonly x509: X509Certificate;
  readonly version: number;
  /** lower-case hexadecimal without leading zeros */
  readonly serial: string;
  /** DER of the names, for comparison byte by byte */
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | undefined } | undefined;
  readonly keyUsage: { readonly critical: boolean; readonly bits: readonly boolean[] } | undefined;
  readonly extendedKeyUsage: readonly string[] | undefined;
  /** every URI among the alternative names, in order, as Latin-1 text */
  readonly uris: readonly string[];
  /** dotted ids of critical extensions that this reader does not understand */
  readonly unknownCritical: readonly string[];
}

/**
 * Reads a certificate.
 * @throws DerError, or OpenSSL's own error, when the bytes are no certificate
 */
export function readCertificate(bytes: Buffer): CertificateFacts {
  const x509 = new X509Certificate(bytes);
  const [body] = childrenOf(expectTag(readDer(bytes), TAG.sequence));
  const fields = childrenOf(expectTag(body, TAG.sequence));
  let version = 1;
  if (fields[0]?.tag === contextTag(0)) {
    const [number] = childrenOf(expectTag(fields.shift(), contextTag(0)));
    version = readSmallInteger(number) + 1;
  }
  const [serial, , issuer, validity, subject, , ...tail] = fields;
  const [notBefore, notAfter] = childrenOf(expectTag(validity, TAG.sequence));
  const extensions = readExtensions(tail.find((field) => field.tag === contextTag(3)));
  return {
    x509,
    version,
    serial: expectTag(serial, TAG.integer)
      .content.toString("hex")
      .replace(/^0+(?=.)/, ""),
    issuer: expectTag(issuer, TAG.sequence).whole,
    subject: expectTag(subject, TAG.sequence).whole,
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    ...extensions,
  };
}

type ExtensionFacts = Pick<
  CertificateFacts,
  "basicConstraints" | "keyUsage" | "extendedKeyUsage" | "uris" | "unknownCritical"
>;

function readExtensions(field: DerElement | undefined): ExtensionFacts {
  const facts: { -readonly [name in keyof ExtensionFacts]: ExtensionFacts[name] } = {
    basicConstraints: undefined,
    keyUsage: undefined,
    extendedKeyUsage: undefined,
    uris: [],
    unknownCritical: [],
  };
  if (field === undefined) return facts;
  const seen = new Set<string>();
  const [list] = childrenOf(field);
  for (const item of childrenOf(expectTag(list, TAG.sequence))) {
    const parts = childrenOf(expectTag(item, TAG.sequence));
    const id = readOid(parts.shift());
    const critical = parts[0]?.tag === TAG.boolean ? readBoolean(parts.shift()) : false;
    const value = readDer(expectTag(parts[0], TAG.octetString).content);
    // RFC 5280 §4.2: a certificate has no more than one instance of an extension.
    if (seen.has(id)) throw new DerError(`extension ${id} stands twice`);
    seen.add(id);
    if (id === EXTENSION.basicConstraints) facts.basicConstraints = readConstraints(value);
    else if (id === EXTENSION.keyUsage) facts.keyUsage = { critical, bits: readBits(value) };
    else if (id === EXTENSION.extendedKeyUsage) {
      facts.extendedKeyUsage = childrenOf(expectTag(value, TAG.sequence)).map((use) => readOid(use));
    } else if (id === EXTENSION.subjectAltName) {
      facts.uris = childrenOf(expectTag(value, TAG.sequence))
        .filter((name) => name.tag === contextTag(GENERAL_NAME.uri, false))
        .map((name) => name.content.toString("latin1"));
    } else if (critical) facts.unknownCritical = [...facts.unknownCritical, id];
  }
  return facts;
}

function readConstraints(value: DerElement): NonNullable<CertificateFacts["basicConstraints"]> {
  const parts = childrenOf(expectTag(value, TAG.sequence));
  const ca = parts[0]?.tag === TAG.boolean ? readBoolean(parts.shift()) : false;
  const pathLength = parts.length === 0 ? undefined : readSmallInteger(parts.shift());
  if (parts.length > 0) throw new DerError("basic constraints with further parts");
  return { ca, pathLength };
}
