/**
 * Where a host name outside leads, decided once for a request and then held: the connection goes to the address that
 * was judged and to no other, so that a second answer of the name service cannot lead it elsewhere. An address that is
 * not of the public Internet is refused, unless the workflow or its operator named it as such.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { isPublicAddress } from "../../policy/index.js";

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
