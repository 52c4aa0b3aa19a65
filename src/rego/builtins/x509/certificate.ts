/** Certificates and signing requests (RFC 5280, RFC 2986), read for their contents and written as OPA shows them. */
import { createPublicKey } from "node:crypto";
import { jsonObject, numberFromBigInt, type Value } from "../../value/index.js";
import { BuiltinError } from "../builtin.js";
import { bitsOf, context, DerReader, type Element, integerOf, malformed, oidOf, stringOf, TAG, timeOf } from "./der.js";
import { type AlternativeNames, addressText, alternativeNames, nameValue, uriValue } from "./names.js";

export interface Extension {
  readonly id: readonly number[];
  readonly critical: boolean;
  readonly value: Buffer;
}

/** What verification needs of a certificate; everything that policies see is in `members`. */
export interface Certificate {
  readonly raw: Buffer;
  readonly rawSubject: Buffer;
  readonly rawIssuer: Buffer;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly isAuthority: boolean;
  /** Undefined without the extension. */
  readonly basicConstraints: { readonly pathLength: number | undefined } | undefined;
  /** Bits of key usage; 0 without the extension. */
  readonly keyUsage: number;
  readonly extendedUsages: readonly number[] | undefined;
  readonly unknownUsages: number;
  readonly names: AlternativeNames;
  readonly constraints: NameConstraints | undefined;
  readonly unhandled: number;
  readonly members: ReadonlyMap<string, Value>;
}

export interface NameConstraints {
  readonly permitted: Subtrees;
  readonly excluded: Subtrees;
}

export interface Subtrees {
  readonly dns: string[];
  readonly emails: string[];
  readonly uris: string[];
  readonly ranges: { readonly address: Buffer; readonly mask: Buffer }[];
}

const SIGNATURES: ReadonlyMap<string, number> = new Map([
  ["1.2.840.113549.1.1.2", 1],
  ["1.2.840.113549.1.1.4", 2],
  ["1.2.840.113549.1.1.5", 3],
  ["1.2.840.113549.1.1.11", 4],
  ["1.2.840.113549.1.1.12", 5],
  ["1.2.840.113549.1.1.13", 6],
  ["1.2.840.10040.4.3", 7],
  ["2.16.840.1.101.3.4.3.2", 8],
  ["1.2.840.10045.4.1", 9],
  ["1.2.840.10045.4.3.2", 10],
  ["1.2.840.10045.4.3.3", 11],
  ["1.2.840.10045.4.3.4", 12],
  ["1.3.101.112", 16],
]);
/** Hash algorithms of RSA-PSS signatures. */
const PSS_HASHES: ReadonlyMap<string, number> = new Map([
  ["2.16.840.1.101.3.4.2.1", 13],
  ["2.16.840.1.101.3.4.2.2", 14],
  ["2.16.840.1.101.3.4.2.3", 15],
]);
const KEY_ALGORITHMS: ReadonlyMap<string, number> = new Map([
  ["1.2.840.113549.1.1.1", 1],
  ["1.2.840.10040.4.1", 2],
  ["1.2.840.10045.2.1", 3],
  ["1.3.101.112", 4],
]);
/** Extended key usages by their number in results. */
export const EXTENDED_USAGES: readonly string[] = [
  "2.5.29.37.0",
  "1.3.6.1.5.5.7.3.1",
  "1.3.6.1.5.5.7.3.2",
  "1.3.6.1.5.5.7.3.3",
  "1.3.6.1.5.5.7.3.4",
  "1.3.6.1.5.5.7.3.5",
  "1.3.6.1.5.5.7.3.6",
  "1.3.6.1.5.5.7.3.7",
  "1.3.6.1.5.5.7.3.8",
  "1.3.6.1.5.5.7.3.9",
  "1.3.6.1.4.1.311.10.3.3",
  "2.16.840.1.113730.4.1",
  "1.3.6.1.4.1.311.2.1.22",
  "1.3.6.1.4.1.311.61.1.1",
];

