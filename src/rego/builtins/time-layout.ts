/**
 * Go's time layouts: a layout is the reference time `Mon Jan 2 15:04:05 MST 2006` written the wanted way. One splitter
 * serves printing and parsing.
 */
import { quoteGo } from "../value/index.js";
import { BuiltinError } from "./builtin.js";
import { type CivilTime, daysInMonth, daysOfDate, NS_PER_SECOND, secondsOf } from "./civil-time.js";

const MONTHS = "January February March April May June July August September October November December".split(" ");
const WEEKDAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

/** Longest first, as `January` must not be read as `Jan`. */
const FIELDS = [
  "January",
  "Monday",
  "-07:00:00",
  "Z07:00:00",
  "-07:00",
  "Z07:00",
  "-070000",
  "Z070000",
  "2006",
  "-0700",
  "Z0700",
  "002",
  "__2",
  "-07",
  "Z07",
  "Jan",
  "Mon",
  "MST",
  "15",
  "01",
  "02",
  "03",
  "04",
  "05",
  "06",
  "_2",
  "PM",
  "pm",
  "1",
  "2",
  "3",
  "4",
  "5",
] as const;

type Field = (typeof FIELDS)[number] | "fraction0" | "fraction9";

interface Chunk {
  readonly literal: string;
  readonly field: Field | undefined;
  /** Digits of a fraction. */
  readonly digits: number;
}

function split(layout: string): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let literal = "";
  for (let i = 0; i < layout.length; ) {
    const fraction = fractionAt(layout, i);
    const field = fraction === undefined ? fieldAt(layout, i) : undefined;
    if (fraction !== undefined) {
      chunks.push({ literal, field: fraction.kind, digits: fraction.length - 1 });
      i += fraction.length;
      literal = "";
    } else if (field !== undefined) {
      chunks.push({ literal, field, digits: 0 });
      i += field.length;
      literal = "";
    } else {
      literal += layout.charAt(i++);
    }
  }
  if (literal !== "") chunks.push({ literal, field: undefined, digits: 0 });
  return chunks;
}

function fieldAt(layout: string, at: number): Field | undefined {
  const field = FIELDS.find((name) => layout.startsWith(name, at));
  if (field === "Jan" || field === "Mon") {
    // A word that goes on in lower case is only text.
    return /^[a-z]/.test(layout.slice(at + 3)) ? undefined : field;
  }
  // `_2006` is an underscore and a year.
  if (field === "_2" && layout.startsWith("_2006", at)) return undefined;
  return field;
}

/** `.000` or `,999`, when no other digit follows. */
function fractionAt(layout: string, at: number): { kind: "fraction0" | "fraction9"; length: number } | undefined {
  const match = /^[.,](?:(0+)|(9+))(?![0-9])/.exec(layout.slice(at, at + 32));
  if (match === null) return undefined;
  return { kind: match[1] === undefined ? "fraction9" : "fraction0", length: match[0].length };
}

const two = (value: number): string => String(value).padStart(2, "0");

export function formatTime(time: CivilTime, layout: string): string {
  return split(layout)
    .map((chunk, _index, chunks) => chunk.literal + formatField(time, chunk, layout, chunks))
    .join("");
}

