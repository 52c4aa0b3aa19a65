/**
 * Lossless JSON. Most documents hold no number that JSON.parse would round or reprint, so one scan decides: those go to
 * JSON.parse, the others to a small parser of our own that keeps such numbers as `Num`. `__proto__` is an ordinary own
 * key in both. Nesting is bounded, since comparing, hashing and printing values recurse.
 */
import { parseNumber } from "./num.js";
import type { JsonObject, Value } from "./value.js";

/** Documents nested deeper than this are refused. */
export const MAX_DEPTH = 1_000;

/** Text that is not the JSON or YAML it should be. */
export class ValueSyntaxError extends Error {
  override readonly name = "ValueSyntaxError";
  /** UTF-16 offset into the text, where known. */
  readonly offset: number | undefined;

  constructor(message: string, offset?: number) {
    super(message);
    this.offset = offset;
  }
}

/**
 * Numbers that a double does not hold with their text (many digits, exponents, trailing zeros, -0), and escapes of
 * surrogates, which may stand alone. May also match inside strings, which costs time only.
 */
const DELICATE =
  /(?:^|[[:,\s])-?[0-9]+(?:[0-9]{15}|\.[0-9]{13}|(?:\.[0-9]+)?[eE]|\.[0-9]*0(?![0-9]))|-0(?![0-9.])|\\u[dD][89a-fA-F]/;

/**
 * Reads one JSON document.
 * @throws ValueSyntaxError when it is not one, or nested too deeply
 */
export function readJson(text: string): Value {
  checkDepth(text);
  if (DELICATE.test(text)) return new JsonReader(text).document();
  try {
    return JSON.parse(text) as Value;
  } catch (error) {
    throw new ValueSyntaxError(error instanceof Error ? error.message : "invalid JSON");
  }
}

function checkDepth(text: string): void {
  if (text.length <= MAX_DEPTH) return;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 34) {
      i = endOfString(text, i);
    } else if (unit === 91 || unit === 123) {
      if (++depth > MAX_DEPTH) throw new ValueSyntaxError(`nested deeper than ${MAX_DEPTH} levels`, i);
    } else if (unit === 93 || unit === 125) {
      depth--;
    }
  }
}

/** The offset of the quote that closes the string opened at `start`, or the end of the text. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  for (; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 92) i++;
    else if (unit === 34) return i;
  }
  return i;
}

const NUMBER_TOKEN = /-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const LITERAL_TOKEN = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Value {
    this.#space();
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) throw this.#unexpected();
    return value;
  }

  #value(): Value {
    switch (this.#text.charCodeAt(this.#at)) {
      case 123:
        return this.#object();
      case 91:
        return this.#array();
      case 34:
        return this.#string();
      default:
        return this.#scalar();
    }
  }

  #scalar(): Value {
    const literal = this.#match(LITERAL_TOKEN);
    if (literal !== "") return literal === "null" ? null : literal === "true";
    const start = this.#at;
    const number = parseNumber(this.#match(NUMBER_TOKEN));
    if (number === undefined) {
      this.#at = start;
      throw this.#unexpected();
    }
    return number;
  }

  #string(): string {
    const end = endOfString(this.#text, this.#at);
    const token = this.#text.slice(this.#at, end + 1);
    try {
      const value = JSON.parse(token) as string;
      this.#at = end + 1;
      return value.toWellFormed();
    } catch {
      throw new ValueSyntaxError("invalid string", this.#at);
    }
  }

  #array(): Value {
    const items: Value[] = [];
    this.#at++;
    this.#space();
    if (this.#take(93)) return items;
    for (;;) {
      this.#space();
      items.push(this.#value());
      this.#space();
      if (this.#take(93)) return items;
      if (!this.#take(44)) throw this.#unexpected();
    }
  }

  #object(): Value {
    const object: Record<string, Value> = {};
    this.#at++;
    this.#space();
    if (this.#take(125)) return object;
    for (;;) {
      this.#space();
      if (this.#text.charCodeAt(this.#at) !== 34) throw this.#unexpected();
      const key = this.#string();
      this.#space();
      if (!this.#take(58)) throw this.#unexpected();
      this.#space();
      setOwn(object, key, this.#value());
      this.#space();
      if (this.#take(125)) return object;
      if (!this.#take(44)) throw this.#unexpected();
    }
  }

  #take(unit: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== unit) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const token = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += token.length;
    return token;
  }

  #space(): void {
    this.#match(SPACE);
  }

  #unexpected(): ValueSyntaxError {
    if (this.#at >= this.#text.length) return new ValueSyntaxError("unexpected end of JSON input", this.#at);
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
    return new ValueSyntaxError(`invalid character '${character}'`, this.#at);
  }
}

/** Sets an own property whatever its name. */
export function setOwn(object: Record<string, Value>, key: string, value: Value): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[key] = value;
  }
}

/** A plain object of string keys, with any of them allowed. The last of equal keys wins. */
export function jsonObject(entries: Iterable<readonly [string, Value]>): JsonObject {
  const object: Record<string, Value> = {};
  for (const [key, value] of entries) setOwn(object, key, value);
  return object;
}