const base64 = (bytes: Buffer): string => bytes.toString("base64");
const listOrNull = (items: readonly Value[]): Value => (items.length === 0 ? null : items);

/** All certificates that follow one another in `bytes`. @throws BuiltinError when they are malformed */
export function parseCertificates(bytes: Buffer): Certificate[] {
  return new DerReader(bytes, "certificate").all().map(parseCertificate);
}

function parseCertificate(element: Element): Certificate {
  if (element.tag !== TAG.sequence) throw malformed("certificate");
  const outer = new DerReader(element.content, "certificate");
  const body = outer.expect(TAG.sequence);
  const algorithm = outer.expect(TAG.sequence);
  const signature = bitsOf(outer.expect(TAG.bitString));
  const reader = new DerReader(body.content, "tbs certificate");
  const version = reader.optional(context(0, true));
  const serial = integerOf(reader.expect(TAG.integer));
  reader.expect(TAG.sequence);
  const issuer = reader.expect(TAG.sequence);
  const validity = reader.into(TAG.sequence);
  const [notBefore, notAfter] = [timeOf(validity.next()), timeOf(validity.next())];
  const subject = reader.expect(TAG.sequence);
  const key = reader.expect(TAG.sequence);
  reader.optional(context(1, false));
  reader.optional(context(2, false));
  const wrapped = reader.optional(context(3, true));
  const extensions = wrapped === undefined ? [] : parseExtensions(new DerReader(wrapped.content, "extensions"));
  const known = readExtensions(extensions);
  const members = new Map<string, Value>([
    ["Raw", base64(element.raw)],
    ["RawTBSCertificate", base64(body.raw)],
    ["RawIssuer", base64(issuer.raw)],
    ["RawSubject", base64(subject.raw)],
    ["Signature", base64(signature)],
    ["SignatureAlgorithm", signatureNumber(algorithm)],
    ...keyMembers(key),
    ["Version", version === undefined ? 1 : Number(integerOf(new DerReader(version.content, "version").next())) + 1],
    ["SerialNumber", numberFromBigInt(serial)],
    ["Issuer", nameValue(issuer)],
    ["Subject", nameValue(subject)],
    ["NotBefore", notBefore],
    ["NotAfter", notAfter],
    ...extensionMembers(extensions, known),
  ]);
  return {
    raw: element.raw,
    rawSubject: subject.raw,
    rawIssuer: issuer.raw,
    notBefore,
    notAfter,
    isAuthority: known.isAuthority,
    basicConstraints: known.basicConstraints,
    keyUsage: known.keyUsage,
    extendedUsages: known.extendedUsages,
    unknownUsages: known.unknownUsages.length,
    names: known.names,
    constraints: known.constraints,
    unhandled: known.unhandled.length,
    members,
  };
}

/** What policies see of a certificate. */
export function certificateValue(certificate: Certificate, withUriStrings: boolean): Value {
  const members = new Map(certificate.members);
  if (withUriStrings) members.set("URIStrings", listOrNull(certificate.names.uris));
  return jsonObject(members);
}

function parseExtensions(reader: DerReader): Extension[] {
  return reader
    .into(TAG.sequence)
    .all()
    .map(({ content }) => {
      const fields = new DerReader(content, "extension");
      const id = oidOf(fields.expect(TAG.oid));
      const critical = fields.optional(TAG.boolean);
      return { id, critical: critical?.content[0] === 0xff, value: fields.expect(TAG.octetString).content };
    });
}

function signatureNumber({ content }: Element): number {
  const reader = new DerReader(content, "signature algorithm");
  const id = oidOf(reader.expect(TAG.oid)).join(".");
  if (id !== "1.2.840.113549.1.1.10") return SIGNATURES.get(id) ?? 0;
  const hash = new DerReader(reader.next().content, "signature parameters").optional(context(0, true));
  if (hash === undefined) return 0;
  const hashId = oidOf(new DerReader(hash.content, "hash").into(TAG.sequence).expect(TAG.oid)).join(".");
  return PSS_HASHES.get(hashId) ?? 0;
}

