/** `time.*`: the query's clock, Go layouts, durations, calendar arithmetic. */
import { isArray, isNumber, type Num, numberFromBigInt, quoteGo, toBigInt, type Value } from "../value/index.js";
import { type Builtin, type BuiltinContext, BuiltinError, builtin } from "./builtin.js";
import { type CivilTime, civilTime, daysInMonth, instantOf, secondsOf, UTC, type Zone, zoneOf } from "./civil-time.js";
import { oneOf, tuple } from "./decl.js";
import { intAt, numberAt, operandError, stringAt, valueAt } from "./operands.js";
import { formatTime, parseTime } from "./time-layout.js";

const MIN_NS = -9223372036854775808n;
const MAX_NS = 9223372036854775807n;

const LAYOUTS: ReadonlyMap<string, string> = new Map([
  ["ANSIC", "Mon Jan _2 15:04:05 2006"],
  ["UnixDate", "Mon Jan _2 15:04:05 MST 2006"],
  ["RubyDate", "Mon Jan 02 15:04:05 -0700 2006"],
  ["RFC822", "02 Jan 06 15:04 MST"],
  ["RFC822Z", "02 Jan 06 15:04 -0700"],
  ["RFC850", "Monday, 02-Jan-06 15:04:05 MST"],
  ["RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"],
  ["RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"],
  ["RFC3339", "2006-01-02T15:04:05Z07:00"],
  ["RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"],
]);

function inRange(ns: bigint): Value {
  if (ns < MIN_NS || ns > MAX_NS) throw new BuiltinError("time outside of valid range");
  return numberFromBigInt(ns);
}

interface Moment {
  readonly ns: bigint;
  readonly zone: Zone;
  readonly layout: string;
}

/** A number of nanoseconds, or an array of it, a zone and a layout. */
function momentAt(args: readonly Value[], position: number): Moment {
  const value = valueAt(args, position);
  if (isNumber(value)) return { ns: nanoseconds(value), zone: UTC, layout: "" };
  if (!isArray(value) || value.length === 0) {
    const kind = isArray(value) ? "array" : kindOf(value);
    throw operandError(0, `must be either number (ns) or [number (ns), string (tz)] but got ${kind}`);
  }
  const ns = numberAt(value, 0);
  const zone = value.length > 1 ? zoneOf(stringAt([value[1] as Value], 0)) : UTC;
  const layout = value.length > 2 ? stringAt([value[2] as Value], 0) : "";
  return { ns: nanoseconds(ns), zone, layout };
}

function kindOf(value: Value): string {
  return value === null ? "null" : typeof value;
}

function nanoseconds(value: number | Num): bigint {
  const ns = toBigInt(value);
  if (ns === undefined || ns < MIN_NS || ns > MAX_NS) throw new BuiltinError("timestamp too big");
  return ns;
}

function civilAt(args: readonly Value[]): CivilTime {
  const { ns, zone } = momentAt(args, 0);
  return civilTime(ns, zone);
}

function format(args: readonly Value[], context: BuiltinContext): Value {
  const { ns, zone, layout } = momentAt(args, 0);
  const wanted = layout === "" ? "RFC3339Nano" : layout;
  const text = formatTime(civilTime(ns, zone), LAYOUTS.get(wanted) ?? wanted);
  context.grow(text.length);
  return text;
}

function addDate(args: readonly Value[]): Value {
  const { ns, zone } = momentAt(args, 0);
  const [years, months, days] = [intAt(args, 1), intAt(args, 2), intAt(args, 3)];
  const at = civilTime(ns, zone);
  // A year holds a thousand billion nanoseconds' worth of range: anything beyond this is outside anyway.
  if (Math.max(Math.abs(years), Math.abs(months), Math.abs(days)) > 10_000_000) {
    throw new BuiltinError("time outside of valid range");
  }
  const local = secondsOf(at.year + years, at.month + months, at.day + days, at.hour, at.minute, at.second);
  if (!Number.isSafeInteger(local) || Math.abs(local) > 8_000_000_000_000) {
    throw new BuiltinError("time outside of valid range");
  }
  return inRange(instantOf(local, at.nanosecond, zone));
}

/** Years, months, days, hours, minutes and seconds between two moments, in the zone of the first. */
function diff(args: readonly Value[]): Value {
  const first = momentAt(args, 0);
  const second = momentAt(args, 1);
  const [low, high] = first.ns > second.ns ? [second.ns, first.ns] : [first.ns, second.ns];
  const a = civilTime(low, first.zone);
  const b = civilTime(high, first.zone);
  let [year, month, day] = [b.year - a.year, b.month - a.month, b.day - a.day];
  let [hour, minute, seconds] = [b.hour - a.hour, b.minute - a.minute, b.second - a.second];
  if (seconds < 0) {
    seconds += 60;
    minute--;
  }
  if (minute < 0) {
    minute += 60;
    hour--;
  }
  if (hour < 0) {
    hour += 24;
    day--;
  }
  if (day < 0) {
    day += daysInMonth(a.year, a.month);
    month--;
  }
  if (month < 0) {
    month += 12;
    year--;
  }
  return [year, month, day, hour, minute, seconds];
}

