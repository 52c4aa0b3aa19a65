/**
 * IP addresses as numbers. One line holds both families: IPv6 as its 128-bit value, IPv4 as its mapped form
 * `::ffff:a.b.c.d`, so that a range is two numbers and no code asks for the family twice.
 */

export interface AddressRange {
  /** inclusive */
  readonly low: bigint;
  /** inclusive */
  readonly high: bigint;
}

const V4_BASE = 0xffff_0000_0000n;
export const ALL_V4: AddressRange = { low: V4_BASE, high: V4_BASE + 0xffff_ffffn };
export const ALL_V6: AddressRange = { low: 0n, high: (1n << 128n) - 1n };

export function isV4(address: bigint): boolean {
  return address >= ALL_V4.low && address <= ALL_V4.high;
}

/** The number of an address, or undefined when the text is none. Leading zeros are refused, as Go's parser does. */
export function parseAddress(text: string): bigint | undefined {
  if (!text.includes(":")) {
    const value = parseV4(text);
    return value === undefined ? undefined : V4_BASE + value;
  }
  return parseV6(text);
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) + BigInt(part);
  }
  return value;
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const left = groupsOf(halves[0] ?? "", halves.length === 1);
  const right = halves.length === 2 ? groupsOf(halves[1] ?? "", true) : [];
  if (left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...left, ...Array.from({ length: missing }, () => 0), ...right];
  return groups.reduce((value, group) => (value << 16n) + BigInt(group), 0n);
}

function groupsOf(text: string, last: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (last && index === parts.length - 1 && part.includes(".")) {
      const v4 = parseV4(part);
      if (v4 === undefined) return undefined;
      groups.push(Number(v4 >> 16n), Number(v4 & 0xffffn));
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}

/** The range of `10.0.0.0/8` or `2001:db8::/32`; host bits are ignored, as the engines do. */
export function parseCidr(text: string): AddressRange | undefined {
  const slash = text.indexOf("/");
  if (slash === -1) return undefined;
  const address = parseAddress(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const bits = text.slice(0, slash).includes(":") ? 128 : 32;
  if (Number(length) > bits) return undefined;
  const host = BigInt(bits - Number(length));
  const low = (address >> host) << host;
  return { low, high: low + (1n << host) - 1n };
}

export function formatAddress(address: bigint): string {
  if (isV4(address)) {
    const value = Number(address - V4_BASE);
    return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
  }
  const groups = Array.from({ length: 8 }, (_, index) => Number((address >> BigInt(112 - 16 * index)) & 0xffffn));
  return compress(groups);
}

/** RFC 5952: the longest run of two or more zero groups becomes `::`. */
function compress(groups: readonly number[]): string {
  let best = { from: 0, length: 1 };
  for (let from = 0; from < 8; from++) {
    let length = 0;
    while (from + length < 8 && groups[from + length] === 0) length++;
    if (length > best.length) best = { from, length };
  }
  const text = groups.map((group) => group.toString(16));
  if (best.length === 1) return text.join(":");
  return `${text.slice(0, best.from).join(":")}::${text.slice(best.from + best.length).join(":")}`;
}

/** `10.0.0.0-10.255.255.255`, or one address. */
export function formatRange({ low, high }: AddressRange): string {
  return low === high ? formatAddress(low) : `${formatAddress(low)}-${formatAddress(high)}`;
}
