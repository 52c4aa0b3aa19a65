/** `crypto.x509.*` and private keys. */
import { createPublicKey } from "node:crypto";
import { equal, isArray, isSet, jsonObject, objectEntries, type Value } from "../../value/index.js";
import { type Builtin, type BuiltinContext, BuiltinError, builtin } from "../builtin.js";
import { array, object, tuple } from "../decl.js";
import { decodeBase64 } from "../encoding.js";
import { int64Of, objectAt, stringAt } from "../operands.js";
import { decodePem } from "../pem.js";
import { type Certificate, certificateValue, jwkPublicValue, parseCertificates, requestValue } from "./certificate.js";
import { type VerifyOptions, verifyChain } from "./chain.js";
import { privateJwkValue, privateKeys, privateKeyValue } from "./keys.js";

const SERVER_AUTH = 1;
const USAGES = [
  ...["Any", "ServerAuth", "ClientAuth", "CodeSigning", "EmailProtection", "IPSECEndSystem", "IPSECTunnel"],
  ...["IPSECUser", "TimeStamping", "OCSPSigning", "MicrosoftServerGatedCrypto", "NetscapeServerGatedCrypto"],
  ...["MicrosoftCommercialCodeSigning", "MicrosoftKernelCodeSigning"],
].map((name) => `KeyUsage${name}`);

/** PEM, base64 of PEM, or base64 of DER. */
function certificatesOf(text: string): Certificate[] {
  if (text.startsWith("-----BEGIN")) return pemCertificates(text);
  const bytes = Buffer.from(decodeBase64(text));
  if (bytes.toString("latin1", 0, 10) === "-----BEGIN") return pemCertificates(bytes.toString("utf8"));
  return parseCertificates(bytes);
}

function pemCertificates(text: string): Certificate[] {
  const parts: Buffer[] = [];
  for (let rest = text; ; ) {
    const found = decodePem(rest);
    if (found === undefined) break;
    if (found.block.type !== "CERTIFICATE") {
      throw new BuiltinError(`PEM block type is '${found.block.type}', expected CERTIFICATE`);
    }
    parts.push(found.block.bytes);
    rest = found.rest;
  }
  return parseCertificates(Buffer.concat(parts));
}

function verified(args: readonly Value[], options: VerifyOptions, withUriStrings: boolean): Value {
  try {
    const chain = verifyChain(certificatesOf(stringAt(args, 0)), options);
    return [true, chain.map((certificate) => certificateValue(certificate, withUriStrings))];
  } catch (error) {
    if (error instanceof BuiltinError) return [false, []];
    throw error;
  }
}

function optionsAt(args: readonly Value[], context: BuiltinContext): VerifyOptions {
  let { nowNs, dnsName, usages } = { nowNs: context.nowNs, dnsName: "", usages: [SERVER_AUTH] };
  for (const [name, value] of objectEntries(objectAt(args, 1))) {
    switch (name) {
      case "DNSName":
        if (typeof value !== "string") throw new BuiltinError("'DNSName' should be a string");
        dnsName = value.replace(/^"+|"+$/g, "");
        break;
      case "CurrentTime":
        nowNs = timeOption(value);
        break;
      case "MaxConstraintComparisons":
        if (int64Of(value) === undefined) throw new BuiltinError("'MaxConstraintComparisons' should be a number");
        break;
      case "KeyUsages":
        usages = usagesOption(value);
        break;
      default:
        if (typeof name === "string") throw new BuiltinError("invalid key option");
    }
  }
  return { nowNs, dnsName, usages: usages.length === 0 ? [SERVER_AUTH] : usages };
}

function timeOption(value: Value): bigint {
  const time = int64Of(value);
  if (time === undefined) throw new BuiltinError("'CurrentTime' should be a number");
  return time;
}

function usagesOption(value: Value): number[] {
  if (!isArray(value) && !isSet(value)) throw new BuiltinError("'KeyUsages' should be an Array or Set");
  const names = [...value].filter((name) => typeof name === "string").map((name) => name.replace(/^"+|"+$/g, ""));
  const wrong = names.filter((name) => !USAGES.includes(name));
  if (wrong.length > 0) throw new BuiltinError(`invalid entries for 'KeyUsages' found: [${wrong.join(" ")}]`);
  return names.map((name) => USAGES.indexOf(name));
}

