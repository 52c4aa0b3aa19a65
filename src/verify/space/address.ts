/**
 * IP addresses as numbers of one line: IPv4 at its own value, IPv6 above it. The two families never meet, as in Envoy's
 * CIDR matching, where an IPv4 range does not contain the IPv4-mapped IPv6 address.
 */
import { Ranges } from "./ranges.js";

const V4_SIZE = 1n << 32n;
const V6_SIZE = 1n << 128n;

export const ALL_ADDRESSES: Ranges = Ranges.of([[0n, V4_SIZE + V6_SIZE - 1n]]);

function readV4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256n + BigInt(part);
  }
  return value;
}

function readV6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => readGroups(half));
  const [head, tail] = groups;
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array.from({ length: halves.length === 2 ? missing : 0 }, () => 0n), ...(tail ?? [])];
  return all.reduce((value, group) => value * 65536n + group, 0n);
}

function readGroups(text: string): bigint[] | undefined {
  if (text === "") return [];
  const out: bigint[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (i === parts.length - 1 && part.includes(".")) {
      const v4 = readV4(part);
      if (v4 === undefined) return undefined;
      out.push(v4 >> 16n, v4 & 0xffffn);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      out.push(BigInt(`0x${part}`));
    }
  }
  return out;
}

/** The number of an address; undefined when the text is none (zones and brackets are not accepted). */
export function addressNumber(text: string): bigint | undefined {
  if (text.includes(":")) {
    const value = readV6(text);
    return value === undefined ? undefined : V4_SIZE + value;
  }
  return readV4(text);
}

/** The addresses of `1.2.3.4`, `10.0.0.0/8`, `2001:db8::/32`; undefined when the text is no address or block. */
export function addressBlock(text: string): Ranges | undefined {
  const [address = "", bits, ...rest] = text.split("/");
  const number = addressNumber(address);
  if (number === undefined || rest.length > 0) return undefined;
  const [base, width] = number < V4_SIZE ? [0n, 32n] : [V4_SIZE, 128n];
  if (bits === undefined) return Ranges.only(number);
  if (!/^\d{1,3}$/.test(bits) || BigInt(bits) > width) return undefined;
  const size = 1n << (width - BigInt(bits));
  const first = base + ((number - base) / size) * size;
  return Ranges.of([[first, first + size - 1n]]);
}

/** The usual text of an address number. */
export function addressText(number: bigint): string {
  if (number < V4_SIZE) return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 255n).join(".");
  const value = number - V4_SIZE;
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  return groups.join(":").replace(/(^|:)(0(:|$)){2,}/, "::");
}