/** The public key and what it is. */
function keyMembers(key: Element): [string, Value][] {
  const algorithm = new DerReader(key.content, "public key").into(TAG.sequence);
  const kind = KEY_ALGORITHMS.get(oidOf(algorithm.expect(TAG.oid)).join(".")) ?? 0;
  return [
    ["RawSubjectPublicKeyInfo", base64(key.raw)],
    ["PublicKeyAlgorithm", kind],
    ["PublicKey", kind === 1 || kind === 3 || kind === 4 ? publicKeyValue(key.raw) : null],
  ];
}

function publicKeyValue(spki: Buffer): Value {
  try {
    return jwkPublicValue(createPublicKey({ key: spki, format: "der", type: "spki" }).export({ format: "jwk" }));
  } catch (error) {
    if (error instanceof BuiltinError) throw error;
    throw new BuiltinError(`x509: invalid public key: ${error instanceof Error ? error.message : "unknown"}`);
  }
}

/** The number in a member of a JWK. */
export function jwkNumber(text: unknown): Value {
  const hex = Buffer.from(typeof text === "string" ? text : "", "base64url").toString("hex");
  return numberFromBigInt(hex === "" ? 0n : BigInt(`0x${hex}`));
}

interface Jwk {
  readonly kty?: unknown;
  readonly n?: unknown;
  readonly e?: unknown;
  readonly x?: unknown;
  readonly y?: unknown;
}

export function jwkPublicValue(jwk: Jwk): Value {
  if (jwk.kty === "RSA") {
    return jsonObject([
      ["N", jwkNumber(jwk.n)],
      ["E", jwkNumber(jwk.e)],
    ]);
  }
  if (jwk.kty === "OKP") return Buffer.from(String(jwk.x), "base64url").toString("base64");
  return jsonObject([
    ["Curve", {}],
    ["X", jwkNumber(jwk.x)],
    ["Y", jwkNumber(jwk.y)],
  ]);
}

interface Known {
  isAuthority: boolean;
  basicConstraints: { readonly pathLength: number | undefined } | undefined;
  keyUsage: number;
  extendedUsages: number[] | undefined;
  unknownUsages: number[][];
  names: AlternativeNames;
  subjectKeyId: Buffer | undefined;
  authorityKeyId: Buffer | undefined;
  policies: number[][];
  crlPoints: string[];
  ocspServers: string[];
  issuerUrls: string[];
  constraints: NameConstraints | undefined;
  constraintsCritical: boolean;
  requireExplicitPolicy: number | undefined;
  inhibitPolicyMapping: number | undefined;
  inhibitAnyPolicy: number | undefined;
  unhandled: number[][];
}

function readExtensions(extensions: readonly Extension[]): Known {
  const known: Known = {
    isAuthority: false,
    basicConstraints: undefined,
    keyUsage: 0,
    extendedUsages: undefined,
    unknownUsages: [],
    names: { dns: [], emails: [], addresses: [], uris: [] },
    subjectKeyId: undefined,
    authorityKeyId: undefined,
    policies: [],
    crlPoints: [],
    ocspServers: [],
    issuerUrls: [],
    constraints: undefined,
    constraintsCritical: false,
    requireExplicitPolicy: undefined,
    inhibitPolicyMapping: undefined,
    inhibitAnyPolicy: undefined,
    unhandled: [],
  };
  for (const extension of extensions) {
    const read = READERS[extension.id.join(".")];
    if (read !== undefined) read(known, extension);
    else if (extension.critical) known.unhandled.push([...extension.id]);
  }
  return known;
}

