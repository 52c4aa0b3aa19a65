/** Semantic versions, resource units and UUIDs. */
import {
  abs,
  asNum,
  floor,
  multiply,
  numberFromBigInt,
  parseNumber,
  quoteGo,
  RegoObject,
  toBigInt,
  type Value,
} from "../value/index.js";
import { type Builtin, type BuiltinContext, BuiltinError, builtin } from "./builtin.js";
import { object } from "./decl.js";
import { stringAt, valueAt } from "./operands.js";

interface Version {
  readonly numbers: readonly bigint[];
  readonly preRelease: string;
}

const IDENTIFIERS = /^[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*$/;
const NUMERIC = /^(?:0|[1-9][0-9]*)$/;
const INT64_MAX = 9223372036854775807n;

/** A leading `v` is accepted. */
function parseVersion(text: string): Version | undefined {
  const bare = text.startsWith("v") ? text.slice(1) : text;
  const [beforeMetadata = "", ...metadata] = bare.split("+");
  if (metadata.length > 0 && !IDENTIFIERS.test(metadata.join("+"))) return undefined;
  const dash = beforeMetadata.indexOf("-");
  const core = dash < 0 ? beforeMetadata : beforeMetadata.slice(0, dash);
  const preRelease = dash < 0 ? "" : beforeMetadata.slice(dash + 1);
  if (dash >= 0 && (!IDENTIFIERS.test(preRelease) || preRelease.split(".").some((id) => /^0[0-9]+$/.test(id)))) {
    return undefined;
  }
  const parts = core.split(".");
  if (parts.length !== 3 || !parts.every((part) => NUMERIC.test(part))) return undefined;
  const numbers = parts.map(BigInt);
  return numbers.every((number) => number <= INT64_MAX) ? { numbers, preRelease } : undefined;
}

function compareVersions(a: Version, b: Version): number {
  for (const [i, x] of a.numbers.entries()) {
    const y = b.numbers[i] ?? 0n;
    if (x !== y) return x > y ? 1 : -1;
  }
  if (a.preRelease === b.preRelease) return 0;
  if (a.preRelease === "") return 1;
  if (b.preRelease === "") return -1;
  const left = a.preRelease.split(".");
  const right = b.preRelease.split(".");
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compareIdentifiers(left[i] ?? "", right[i] ?? "");
    if (order !== 0) return order;
  }
  return left.length > right.length ? 1 : -1;
}

/** Numbers come before words. */
function compareIdentifiers(a: string, b: string): number {
  const aNumber = /^[0-9]+$/.test(a);
  const bNumber = /^[0-9]+$/.test(b);
  if (aNumber !== bNumber) return aNumber ? -1 : 1;
  if (aNumber) {
    const difference = BigInt(a) - BigInt(b);
    return difference === 0n ? 0 : difference > 0n ? 1 : -1;
  }
  return a === b ? 0 : a > b ? 1 : -1;
}

function compareSemver(args: readonly Value[]): Value {
  const [a, b] = [0, 1].map((position) => {
    const text = stringAt(args, position);
    const version = parseVersion(text);
    if (version === undefined)
      throw new BuiltinError(`operand ${position + 1}: string ${quoteGo(text)} is not a valid SemVer`);
    return version;
  });
  return a === undefined || b === undefined ? 0 : compareVersions(a, b);
}

/** Splits an amount from its unit. An `e` belongs to the number when digits or a sign follow. */
function splitUnit(text: string, name: string, what: string): { amount: string; unit: string } {
  if (text.includes(" ")) throw new BuiltinError(`${name}: spaces not allowed in resource strings`);
  let end = 0;
  while (end < text.length) {
    const character = text.charAt(end);
    if (/[eE]/.test(character)) {
      const exponent = /^[eE](?:[+-][0-9]*|[0-9]+)/.exec(text.slice(end));
      if (exponent === null) break;
      if (exponent[0].replace(/[^0-9]/g, "").length > 6) throw new BuiltinError(`${name}: exponent too large`);
      end += exponent[0].length;
    } else if (/[0-9.+-]/.test(character)) {
      end++;
    } else {
      break;
    }
  }
  if (end === 0 || text === "") throw new BuiltinError(`${name}: no ${what} provided`);
  return { amount: text.slice(0, end), unit: text.slice(end) };
}

interface Amount {
  /** value = digits × 10^exponent */
  readonly digits: bigint;
  readonly exponent: number;
}

function amountOf(text: string, name: string, what: string): Amount {
  const match = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?$/.exec(text);
  const whole = match?.[2] ?? "";
  const fraction = match?.[3] ?? "";
  if (match === null || whole + fraction === "") {
    throw new BuiltinError(`${name}: could not parse ${what} to a number`);
  }
  const exponent = Number(match[4] ?? "0") - fraction.length;
  if (Math.abs(exponent) > 20_000) throw new BuiltinError(`${name}: exponent too large`);
  const digits = BigInt(whole + fraction);
  return { digits: match[1] === "-" ? -digits : digits, exponent };
}

const POWERS = ["k", "m", "g", "t", "p", "e"];

/** 1000 to the power of the prefix, or 1024 with `i`. */
function factorOf(prefix: string, binary: boolean): bigint | undefined {
  const power = POWERS.indexOf(prefix.toLowerCase());
  return power < 0 ? undefined : (binary ? 1024n : 1000n) ** BigInt(power + 1);
}

