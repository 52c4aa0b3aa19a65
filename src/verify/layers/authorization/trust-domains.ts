/**
 * Trust domain aliases. A principal that names the mesh's trust domain, one of its aliases or `cluster.local` stands for
 * all of them; one that names any other domain, or is not of the form `td/ns/n/sa/a`, stands for itself.
 */
export interface TrustDomains {
  readonly own: string;
  readonly aliases: readonly string[];
}

const POINTER = "cluster.local";

function matchesDomain(domain: string, written: string): boolean {
  if (written === "*" || written === domain) return true;
  if (written.startsWith("*")) return domain.endsWith(written.slice(1));
  return written.endsWith("*") && domain.startsWith(written.slice(0, -1));
}

/** The principals that a written one stands for, in the order of the domains. */
export function expandPrincipal(principal: string, { own, aliases }: TrustDomains): readonly string[] {
  const parts = principal.split("/");
  const written = parts[0] ?? "";
  if (parts.length !== 5 || written === "*") return [principal];
  const domains = [own, ...aliases];
  const listed = domains.some((domain) => matchesDomain(written, domain) || matchesDomain(domain, written));
  if (!listed && written !== POINTER) return [principal];
  const rest = parts.slice(1).join("/");
  // A wildcard that already covers a domain is kept once, as it is.
  return [...new Set(domains.map((domain) => (covers(written, domain) ? principal : `${domain}/${rest}`)))];
}

function covers(written: string, domain: string): boolean {
  return written.startsWith("*") && domain.endsWith(written.slice(1));
}

/** `trustDomains` values: one that is the mesh's stands for its aliases too. */
export function expandTrustDomain(value: string, { own, aliases }: TrustDomains): readonly string[] {
  const domains = [own, ...aliases];
  return domains.includes(value) ? domains : [value];
}
