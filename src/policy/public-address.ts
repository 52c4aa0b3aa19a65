/**
 * Which addresses are the public Internet's: what is outside may be sent there, and nowhere else.
 *
 * @see RFC 6890 and the IANA special-purpose registries; RFC 6052 §2.1, RFC 3056, RFC 4380 for IPv4 inside IPv6
 */
import { BlockList, isIP } from "node:net";

const SPECIAL = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  SPECIAL.addSubnet(network, prefix, "ipv4");
}
const PUBLIC_IPV6 = new BlockList();
PUBLIC_IPV6.addSubnet("2000::", 3, "ipv6");
/** Inside 2000::/3, and yet not somewhere: translation prefixes that carry an IPv4 address, documentation, protocols. */
for (const [network, prefix] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const) {
  SPECIAL.addSubnet(network, prefix, "ipv6");
}

/** Whether an address is one of the public Internet. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !SPECIAL.check(address, "ipv4");
    case 6:
      // 64:ff9b::/96 and ::ffff:0:0/96 lie outside 2000::/3 and are refused with all the rest.
      return !address.includes("%") && PUBLIC_IPV6.check(address, "ipv6") && !SPECIAL.check(address, "ipv6");
    default:
      return false;
  }
}