function formatField(time: CivilTime, chunk: Chunk, layout: string, chunks: readonly Chunk[]): string {
  switch (chunk.field) {
    case undefined:
      return "";
    case "2006":
      return time.year < 0 ? `-${String(-time.year).padStart(4, "0")}` : String(time.year).padStart(4, "0");
    case "06":
      return two(((time.year % 100) + 100) % 100);
    case "January":
      return MONTHS[time.month - 1] ?? "";
    case "Jan":
      return (MONTHS[time.month - 1] ?? "").slice(0, 3);
    case "01":
      return two(time.month);
    case "1":
      return String(time.month);
    case "Monday":
      return WEEKDAYS[time.weekday] ?? "";
    case "Mon":
      return (WEEKDAYS[time.weekday] ?? "").slice(0, 3);
    case "02":
      return two(time.day);
    case "_2":
      return String(time.day).padStart(2, " ");
    case "2":
      return String(time.day);
    case "002":
      return String(time.yearDay).padStart(3, "0");
    case "__2":
      return String(time.yearDay).padStart(3, " ");
    case "15":
      return two(time.hour);
    case "03":
      return two(time.hour % 12 || 12);
    case "3":
      return String(time.hour % 12 || 12);
    case "04":
      return two(time.minute);
    case "4":
      return String(time.minute);
    case "05":
      return two(time.second);
    case "5":
      return String(time.second);
    case "PM":
      return time.hour >= 12 ? "PM" : "AM";
    case "pm":
      return time.hour >= 12 ? "pm" : "am";
    case "MST":
      return time.abbreviation;
    case "fraction0":
    case "fraction9":
      return formatFraction(time.nanosecond, chunk, separatorOf(layout, chunks, chunk));
    default:
      return formatOffset(time.offsetSeconds, chunk.field);
  }
}

/** The point or comma that the layout has before the fraction. */
function separatorOf(layout: string, chunks: readonly Chunk[], chunk: Chunk): string {
  const before = chunks.slice(0, chunks.indexOf(chunk));
  const length = before.reduce((total, one) => total + one.literal.length + widthOf(one), chunk.literal.length);
  return layout.charAt(length);
}

function widthOf(chunk: Chunk): number {
  if (chunk.field === undefined) return 0;
  return chunk.field === "fraction0" || chunk.field === "fraction9" ? chunk.digits + 1 : chunk.field.length;
}

function formatFraction(nanosecond: number, chunk: Chunk, separator: string): string {
  const digits = String(nanosecond).padStart(9, "0").slice(0, chunk.digits).padEnd(chunk.digits, "0");
  if (chunk.field === "fraction0") return separator + digits;
  const shown = digits.slice(0, 9).replace(/0+$/, "");
  return shown === "" ? "" : separator + shown;
}

function formatOffset(offset: number, field: string): string {
  if (field.startsWith("Z") && offset === 0) return "Z";
  const size = Math.abs(offset);
  const colon = field.includes(":") ? ":" : "";
  const sign = offset < 0 ? "-" : "+";
  const hours = two(Math.floor(size / 3600));
  const bare = field.replace(/[^0-9]/g, "");
  if (bare.length === 2) return sign + hours;
  const text = sign + hours + colon + two(Math.floor((size % 3600) / 60));
  return bare.length === 4 ? text : text + colon + two(size % 60);
}

/** What a text said; undefined where it said nothing. */
interface Parsed {
  year: number;
  month: number | undefined;
  day: number | undefined;
  yearDay: number | undefined;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  pm: boolean | undefined;
  offset: number | undefined;
}

/**
 * The instant that `text` writes in `layout`; UTC when it names no zone offset.
 * @returns nanoseconds since 1970, of any size
 * @throws BuiltinError with Go's message
 */
export function parseTime(layout: string, text: string): bigint {
  return new TimeParser(layout, text).run();
}

