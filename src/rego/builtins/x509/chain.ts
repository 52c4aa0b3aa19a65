/**
 * Verification of a chain: the first certificate is the only root that is trusted, the last one the leaf. Every step is
 * checked (signature, names, times, authority, path length, usages, name constraints); what cannot be checked fails.
 */
import { X509Certificate } from "node:crypto";
import { BuiltinError } from "../builtin.js";
import type { Certificate, Subtrees } from "./certificate.js";

export interface VerifyOptions {
  readonly nowNs: bigint;
  readonly dnsName: string;
  /** Numbers of extended key usages, any of which the chain must allow. */
  readonly usages: readonly number[];
}

const CERT_SIGN = 1 << 5;
const ANY_USAGE = 0;

/** From the leaf to the root. @throws BuiltinError when no chain holds */
export function verifyChain(certificates: readonly Certificate[], options: VerifyOptions): readonly Certificate[] {
  const root = certificates[0];
  const leaf = certificates.at(-1);
  if (root === undefined || leaf === undefined || certificates.length < 2) {
    throw new BuiltinError("must supply at least two certificates to be able to verify", "eval_type_error");
  }
  if (options.dnsName !== "" && !matchesHost(leaf, options.dnsName)) throw new BuiltinError("x509: wrong host name");
  const chain = findChain([leaf], certificates.slice(1, -1), root, options);
  if (chain === undefined) throw new BuiltinError("x509: certificate signed by unknown authority");
  if (!allowsUsage(chain, options.usages)) throw new BuiltinError("x509: incompatible key usage");
  return chain;
}

function findChain(
  chain: readonly Certificate[],
  intermediates: readonly Certificate[],
  root: Certificate,
  options: VerifyOptions,
): readonly Certificate[] | undefined {
  const current = chain.at(-1) as Certificate;
  if (chain.length > 100 || !isCurrent(current, options.nowNs) || current.unhandled > 0) return undefined;
  if (isTrusted(chain, root, options)) {
    return current.raw.equals(root.raw) ? chain : [...chain, root];
  }
  for (const issuer of intermediates) {
    if (chain.some(({ raw }) => raw.equals(issuer.raw)) || !mayIssue(issuer, chain)) continue;
    const found = findChain([...chain, issuer], intermediates, root, options);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isTrusted(chain: readonly Certificate[], root: Certificate, options: VerifyOptions): boolean {
  const current = chain.at(-1) as Certificate;
  if (current.raw.equals(root.raw)) return chain.length === 1 || mayIssue(root, chain.slice(0, -1));
  return isCurrent(root, options.nowNs) && root.unhandled === 0 && mayIssue(root, chain);
}

function isCurrent({ notBefore, notAfter }: Certificate, nowNs: bigint): boolean {
  const nanoseconds = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n;
  return nowNs >= nanoseconds(notBefore) && nowNs <= nanoseconds(notAfter);
}

/** May `issuer` stand above `chain`, and did it sign the chain's last certificate? */
function mayIssue(issuer: Certificate, chain: readonly Certificate[]): boolean {
  const subject = chain.at(-1) as Certificate;
  if (!issuer.rawSubject.equals(subject.rawIssuer)) return false;
  if (issuer.basicConstraints === undefined || !issuer.isAuthority) return false;
  if (issuer.keyUsage !== 0 && (issuer.keyUsage & CERT_SIGN) === 0) return false;
  const { pathLength } = issuer.basicConstraints;
  if (pathLength !== undefined && chain.length - 1 > pathLength) return false;
  if (!chain.every((certificate) => keepsConstraints(issuer, certificate))) return false;
  return new X509Certificate(subject.raw).verify(new X509Certificate(issuer.raw).publicKey);
}

/** A usage holds when every certificate that limits usages allows it. */
function allowsUsage(chain: readonly Certificate[], wanted: readonly number[]): boolean {
  if (wanted.includes(ANY_USAGE)) return true;
  return wanted.some((usage) =>
    chain.every(({ extendedUsages }) => {
      if (extendedUsages === undefined) return true;
      return extendedUsages.includes(usage) || extendedUsages.includes(ANY_USAGE);
    }),
  );
}

function matchesHost(certificate: Certificate, host: string): boolean {
  const wanted = host.toLowerCase().replace(/\.$/, "");
  return certificate.names.dns.some((name) => {
    const pattern = name.toLowerCase().replace(/\.$/, "");
    if (pattern === wanted) return true;
    const dot = wanted.indexOf(".");
    return pattern.startsWith("*.") && dot > 0 && pattern.slice(1) === wanted.slice(dot);
  });
}

function keepsConstraints({ constraints }: Certificate, certificate: Certificate): boolean {
  if (constraints === undefined) return true;
  const { permitted, excluded } = constraints;
  const { names } = certificate;
  return (
    names.dns.every((name) => holds(permitted.dns, excluded.dns, (domain) => inDomain(name, domain))) &&
    names.emails.every((name) => holds(permitted.emails, excluded.emails, (limit) => inMailbox(name, limit))) &&
    names.uris.every((name) =>
      holds(permitted.uris, excluded.uris, (domain) => inDomain(hostOf(name), domain, true)),
    ) &&
    names.addresses.every((address) => holds(permitted.ranges, excluded.ranges, (range) => inRange(address, range)))
  );
}

function holds<T>(permitted: readonly T[], excluded: readonly T[], within: (limit: T) => boolean): boolean {
  return !excluded.some(within) && (permitted.length === 0 || permitted.some(within));
}

/** In URIs and mail addresses a domain without leading dot means that very host. */
function inDomain(name: string, domain: string, exact = false): boolean {
  const [host, limit] = [name.toLowerCase(), domain.toLowerCase()];
  if (limit === "") return true;
  if (limit.startsWith(".")) return host.endsWith(limit);
  return host === limit || (!exact && host.endsWith(`.${limit}`));
}

function inMailbox(name: string, limit: string): boolean {
  if (limit.includes("@")) return name.toLowerCase() === limit.toLowerCase();
  return inDomain(name.slice(name.lastIndexOf("@") + 1), limit, true);
}

function hostOf(uri: string): string {
  const authority = /^[^:]*:\/\/([^/?#]*)/.exec(uri)?.[1] ?? "";
  return authority.replace(/^.*@/, "").replace(/:[0-9]*$/, "");
}

function inRange(address: Buffer, { address: base, mask }: Subtrees["ranges"][number]): boolean {
  if (address.length !== base.length) return false;
  return address.every((byte, i) => (byte & (mask[i] ?? 0)) === ((base[i] ?? 0) & (mask[i] ?? 0)));
}