const READERS: Readonly<Record<string, (known: Known, extension: Extension) => void>> = {
  "2.5.29.15": (known, { value }) => {
    known.keyUsage = 0;
    for (const [index, byte] of bitsOf(new DerReader(value, "key usage").expect(TAG.bitString)).entries()) {
      for (let bit = 0; bit < 8; bit++) if ((byte & (0x80 >> bit)) !== 0) known.keyUsage |= 1 << (index * 8 + bit);
    }
  },
  "2.5.29.19": (known, { value }) => {
    const reader = new DerReader(value, "basic constraints").into(TAG.sequence);
    known.isAuthority = reader.optional(TAG.boolean)?.content[0] === 0xff;
    const length = reader.optional(TAG.integer);
    known.basicConstraints = { pathLength: length === undefined ? undefined : Number(integerOf(length)) };
  },
  "2.5.29.17": (known, { value, critical, id }) => {
    known.names = alternativeNames(value);
    const { dns, emails, addresses, uris } = known.names;
    // A critical extension with nothing that we can read is not handled.
    if (critical && dns.length + emails.length + addresses.length + uris.length === 0) known.unhandled.push([...id]);
  },
  "2.5.29.37": (known, { value }) => {
    known.extendedUsages = [];
    for (const element of new DerReader(value, "extended key usages").into(TAG.sequence).all()) {
      const usage = oidOf(element);
      const number = EXTENDED_USAGES.indexOf(usage.join("."));
      if (number < 0) known.unknownUsages.push(usage);
      else known.extendedUsages.push(number);
    }
  },
  "2.5.29.14": (known, { value }) => {
    known.subjectKeyId = new DerReader(value, "subject key id").expect(TAG.octetString).content;
  },
  "2.5.29.35": (known, { value }) => {
    const id = new DerReader(value, "authority key id").into(TAG.sequence).optional(context(0, false));
    known.authorityKeyId = id?.content;
  },
  "2.5.29.32": (known, { value }) => {
    known.policies = new DerReader(value, "certificate policies")
      .into(TAG.sequence)
      .all()
      .map(({ content }) => oidOf(new DerReader(content, "certificate policies").expect(TAG.oid)));
  },
  "2.5.29.31": (known, { value }) => {
    for (const point of new DerReader(value, "CRL distribution points").into(TAG.sequence).all()) {
      const name = new DerReader(point.content, "CRL distribution point").optional(context(0, true));
      const full = name && new DerReader(name.content, "CRL distribution point").optional(context(0, true));
      for (const { tag, content } of full === undefined ? [] : new DerReader(full.content, "CRL name").all()) {
        if (tag === context(6, false)) known.crlPoints.push(content.toString("latin1"));
      }
    }
  },
  "1.3.6.1.5.5.7.1.1": (known, { value }) => {
    for (const access of new DerReader(value, "authority information access").into(TAG.sequence).all()) {
      const reader = new DerReader(access.content, "authority information access");
      const method = oidOf(reader.expect(TAG.oid)).join(".");
      const { tag, content } = reader.next();
      if (tag !== context(6, false)) continue;
      if (method === "1.3.6.1.5.5.7.48.1") known.ocspServers.push(content.toString("latin1"));
      if (method === "1.3.6.1.5.5.7.48.2") known.issuerUrls.push(content.toString("latin1"));
    }
  },
  "2.5.29.30": (known, { value, critical }) => {
    const reader = new DerReader(value, "name constraints").into(TAG.sequence);
    known.constraintsCritical = critical;
    known.constraints = {
      permitted: subtrees(reader.optional(context(0, true)), known, critical),
      excluded: subtrees(reader.optional(context(1, true)), known, critical),
    };
  },
  "2.5.29.36": (known, { value }) => {
    const reader = new DerReader(value, "policy constraints").into(TAG.sequence);
    const require = reader.optional(context(0, false));
    const inhibit = reader.optional(context(1, false));
    if (require !== undefined) known.requireExplicitPolicy = Number(integerOf(require));
    if (inhibit !== undefined) known.inhibitPolicyMapping = Number(integerOf(inhibit));
  },
  "2.5.29.54": (known, { value }) => {
    known.inhibitAnyPolicy = Number(integerOf(new DerReader(value, "inhibit any policy").expect(TAG.integer)));
  },
};