class TimeParser {
  readonly #layout: string;
  readonly #text: string;
  #rest: string;
  readonly #found: Parsed = {
    year: 0,
    month: undefined,
    day: undefined,
    yearDay: undefined,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    pm: undefined,
    offset: undefined,
  };

  constructor(layout: string, text: string) {
    this.#layout = layout;
    this.#text = text;
    this.#rest = text;
  }

  run(): bigint {
    const chunks = split(this.#layout);
    for (const [index, chunk] of chunks.entries()) {
      this.#literal(chunk.literal);
      if (chunk.field !== undefined) this.#field(chunk.field, chunk.digits, chunks[index + 1]);
    }
    if (this.#rest !== "") throw this.#error(`: extra text: ${quoteGo(this.#rest)}`);
    return this.#instant();
  }

  /** Spaces of the layout match any number of spaces. */
  #literal(literal: string): void {
    let at = 0;
    for (const character of literal) {
      if (character === " ") {
        if (at < this.#rest.length && this.#rest.charAt(at) !== " ") throw this.#mismatch(literal);
        while (this.#rest.charAt(at) === " ") at++;
      } else {
        if (!this.#rest.startsWith(character, at)) throw this.#mismatch(literal);
        at += character.length;
      }
    }
    this.#rest = this.#rest.slice(at);
  }

  #field(field: Field, digits: number, next: Chunk | undefined): void {
    const found = this.#found;
    switch (field) {
      case "2006":
        found.year = this.#number(field, /^[0-9]{4}/);
        return;
      case "06": {
        const short = this.#number(field, /^[0-9]{2}/);
        found.year = short >= 69 ? 1900 + short : 2000 + short;
        return;
      }
      case "January":
        found.month = this.#name(field, MONTHS) + 1;
        return;
      case "Jan":
        found.month = this.#name(field, MONTHS, 3) + 1;
        return;
      case "01":
      case "1":
        found.month = this.#within(field, this.#digits(field, field === "01"), 1, 12, "month");
        return;
      case "Monday":
        this.#name(field, WEEKDAYS);
        return;
      case "Mon":
        this.#name(field, WEEKDAYS, 3);
        return;
      case "02":
      case "2":
      case "_2":
        if (field === "_2" && this.#rest.startsWith(" ")) this.#rest = this.#rest.slice(1);
        found.day = this.#digits(field, field === "02");
        return;
      case "002":
      case "__2":
        for (let i = 0; field === "__2" && i < 2 && this.#rest.startsWith(" "); i++) this.#rest = this.#rest.slice(1);
        found.yearDay = this.#number(field, field === "002" ? /^[0-9]{3}/ : /^[0-9]{1,3}/);
        return;
      case "15":
        found.hour = this.#within(field, this.#digits(field, false), 0, 23, "hour");
        return;
      case "03":
      case "3":
        found.hour = this.#within(field, this.#digits(field, field === "03"), 0, 12, "hour");
        return;
      case "04":
      case "4":
        found.minute = this.#within(field, this.#digits(field, field === "04"), 0, 59, "minute");
        return;
      case "05":
      case "5":
        found.second = this.#within(field, this.#digits(field, field === "05"), 0, 59, "second");
        if (next?.field !== "fraction0" && next?.field !== "fraction9") this.#optionalFraction();
        return;
      case "PM":
      case "pm":
        this.#half(field);
        return;
      case "MST":
        this.#abbreviation(field);
        return;
      case "fraction0":
        this.#fraction(digits);
        return;
      case "fraction9":
        if (/^[.,][0-9]/.test(this.#rest)) this.#optionalFraction();
        return;
      default:
        this.#offset(field);
    }
  }

  #number(field: string, pattern: RegExp): number {
    const match = pattern.exec(this.#rest);
    if (match === null) throw this.#mismatch(field);
    this.#rest = this.#rest.slice(match[0].length);
    return Number(match[0]);
  }

  #digits(field: string, fixed: boolean): number {
    return this.#number(field, fixed ? /^[0-9]{2}/ : /^[0-9]{1,2}/);
  }

  #within(_field: string, value: number, low: number, high: number, what: string): number {
    if (value < low || value > high) throw this.#error(`: ${what} out of range`);
    return value;
  }

  #name(field: string, names: readonly string[], length?: number): number {
    const index = names.findIndex((name) => {
      const wanted = length === undefined ? name : name.slice(0, length);
      return this.#rest.slice(0, wanted.length).toLowerCase() === wanted.toLowerCase();
    });
    if (index < 0) throw this.#mismatch(field);
    this.#rest = this.#rest.slice(length ?? (names[index] ?? "").length);
    return index;
  }

  #half(field: string): void {
    const mark = this.#rest.slice(0, 2);
    const wanted = field === "PM" ? ["AM", "PM"] : ["am", "pm"];
    if (!wanted.includes(mark)) throw this.#mismatch(field);
    this.#found.pm = mark === wanted[1];
    this.#rest = this.#rest.slice(2);
  }

  /** An abbreviation does not move the instant: what offset it has is not known here. */
  #abbreviation(field: string): void {
    const match = /^(?:UTC|ChST|MeST|GMT[+-][0-9]{1,2}|[A-Z]{3,5}|[+-][0-9]{2})/.exec(this.#rest);
    const text = match?.[0];
    if (text === undefined) throw this.#mismatch(field);
    if (/^[A-Z]{5}$/.test(text) && !text.endsWith("T")) throw this.#mismatch(field);
    if (/^[A-Z]{4}$/.test(text) && !text.endsWith("T") && text !== "WITA") throw this.#mismatch(field);
    this.#rest = this.#rest.slice(text.length);
  }

  #optionalFraction(): void {
    const match = /^[.,]([0-9]+)/.exec(this.#rest);
    if (match === null) return;
    this.#found.nanosecond = Number((match[1] ?? "").slice(0, 9).padEnd(9, "0"));
    this.#rest = this.#rest.slice(match[0].length);
  }

  #fraction(digits: number): void {
    const match = new RegExp(`^[.,]([0-9]{${digits}})`).exec(this.#rest);
    if (match === null) throw this.#mismatch(`.${"0".repeat(digits)}`);
    this.#found.nanosecond = Number((match[1] ?? "").slice(0, 9).padEnd(9, "0"));
    this.#rest = this.#rest.slice(match[0].length);
  }

  #offset(field: string): void {
    if (field.startsWith("Z") && this.#rest.startsWith("Z")) {
      this.#rest = this.#rest.slice(1);
      this.#found.offset = 0;
      return;
    }
    const colon = field.includes(":") ? ":" : "";
    const parts = field.replace(/[^0-9]/g, "").length / 2;
    const pattern = new RegExp(`^([+-])([0-9]{2})${`${colon}([0-9]{2})`.repeat(parts - 1)}`);
    const match = pattern.exec(this.#rest);
    if (match === null) throw this.#mismatch(field);
    const [whole, sign, hours = "0", minutes = "0", seconds = "0"] = match;
    if (Number(hours) > 24) throw this.#error(": time zone offset hour out of range");
    if (Number(minutes) > 60) throw this.#error(": time zone offset minute out of range");
    if (Number(seconds) > 60) throw this.#error(": time zone offset second out of range");
    const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    this.#found.offset = sign === "-" ? -size : size;
    this.#rest = this.#rest.slice(whole.length);
  }

  #instant(): bigint {
    const found = this.#found;
    if (found.pm === true && found.hour < 12) found.hour += 12;
    if (found.pm === false && found.hour === 12) found.hour = 0;
    const { month, day } = this.#date();
    const seconds = secondsOf(found.year, month, day, found.hour, found.minute, found.second) - (found.offset ?? 0);
    return BigInt(seconds) * NS_PER_SECOND + BigInt(found.nanosecond);
  }

  #date(): { month: number; day: number } {
    const { year, yearDay } = this.#found;
    if (yearDay === undefined) {
      const month = this.#found.month ?? 1;
      const day = this.#found.day ?? 1;
      if (day < 1 || day > daysInMonth(year, month)) throw this.#error(": day out of range");
      return { month, day };
    }
    const length = daysOfDate(year + 1, 1, 1) - daysOfDate(year, 1, 1);
    if (yearDay < 1 || yearDay > length) throw this.#error(": day-of-year out of range");
    let month = 1;
    let day = yearDay;
    while (day > daysInMonth(year, month)) {
      day -= daysInMonth(year, month);
      month++;
    }
    if (this.#found.month !== undefined && this.#found.month !== month) {
      throw this.#error(": day-of-year does not match month");
    }
    if (this.#found.day !== undefined && this.#found.day !== day) {
      throw this.#error(": day-of-year does not match day");
    }
    return { month, day };
  }

  #mismatch(element: string): BuiltinError {
    return this.#error(` as ${quoteGo(this.#layout)}: cannot parse ${quoteGo(this.#rest)} as ${quoteGo(element)}`);
  }

  #error(tail: string): BuiltinError {
    return new BuiltinError(`parsing time ${quoteGo(this.#text)}${tail}`);
  }
}
