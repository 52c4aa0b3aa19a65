/** Reading of untrusted documents: own properties only, and a problem that names the field where the form is wrong. */
import { RingfenceError } from "../diagnostics/index.js";
import type { Json, JsonObject } from "../documents/index.js";

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path of own keys; undefined where there is none. */
export function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let current = value;
  for (const key of path) current = isObject(current) && Object.hasOwn(current, key) ? current[key] : undefined;
  return current;
}

/** @throws RingfenceError GATEKEEPER_SHAPE unless it is a text or, with `fallback`, absent */
export function text(value: Json | undefined, where: string, fallback?: string): string {
  if (typeof value === "string") return value;
  if ((value === undefined || value === null) && fallback !== undefined) return fallback;
  throw wrong(where, "a text");
}

export function list(value: Json | undefined, where: string): readonly Json[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw wrong(where, "a list");
}

export function texts(value: Json | undefined, where: string): readonly string[] {
  return list(value, where).map((item) => text(item, where));
}

export function mapping(value: Json | undefined, where: string): JsonObject {
  if (isObject(value)) return value;
  throw wrong(where, "a mapping");
}

export function knownKeys(value: JsonObject, where: string, known: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) throw shape(`${where} has the unknown field \`${key}\``);
  }
}

export function shape(message: string): RingfenceError {
  return new RingfenceError({ code: "GATEKEEPER_SHAPE", message });
}

function wrong(where: string, what: string): RingfenceError {
  return shape(`${where} must be ${what}`);
}