function subtrees(element: Element | undefined, known: Known, critical: boolean): Subtrees {
  const trees: Subtrees = { dns: [], emails: [], uris: [], ranges: [] };
  for (const subtree of element === undefined ? [] : new DerReader(element.content, "name constraints").all()) {
    const { tag, content } = new DerReader(subtree.content, "name constraint").next();
    if (tag === context(1, false)) trees.emails.push(content.toString("latin1"));
    else if (tag === context(2, false)) trees.dns.push(content.toString("latin1"));
    else if (tag === context(6, false)) trees.uris.push(content.toString("latin1"));
    else if (tag === context(7, false) && (content.length === 8 || content.length === 32)) {
      const half = content.length / 2;
      trees.ranges.push({ address: content.subarray(0, half), mask: content.subarray(half) });
    } else if (critical) known.unhandled.push([2, 5, 29, 30]);
  }
  return trees;
}

function extensionMembers(extensions: readonly Extension[], known: Known): [string, Value][] {
  const { names, constraints } = known;
  const zero = (value: number | undefined): [Value, Value] => [value ?? 0, value === 0];
  const [explicit, explicitZero] = zero(known.requireExplicitPolicy);
  const [mapping, mappingZero] = zero(known.inhibitPolicyMapping);
  const [any, anyZero] = zero(known.inhibitAnyPolicy);
  const length = known.basicConstraints === undefined ? 0 : (known.basicConstraints.pathLength ?? -1);
  return [
    ["Extensions", listOrNull(extensions.map(extensionValue))],
    ["ExtraExtensions", null],
    ["UnhandledCriticalExtensions", listOrNull(known.unhandled)],
    ["KeyUsage", known.keyUsage],
    ["ExtKeyUsage", listOrNull(known.extendedUsages ?? [])],
    ["UnknownExtKeyUsage", listOrNull(known.unknownUsages)],
    ["BasicConstraintsValid", known.basicConstraints !== undefined],
    ["IsCA", known.isAuthority],
    ["MaxPathLen", length],
    ["MaxPathLenZero", known.basicConstraints?.pathLength === 0],
    ["SubjectKeyId", known.subjectKeyId === undefined ? null : base64(known.subjectKeyId)],
    ["AuthorityKeyId", known.authorityKeyId === undefined ? null : base64(known.authorityKeyId)],
    ["OCSPServer", listOrNull(known.ocspServers)],
    ["IssuingCertificateURL", listOrNull(known.issuerUrls)],
    ...nameMembers(names),
    ["PermittedDNSDomainsCritical", known.constraintsCritical],
    ...subtreeMembers("Permitted", constraints?.permitted),
    ...subtreeMembers("Excluded", constraints?.excluded),
    ["CRLDistributionPoints", listOrNull(known.crlPoints)],
    ["PolicyIdentifiers", listOrNull(known.policies)],
    ["Policies", listOrNull(known.policies.map((policy) => policy.join(".")))],
    ["PolicyMappings", null],
    ["RequireExplicitPolicy", explicit],
    ["RequireExplicitPolicyZero", explicitZero],
    ["InhibitPolicyMapping", mapping],
    ["InhibitPolicyMappingZero", mappingZero],
    ["InhibitAnyPolicy", any],
    ["InhibitAnyPolicyZero", anyZero],
  ];
}

function extensionValue({ id, critical, value }: Extension): Value {
  return jsonObject([
    ["Id", [...id]],
    ["Critical", critical],
    ["Value", base64(value)],
  ]);
}

