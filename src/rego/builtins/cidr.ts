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

/** A block of mapped addresses is the IPv4 block. */
function networkOf(value: bigint, bits: 32 | 128, prefix: number): Network {
  const host = BigInt(bits - prefix);
  const first = (value >> host) << host;
  if (bits === 128 && first >> 32n === 0xffffn && prefix >= 96) return networkOf(first & 0xffffffffn, 32, prefix - 96);
  return { bits, first, last: first | ((1n << host) - 1n), prefix };
}

/** A CIDR block, or undefined. */
function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const digits = text.slice(slash + 1);
  const address = text.slice(0, slash);
  if (!/^[0-9]{1,6}$/.test(digits)) return undefined;
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
  if (bits === 32 || value >> 32n === 0xffffn) {
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

/** Ranges of IPv4 lie where the mapped addresses of IPv6 do, so that one order holds both families. */
interface Range {
  readonly first: bigint;
  readonly last: bigint;
  /** The block as it was given, unless it was merged with another. */
  readonly text?: string;
}

const V4 = 0xffffn << 32n;

function rangeOf(network: Network, address = network.first): Range {
  const base = network.bits === 32 ? V4 : 0n;
  const text = `${formatAddress(network.bits, address)}/${network.prefix}`;
  return { first: base + network.first, last: base + network.last, text };
}

/** A single IPv4 address stands for the network of its historic class. */
function mergeable(text: string): Range {
  const address = parseAddress(text);
  if (address === undefined) return rangeOf(networkAt(text));
  if (address.bits === 128) throw new BuiltinError("IPv6 invalid: needs prefix length");
  const top = address.value >> 24n;
  if (top >= 224n) throw new BuiltinError("address has no network class");
  const prefix = top < 128n ? 8 : top < 192n ? 16 : 24;
  return rangeOf(networkOf(address.value, 32, prefix), address.value);
}

function merge(args: readonly Value[]): Value {
  const operand = valueAt(args, 0);
  if (!isArray(operand) && !isSet(operand)) throw new BuiltinError("operand must be an array");
  const ranges = [...operand].map((item) => {
    if (typeof item !== "string") throw new BuiltinError("element must be string");
    return mergeable(item);
  });
  return RegoSet.of(mergeRanges(ranges).flatMap(blocksOf));
}

/** From the highest range down, each joins its lower neighbour when they touch or overlap. */
function mergeRanges(ranges: readonly Range[]): readonly Range[] {
  const sorted = [...ranges].sort((a, b) => order(a.last, b.last) || order(a.first, b.first));
  for (let i = sorted.length - 1; i > 0; i--) {
    const upper = sorted[i] as Range;
    const lower = sorted[i - 1] as Range;
    const before = upper.first === 0n || upper.first === V4 ? upper.first : upper.first - 1n;
    if (before > lower.last) continue;
    sorted.splice(i - 1, 2, { first: lower.first < upper.first ? lower.first : upper.first, last: upper.last });
  }
  return sorted;
}

function order(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The fewest blocks that cover a range exactly. */
function blocksOf(range: Range): string[] {
  if (range.text !== undefined) return [range.text];
  const bits = range.first >> 32n === 0xffffn ? 32 : 128;
  const blocks: string[] = [];
  for (let first = range.first; first <= range.last; ) {
    let host = 0n;
    const fits = (size: bigint): boolean => first % (1n << size) === 0n && first + (1n << size) - 1n <= range.last;
    while (host < BigInt(bits) && fits(host + 1n)) host++;
    blocks.push(`${formatAddress(128, first)}/${bits - Number(host)}`);
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
