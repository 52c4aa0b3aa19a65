/** `net.cidr_*` over IPv4 and IPv6, by whole ranges as BigInt. An IPv4 address mapped into IPv6 is that IPv4 address. */
import { isIPv4, isIPv6 } from "node:net";
import { isArray, isObject, isSet, objectEntries, RegoSet, type Value } from "../value/index.js";
import { type Builtin, type BuiltinContext, BuiltinError, builtin } from "./builtin.js";
import { ANY_ARRAY, array, object, oneOf, set, tuple } from "./decl.js";
import { stringAt, valueAt } from "./operands.js";

interface Network {
  readonly bits: 32 | 128;
  readonly first: bigint;
  readonly last: bigint;
  readonly prefix: number;
}

interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

const MAPPED = 0xffffn << 32n;

/** An address without zone; undefined when the text is none. */
function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { bits: 32, value: parseV4(text) };
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const value = parseV6(text);
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffffffffn } : { bits: 128, value };
}

function parseV4(text: string): bigint {
  return text.split(".").reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseV6(text: string): bigint {
  const tail = /[0-9.]+\.[0-9.]+$/.exec(text)?.[0];
  const hex = tail === undefined ? text : text.slice(0, -tail.length) + groupsOfV4(tail);
  const [head = "", rest] = hex.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = rest === undefined || rest === "" ? [] : rest.split(":");
  const zeros = rest === undefined ? [] : Array<string>(8 - left.length - right.length).fill("0");
  return [...left, ...zeros, ...right].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

function groupsOfV4(text: string): string {
  const value = parseV4(text);
  return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}

function networkOf(value: bigint, bits: 32 | 128, prefix: number): Network {
  const host = BigInt(bits - prefix);
  const first = (value >> host) << host;
  return { bits, first, last: first | ((1n << host) - 1n), prefix };
}

/** A CIDR block, or undefined. The address part keeps its family even when it is a mapped one. */
function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const digits = text.slice(slash + 1);
  const address = text.slice(0, slash);
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(digits)) return undefined;
  const prefix = Number(digits);
  if (isIPv4(address)) return prefix <= 32 ? networkOf(parseV4(address), 32, prefix) : undefined;
  if (!isIPv6(address) || address.includes("%") || prefix > 128) return undefined;
  return networkOf(parseV6(address), 128, prefix);
}

function networkAt(text: string): Network {
  const network = parseNetwork(text);
  if (network === undefined) throw new BuiltinError(`invalid CIDR address: ${text}`);
  return network;
}

function covers(network: Network, address: Address): boolean {
  return network.bits === address.bits && address.value >= network.first && address.value <= network.last;
}

/** An address as the family it counts as: a mapped IPv4 address is IPv4. */
function unmapped(bits: 32 | 128, value: bigint): Address {
  return bits === 128 && value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffffffffn } : { bits, value };
}

function contains(block: string, inner: string): boolean {
  const network = networkAt(block);
  const address = parseAddress(inner);
  if (address !== undefined) return covers(network, address);
  const other = parseNetwork(inner);
  if (other === undefined) {
    throw new BuiltinError(`not a valid textual representation of an IP address or CIDR: ${inner}`);
  }
  return covers(network, unmapped(other.bits, other.first)) && covers(network, unmapped(other.bits, other.last));
}

function intersects(args: readonly Value[]): Value {
  const a = networkAt(stringAt(args, 0));
  const b = networkAt(stringAt(args, 1));
  return covers(a, unmapped(b.bits, b.first)) || covers(b, unmapped(a.bits, a.first));
}

function* matchTerms(operand: Value, position: number): Generator<readonly [string, Value]> {
  if (typeof operand === "string") yield [operand, operand];
  else if (isArray(operand)) for (const [i, item] of operand.entries()) yield [blockOf(item, position), i];
  else if (isSet(operand)) for (const item of operand.sorted()) yield [blockOf(item, position), item];
  else if (isObject(operand)) for (const [key, item] of objectEntries(operand)) yield [blockOf(item, position), key];
}

/** The block of an element: itself, or the first item of an array. */
function blockOf(item: Value, position: number): string {
  const block = isArray(item) ? item[0] : item;
  if (block === undefined || (typeof block !== "string" && !isArray(item))) {
    throw new BuiltinError(`operand ${position + 1}: element must be string or non-empty array`);
  }
  return stringAt([block], 0);
}

