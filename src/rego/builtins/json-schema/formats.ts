/** The formats that OPA's validator knows; an unknown format accepts everything. */
import { isIPv4, isIPv6 } from "node:net";
import { BuiltinError } from "../builtin.js";
import { patternOf } from "../patterns.js";
import { parseTime } from "../time-layout.js";
import { isUriReference, schemeOfUri } from "../uris.js";

const RFC3339 = "2006-01-02T15:04:05Z07:00";

function isTime(text: string, ...layouts: string[]): boolean {
  return layouts.some((layout) => succeeds(() => parseTime(layout, text)));
}

function succeeds(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (error instanceof BuiltinError) return false;
    throw error;
  }
}

const LABEL = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;

function isHostname(text: string): boolean {
  return text.length < 256 && text.split(".").every((label) => LABEL.test(label));
}

/** An address, alone or in angle brackets after a name. */
function isEmail(text: string): boolean {
  const address = /^[^<>]*<([^<>]+)>\s*$/.exec(text)?.[1] ?? text.trim();
  const at = address.lastIndexOf("@");
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)];
  const atom = /^[^\s()<>[\]:;@\\,."]+(?:\.[^\s()<>[\]:;@\\,."]+)*$/;
  return (
    at > 0 &&
    (atom.test(local) || /^"(?:[^"\\]|\\.)*"$/.test(local)) &&
    (atom.test(domain) || /^\[[^[\]\\]*\]$/.test(domain))
  );
}

/** Braces must come in pairs. */
function isTemplate(text: string): boolean {
  return isReference(text.replace(/[{}]/g, "")) && /^[^{}]*(?:\{[^}]*\}[^{]*)*$/.test(text);
}

function isReference(text: string): boolean {
  return isUriReference(text) && !text.includes("\\");
}

function isUri(text: string): boolean {
  return isReference(text) && schemeOfUri(text) !== "";
}

const FORMATS: ReadonlyMap<string, (text: string) => boolean> = new Map<string, (text: string) => boolean>([
  ["date", (text) => isTime(text, "2006-01-02")],
  ["time", (text) => isTime(text, "15:04:05Z07:00", "15:04:05")],
  ["date-time", (text) => isTime(text, "15:04:05", "15:04:05Z07:00", "2006-01-02", RFC3339)],
  ["hostname", isHostname],
  ["email", isEmail],
  ["idn-email", isEmail],
  ["ipv4", isIPv4],
  ["ipv6", (text) => isIPv6(text) && !text.includes("%")],
  ["uri", isUri],
  ["iri", isUri],
  ["uri-reference", isReference],
  ["iri-reference", isReference],
  ["uri-template", isTemplate],
  ["uuid", (text) => /^[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$/i.test(text)],
  ["regex", (text) => succeeds(() => patternOf(text))],
  ["json-pointer", (text) => /^(?:\/(?:[^~/]|~0|~1)*)*$/.test(text)],
  ["relative-json-pointer", (text) => /^(?:0|[1-9][0-9]*)(?:#|(?:\/(?:[^~/]|~0|~1)*)*)$/.test(text)],
]);

export function isFormat(name: string, text: string): boolean {
  return FORMATS.get(name)?.(text) ?? true;
}
