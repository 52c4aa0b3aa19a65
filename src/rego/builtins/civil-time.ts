/**
 * Instants as nanoseconds (bigint) and their civil form, in the proleptic Gregorian calendar. Zones come from the
 * platform's time zone data through Intl; only their offset and abbreviation at an instant are asked for.
 */
import { BuiltinError } from "./builtin.js";

export const NS_PER_SECOND = 1_000_000_000n;
const SECONDS_PER_DAY = 86_400;

export interface CivilTime {
  readonly year: number;
  /** 1..12 */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 1..366 */
  readonly yearDay: number;
  readonly offsetSeconds: number;
  readonly abbreviation: string;
}

/** Days since 1970 of a civil date; months and days beyond their range carry over. */
export function daysOfDate(year: number, month: number, day: number): number {
  const carried = year + Math.floor((month - 1) / 12);
  const index = (((month - 1) % 12) + 12) % 12;
  // Years counted from March, so that the leap day comes last.
  const shifted = index < 2 ? carried - 1 : carried;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const monthFromMarch = (index + 10) % 12;
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5);
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468 + (day - 1);
}

export function daysInMonth(year: number, month: number): number {
  return daysOfDate(year, month + 1, 1) - daysOfDate(year, month, 1);
}

/** Seconds since 1970 of a civil time in UTC. */
export function secondsOf(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number {
  return daysOfDate(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
}

export interface Zone {
  readonly name: string;
  readonly offsetAt: (seconds: number) => number;
  readonly abbreviationAt: (seconds: number) => string;
}

export const UTC: Zone = { name: "UTC", offsetAt: () => 0, abbreviationAt: () => "UTC" };

const zones = new Map<string, Zone>();

/** @throws BuiltinError when the time zone data do not know the name */
export function zoneOf(name: string): Zone {
  if (name === "" || name === "UTC" || name === "Local") return UTC;
  const known = zones.get(name);
  if (known !== undefined) return known;
  // Zone names are case-sensitive, and an offset is no name; Intl is more generous.
  if (!/^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Z][A-Za-z0-9_+-]*)*$/.test(name)) throw unknownZone(name);
  const zone = intlZone(name);
  if (zones.size < 1000) zones.set(name, zone);
  return zone;
}

function unknownZone(name: string): BuiltinError {
  return new BuiltinError(`unknown time zone ${name}`);
}

function intlZone(name: string): Zone {
  let offsets: Intl.DateTimeFormat;
  try {
    offsets = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    throw unknownZone(name);
  }
  return {
    name,
    offsetAt: (seconds) => intlOffset(offsets, seconds),
    abbreviationAt: (seconds) => intlAbbreviation(name, seconds, intlOffset(offsets, seconds)),
  };
}

function intlOffset(format: Intl.DateTimeFormat, seconds: number): number {
  const parts = new Map(format.formatToParts(seconds * 1000).map((part) => [part.type, part.value]));
  const field = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type) ?? "0");
  const year = parts.get("era") === "BC" ? 1 - field("year") : field("year");
  return secondsOf(year, field("month"), field("day"), field("hour"), field("minute"), field("second")) - seconds;
}

/** Locales know the abbreviations of their own region only. */
const LOCALES = ["en-US", "en-GB", "en-AU", "en-CA", "en-NZ", "en-IN", "en-ZA", "en-IE", "en-IL"];

function intlAbbreviation(name: string, seconds: number, offset: number): string {
  for (const locale of LOCALES) {
    const parts = new Intl.DateTimeFormat(locale, { timeZone: name, timeZoneName: "short" }).formatToParts(
      seconds * 1000,
    );
    const text = parts.find((part) => part.type === "timeZoneName")?.value ?? "";
    if (/^[A-Z]{3,5}$/.test(text) && (offset === 0 || !/^(?:GMT|UTC)$/.test(text))) return text;
  }
  return offsetText(offset, "");
}

/** `+hh` or `+hhmm`, as zones without abbreviation are called. */
function offsetText(offset: number, colon: string): string {
  const minutes = Math.floor(Math.abs(offset) / 60);
  const hours = String(Math.floor(minutes / 60)).padStart(2, "0");
  const rest = minutes % 60;
  return (offset < 0 ? "-" : "+") + hours + (rest === 0 ? "" : colon + String(rest).padStart(2, "0"));
}

/** The civil time of an instant in a zone. */
export function civilTime(ns: bigint, zone: Zone): CivilTime {
  const nanosecond = Number(((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND);
  const seconds = Number((ns - BigInt(nanosecond)) / NS_PER_SECOND);
  const offsetSeconds = zone.offsetAt(seconds);
  const local = seconds + offsetSeconds;
  const days = Math.floor(local / SECONDS_PER_DAY);
  const rest = local - days * SECONDS_PER_DAY;
  const { year, month, day } = dateOfDays(days);
  return {
    year,
    month,
    day,
    hour: Math.floor(rest / 3600),
    minute: Math.floor((rest % 3600) / 60),
    second: rest % 60,
    nanosecond,
    weekday: (((days + 4) % 7) + 7) % 7,
    yearDay: days - daysOfDate(year, 1, 1) + 1,
    offsetSeconds,
    abbreviation: zone.abbreviationAt(seconds),
  };
}

function dateOfDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** Nanoseconds of a civil time in a zone. Go's rule for local times: try the offset of the guess, then its neighbour's. */
export function instantOf(localSeconds: number, nanosecond: number, zone: Zone): bigint {
  let seconds = localSeconds - zone.offsetAt(localSeconds);
  const offset = zone.offsetAt(seconds);
  seconds = localSeconds - offset;
  return BigInt(seconds) * NS_PER_SECOND + BigInt(nanosecond);
}