const UNIT_NS: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1_000n],
  ["µs", 1_000n],
  ["μs", 1_000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
]);
const UNIT_HOURS: ReadonlyMap<string, number> = new Map([
  ["d", 24],
  ["w", 168],
  ["y", 8760],
]);

/** Go's durations, and days, weeks and years of fixed length. */
function parseDuration(args: readonly Value[]): Value {
  const text = stringAt(args, 0);
  const invalid = new BuiltinError(`time: invalid duration ${quoteGo(text)}`);
  const extended = /[dwy]/.test(text);
  const sign = /^[+-]/.exec(text)?.[0] ?? "";
  let rest = text.slice(sign.length);
  if (rest === "0" && !extended) return 0;
  if (rest === "") throw invalid;
  let total = 0n;
  while (rest !== "") {
    const match = /^([0-9]*(?:\.[0-9]*)?)([^0-9.]*)/.exec(rest);
    const digits = match?.[1] ?? "";
    const unit = match?.[2] ?? "";
    if (digits === "" || digits === ".") throw invalid;
    if (unit === "") {
      if (extended) throw invalid;
      throw new BuiltinError(`time: missing unit in duration ${quoteGo(text)}`);
    }
    const ns = segment(digits, unit);
    if (ns === undefined) {
      if (extended) throw invalid;
      throw new BuiltinError(`time: unknown unit ${quoteGo(unit)} in duration ${quoteGo(text)}`);
    }
    total += ns;
    if (total > (sign === "-" ? -MIN_NS : MAX_NS)) throw invalid;
    rest = rest.slice(digits.length + unit.length);
  }
  return numberFromBigInt(sign === "-" ? -total : total);
}

function segment(digits: string, unit: string): bigint | undefined {
  const hours = UNIT_HOURS.get(unit);
  const text = hours === undefined ? digits : plainNumber(Number(digits) * hours);
  const size = hours === undefined ? UNIT_NS.get(unit) : 3_600_000_000_000n;
  if (size === undefined) return undefined;
  const [whole = "", fraction = ""] = text.split(".");
  const scale = 10n ** BigInt(Math.min(fraction.length, 18));
  // Go cuts the fraction in floating point; digits past a nanosecond are dropped either way.
  const part =
    fraction === "" ? 0n : BigInt(Math.trunc(Number(BigInt(fraction.slice(0, 18))) * (Number(size) / Number(scale))));
  return BigInt(whole === "" ? "0" : whole) * size + part;
}

function plainNumber(value: number): string {
  return value >= 1e21 ? BigInt(value).toString() : value < 1e-6 && value > 0 ? value.toFixed(20) : String(value);
}

const ZONED = oneOf("number", tuple("number", "string"));

export const TIME: readonly Builtin[] = [
  builtin("time.now_ns", [], "number", (_args, context) => numberFromBigInt(context.nowNs), { nondeterministic: true }),
  builtin("time.parse_ns", ["string", "string"], "number", (args) => {
    const layout = stringAt(args, 0);
    return inRange(parseTime(LAYOUTS.get(layout) ?? layout, stringAt(args, 1)));
  }),
  builtin("time.parse_rfc3339_ns", ["string"], "number", (args) =>
    inRange(parseTime(LAYOUTS.get("RFC3339") ?? "", stringAt(args, 0))),
  ),
  builtin("time.parse_duration_ns", ["string"], "number", parseDuration),
  builtin(
    "time.format",
    [oneOf("number", tuple("number", "string"), tuple("number", "string", "string"))],
    "string",
    format,
  ),
  builtin("time.date", [ZONED], tuple("number", "number", "number"), (args) => {
    const { year, month, day } = civilAt(args);
    return [year, month, day];
  }),
  builtin("time.clock", [ZONED], tuple("number", "number", "number"), (args) => {
    const { hour, minute, second } = civilAt(args);
    return [hour, minute, second];
  }),
  builtin("time.weekday", [ZONED], "string", (args) => formatTime(civilAt(args), "Monday")),
  builtin("time.add_date", ["number", "number", "number", "number"], "number", addDate),
  builtin("time.diff", [ZONED, ZONED], tuple("number", "number", "number", "number", "number", "number"), diff),
];