function parseRequest(args: readonly Value[]): Value {
  const text = stringAt(args, 0);
  const bytes = text.startsWith("-----BEGIN CERTIFICATE REQUEST-----") ? undefined : Buffer.from(decodeBase64(text));
  const pem = decodePem(bytes?.toString("utf8") ?? text);
  if (pem !== undefined && pem.block.type !== "CERTIFICATE REQUEST") {
    throw new BuiltinError("invalid PEM-encoded certificate signing request");
  }
  return requestValue(pem?.block.bytes ?? bytes ?? Buffer.alloc(0));
}

/** A text of PEM, of base64 of PEM, or of base64 of the DER that belongs into such a block. */
function pemOf(text: string, type: string): string {
  if (text.startsWith("-----BEGIN ")) return text;
  const bytes = Buffer.from(decodeBase64(text));
  if (bytes.toString("latin1", 0, 11) === "-----BEGIN ") return bytes.toString("utf8");
  return `-----BEGIN ${type}-----\n${bytes.toString("base64")}\n-----END ${type}-----\n`;
}

function parseKeyPair(args: readonly Value[]): Value {
  const certificates = pemCertificates(pemOf(stringAt(args, 0), "CERTIFICATE"));
  const [key] = privateKeys(pemOf(stringAt(args, 1), "PRIVATE KEY"));
  const [leaf] = certificates;
  if (leaf === undefined) throw new BuiltinError("tls: failed to find any PEM data in certificate input");
  if (key === undefined) throw new BuiltinError("tls: failed to find any PEM data in key input");
  const own = jwkPublicValue(createPublicKey(key).export({ format: "jwk" }));
  if (!equal(leaf.members.get("PublicKey") ?? null, own)) {
    throw new BuiltinError("tls: private key does not match public key");
  }
  return jsonObject([
    ["Certificate", certificates.map(({ raw }) => raw.toString("base64"))],
    ["PrivateKey", privateKeyValue(key)],
    ["SupportedSignatureAlgorithms", null],
    ["OCSPStaple", null],
    ["SignedCertificateTimestamps", null],
    ["Leaf", certificateValue(leaf, false)],
  ]);
}

function parsePrivateKey(args: readonly Value[]): Value {
  const text = stringAt(args, 0);
  if (text === "") throw new BuiltinError("input PEM data was empty");
  const pem = text.startsWith("-----BEGIN") ? text : Buffer.from(decodeBase64(text)).toString("utf8");
  const [key] = privateKeys(pem);
  return key === undefined ? null : privateJwkValue(key);
}

function parsePrivateKeys(args: readonly Value[]): Value {
  const text = stringAt(args, 0);
  return text === "" ? null : privateKeys(text).map(privateKeyValue);
}

const STRUCT = object("string", "any");
const VERDICT = tuple("boolean", array(STRUCT));

export const X509: readonly Builtin[] = [
  builtin("crypto.x509.parse_certificates", ["string"], array(STRUCT), (args) =>
    certificatesOf(stringAt(args, 0)).map((certificate) => certificateValue(certificate, true)),
  ),
  builtin("crypto.x509.parse_and_verify_certificates", ["string"], VERDICT, (args, context) => {
    stringAt(args, 0);
    return verified(args, { nowNs: context.nowNs, dnsName: "", usages: [SERVER_AUTH] }, true);
  }),
  builtin("crypto.x509.parse_and_verify_certificates_with_options", ["string", STRUCT], VERDICT, (args, context) => {
    stringAt(args, 0);
    return verified(args, optionsAt(args, context), false);
  }),
  builtin("crypto.x509.parse_certificate_request", ["string"], STRUCT, parseRequest),
  builtin("crypto.x509.parse_keypair", ["string", "string"], STRUCT, parseKeyPair),
  builtin("crypto.x509.parse_rsa_private_key", ["string"], STRUCT, parsePrivateKey),
  builtin("crypto.parse_private_keys", ["string"], array(STRUCT), parsePrivateKeys),
];
