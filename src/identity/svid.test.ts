// Hostile certificates are made by an independent implementation, so that one mistake of ours cannot hide another.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { RingfenceError } from "../diagnostics/index.js";
import { parseTrustDomain } from "./spiffe-id.js";
import { type SvidExpectation, verifySvid } from "./svid.js";

x509.cryptoProvider.set(webcrypto);
const EC = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const URI = "spiffe://td.example/ns/z/sa/w";
const NOW = new Date("2030-06-01T12:00:00Z");
const HOUR_MS = 3_600_000;
const { KeyUsageFlags } = x509;

interface Party {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly der: Buffer;
}

interface Wanted {
  readonly name?: string;
  readonly extensions: x509.Extension[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly algorithm?: webcrypto.RsaHashedKeyGenParams;
}

async function make(issuer: Party | undefined, wanted: Wanted): Promise<Party> {
  const algorithm = (wanted.algorithm ?? EC) as webcrypto.EcKeyGenParams;
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
  const shared = {
    serialNumber: "01ab",
    notBefore: wanted.notBefore ?? new Date(NOW.getTime() - 60_000),
    notAfter: wanted.notAfter ?? new Date(NOW.getTime() + HOUR_MS),
    extensions: wanted.extensions,
    signingAlgorithm: issuer === undefined ? algorithm : EC,
  };
  const certificate =
    issuer === undefined
      ? await x509.X509CertificateGenerator.createSelfSigned({ ...shared, name: wanted.name ?? "CN=Root", keys })
      : await x509.X509CertificateGenerator.create({
          ...shared,
          subject: wanted.name ?? "CN=Leaf",
          issuer: issuer.certificate.subject,
          signingKey: issuer.keys.privateKey,
          publicKey: keys.publicKey,
        });
  return { certificate, keys, der: Buffer.from(certificate.rawData) };
}

const names = (...uris: string[]): x509.Extension =>
  new x509.SubjectAlternativeNameExtension(uris.map((value) => ({ type: "url", value })));
const usage = (flags: number, critical = true): x509.Extension => new x509.KeyUsagesExtension(flags, critical);
const leafUsage = usage(KeyUsageFlags.digitalSignature);
const authorityExtensions = (pathLength?: number): x509.Extension[] => [
  new x509.BasicConstraintsExtension(true, pathLength, true),
  usage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign),
];

let root: Party;
let expected: SvidExpectation;
beforeAll(async () => {
  root = await make(undefined, { extensions: authorityExtensions(), notBefore: new Date("2030-01-01T00:00:00Z") });
  expected = {
    trustDomain: parseTrustDomain("td.example"),
    authorities: [root.der],
    use: "clientAuth",
    now: NOW,
  };
});

async function verdict(extensions: x509.Extension[], wanted: Partial<Wanted> = {}): Promise<string> {
  const leaf = await make(root, { ...wanted, extensions });
  return judge([leaf.der]);
}

function judge(chain: Buffer[], changed: Partial<SvidExpectation> = {}): string {
  try {
    return verifySvid(chain, { ...expected, ...changed }).id.uri;
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error;
    return error.message;
  }
}

