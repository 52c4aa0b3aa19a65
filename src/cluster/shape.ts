/**
 * Readers for the fields of Kubernetes objects: small functions that compose, and that never guess. A field of an
 * unexpected type is a problem with its place, an unknown field is one wherever the shape is closed, and `null` means
 * "not set", as it does to the API server. A reader reports into the `Reading` and returns `BAD`; it never throws, so
 * that one run finds everything. Static types are derived from the shapes (`Read<typeof shape>`), so a field cannot be
 * read as one thing and typed as another.
 */
import type { Code, Problem, Span } from "../diagnostics/index.js";

export type Path = readonly (string | number)[];

export const BAD: unique symbol = Symbol("bad");
export type Result<T> = T | typeof BAD;
export type Reader<T> = (value: unknown, reading: Reading) => Result<T>;
export type Read<R> = R extends Reader<infer T> ? T : never;

/** Where problems go while one object is read; `path` is a stack that the readers keep. */
export class Reading {
  readonly problems: Problem[] = [];
  readonly path: (string | number)[];
  readonly #spanOf: (path: Path, key: boolean) => Span;

  constructor(spanOf: (path: Path, key: boolean) => Span, prefix: Path = []) {
    this.#spanOf = spanOf;
    this.path = [...prefix];
  }

  fail(code: Code, message: string, hint?: string): typeof BAD {
    this.#add(code, message, hint, false);
    return BAD;
  }

  /** As `fail`, with the place of the key instead of its value. */
  failKey(code: Code, message: string, hint?: string): typeof BAD {
    this.#add(code, message, hint, true);
    return BAD;
  }

  /** As `fail`, at the object's kind: the line that is meant may hold a secret, and a message shows its line. */
  failUnseen(code: Code, message: string, hint?: string): typeof BAD {
    this.problems.push({ code, message, span: this.#spanOf(["kind"], false), ...(hint === undefined ? {} : { hint }) });
    return BAD;
  }

  /** As `fail`, for checks that answer with a boolean. */
  refuse(code: Code, message: string, hint?: string): false {
    this.#add(code, message, hint, false);
    return false;
  }

  #add(code: Code, message: string, hint: string | undefined, key: boolean): void {
    const span = this.#spanOf([...this.path], key);
    this.problems.push({ code, message, span, ...(hint === undefined ? {} : { hint }) });
  }

  /** Reads something one step deeper. */
  within<T>(step: string | number, read: () => T): T {
    this.path.push(step);
    try {
      return read();
    } finally {
      this.path.pop();
    }
  }

  /** The place as people write it: `spec.ingress[0].from`. */
  get where(): string {
    return showPath(this.path);
  }
}

function showPath(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text === "" ? "the document" : text;
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  return typeof value === "string" ? "a string" : typeof value === "number" ? "a number" : `a ${typeof value}`;
}

function wrongType(reading: Reading, wanted: string, value: unknown): typeof BAD {
  // The value is not said again: it may be a secret that somebody forgot to quote.
  const quote =
    wanted !== "a string"
      ? undefined
      : typeof value === "number"
        ? "put it in quotes"
        : typeof value === "boolean"
          ? `put it in quotes: it is read as ${value}`
          : undefined;
  return reading.fail("CLUSTER_SHAPE", `\`${reading.where}\` must be ${wanted}, not ${typeName(value)}`, quote);
}

export const string: Reader<string> = (value, reading) =>
  typeof value === "string" ? value : wrongType(reading, "a string", value);

/** A text that may be a secret: neither it nor its line is shown where it is none. */
export const unseenString: Reader<string> = (value, reading) =>
  typeof value === "string"
    ? value
    : reading.failUnseen(
        "CLUSTER_SHAPE",
        `\`${reading.where}\` must be a string, not ${typeName(value)}`,
        "put it in quotes",
      );

export const nonEmptyString: Reader<string> = (value, reading) => {
  if (value === "") return reading.fail("CLUSTER_VALUE", `\`${reading.where}\` must not be empty`);
  return string(value, reading);
};

export const boolean: Reader<boolean> = (value, reading) =>
  typeof value === "boolean" ? value : wrongType(reading, "true or false", value);

export function integer(low: number, high: number): Reader<number> {
  return (value, reading) => {
    if (typeof value !== "number" && typeof value !== "bigint") return wrongType(reading, "a whole number", value);
    const number = Number(value);
    if (!Number.isInteger(number)) return wrongType(reading, "a whole number", value);
    if (number < low || number > high) {
      return reading.fail("CLUSTER_VALUE", `\`${reading.where}\` must be between ${low} and ${high}, not ${number}`);
    }
    return number;
  };
}

export const portNumber = integer(1, 65535);

/** A value that only has to be there in some form; what it says is not read. */
export const anything: Reader<unknown> = (value) => value;

export function oneOf<const T extends string>(...allowed: readonly T[]): Reader<T> {
  return (value, reading) => {
    if (typeof value !== "string") return wrongType(reading, "a string", value);
    const found = allowed.find((candidate) => candidate === value);
    if (found !== undefined) return found;
    const choice = allowed.map((word) => `\`${word}\``).join(", ");
    return reading.fail("CLUSTER_VALUE", `\`${reading.where}\` is \`${value}\``, `it must be one of ${choice}`);
  };
}

export function list<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, reading) => {
    if (!Array.isArray(value)) return wrongType(reading, "a list", value);
    const items: T[] = [];
    let bad = false;
    for (let index = 0; index < value.length; index++) {
      reading.path.push(index);
      const read = item(value[index], reading);
      reading.path.pop();
      if (read === BAD) bad = true;
      else items.push(read);
    }
    return bad ? BAD : items;
  };
}

