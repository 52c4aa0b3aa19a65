/**
 * A certificate for something on this machine that stands in for a host outside, from an authority that exists for it
 * alone and whose key is gone as soon as it has signed. Nothing but the proxy that is told of that authority trusts it.
 */
import { generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import {
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  writeCertificate,
  writeName,
} from "./certificate.js";

const DAY_MS = 86_400_000;

/** All PEM. */
export interface ServerCertificate {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Makes a server certificate for a host name, valid for a day. */
export function standInCertificate(host: string, now = Date.now()): ServerCertificate {
  const from = new Date(Math.floor(now / 1000) * 1000 - 60_000);
  const validity = { notBefore: from, notAfter: new Date(from.getTime() + DAY_MS) };
  const issuer = writeName("Ringfence", `stand-in for ${host}`);
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const serial = (): Buffer => Buffer.concat([Buffer.from([1]), randomBytes(15)]);
  const root = writeCertificate(
    {
      ...validity,
      issuer,
      serial: serial(),
      subject: issuer,
      publicKey: authority.publicKey.export({ format: "der", type: "spki" }),
      extensions: [basicConstraints(true, 0), keyUsage("keyCertSign")],
    },
    authority.privateKey,
  );
  const leaf = writeCertificate(
    {
      ...validity,
      issuer,
      serial: serial(),
      subject: writeName("Ringfence", host),
      publicKey: own.publicKey.export({ format: "der", type: "spki" }),
      extensions: [
        basicConstraints(false),
        keyUsage("digitalSignature"),
        extendedKeyUsage("serverAuth"),
        subjectAltName({ dns: [host] }),
      ],
    },
    authority.privateKey,
  );
  return {
    authority: new X509Certificate(root).toString(),
    certificate: new X509Certificate(leaf).toString(),
    key: own.privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
  };
}