function containsMatches(args: readonly Value[], context: BuiltinContext): Value {
  const result = new RegoSet();
  for (const [block, index] of matchTerms(valueAt(args, 0), 0)) {
    for (const [inner, innerIndex] of matchTerms(valueAt(args, 1), 1)) {
      context.spend(1);
      if (contains(block, inner)) result.add([index, innerIndex]);
    }
  }
  context.grow(result.size);
  return result;
}

function expand(args: readonly Value[], context: BuiltinContext): Value {
  const network = networkAt(stringAt(args, 0));
  const size = network.last - network.first + 1n;
  if (size > 16_777_216n) throw new BuiltinError("network too large to expand");
  context.spend(Number(size));
  context.grow(Number(size) * 16);
  const result = new RegoSet();
  for (let value = network.first; value <= network.last; value++) result.add(formatAddress(network.bits, value));
  return result;
}

function formatAddress(bits: 32 | 128, value: bigint): string {
  if (bits === 32 || value >> 32n === MAPPED >> 32n) {
    const low = value & 0xffffffffn;
    return [24n, 16n, 8n, 0n].map((shift) => String((low >> shift) & 255n)).join(".");
  }
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - i * 16)) & 0xffffn).toString(16));
  let best = { at: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === "0") length++;
    if (length > best.length) best = { at: i, length };
  }
  if (best.at < 0) return groups.join(":");
  return `${groups.slice(0, best.at).join(":")}::${groups.slice(best.at + best.length).join(":")}`;
}

/** A single IPv4 address stands for the network of its historic class. */
function mergeable(text: string): Network {
  const address = parseAddress(text);
  if (address === undefined) return networkAt(text);
  if (address.bits === 128) throw new BuiltinError("IPv6 invalid: needs prefix length");
  const top = address.value >> 24n;
  const prefix = top < 128n ? 8 : top < 192n ? 16 : 24;
  return networkOf(address.value, 32, prefix);
}

function merge(args: readonly Value[]): Value {
  const operand = valueAt(args, 0);
  if (!isArray(operand) && !isSet(operand)) throw new BuiltinError("operand must be an array");
  const networks = [...operand].map((item) => {
    if (typeof item !== "string") throw new BuiltinError("element must be string");
    return mergeable(item);
  });
  const result = new RegoSet();
  for (const bits of [32, 128] as const) {
    for (const range of mergedRanges(networks.filter((network) => network.bits === bits))) {
      for (const network of blocksOf(range, bits))
        result.add(`${formatAddress(bits, network.first)}/${network.prefix}`);
    }
  }
  return result;
}

function mergedRanges(networks: readonly Network[]): { first: bigint; last: bigint }[] {
  const sorted = [...networks].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const ranges: { first: bigint; last: bigint }[] = [];
  for (const { first, last } of sorted) {
    const previous = ranges.at(-1);
    if (previous === undefined || first > previous.last + 1n) ranges.push({ first, last });
    else if (last > previous.last) previous.last = last;
  }
  return ranges;
}

/** The fewest blocks that cover a range exactly. */
function blocksOf(range: { first: bigint; last: bigint }, bits: 32 | 128): Network[] {
  const blocks: Network[] = [];
  for (let first = range.first; first <= range.last; ) {
    let host = 0n;
    while (host < BigInt(bits) && first % (1n << (host + 1n)) === 0n && first + (1n << (host + 1n)) - 1n <= range.last)
      host++;
    blocks.push(networkOf(first, bits, bits - Number(host)));
    first += 1n << host;
  }
  return blocks;
}

const MATCHABLE = oneOf(
  "string",
  array(oneOf("string", ANY_ARRAY)),
  object("string", oneOf("string", ANY_ARRAY)),
  set(oneOf("string", ANY_ARRAY)),
);
const holds = (args: readonly Value[]): Value => contains(stringAt(args, 0), stringAt(args, 1));

export const CIDR: readonly Builtin[] = [
  builtin("net.cidr_contains", ["string", "string"], "boolean", holds),
  builtin("net.cidr_overlap", ["string", "string"], "boolean", holds, { deprecated: true }),
  builtin("net.cidr_intersects", ["string", "string"], "boolean", intersects),
  builtin("net.cidr_contains_matches", [MATCHABLE, MATCHABLE], set(tuple("any", "any")), containsMatches),
  builtin("net.cidr_expand", ["string"], set("string"), expand),
  builtin("net.cidr_is_valid", ["string"], "boolean", (args) => {
    const text = valueAt(args, 0);
    return typeof text === "string" && parseNetwork(text) !== undefined;
  }),
  builtin("net.cidr_merge", [oneOf(array(oneOf("string")), set("string"))], set("string"), merge),
];