function nameMembers(names: AlternativeNames): [string, Value][] {
  return [
    ["DNSNames", listOrNull(names.dns)],
    ["EmailAddresses", listOrNull(names.emails)],
    ["IPAddresses", listOrNull(names.addresses.map(addressText))],
    ["URIs", listOrNull(names.uris.map(uriValue))],
  ];
}

function subtreeMembers(which: "Permitted" | "Excluded", trees: Subtrees | undefined): [string, Value][] {
  const range = ({ address, mask }: Subtrees["ranges"][number]): Value =>
    jsonObject([
      ["IP", addressText(address)],
      ["Mask", base64(mask)],
    ]);
  return [
    [`${which}DNSDomains`, listOrNull(trees?.dns ?? [])],
    [`${which}EmailAddresses`, listOrNull(trees?.emails ?? [])],
    [`${which}URIDomains`, listOrNull(trees?.uris ?? [])],
    [`${which}IPRanges`, listOrNull((trees?.ranges ?? []).map(range))],
  ];
}

/** A PKCS #10 request. @throws BuiltinError when it is malformed */
export function requestValue(bytes: Buffer): Value {
  const element = new DerReader(bytes, "certificate request").expect(TAG.sequence);
  const outer = new DerReader(element.content, "certificate request");
  const body = outer.expect(TAG.sequence);
  const algorithm = outer.expect(TAG.sequence);
  const signature = bitsOf(outer.expect(TAG.bitString));
  const reader = new DerReader(body.content, "certificate request");
  const version = Number(integerOf(reader.expect(TAG.integer)));
  const subject = reader.expect(TAG.sequence);
  const key = reader.expect(TAG.sequence);
  const attributes = reader.optional(context(0, true));
  const all = attributes === undefined ? [] : new DerReader(attributes.content, "attributes").all();
  const extensions = all.flatMap(requestedExtensions);
  const { names } = readExtensions(extensions);
  return jsonObject([
    ["Raw", base64(element.raw)],
    ["RawTBSCertificateRequest", base64(body.raw)],
    ["RawSubject", base64(subject.raw)],
    ["Signature", base64(signature)],
    ["SignatureAlgorithm", signatureNumber(algorithm)],
    ...keyMembers(key),
    ["Version", version],
    ["Subject", nameValue(subject)],
    ["Attributes", listOrNull(all.flatMap(attributeValue))],
    ["Extensions", listOrNull(extensions.map(extensionValue))],
    ["ExtraExtensions", null],
    ...nameMembers(names),
  ]);
}

function requestedExtensions({ content }: Element): Extension[] {
  const reader = new DerReader(content, "attribute");
  if (oidOf(reader.expect(TAG.oid)).join(".") !== "1.2.840.113549.1.9.14") return [];
  return parseExtensions(new DerReader(reader.expect(TAG.set).content, "requested extensions"));
}

/** Attributes are shown when they are lists of types and values, which extension requests are. */
function attributeValue({ content }: Element): Value[] {
  const reader = new DerReader(content, "attribute");
  const type = oidOf(reader.expect(TAG.oid));
  const values = new DerReader(reader.expect(TAG.set).content, "attribute").all();
  if (!values.every(({ tag }) => tag === TAG.sequence)) return [];
  const lists = values.map((list) => new DerReader(list.content, "attribute").all().map(pairValue));
  return [
    jsonObject([
      ["Type", type],
      ["Value", lists],
    ]),
  ];
}

function pairValue({ content }: Element): Value {
  const reader = new DerReader(content, "attribute value");
  const type = oidOf(reader.expect(TAG.oid));
  const value = reader.next();
  const shown =
    value.tag === TAG.octetString
      ? base64(value.content)
      : value.tag === TAG.boolean
        ? value.content[0] === 0xff
        : stringOf(value);
  return jsonObject([
    ["Type", type],
    ["Value", shown],
  ]);
}