describe("the leaf", () => {
  it("is accepted as the specification has it", async () => {
    expect(await verdict([names(URI), leafUsage])).toBe(URI);
    const dns = new x509.SubjectAlternativeNameExtension([
      { type: "dns", value: "localhost" },
      { type: "url", value: URI },
    ]);
    expect(await verdict([dns, leafUsage, new x509.BasicConstraintsExtension(false, undefined, true)])).toBe(URI);
    expect(await verdict([names(URI), leafUsage, new x509.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.2"])])).toBe(URI);
  });

  it.each([
    ["no name", () => [leafUsage], /names no identity/],
    ["two URIs", () => [names(URI, URI), leafUsage], /more than one URI/],
    ["two different URIs", () => [names(URI, "https://x.example/"), leafUsage], /more than one URI/],
    ["another scheme", () => [names("https://td.example/ns/z/sa/w"), leafUsage], /no SPIFFE ID/],
    ["an upper-case domain", () => [names("spiffe://TD.example/ns/z/sa/w"), leafUsage], /no SPIFFE ID/],
    ["a path with dots", () => [names("spiffe://td.example/ns/../sa/w"), leafUsage], /no SPIFFE ID/],
    ["a query", () => [names(`${URI}?a=b`), leafUsage], /no SPIFFE ID/],
    ["no path", () => [names("spiffe://td.example"), leafUsage], /trust domain's/],
    ["another trust domain", () => [names("spiffe://other.example/ns/z/sa/w"), leafUsage], /other\.example/],
    ["an authority", () => [names(URI), ...authorityExtensions()], /authority's certificate/],
    ["no key usage", () => [names(URI)], /what its key is for/],
    ["key usage not critical", () => [names(URI), usage(KeyUsageFlags.digitalSignature, false)], /not marked critical/],
    ["no digital signature", () => [names(URI), usage(KeyUsageFlags.keyAgreement)], /may not sign handshakes/],
    [
      "signs certificates",
      () => [names(URI), usage(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign)],
      /sign certificates/,
    ],
    [
      "signs revocation lists",
      () => [names(URI), usage(KeyUsageFlags.digitalSignature | KeyUsageFlags.cRLSign)],
      /revocation lists/,
    ],
    [
      "for servers only",
      () => [names(URI), leafUsage, new x509.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.1"])],
      /not for clients/,
    ],
    [
      "an unknown critical extension",
      () => [names(URI), leafUsage, new x509.Extension("1.2.3.4", true, new Uint8Array([5, 0]))],
      /1\.2\.3\.4 is not understood/,
    ],
    ["an extension twice", () => [names(URI), names(URI), leafUsage], /no valid identity/],
  ])("is refused: %s", async (_case, extensions, reason) => {
    expect(await verdict(extensions())).toMatch(reason);
  });

  it("is refused with a weak key", async () => {
    const rsa = {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 1024,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    };
    expect(await verdict([names(URI), leafUsage], { algorithm: rsa })).toMatch(/kind or size/);
  });

  it("is refused outside its validity, to the second", async () => {
    const leaf = await make(root, {
      extensions: [names(URI), leafUsage],
      notBefore: new Date("2030-06-01T11:00:00Z"),
      notAfter: new Date("2030-06-01T11:30:00Z"),
    });
    const at = (time: string): string => judge([leaf.der], { now: new Date(time) });
    expect(at("2030-06-01T10:59:59Z")).toMatch(/not valid yet/);
    expect(at("2030-06-01T11:00:00Z")).toBe(URI);
    expect(at("2030-06-01T11:30:00Z")).toBe(URI);
    expect(at("2030-06-01T11:30:01Z")).toMatch(/expired/);
  });
});

describe("the chain", () => {
  it("is refused when it is empty, foreign, self-signed or not DER", async () => {
    expect(judge([])).toMatch(/no certificate/);
    const stranger = await make(undefined, { extensions: authorityExtensions() });
    const foreign = await make(stranger, { extensions: [names(URI), leafUsage] });
    expect(judge([foreign.der])).toMatch(/no authority/);
    expect(judge([foreign.der, stranger.der])).toMatch(/no authority/);
    const own = await make(undefined, { extensions: [names(URI), leafUsage] });
    expect(judge([own.der])).toMatch(/no authority/);
    const leaf = await make(root, { extensions: [names(URI), leafUsage] });
    expect(judge([Buffer.concat([leaf.der, Buffer.from([0])])])).toMatch(/no valid identity/);
    expect(judge([leaf.der.subarray(0, -1)])).toMatch(/no valid identity/);
    expect(judge([leaf.der], { authorities: [] })).toMatch(/no authority/);
  });

  it("may go through an authority's authority, within the lengths it allows", async () => {
    const middle = await make(root, { name: "CN=Middle", extensions: authorityExtensions(0) });
    const lower = await make(middle, { name: "CN=Lower", extensions: authorityExtensions() });
    const leaf = await make(middle, { extensions: [names(URI), leafUsage] });
    const deep = await make(lower, { extensions: [names(URI), leafUsage] });
    expect(judge([leaf.der, middle.der])).toBe(URI);
    expect(judge([leaf.der])).toMatch(/no authority/);
    expect(judge([deep.der, lower.der, middle.der])).toMatch(/longer than its issuer allows/);
  });

  it("does not go through a workload, nor through an authority with a workload's name", async () => {
    const workload = await make(root, { name: "CN=Workload", extensions: [names(URI), leafUsage] });
    const below = await make(workload, { extensions: [names(URI), leafUsage] });
    expect(judge([below.der, workload.der])).toMatch(/no authority|no valid identity/);
    const named = await make(root, { name: "CN=Named", extensions: [...authorityExtensions(), names(URI)] });
    const child = await make(named, { extensions: [names(URI), leafUsage] });
    expect(judge([child.der, named.der])).toMatch(/no authority may have/);
    const unable = await make(root, {
      name: "CN=Unable",
      extensions: [new x509.BasicConstraintsExtension(true, undefined, true), leafUsage],
    });
    const unableChild = await make(unable, { extensions: [names(URI), leafUsage] });
    expect(judge([unableChild.der, unable.der])).toMatch(/may not sign certificates|no authority/);
  });

  it("is refused when it was withdrawn", async () => {
    const leaf = await make(root, { extensions: [names(URI), leafUsage] });
    expect(judge([leaf.der], { isRevoked: (svid) => svid.serial === "1ab" })).toMatch(/withdrawn/);
  });

  it("never crashes and never accepts when bytes are changed", async () => {
    const leaf = await make(root, { extensions: [names(URI), leafUsage] });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(leaf.der.length - 1), fc.integer({ min: 1, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        (changes) => {
          const bytes = Buffer.from(leaf.der);
          for (const [at, by] of changes) bytes[at] = (bytes[at] ?? 0) ^ by;
          if (!bytes.equals(leaf.der)) expect(judge([bytes])).not.toBe(URI);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
