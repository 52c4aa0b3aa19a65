/**
 * Where a host name outside leads, decided once for a request and then held: the connection goes to the address that
 * was judged and to no other, so that a second answer of the name service cannot lead it elsewhere. An address that is
 * not of the public Internet is refused, unless the workflow or its operator named it as such.
 *
 * @see RFC 6890 and the IANA special-purpose registries; RFC 6052 §2.1, RFC 3056, RFC 4380 for IPv4 inside IPv6
 */
import { lookup } from "node:dns/promises";
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

/** Looks a name up; a parameter, so that tests bring their own name service. */
export type LookUp = (host: string) => Promise<readonly string[]>;

const systemLookUp: LookUp = async (host) => {
  const found = await lookup(host, { all: true, verbatim: true });
  return found.map(({ address }) => address);
};

export interface PinOptions {
  readonly lookUp?: LookUp;
  /** how long an answer serves, in milliseconds */
  readonly keepMs?: number;
  readonly deadlineMs?: number;
  readonly now?: () => number;
}

/** Resolves names and judges what they lead to. */
export class AddressBook {
  readonly #options: PinOptions;
  readonly #known = new Map<string, { readonly address: string; readonly until: number }>();

  constructor(options: PinOptions = {}) {
    this.#options = options;
  }

  /**
   * The address that a connection to `host` goes to.
   * @param host a name, or an address that the workflow itself declares and that is therefore not judged
   * @throws when the name leads nowhere, or anywhere that is not public
   */
  async pin(host: string): Promise<string> {
    const literal = host.replace(/^\[|\]$/g, "");
    if (isIP(literal) !== 0) return literal;
    const now = (this.#options.now ?? Date.now)();
    const known = this.#known.get(host);
    if (known !== undefined && now < known.until) return known.address;
    const addresses = await this.#lookUp(host);
    const [first] = addresses;
    if (first === undefined) throw new Error("the host name leads nowhere");
    // All of them, not the first that would do: a mixed answer is how rebinding looks.
    if (!addresses.every(isPublicAddress)) throw new Error("the host name leads to an address that is not public");
    if (this.#known.size > 1000) this.#known.clear();
    this.#known.set(host, { address: first, until: now + (this.#options.keepMs ?? 5000) });
    return first;
  }

  async #lookUp(host: string): Promise<readonly string[]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new Error("the name service did not answer in time")),
        this.#options.deadlineMs ?? 5000,
      );
    });
    try {
      return await Promise.race([(this.#options.lookUp ?? systemLookUp)(host), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