function parseBytes(args: readonly Value[]): Value {
  const name = "units.parse_bytes";
  const text = stringAt(args, 0).toLowerCase().replaceAll('"', "");
  const { amount, unit } = splitUnit(text, name, "byte amount");
  const match = /^([kmgtpe])(i?)b?$/.exec(unit);
  const factor = unit === "" ? 1n : match === null ? undefined : factorOf(match[1] ?? "", match[2] === "i");
  if (factor === undefined) throw new BuiltinError(`${name}: byte unit ${unit} not recognized`);
  const { digits, exponent } = amountOf(amount, name, "byte amount");
  // The product is a float, whose last digits decide what is cut off.
  const product = multiply(parseNumber(`${digits}e${exponent}`) ?? 0, numberFromBigInt(factor));
  const whole = toBigInt(product) ?? toBigInt(floor(abs(product))) ?? 0n;
  return numberFromBigInt(digits < 0n && whole > 0n ? -whole : whole);
}

/** Whole numbers stay whole, others have ten decimals. `m` is a thousandth (of a double), `M` a million. */
function parseUnits(args: readonly Value[]): Value {
  const name = "units.parse";
  const { amount, unit } = splitUnit(stringAt(args, 0).replaceAll('"', ""), name, "amount");
  const normal = unit.charAt(0) + unit.slice(1).toLowerCase();
  const match = /^([kKmMgGtTpPeE])(i?)$/.exec(normal);
  const { digits, exponent } = amountOf(amount, name, "amount");
  let numerator = digits;
  let denominator = 1n;
  if (normal === "m") {
    const { digits: milli, scale } = MILLI;
    numerator *= milli;
    denominator *= scale;
  } else if (unit !== "") {
    const factor = match === null ? undefined : factorOf(match[1] ?? "", match[2] === "i");
    if (factor === undefined) throw new BuiltinError(`${name}: unit ${normal} not recognized`);
    numerator *= factor;
  }
  if (exponent >= 0) numerator *= 10n ** BigInt(exponent);
  else denominator *= 10n ** BigInt(-exponent);
  return quotient(numerator, denominator);
}

/** The double nearest to 0.001, which is what the thousandth is computed with. */
const MILLI = { digits: 1152921504606847n, scale: 1n << 60n };

function quotient(numerator: bigint, denominator: bigint): Value {
  if (numerator % denominator === 0n) return numberFromBigInt(numerator / denominator);
  const scaled = (numerator < 0n ? -numerator : numerator) * 10_000_000_000n;
  const rounded = (scaled * 2n + denominator) / (denominator * 2n);
  const text = rounded.toString().padStart(11, "0");
  const number = parseNumber(`${numerator < 0n ? "-" : ""}${text.slice(0, -10)}.${text.slice(-10)}`);
  return number ?? asNum(0);
}

/** The same within a query for the same argument. */
function newUuid(args: readonly Value[], context: BuiltinContext): Value {
  const key = `uuid.rfc4122\u0000${stringAt(args, 0)}`;
  const known = context.cache.get(key);
  if (known !== undefined) return known;
  const bytes = Uint8Array.from(context.randomBytes(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString("hex");
  const text = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  context.cache.set(key, text);
  return text;
}

/** Undefined for what is not a UUID in one of its four notations. */
function parseUuid(args: readonly Value[]): Value | undefined {
  const text = stringAt(args, 0);
  let body = text;
  if (text.length === 45 && text.slice(0, 9).toLowerCase() === "urn:uuid:") body = text.slice(9);
  else if (text.length === 38) body = text.slice(1, 37);
  else if (text.length === 32) body = text.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(body)) return undefined;
  return describeUuid(Buffer.from(body.replaceAll("-", ""), "hex"));
}

const DOMAINS = ["Person", "Group", "Org"];

function describeUuid(bytes: Buffer): Value {
  const version = bytes.readUInt8(6) >> 4;
  const fields: (readonly [string, Value])[] = [
    ["version", version],
    ["variant", variantOf(bytes.readUInt8(8))],
  ];
  if (version === 1 || version === 2) {
    const first = bytes.readUInt8(10);
    const low = BigInt(bytes.readUInt32BE(0));
    const time = low | (BigInt(bytes.readUInt16BE(4)) << 32n) | (BigInt(bytes.readUInt16BE(6) & 0x0fff) << 48n);
    const scope = (first & 2) === 2 ? "local" : "global";
    fields.push(
      ["time", numberFromBigInt((time - 122_192_928_000_000_000n) * 100n)],
      ["nodeid", Array.from(bytes.subarray(10), (byte) => byte.toString(16).padStart(2, "0")).join("-")],
      ["macvariables", `${scope}:${(first & 1) === 1 ? "multicast" : "unicast"}`],
      ["clocksequence", bytes.readUInt16BE(8) & 0x3fff],
    );
  }
  if (version === 2) {
    const domain = bytes.readUInt8(9);
    fields.push(["id", bytes.readUInt32BE(0)], ["domain", DOMAINS[domain] ?? `Domain${domain}`]);
  }
  return RegoObject.of(fields);
}

function variantOf(byte: number): string {
  if ((byte & 0xc0) === 0x80) return "RFC4122";
  if ((byte & 0xe0) === 0xc0) return "Microsoft";
  if ((byte & 0xe0) === 0xe0) return "Future";
  return "Reserved";
}

export const VERSIONS: readonly Builtin[] = [
  builtin("semver.compare", ["string", "string"], "number", compareSemver),
  builtin("semver.is_valid", ["any"], "boolean", (args) => {
    const text = valueAt(args, 0);
    return typeof text === "string" && parseVersion(text) !== undefined;
  }),
  builtin("units.parse", ["string"], "number", parseUnits),
  builtin("units.parse_bytes", ["string"], "number", parseBytes),
  builtin("uuid.rfc4122", ["string"], "string", newUuid, { nondeterministic: true }),
  builtin("uuid.parse", ["string"], object("string", "any"), parseUuid),
];