export function nonEmptyList<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, reading) =>
    Array.isArray(value) && value.length === 0
      ? reading.fail("CLUSTER_VALUE", `\`${reading.where}\` must not be empty`)
      : list(item)(value, reading);
}

/** A mapping with free keys. */
export function mapOf<T>(item: Reader<T>): Reader<ReadonlyMap<string, T>> {
  return (value, reading) => {
    if (!isMap(value)) return wrongType(reading, "a mapping", value);
    const map = new Map<string, T>();
    let bad = false;
    for (const key of Object.keys(value)) {
      reading.path.push(key);
      const read = item(value[key], reading);
      reading.path.pop();
      if (read === BAD) bad = true;
      else map.set(key, read);
    }
    return bad ? BAD : map;
  };
}

export const stringMap = mapOf(string);

export interface Field<T> {
  readonly read: Reader<T>;
  readonly absent: "required" | "undefined" | "default";
  readonly fallback?: T;
}

export function required<T>(read: Reader<T>): Field<T> {
  return { read, absent: "required" };
}

/** `undefined` where the field is missing or null; an empty list stays an empty list. */
export function optional<T>(read: Reader<T>): Field<T | undefined> {
  return { read, absent: "undefined" };
}

export function optionalOr<T>(read: Reader<T>, fallback: T): Field<T> {
  return { read, absent: "default", fallback };
}

type Fields = Readonly<Record<string, Field<unknown>>>;
type RecordOf<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** A closed mapping: a field that is not in the table is a problem. */
export function record<F extends Fields>(fields: F): Reader<RecordOf<F>> {
  return shapeOf(fields, true);
}

/** An open mapping: other fields are left unread. Only for objects whose other fields cannot change a verdict. */
export function open<F extends Fields>(fields: F): Reader<RecordOf<F>> {
  return shapeOf(fields, false);
}

function shapeOf<F extends Fields>(fields: F, closed: boolean): Reader<RecordOf<F>> {
  const table = new Map(Object.entries(fields));
  const names = [...table.keys()];
  return (value, reading) => {
    if (!isMap(value)) return wrongType(reading, "a mapping", value);
    let bad = false;
    if (closed) {
      for (const key of Object.keys(value)) {
        if (table.has(key)) continue;
        bad = true;
        reading.path.push(key);
        reading.failKey("CLUSTER_UNKNOWN_FIELD", `\`${reading.where}\` is not a known field`, nearest(key, names));
        reading.path.pop();
      }
    }
    const result: Record<string, unknown> = Object.create(null);
    for (const [name, field] of table) {
      const given = Object.hasOwn(value, name) ? value[name] : undefined;
      if (given === undefined || given === null) {
        if (field.absent === "required") {
          bad = true;
          reading.fail("CLUSTER_MISSING_FIELD", `\`${showPath([...reading.path, name])}\` is missing`);
        }
        result[name] = field.absent === "default" ? field.fallback : undefined;
        continue;
      }
      reading.path.push(name);
      const read = field.read(given, reading);
      reading.path.pop();
      if (read === BAD) bad = true;
      else result[name] = read;
    }
    return bad ? BAD : (result as RecordOf<F>);
  };
}

function nearest(key: string, names: readonly string[]): string {
  const same = names.find((name) => name.toLowerCase() === key.toLowerCase());
  return same === undefined ? `the fields here are ${names.join(", ")}` : `did you mean \`${same}\`?`;
}

/** Reads with `first`, then lets `check` object; `check` reports itself and returns false when it did. */
export function checked<T>(first: Reader<T>, check: (value: T, reading: Reading) => boolean): Reader<T> {
  return (value, reading) => {
    const read = first(value, reading);
    if (read === BAD) return BAD;
    return check(read, reading) ? read : BAD;
  };
}
